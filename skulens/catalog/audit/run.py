"""Data-quality checks of a catalogue before it is used: fields, texts, pictures, rejects."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from skulens.catalog.audit import pictures as audit_pictures
from skulens.catalog.audit import texts as audit_texts
from skulens.catalog.audit.fields import (
    field_findings,
    id_findings,
    reject_findings,
    title_findings,
)
from skulens.catalog.audit.finding import LEVELS, Audit, Shown, Tokens
from skulens.catalog.reader import IN_GALLERY, name_inside
from skulens.errors import MissingFile
from skulens.protocols import Catalog
from skulens.records import Image, Product, Reject


def audit_catalog(
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
    products = list(catalog.products())
    rejects = list(catalog.rejects)
    root = getattr(catalog, "root", None)
    shown = [
        Shown("gallery", p.id, name_inside(image, root), image)
        for p in products
        for image in p.images
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

    Probes that are the gallery's own pictures (tag IN_GALLERY) are not counted again.
    """
    photos, skipped = [], []
    for split in catalog.info.splits if splits is None else splits:
        try:
            queries = [q for q in catalog.queries(split) if IN_GALLERY not in q.tags]
        except MissingFile as e:
            if splits is not None:
                raise
            skipped.append(f"split {split!r}: {e}")
            continue
        known = set(rejects)
        rejects += [r for r in catalog.rejects if r not in known]
        for query in queries:
            part = query.item.parts[0]
            # Longer items show gallery products again.
            if len(query.item.parts) == 1 and isinstance(part, Image):
                photos.append(Shown(split, next(iter(query.relevant), ""), query.id, part))
    return photos, skipped


def caption(product: Product, roles: Iterable[str]) -> str | None:
    """The text that represents a product in a gallery."""
    return next((text for role in roles if (text := product.text(role))), None)
