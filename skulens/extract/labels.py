"""The reader of labels: what bars and print on the pictures say, each value with its evidence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skulens.claims import Claim, Seen, Verdict
from skulens.protocols import TextReader
from skulens.records import Product, Reject, SystemInfo
from skulens.values.fields import FIELDS, find_field, is_asked
from skulens.verify.chain import verify_claims
from skulens.verify.checks.readings import readings_of
from skulens.verify.facts.found import Found, is_trusted
from skulens.verify.look import Looker
from skulens.verify.second import SecondReader, boxes_to_reread
from skulens.verify.text import open_text_reader

NAME = "labels"
VERSION = "1"


@dataclass(frozen=True)
class LabelReading:
    """All that was read of one product."""

    product: Product
    seen: Seen
    claims: tuple[Claim, ...]
    verdicts: tuple[Verdict, ...]
    """One per claim, same order."""
    rejects: tuple[Reject, ...]


class LabelReader:
    """Reads pictures into claims; a `protocols.Reader`.

    Args:
        text: name of a text reader ("routed", "rapidocr", "tesseract"), or one.
        cache: folder in which readings are kept.
        second: whether lines that hold a value are read once more by another engine, where one is
            installed; without it fewer values are confirmed.
    """

    def __init__(
        self, text: str | TextReader = "routed", cache: Path | None = None, second: bool = True
    ):
        reader = open_text_reader(text) if isinstance(text, str) else text
        witness = SecondReader(reader) if second else None
        self.looker = Looker(reader, cache=cache, second=witness)
        parts = [self.looker.identity] + ([witness.identity] if witness else [])
        self.info = SystemInfo(
            name=NAME,
            kind="reader",
            identity=f"{NAME}/{VERSION} {' + '.join(parts)}",
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "text": reader.info.name, "second": second},
            parts=(reader.info,),
        )

    def read(
        self, products: Iterable[Product], fields: Sequence[str] = ()
    ) -> Iterator[Claim | Reject]:
        """Claims of the fields asked for (empty: all), product by product."""
        for reading in self.read_labels(products, fields):
            yield from reading.rejects
            yield from reading.claims

    def read_labels(
        self, products: Iterable[Product], fields: Sequence[str] = ()
    ) -> Iterator[LabelReading]:
        """Every product in order, with claims, verdicts and all that was seen."""
        for product, seen, rejects in self.looker.look(products):
            seen = self.looker.reread(seen, boxes_to_reread(readings_of(seen)))
            claims = tuple(claims_of(seen, fields, self.info.identity))
            verdicts = tuple(verify_claims(claims, seen))
            yield LabelReading(product, seen, claims, verdicts, tuple(rejects))


def claims_of(seen: Seen, fields: Sequence[str], predictor: str) -> Iterator[Claim]:
    """One claim per value; of a field that holds one value, the best supported."""
    by_field: dict[str, list[Found]] = {}
    for found in readings_of(seen):
        if not fields or is_asked(found.field, fields):
            by_field.setdefault(found.field, []).append(found)
    for path in sorted(by_field, key=order_of):
        for n, group in enumerate(choose(path, by_field[path])):
            best = group[0]
            evidence = dict.fromkeys(e for found in group for e in found.evidence)
            yield Claim(
                seen.item, path, best.value, best.unit, best.language, tuple(evidence),
                best.confidence, predictor, n,
            )  # fmt: skip


def choose(path: str, found: Iterable[Found]) -> list[list[Found]]:
    """Findings by value in the order of the print, the best finding of each first; of a field of one
    value the best value alone.

    Better is: trusted, with a witness, in no doubt, read more clearly.
    """
    field = find_field(path)
    values: dict[str, list[Found]] = {}
    for one in found:
        values.setdefault(field.normalise(one.value, one.unit, one.language), []).append(one)
    values.pop("", None)
    groups = [sorted(group, key=rank, reverse=True) for group in values.values()]
    if field.many:
        return groups
    return [max(groups, key=lambda group: rank(group[0]))] if groups else []


def rank(found: Found) -> tuple[bool, bool, bool, float]:
    return is_trusted(found), bool(found.witness), not found.doubt, found.confidence


def order_of(path: str) -> tuple[int, str]:
    """Fields in the order of the registry, others after them by name."""
    return _PLACES.get(path, len(_PLACES)), path


_PLACES = {field.path: place for place, field in enumerate(FIELDS)}
