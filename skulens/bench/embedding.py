"""Queries and galleries of a task -> vectors, with the hashes of what they were made of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from skulens.bench import cost
from skulens.bench.examples import keep_parts
from skulens.bench.leakage import content_hashes
from skulens.bench.task import Task
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import Gallery, pictures_of
from skulens.errors import DataError
from skulens.protocols import Encoder, Role
from skulens.records import Image, Item, Part, Query

BLOCK_BYTES = 256 * 2**20
"""Pictures that a catalogue holds in memory (Parquet columns) are encoded in such blocks."""


@dataclass
class Probes:
    """The queries of a task, without their pictures once these are encoded."""

    queries: list[Query] = field(default_factory=list)
    fused: list[list[Fused]] = field(default_factory=list)
    """Per encoder, the blocks they were encoded in."""
    contents: list[tuple] = field(default_factory=list)
    """Content hashes of the parts of each query."""
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    """Of each query, as far as no picture is held in memory for it: for the examples of the report."""
    sample: list[Image] = field(default_factory=list)
    """Photos for timing single probes."""


def reads_pictures_alone(task: Task, encoder: Encoder) -> bool:
    """Whether an encoder is shown the pictures of items and not their texts."""
    return task.pictures_alone and "text" not in encoder.info.modalities


def embed_readable(
    task: Task, embedder: Embedder, items: Sequence[Item], role: Role
) -> list[Fused]:
    """Vectors of items of what the encoders read of them; all read alike.

    The hashes are of all parts: what is asked does not depend on who reads it.
    """
    if not all(reads_pictures_alone(task, encoder) for encoder in embedder.encoders):
        return embedder.embed_items(items, role, task.fusion)
    pictures = [Item(item.id, tuple(pictures_of([item]))) for item in items]
    found = embedder.embed_items(pictures, role, task.fusion)
    hashes = content_hashes(items, embedder.memo)
    return [replace(fused, hashes=hashes) for fused in found]


def embed_gallery(task: Task, embedder: Embedder, gallery: Gallery) -> list[Fused]:
    """Vectors of a gallery's items, one Fused per encoder."""
    if task.embed is not None:
        return task.embed(embedder, gallery.items, task.fusion)
    return embed_readable(task, embedder, gallery.items, "document")


def embed_probes(task: Task, embedder: Embedder) -> Probes:
    """Vectors of all queries, block by block. Raises DataError where there are none."""
    probes = Probes(fused=[[] for _ in embedder.encoders])
    for block in blocks(task.queries()):
        items = [q.item for q in block]
        fused = embed_readable(task, embedder, items, "query")
        for mine, found in zip(probes.fused, fused, strict=True):
            mine.append(found)
        alike = task.fusion == "avg"  # then what was embedded are the parts themselves
        probes.contents += fused[0].hashes if alike else content_hashes(items, embedder.memo)
        probes.sample = probes.sample or pictures_of(items)[: cost.PROBES + 3]
        probes.parts |= {q.id: keep_parts(q.item) for q in block}
        probes.queries += [replace(q, item=Item(q.id, ())) for q in block]
    if not probes.queries:
        raise DataError(no_queries(task))
    return probes


def blocks(queries: Iterable[Query]) -> Iterator[list[Query]]:
    """Queries in lists whose in-memory pictures stay under BLOCK_BYTES; paths cost nothing."""
    block: list[Query] = []
    held = 0
    for query in queries:
        block.append(query)
        held += sum(len(image.data or b"") for image in pictures_of([query.item]))
        if held > BLOCK_BYTES:
            yield block
            block, held = [], 0
    if block:
        yield block


def no_queries(task: Task) -> str:
    said = f"split {task.split!r} of {task.data} has no queries"
    rejects = list(task.rejects())
    if not rejects:
        return f"{said}; see `skulens audit`"
    first = rejects[0]
    return (
        f"{said}: {len(rejects)} rejects, the first: {first.item or first.source}: "
        f"{first.reason}; {first.todo}"
    )
