"""A data set of six products and five composed queries, each number of which is known by hand."""

from pathlib import Path

import PIL.Image

from skulens.catalog.folder import write_catalog
from skulens.records import Attribute, Condition, Image, Item, Product, Query

COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200)}
ROWS = (
    # id, language, country, class, colour, shape
    ("a", "en", "SG", "bag", "red", "round"),
    ("b", "en", "SG", "bag", "blue", "round"),
    ("c", "th", "TH", "bag", "red", "square"),
    ("d", "th", "TH", "shoe", "blue", ""),
    ("e", "en", "SG", "shoe", "red", "square"),
    ("f", "en", "PH", "bag", "red", ""),
)


def products(folder: Path) -> list[Product]:
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for id_, language, country, kind, colour, shape in ROWS:
        picture = folder / f"{id_}.png"
        PIL.Image.new("RGB", (40, 40), COLOURS[colour]).save(picture)
        attributes = [Attribute("colour", colour, "visual")]
        attributes += [Attribute("shape", shape, "text")] if shape else []
        found.append(
            Product(
                id_,
                f"{kind} {id_}",
                images=(Image(path=str(picture)),) if id_ != "f" else (),
                spu=f"spu-{kind}",
                category=(kind,),
                attributes=tuple(attributes),
                language=language,
                country=country,
            )
        )
    return found


def ask(
    name: str, shown: dict[str, tuple[str, str]], relevant: dict, folder: Path, **rest
) -> Query:
    """A query that shows products, each for one (key, value)."""
    parts: list = ["Find a bag with "]
    conditions = []
    for product, (key, value) in shown.items():
        parts += [f"the same {key} as ", Image(path=str(folder / f"{product}.png")), " and "]
        conditions.append(
            Condition(key, value, len(parts) - 2, product, modality="visual" if key == "colour" else "text")
        )  # fmt: skip
    tags = {"language": "en", "class": "bag", "method": "cu", "n_conditions": str(len(shown))}
    return Query(
        name,
        Item(name, tuple(parts)),
        relevant,
        (*conditions, Condition("class", "bag")),
        references=tuple(shown),
        tags=tags | rest.pop("tags", {}),
        group="spu-bag",
        **rest,
    )


def queries(folder: Path) -> list[Query]:
    red, round_ = ("colour", "red"), ("shape", "round")
    return [
        ask("q1", {"e": red, "b": round_}, {"a": 1, "f": 0}, folder, hard_negatives=("f",)),
        ask("q2", {"d": ("colour", "blue"), "a": round_}, {"b": 1}, folder),
        ask("q3", {"a": red, "e": ("shape", "square")}, {"c": 1}, folder, tags={"method": "au"}),
        ask("q4", {"a": red, "b": red, "e": red}, {"c": 1, "f": 1}, folder, tags={"language": "th"}),
        ask("q5", {"b": ("colour", "blue"), "c": red}, {}, folder, tags={"method": ""}),
    ]  # fmt: skip


def make_folder(out: Path) -> Path:
    """The data set in the format skulens/1: q1 to q4 in train, q4 and q5 in test."""
    pictures = out.parent / "pictures"
    items, asked = products(pictures), queries(pictures)
    return write_catalog(out, items, {"train": asked[:4], "test": asked[3:]}, pictures="copy")
