"""Trouble in a catalogue, found before it spoils a number: texts, pictures, fields, rejects.

`audit` returns plain data; `skulens audit` prints it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from skulens.errors import MissingFile
from skulens.protocols import Catalog
from skulens.records import Image, Product, Reject

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of trouble: how often, of how many, where for example, and what to do."""

    check: str
    """Name of the check, for programs: "equal_captions"."""
    level: Level
    """error: a benchmark on this is wrong or unfair; warning: look at it; note: good to know."""
    what: str
    count: int
    of: int
    """How many were looked at, in the unit of `count`; 0 where there is no such number."""
    examples: tuple[str, ...]
    todo: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and what it stands for: the place is "gallery" or a split."""

    place: str
    product: str
    name: str
    image: Image


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at and what was found, worst first."""

    data: str
    products: int
    pictures: Mapping[str, int]
    """Place ("gallery" or a split) -> pictures."""
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]
    """What could not be looked at, and why."""

    def to_dict(self) -> dict:
        """Plain data for JSON."""
        return asdict(self)

    def count(self, level: Level) -> int:
        return sum(f.level == level for f in self.findings)


Tokens = Callable[[str], int]
"""A text -> its tokens, special ones included, before any cut."""


def audit(
    catalog: Catalog,
    encoders: Mapping[str, tuple[Tokens, int | None]] | None = None,
    splits: Sequence[str] | None = None,
    pictures: bool = True,
    progress: Callable[[Iterable, str, int], Iterable] = lambda rows, what, total: rows,
) -> Audit:
    """All checks on a catalogue. Reads every picture once, and keeps none.

    Args:
        encoders: name -> (count_tokens, context_length), for the captions that each would cut.
        splits: splits whose photos are looked at; all that are there by default.
        pictures: False leaves out everything that decodes.
        progress: wraps a long loop: (rows, what, how many) -> rows.
    Raises:
        DataError: the catalogue cannot be read, or `splits` names one it does not have.
    """
    from skulens.catalog.audit.finding import pictures as audit_pictures
    from skulens.catalog.audit.finding import texts as audit_texts

    products = list(catalog.products())
    rejects = list(catalog.rejects)
    root = getattr(catalog, "root", None)
    shown = [
        Shown("gallery", p.id, name_of(image, root), image) for p in products for image in p.images
    ]
    photos, skipped = collect_photos(catalog, splits, rejects)
    captions = {p.id: text for p in products if (text := caption(p, catalog.info.gallery_text))}
    findings = [
        *field_findings(products, captions),
        *reject_findings(rejects),
        *id_findings(products),
    ]
    findings += title_findings(products, captions)
    findings += audit_texts.findings(captions, encoders or {}, progress)
    if pictures:
        findings += audit_pictures.findings(shown + photos, progress)
    places = Counter(s.place for s in shown + photos)
    order = sorted((f for f in findings if f.count), key=lambda f: LEVELS.index(f.level))
    return Audit(catalog.info.name, len(products), dict(places), tuple(order), tuple(skipped))


def collect_photos(
    catalog: Catalog, splits: Sequence[str] | None, rejects: list[Reject]
) -> tuple[list[Shown], list[str]]:
    """(probe photos of the splits, splits that are not here with the reason); adds to `rejects`.

    Probes that are the gallery's own pictures (`filters["in_gallery"]`) are no photos of their own.
    """
    photos, skipped = [], []
    for split in catalog.info.splits if splits is None else splits:
        try:
            queries = [q for q in catalog.queries(split) if not q.filters.get("in_gallery")]
        except MissingFile as e:
            if splits is not None:
                raise
            skipped.append(f"split {split!r}: {e}")
            continue
        told = set(rejects)
        rejects += [r for r in catalog.rejects if r not in told]
        for query in queries:
            part = query.item.parts[0]
            if len(query.item.parts) == 1 and isinstance(
                part, Image
            ):  # longer items show gallery products again
                photos.append(Shown(split, next(iter(query.relevant), ""), query.id, part))
    return photos, skipped


