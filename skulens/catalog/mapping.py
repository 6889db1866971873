"""Columns of a user's table -> the fields of a product."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from skulens.errors import DataError
from skulens.records import Attribute

ALIASES = {
    "id": ("id", "product_id", "sku", "sku_id", "item_id", "article_id", "idx", "asin", "barcode"),
    "title": ("title", "name", "product_name", "product_title"),
    "caption": ("caption", "synthetic_caption"),
    "description": ("description", "product_description", "text", "body"),
    "image": (
        "image",
        "images",
        "image_path",
        "image_paths",
        "photo",
        "picture",
        "file_name",
        "filename",
        "file",
        "path",
        "image_url",
    ),
    "view": ("view",),
    "spu": ("spu", "spu_id", "parent_id", "parent_sku", "item_group_id"),
    "split": ("split", "subset"),
    "category": ("category", "categories", "category_path"),
    "attributes": ("attributes", "attribute", "properties"),
    "language": ("language", "lang", "locale"),
    "country": ("country",),
    "price": ("price",),
    "currency": ("currency",),
    "gtin": ("gtin", "gtin13", "ean", "ean13", "upc", "barcode"),
}
"""Field -> the column names that are taken for it when nothing else is said, first match wins."""
LABELS = ("label", "labels", "class", "class_name", "label_name", "product")
"""Column names that are taken for the id, and for the title, where no column is called either."""

TEXTS = ("title", "caption", "description")
MAX_TEXT = 100_000
"""Characters of a text; longer ones are whole pages or damage, and take seconds to tokenize."""
Modality = Literal["visual", "text", "both", "unknown"]
MODALITIES: tuple[Modality, ...] = ("visual", "text", "both", "unknown")


class RowError(ValueError):
    """A row or cell that cannot be used: why, and what to do about it."""

    def __init__(self, reason: str, todo: str):
        super().__init__(reason)
        self.reason, self.todo = reason, todo


def explain(error: Exception) -> tuple[str, str]:
    """(reason, todo) of a row that could not be read."""
    if isinstance(error, RowError):
        return error.reason, error.todo
    return str(error), "correct the row"


def map_columns(
    columns: Iterable[str], asked: Mapping[str, str] | Iterable[str], source: str
) -> dict[str, tuple[str, ...]]:
    """Field -> columns, from what the user asked and then from usual names.

    Args:
        columns: the columns there are.
        asked: field -> column, or strings "field=column"; several columns with commas;
            "text.ROLE" makes a text of that role, as a column of that name does by itself; an
            empty column switches a field off.
        source: the table, for messages.
    Raises:
        DataError: an unknown field or column, or no column for the id; names what there is.
    """
    columns, asked = list(columns), parse_pairs(asked)
    mapping: dict[str, tuple[str, ...]] = {}
    for field, written in asked.items():
        if field not in ALIASES and not field.startswith("text."):
            raise DataError(
                f"--map {field}={written}: no field {field!r}; "
                f"fields: {', '.join(ALIASES)}, text.ROLE"
            )
        mapping[field] = columns_of(field, written, columns, source)
    taken = {c for group in mapping.values() for c in group}
    lower = {c.lower().strip(): c for c in reversed(columns) if c not in taken}
    alike = Counter(c.lower().strip() for c in columns if c not in taken)
    for field, names in ALIASES.items():
        name = next((n for n in names if n in lower), None)
        if field not in mapping and name is not None:
            refuse_alike(field, name, columns, alike, source)
            mapping[field] = (lower.pop(name),)
    if "id" not in mapping and (name := next((n for n in LABELS if n in lower), None)):
        refuse_alike("id", name, columns, alike, source)
        mapping["id"] = (lower.pop(name),)
        if not any(f in TEXTS for f in mapping):
            mapping["title"] = mapping["id"]
    for column in lower.values():
        if column.startswith("text.") and column not in mapping:
            mapping[column] = (column,)
    mapping = {field: group for field, group in mapping.items() if group}
    check_mapping(mapping, columns, source)
    return mapping


def refuse_alike(
    field: str, name: str, columns: list[str], alike: Mapping[str, int], source: str
) -> None:
    """Raise DataError where a field would be taken from one of several columns, such as Title and
    title."""
    if alike[name] > 1:
        same = [c for c in columns if c.lower().strip() == name]
        raise DataError(
            f"{source}: the columns {', '.join(map(repr, same))} differ in case or blanks only; "
            f"say which is the {field}: --map {field}={same[0]}"
        )


def parse_pairs(asked: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    """{"id": "sku"} from itself or from ["id=sku"]."""
    if isinstance(asked, Mapping):
        return {str(k): v if isinstance(v, str) else ",".join(v) for k, v in asked.items()}
    pairs = {}
    for pair in (asked,) if isinstance(asked, str) else asked:
        field, equals, column = pair.partition("=")
        if not equals:
            raise DataError(f"--map {pair!r}: expected FIELD=COLUMN, such as --map id=sku")
        pairs[field.strip()] = column.strip()
    return pairs


def columns_of(field: str, written: str, columns: list[str], source: str) -> tuple[str, ...]:
    """The columns named in `written`: one whose name is all of it, else several between commas."""
    names = (
        (written,)
        if written in columns
        else tuple(n.strip() for n in written.split(",") if n.strip())
    )
    missing = [n for n in names if n not in columns]
    if missing:
        raise DataError(
            f"--map {field}={written}: {source} has no column {missing[0]!r}; "
            f"it has: {', '.join(columns)}"
        )
    if len(names) > 1 and field not in ("image", "category") and not field.startswith("text."):
        raise DataError(
            f"--map {field}={written}: only image, category and text.ROLE take several columns"
        )
    return names


def check_mapping(mapping: Mapping[str, tuple[str, ...]], columns: list[str], source: str) -> None:
    there = ", ".join(columns) or "none"
    if "id" not in mapping:
        raise DataError(
            f"{source}: no column for the product id; it has: {there}. Say which: --map id=COLUMN"
        )
    if "image" not in mapping and not any(f in TEXTS or f.startswith("text.") for f in mapping):
        raise DataError(
            f"{source}: neither a picture nor a text column; it has: {there}. "
            "Say which: --map image=COLUMN or --map title=COLUMN"
        )


def as_id(value: object) -> str:
    """An id as string: 12 and 12.0 are "12", "0012" stays.

    Raises:
        ValueError: empty or no scalar, said in words.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or isinstance(value, float) and math.isnan(value):
        raise ValueError("the id is empty")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"the id is a {type(value).__name__}, not a string or number")
    text = whole(str(value))
    if not text:
        raise ValueError("the id is empty")
    return text


