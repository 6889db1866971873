"""What a shopper should know of an answer: what was not read, not sorted, not asked for as given."""

from collections.abc import Iterator, Mapping, Sequence

from skulens.documents import Schema, VectorColumn
from skulens.records import Image, Part
from skulens.search.answers import Note
from skulens.search.arrange import sorts_blindly
from skulens.search.conditions import Fact
from skulens.search.legs import WORDS
from skulens.search.request import AMONG, Request
from skulens.search.vectors import Asked


def note_parts(
    request: Request, schema: Schema, asked: Mapping[str, Asked], legs: Sequence[str]
) -> Iterator[Note]:
    """On parts of the query and how they were read."""
    parts = request.query.item.parts
    embedded = {part for one in asked.values() for part in one.parts}
    for i, part in enumerate(parts):
        sought = isinstance(part, str) and WORDS in legs and request.weight_of(i) > 0
        if not (i in request.keys or i in embedded or sought or request.vectors):
            yield Note(
                "part-unread",
                f"{name_of(part)} was read by no leg: the store has no encoder of "
                f"{'photos' if isinstance(part, Image) else 'texts'} that takes part",
            )
    yield from note_keys(request, asked, embedded)
    if request.fusion == "seq":
        single = [c.name for c in schema.vectors if c.name in asked and "item" not in c.modalities]
        if single:
            yield Note(
                "averaged",
                f"{', '.join(single)} cannot read a sequence: its parts were averaged",
            )
    if request.query.references and request.references == "exclude":
        shown = ", ".join(request.query.references)
        yield Note("references-excluded", f"{shown}: named in the query, so not among the hits")


def note_cut(
    request: Request, column: VectorColumn, cut: Sequence[tuple[int, int, int]]
) -> Iterator[Note]:
    """On texts that an encoder reads the beginning of; `cut` as `QueryEmbedder.cut_texts` says."""
    for part, tokens, limit in cut:
        yield Note(
            "text-cut",
            f"{name_of(request.query.item.parts[part])} has {tokens:,} tokens, "
            f"{column.encoder} reads {limit:,}: the rest is not embedded",
        )


def note_keys(request: Request, asked: Mapping[str, Asked], embedded: set[int]) -> Iterator[Note]:
    """On keys of conditions: only `seq` has a way to say "the collar of this photo"."""
    if not asked:
        return
    words = {i: str(request.query.item.parts[i]) for i in request.keys}
    unread = [word for i, word in words.items() if i not in embedded]
    beside = [word for i, word in words.items() if i in embedded]
    if unread:
        yield Note(
            "key-unread",
            f"{', '.join(unread)}: no encoder of photos here reads texts, so the photo counts as "
            "a whole",
        )
    if beside and request.fusion != "seq":
        yield Note(
            "key-as-text",
            f"{', '.join(beside)}: embedded as a text beside the photo; {request.fusion} cannot "
            "say which part of the photo is meant",
        )


def note_order(request: Request, facts: Sequence[Fact]) -> Iterator[Note]:
    """On the order of the hits."""
    if request.browse and request.boosts:
        yield Note(
            "boosts-unused",
            "nothing is searched for, so there is no score that a modifier could change; sort by "
            "a field",
        )
    if sorts_blindly(request):
        yield Note(
            "sorted-first",
            f"the {AMONG} most relevant products were sorted; say what is relevant by least, "
            "within or among",
        )
    if request.facts in ("prefer", "require"):
        unknown = [f.key for f in facts if not (f.column and f.wanted)]
        if unknown:
            yield Note(
                "fact-unknown",
                f"{', '.join(unknown)}: nobody knows the value that is asked for, so it decides "
                "nothing",
            )


def note_codes(gtins: Sequence[str], carriers: Mapping[str, str], filtered: bool) -> Iterator[Note]:
    """On bar codes in photos."""
    for product, gtin in carriers.items():
        yield Note("code-found", f"the bar code {gtin} in the photo is that of {product}")
    for gtin in gtins:
        if gtin not in carriers.values():
            those = (
                "no product that satisfies the filter" if filtered else "no product of the store"
            )
            yield Note("code-unknown", f"the bar code {gtin} in the photo is that of {those}")


def name_of(part: Part) -> str:
    if isinstance(part, Image):
        return part.path or "the photo in memory"
    return repr(part if len(part) <= 40 else part[:37] + "...")
