"""Which photos of a product stand in the gallery, where nobody said so; the others are probes."""

from collections import defaultdict
from dataclasses import replace

from skulens.catalog.own_rows import Contents, Draft, ProbePhoto
from skulens.catalog.queries import ALL
from skulens.records import Image

GALLERY_PHOTOS = 5
"""Of a product, unless another number is asked for."""
SOURCES = ("gallery", "train", "val", "test")
"""Splits whose photos the gallery is taken from, the first that is there."""


def share_photos(photos: int, asked: int | None, apart: bool) -> int:
    """How many photos of a product, the first ones, are its gallery pictures.

    By name and not by chance: photos of one series lie side by side, and drawing would put the
    twin of a probe into the gallery.

    Args:
        photos: how many there are.
        asked: how many were asked for; None: GALLERY_PHOTOS, and no more than half.
        apart: whether the probes are other photos anyway, so that all may be taken.
    """
    if asked is not None:
        return min(asked, photos)
    return min(GALLERY_PHOTOS, photos) if apart else min(GALLERY_PHOTOS, max(1, photos // 2))


def share_contents(found: Contents, asked: int | None, shares: bool, whole: bool) -> Contents:
    """The contents of a table with its gallery chosen, where that was asked for.

    Args:
        asked: photos of each product; None: as the table says.
        shares: choose where the table names no gallery pictures, without being asked.
        whole: give the products all photos, whatever their split.
    """
    has_gallery = found.has_splits and any(d.images for d in found.drafts.values())
    if whole:
        return replace(found, drafts=add_all(found))
    if has_gallery:
        return found if asked is None else replace(found, drafts=cut(found, asked))
    if not asked and not (shares and asked is None) or not any(found.probes.values()):
        return found
    source = next((s for s in SOURCES if found.probes.get(s)), sorted(found.probes)[0])
    apart = sum(map(bool, found.probes.values())) > 1
    mine: dict[str, list[ProbePhoto]] = defaultdict(list)
    for probe in found.probes[source]:
        mine[probe.product].append(probe)
    both = asked is None and not apart and max(map(len, mine.values())) == 1
    taken = {
        product: photos[: share_photos(len(photos), asked, apart)]
        for product, photos in mine.items()
    }
    images = {p: tuple(photo.image for photo in photos) for p, photos in taken.items()}
    ids = {photo.id for photos in taken.values() for photo in photos}
    probes = {
        split if found.has_splits or both else "test": [
            replace(probe, in_gallery=split == source and probe.id in ids)
            for probe in photos
            if both or apart or probe.id not in ids
        ]
        for split, photos in found.probes.items()
    }
    note = describe_share(source, ids, taken, both, probes)
    return replace(found, drafts=give(found, images), probes=probes, notes=(*found.notes, note))


def describe_share(
    source: str,
    ids: set[str],
    taken: dict[str, list[ProbePhoto]],
    both: bool,
    probes: dict[str, list[ProbePhoto]],
) -> str:
    """What was chosen, in a sentence."""
    if both:
        return (
            "no product has two photos, so each photo is a gallery picture and a probe: photos can "
            "be compared with texts (--gallery text), not with pictures"
        )
    of = "" if source == ALL else f" of {source}"
    most = max(map(len, taken.values()))
    rest = ", ".join(
        f"{sum(not p.in_gallery for p in photos):,} of {split}" for split, photos in probes.items()
    )
    return (
        f"{say_share(len(ids), most, of)}; probes: {rest}; --gallery-photos N takes another number"
    )


def say_share(pictures: int, most: int, of: str) -> str:
    """How many photos became gallery pictures, at most so many of a product."""
    if most == 1:
        return f"the first photo{of} of each product is its gallery picture ({pictures:,})"
    return (
        f"the first photos{of} of each product, up to {most}, are its gallery pictures "
        f"({pictures:,})"
    )


def give(found: Contents, images: dict[str, tuple[Image, ...]]) -> dict[str, Draft]:
    """The products with other pictures."""
    return {p: replace(d, images=list(images.get(p, ()))) for p, d in found.drafts.items()}


def cut(found: Contents, most: int) -> dict[str, Draft]:
    """The products with their first pictures."""
    return {p: replace(d, images=d.images[:most]) for p, d in found.drafts.items()}


def add_all(found: Contents) -> dict[str, Draft]:
    """The products with every photo of theirs."""
    images = {p: dict.fromkeys(d.images) for p, d in found.drafts.items()}
    for photos in found.probes.values():
        for probe in photos:
            images[probe.product][probe.image] = None
    return give(found, {p: tuple(mine) for p, mine in images.items()})