def name_of(image: Image, root: Path | None) -> str:
    """The path of a picture as the catalogue's folder sees it."""
    if image.path is None:
        return "picture in memory"
    inside = root is not None and Path(image.path).is_relative_to(root)
    return str(Path(image.path).relative_to(root)) if inside else image.path


def caption(product: Product, roles: Iterable[str]) -> str | None:
    """The text that stands for a product in a gallery."""
    return next((text for role in roles if (text := product.text(role))), None)


def field_findings(products: Sequence[Product], captions: Mapping[str, str]) -> list[Finding]:
    """Products that lack what others have."""
    n = len(products)
    nothing = [p.id for p in products if p.id not in captions and not p.images]
    found = [
        Finding(
            "nothing_to_find",
            "error",
            "products without a text and without a picture",
            len(nothing),
            n,
            some(nothing),
            "add a text or a picture; nothing can retrieve them",
        ),
    ]
    for check, what, missing in (
        ("no_caption", "products without a text", [p.id for p in products if p.id not in captions]),
        (
            "no_picture",
            "products without a gallery picture",
            [p.id for p in products if not p.images],
        ),
        ("no_title", "products without a title", [p.id for p in products if not p.title]),
        ("no_category", "products without a category", [p.id for p in products if not p.category]),
        (
            "no_language",
            "products that do not say their language",
            [p.id for p in products if p.language is None],
        ),
    ):
        level = "warning" if len(missing) < n and check in ("no_caption", "no_picture") else "note"
        examples = some(missing) if len(missing) < n else ()
        found.append(Finding(check, level, what, len(missing), n, examples, TODO_FIELD[check]))
    return found


def title_findings(products: Sequence[Product], captions: Mapping[str, str]) -> list[Finding]:
    """Titles that several products share, where another text stands for them in the gallery."""
    groups = defaultdict(list)
    for p in products:
        if p.title and captions.get(p.id) != p.title:
            groups[p.title].append(p.id)
    several = {title: ids for title, ids in groups.items() if len(ids) > 1}
    return [
        Finding(
            "equal_titles",
            "note",
            "products whose title another product has too",
            sum(map(len, several.values())),
            len(products),
            some(f"{title!r}: {', '.join(ids[:3])}" for title, ids in several.items()),
            "do not let the title alone stand for the product",
        )
    ]


TODO_FIELD = {
    "no_caption": "add texts, or search pictures only: --gallery image",
    "no_picture": "add pictures, or search texts only: --gallery text",
    "no_title": "nothing, where another text stands for the product",
    "no_category": "nothing, unless results are to be filtered or grouped",
    "no_language": "fill the column where texts are of several languages",
}


def id_findings(products: Sequence[Product]) -> list[Finding]:
    """Ids that occur twice or differ only in case or blanks, and so confuse people and files."""
    counts = Counter(p.id for p in products)
    twice = [i for i, c in counts.items() if c > 1]
    folded = Counter(" ".join(i.casefold().split()) for i in counts)
    close = [i for i in counts if folded[" ".join(i.casefold().split())] > 1]
    return [
        Finding(
            "equal_ids",
            "error",
            "ids that several products share",
            len(twice),
            len(counts),
            some(twice),
            "give every product its own id",
        ),
        Finding(
            "close_ids",
            "warning",
            "ids that differ only in case or blanks",
            len(close),
            len(counts),
            some(close),
            "check that they are different products",
        ),
    ]


def reject_findings(rejects: Sequence[Reject]) -> list[Finding]:
    """What the reader could not use."""
    examples = tuple(f"{r.source} ({r.item}): {r.reason}" for r in rejects[:EXAMPLES])
    todo = "; ".join(dict.fromkeys(r.todo for r in rejects)) if rejects else ""
    return [
        Finding(
            "rejects",
            "error",
            "rows or pictures that the reader left out",
            len(rejects),
            0,
            examples,
            todo[:300],
        )
    ]


def some(rows: Iterable[str]) -> tuple[str, ...]:
    """The first few, as examples."""
    return tuple(str(row) for _, row in zip(range(EXAMPLES), rows, strict=False))