def as_text(value: object) -> str:
    """A text cell; numbers are taken as written, lists of strings are joined.

    Raises:
        ValueError: an object or other nesting, or a NUL byte.
    """
    if value is None or isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        value = " ".join(value)
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"expected text, got a {type(value).__name__}")
    return whole(str(value))


def whole(text: str) -> str:
    """The text without blanks around it.

    Raises:
        ValueError: NUL bytes or halves of characters, which no file or tokenizer takes; or over
            MAX_TEXT characters.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"holds {len(text):,} characters, expected at most {MAX_TEXT:,}")
    if "\0" in text:
        raise ValueError("holds a NUL byte; the file is damaged there")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            "holds half a character (a lone surrogate); the text was cut or escaped wrongly"
        ) from None
    return text.strip()


def as_path(values: Iterable[object]) -> tuple[str, ...]:
    """A category path, root first, from a list, "Food > Tea", or one level per column."""
    path: list[str] = []
    for value in values:
        parts = value if isinstance(value, (list, tuple)) else re.split(r"[>|]", as_text(value))
        path += [text for part in parts if (text := as_text(part))]
    return tuple(path)


def as_attributes(value: object, source: str) -> tuple[Attribute, ...]:
    """Attributes from an object, a list of {key, value}, JSON text, or "colour=red; size=L".

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, str):
        value = parse_attribute_text(value)
    if value is None:
        return ()
    if isinstance(value, dict):
        pairs: list[tuple[Any, ...]] = list(value.items())
    elif isinstance(value, (list, tuple)):
        pairs = [pair_of(entry) for entry in value]
    else:
        raise ValueError(f"attributes are a {type(value).__name__}; expected an object")
    found = []
    for key, values, *more in pairs:
        modality: Modality = more[0] if more else "unknown"
        origin = more[1] if more else source
        for one in values if isinstance(values, (list, tuple)) else [values]:
            if text := as_text(one):
                found.append(Attribute(as_text(key), text, modality, origin))
    return tuple(found)


def pair_of(entry: object) -> tuple[Any, ...]:
    """(key, value), and (modality, source) where the entry has them."""
    if isinstance(entry, dict) and "key" in entry:
        if entry.get("modality") in MODALITIES:
            origin = as_text(entry.get("source"))
            return entry["key"], entry.get("value"), entry["modality"], origin
        return entry["key"], entry.get("value")
    if isinstance(entry, (list, tuple)) and len(entry) == 2:
        return entry[0], entry[1]
    raise ValueError("attributes are a list of something else than {key, value}")


def parse_attribute_text(text: str) -> object:
    text = text.strip()
    if text.startswith(("{", "[")):
        return json.loads(text)
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError(f'{text[:60]!r} is neither JSON nor "key=value; key=value"')
    return {key.strip(): value.strip() for key, _, value in pairs} or None
