"""Products that lack what others have, share an id or a title, or were rejected by the reader."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from skulens.catalog.audit.finding import EXAMPLES, Finding, Level, pick_examples
from skulens.catalog.rejects import group_rejects
from skulens.records import Product, Reject


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
            pick_examples(nothing),
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
        level: Level = (
            "warning" if len(missing) < n and check in ("no_caption", "no_picture") else "note"
        )
        examples = pick_examples(missing) if len(missing) < n else ()
        found.append(Finding(check, level, what, len(missing), n, examples, TODO_FIELD[check]))
    return found


def title_findings(products: Sequence[Product], captions: Mapping[str, str]) -> list[Finding]:
    """Titles that several products share, where another text represents them in the gallery."""
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
            pick_examples(f"{title!r}: {', '.join(ids[:3])}" for title, ids in several.items()),
            "do not represent the product by its title alone",
        )
    ]


TODO_FIELD = {
    "no_caption": "add texts, or search pictures only: --gallery image",
    "no_picture": "add pictures, or search texts only: --gallery text",
    "no_title": "nothing, where another text represents the product",
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
            pick_examples(twice),
            "give every product its own id",
        ),
        Finding(
            "close_ids",
            "warning",
            "ids that differ only in case or blanks",
            len(close),
            len(counts),
            pick_examples(close),
            "check that they are different products",
        ),
    ]


def reject_findings(rejects: Sequence[Reject]) -> list[Finding]:
    """What the reader could not use: rows and pictures, and cells that products do without."""
    out, kept = [r for r in rejects if not r.kept], [r for r in rejects if r.kept]
    return [
        reject_finding("rejects", "error", "rows or pictures that the reader left out", out),
        reject_finding("cells", "warning", "cells that products are kept without", kept),
    ]


def reject_finding(kind: str, level: Level, what: str, rejects: Sequence[Reject]) -> Finding:
    """One finding of all of these."""
    groups = group_rejects(rejects)[:EXAMPLES]
    examples = tuple(
        f"{g.says()}\n  -> {g.example.todo}" if g.example.todo else g.says() for g in groups
    )
    return Finding(
        kind, level, what, len(rejects), 0, examples, "" if examples else "nothing to do"
    )
