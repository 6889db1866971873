"""A shop drawn in memory, every SPU in two packagings: the same attributes, another silhouette."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from skulens.records import Image
from skulens.world.config import WorldConfig
from skulens.world.render.photo import iconic, photo
from skulens.world.truth.look import Look
from skulens.world.truth.products import Variant, variants

PHOTOS = 2
"""Of each packaging of a SKU."""


@dataclass(frozen=True)
class Packaged:
    """A SKU in its packaging and in the one that follows it."""

    sku: str
    spu: str
    picture: Image
    photos: tuple[Image, ...]
    new_picture: Image
    new_photos: tuple[Image, ...]


def draw_shop(skus: int, seed: int, px: int) -> list[Packaged]:
    """Front pictures and photos of a shop, before and after all packaging was designed anew."""
    return list(_draw(WorldConfig(skus=skus, seed=seed, px=px)))


def _draw(config: WorldConfig) -> Iterator[Packaged]:
    for variant in variants(config):
        new = repackage(variant)
        yield Packaged(
            variant.id,
            variant.spu,
            Image(data=iconic(variant, config.px)),
            tuple(Image(data=photo(variant, n, config.px)) for n in range(PHOTOS)),
            Image(data=iconic(new, config.px)),
            # other numbers: the same light and background would be a hint
            tuple(Image(data=photo(new, PHOTOS + n, config.px)) for n in range(PHOTOS)),
        )


def repackage(variant: Variant) -> Variant:
    """The same SKU with the silhouette of an SPU that was never made: the colours of its own picture
    stay, the shape, closures and layout of the drawing are drawn by another name."""
    look: Look = replace(variant.look, spu=f"{variant.spu} redesigned")
    return replace(variant, look=look)
