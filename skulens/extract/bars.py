"""Readers of bar codes alone: ours, and the decoder it is built on with its default options."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import PIL.Image

from skulens import pictures
from skulens.claims import Claim, Code, Evidence
from skulens.errors import PictureError
from skulens.records import Product, Reject, SystemInfo
from skulens.values.fields import is_asked
from skulens.verify.bars import ladder
from skulens.verify.bars.reading import read_view
from skulens.verify.bars.views import View
from skulens.verify.look import Looker

FIELD = "identifiers.gtin"
UNSURE = 0.5
"""Confidence of a code that too few views agree on."""


class BarsReader:
    """Claims the GTINs of decoded bars; no text is read. A `protocols.Reader`.

    Args:
        cache: folder in which readings are kept.
    """

    def __init__(self, cache: Path | None = None):
        self.looker = Looker(None, cache=cache)
        self.info = _info("bars", "reader", self.looker.identity)

    def read(
        self, products: Iterable[Product], fields: Sequence[str] = ()
    ) -> Iterator[Claim | Reject]:
        """Claims product by product, sure codes first; one per GTIN."""
        for product, seen, rejects in self.looker.look(products):
            yield from rejects
            if not fields or is_asked(FIELD, fields):
                yield from claims_of_codes(product.id, seen.bars.items(), self.info.identity)


class ZxingReader:
    """The baseline: one call of zxing-cpp per picture, default options, every result believed."""

    def __init__(self) -> None:
        self.info = _info("zxing", "baseline", ladder.NAME.split(" ", 1)[1])

    def read(
        self, products: Iterable[Product], fields: Sequence[str] = ()
    ) -> Iterator[Claim | Reject]:
        """Claims product by product; one per GTIN."""
        for product in products:
            codes: list[tuple[str, Sequence[Code]]] = []
            for image in product.images:
                try:
                    found = decode_once(pictures.load(image))
                except PictureError as e:
                    where = image.path or product.id
                    yield Reject(where, product.id, str(e), "replace or remove the picture")
                    continue
                codes.append((image.sha256(), found))
            if not product.images:
                yield Reject(product.id, product.id, "has no picture", "add one")
            if not fields or is_asked(FIELD, fields):
                yield from claims_of_codes(product.id, codes, self.info.identity)


def decode_once(picture: PIL.Image.Image) -> list[Code]:
    """What zxing-cpp decodes with its default options."""
    readings, _ = read_view(View("whole", picture), retail_only=False)
    return [Code(r.text, r.symbology, r.quad, r.gtin) for r in readings]


def claims_of_codes(
    item: str, pictures: Iterable[tuple[str, Sequence[Code]]], predictor: str
) -> Iterator[Claim]:
    """One claim per GTIN, sure ones first, with every place where it stands.

    Args:
        pictures: (sha256, codes) of each.
    """
    found: dict[str, list[tuple[str, Code]]] = {}
    for sha256, codes in pictures:
        for code in codes:
            if code.gtin:
                found.setdefault(code.gtin, []).append((sha256, code))
    ordered = sorted(found.values(), key=lambda group: not any(code.sure for _, code in group))
    for n, group in enumerate(ordered):
        evidence = tuple(Evidence(sha, "bars", code.text, code.quad) for sha, code in group)
        confidence = 1.0 if any(code.sure for _, code in group) else UNSURE
        yield Claim(
            item, FIELD, group[0][1].text, evidence=evidence, confidence=confidence,
            predictor=predictor, n=n,
        )  # fmt: skip


def _info(name: str, kind: str, identity: str) -> SystemInfo:
    return SystemInfo(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        identity=f"{name}/1 {identity}",
        family="decoder",
        licence="Apache-2.0",
        params=0,
        about={"modalities": ["image"]},
    )
