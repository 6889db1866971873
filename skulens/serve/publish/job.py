"""What is published, how, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skulens.protocols import Store


@dataclass(frozen=True)
class Options:
    """How a store is published."""

    name: str = ""
    """Of the shop, above the page; "": that of its data."""
    photos: bool = True
    """Whether the page embeds photos; else it needs neither encoder nor runtime."""
    encoder: str = ""
    """Name of the picture column's encoder, where its model has moved."""
    examples: Path | None = None
    """Folder of photos to try; up to `serve.pictures.examples.MOST` are copied."""
    runtime: Path | None = None
    """Folder with the files of onnxruntime-web; None: those kept from the last time."""
    progress: bool = True


@dataclass(frozen=True)
class Published:
    """What was made."""

    folder: Path
    products: int
    thumbnails: int
    photos: bool
    words: int
    """Texts whose vectors conditions may use."""
    bytes: int
    notes: tuple[str, ...] = ()


@dataclass
class Site:
    """A site while it is made."""

    store: Store
    folder: Path
    options: Options
    ids: Sequence[str]
    notes: list[str] = field(default_factory=list)


def name_of(site: Site) -> str:
    return site.options.name or site.store.schema.data or "Shop"
