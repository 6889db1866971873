"""Suite `mpr`: probe photo -> SKU, by texts, pictures or both (OpenMPR's task, with intervals).

`sound` (default) ranks float32 cosines of the right activation, ties by id, pictures turned
upright. `paper` emulates OpenMPR's script: bfloat16 throughout, batch 1, no EXIF turn,
ranked after softmax or sigmoid (specifications in docs/protocols.md).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from skulens.bench import cost as speed
from skulens.bench.examples import confusions, examples, faces
from skulens.bench.result import Result
from skulens.encode import gallery as galleries
from skulens.encode.batching import Batching, Encoded, check_modalities
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder, Fused
from skulens.encode.memo import Memo
from skulens.errors import DataError
from skulens.evaluate import power
from skulens.evaluate.summaries import evaluate
from skulens.index.exact import ExactIndex
from skulens.protocols import Catalog, Encoder
from skulens.records import EncoderInfo, Image, Item, Product, Qrels, Query, Reject, Run

BLOCK_BYTES = 256 * 2**20
"""Pictures that a catalogue holds in memory (Parquet columns) are encoded in blocks of this size."""

FULL_RANKING = 200_000_000
"""Scores up to which every query's whole gallery is ranked (1.6 GB); above, the first CUT_RANKING."""
CUT_RANKING = 1000


@dataclass(frozen=True)
class MprSettings:
    """What decides the numbers; part of a result's key."""

    gallery: str = "auto"
    """"text", "image", "both"; "auto": text and image, as far as the encoder and the data have them."""
    split: str = "test"
    texts: tuple[str, ...] = ()
    """Text roles that stand for a product; empty: those of the dataset."""
    shots: str = "single"
    fusion: str = "avg"
    mode: str = "sound"
    ks: tuple[int, ...] = (1, 3, 5, 10)
    limit: int = 0
    """Only the first queries; 0 is all."""
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self):
        if self.gallery not in ("auto", *galleries.GALLERIES):
            raise DataError(f"unknown gallery {self.gallery!r}, expected auto, text, image or both")
        if self.shots not in galleries.SHOTS:
            raise DataError(
                f"unknown shots {self.shots!r}, expected one of {', '.join(galleries.SHOTS)}"
            )
        if not self.ks or min(self.ks) < 1:
            raise DataError(f"expected cut-offs of at least 1, got {self.ks}")


@dataclass
class Probes:
    """The queries of a split, without their pictures once these are encoded."""

    queries: list[Query] = field(default_factory=list)
    fused: list[list[Fused]] = field(default_factory=list)
    """Per encoder, the blocks they were encoded in."""
    images: dict[str, Image] = field(default_factory=dict)
    """The photo of each query that lies on disk, for the examples of the report."""
    sample: list[Image] = field(default_factory=list)


class Mpr:
    """Photo -> SKU for one catalogue and any number of encoders; pictures are decoded once for all."""

    def __init__(
        self,
        catalog: Catalog,
        settings: MprSettings = MprSettings(),
        *,
        name: str = "",
        cache: Path | None = None,
        memo: Memo | None = None,
        how: Batching = Batching(),
        time_probes: bool = True,
    ):
        """A suite on one catalogue.

        Args:
            name: what results call the data; default: the catalogue's own name.
            cache: folder of the embedding cache; None keeps nothing.
            time_probes: measure the latency of single probes too, which costs 35 more forward passes.
        """
        self.time_probes = time_probes
        self.catalog, self.settings, self.name = catalog, settings, name or catalog.info.name
        self.cache, self.memo = cache, memo
        paper = settings.mode == "paper"
        self.how = replace(how, batch=1, upright=False) if paper else how
        self.products = list(catalog.products())
        self.rejects: list[Reject] = list(catalog.rejects)

    def check(self, encoder: Encoder) -> None:
        """Raise here, before anything is computed, what `run` would raise for this encoder."""
        kinds = self._kinds(encoder)
        needed = {"image"} | {
            m for kind in kinds for m in (("text", "image") if kind == "both" else (kind,))
        }
        check_modalities([encoder], needed)

    def run(self, encoders: Sequence[Encoder]) -> list[Result]:
        """One result per encoder and gallery, in that order."""
        if not encoders:
            return []
        plan = [(encoder, kind) for encoder in encoders for kind in self._kinds(encoder)]
        built = {kind: self._gallery(kind) for kind in dict.fromkeys(kind for _, kind in plan)}
        caches = [VectorCache(self.cache, e.info) if self.cache else None for e in encoders]
        probes = self._encode_probes(encoders, caches)
        results = []
        for encoder, kind in plan:
            at = encoders.index(encoder)
            results.append(self._one(encoder, caches[at], built[kind], probes, at))
        return results

    def _kinds(self, encoder: Encoder) -> list[str]:
        """The galleries to measure for an encoder."""
        if self.settings.gallery != "auto":
            return [self.settings.gallery]
        asked = (
            {"text"} if self.settings.texts else set()
        )  # a text role that nobody has must be said, not skipped
        able = [
            kind
            for kind in ("text", "image")
            if kind in encoder.info.modalities
            and (kind in asked or galleries.has(self.products, kind, self.catalog.info))
        ]
        if not able:
            raise DataError(
                f"{encoder.info.name} reads {' and '.join(encoder.info.modalities)}, and {self.name} has no gallery of "
                "that kind; give --gallery and --text, or another encoder"
            )
        return able

    def _gallery(self, kind: str) -> galleries.Gallery:
        s = self.settings
        return galleries.build_gallery(
            self.products, kind, self.catalog.info, texts=s.texts, shots=s.shots
        )

    def _encode(
        self, encoders: Sequence[Encoder], caches: Sequence, items: Sequence[Item], role: str
    ) -> list[Fused]:
        embedder = Embedder(encoders, caches, self.memo, self.how)
        return embedder.embed_items(items, role, self.settings.fusion)

    def _encode_probes(self, encoders: Sequence[Encoder], caches: Sequence) -> Probes:
        probes = Probes(fused=[[] for _ in encoders])
        for block in blocks(self._queries()):
            for mine, fused in zip(
                probes.fused,
                self._encode(encoders, caches, [q.item for q in block], "query"),
                strict=True,
            ):
                mine.append(fused)
            probes.sample = (
                probes.sample or galleries.pictures_of([q.item for q in block])[: speed.PROBES + 3]
            )
            probes.images |= {
                q.id: p for q in block for p in galleries.pictures_of([q.item])[:1] if p.path
            }
            probes.queries += [replace(q, item=Item(q.id, ())) for q in block]
        if not probes.queries:
            raise DataError(
                f"split {self.settings.split!r} of {self.name} has no queries; see `skulens audit`"
            )
        return probes

    def _queries(self) -> Iterator[Query]:
        for n, query in enumerate(self.catalog.queries(self.settings.split)):
            if self.settings.limit and n >= self.settings.limit:
                return
            yield query
        self.rejects += [r for r in self.catalog.rejects if r not in self.rejects]

    def _one(
        self, encoder: Encoder, cache, gallery: galleries.Gallery, probes: Probes, at: int
    ) -> Result:
        [shown] = self._encode([encoder], [cache], gallery.items, "document")
        vectors = np.concatenate([fused.vectors for fused in probes.fused[at]])
        hashes = [h for fused in probes.fused[at] for h in fused.hashes]
        answers = [*(fused.encoded for fused in probes.fused[at]), shown.encoded]
        seen = leaked(probes.queries, hashes, gallery, shown.hashes)
        kept = np.flatnonzero(~np.isnan(vectors).any(axis=1) & ~seen)
        if not len(kept):
            raise DataError(no_probe_left(int(seen.sum()), len(seen), answers))
        queries = [probes.queries[i] for i in kept]
        if self.settings.mode == "paper":
            run, ties = self._rank_paper(
                encoder, queries, raw(probes.fused[at])[kept], gallery, raw([shown])
            )
        else:
            run, ties = self._rank(queries, vectors[kept], gallery, shown.vectors), None
        s, qrels = self.settings, Qrels.of(queries)
        evaluation = evaluate(run, qrels, ks=s.ks, resamples=s.resamples, seed=s.seed)
        metrics = evaluation.metrics
        return Result(
            suite="mpr",
            data=self.name,
            gallery=gallery.kind,
            name=getattr(encoder, "name", encoder.info.name),
            encoder=encoder.info,
            n_queries=len(queries),
            n_gallery=len(gallery.products),
            metrics=metrics | density(metrics, encoder.info),
            speed=self._speed(encoder, answers, probes.sample, shown.vectors),
            settings=asdict(s)
            | {"gallery": gallery.kind, "texts": s.texts or self.catalog.info.gallery_text},
            data_hash=data_hash(queries, [hashes[i] for i in kept], gallery, shown.hashes),
            counts=self._counts(
                queries,
                gallery,
                evaluation.ties if ties is None else ties,
                answers,
                int(seen.sum()),
            ),
            rejects=tuple(dict.fromkeys([*self.rejects, *(r for a in answers for r in a.rejects)])),
            evaluation=evaluation,
            run=run,
            qrels=qrels,
            look=lambda: look(
                run,
                queries,
                probes.images,
                self.products,
                s.texts or self.catalog.info.gallery_text,
            ),
        )

    def _rank(
        self,
        queries: list[Query],
        vectors: np.ndarray,
        gallery: galleries.Gallery,
        rows: np.ndarray,
    ) -> Run:
        """Float32 cosines, exact; the whole gallery for each query unless that is too much to hold."""
        good = ~np.isnan(rows).any(axis=1)
        owners = [gallery.products[i] for i in gallery.owners[good]]
        few = len(gallery.products) * len(queries) <= FULL_RANKING
        index = ExactIndex(owners, rows[good], shots=self.settings.shots)
        return index.run(
            [q.id for q in queries], vectors, k=len(gallery.products) if few else CUT_RANKING
        )

    def _rank_paper(
        self,
        encoder: Encoder,
        queries: list[Query],
        vectors: np.ndarray,
        gallery: galleries.Gallery,
        rows: np.ndarray,
    ) -> tuple[Run, int]:
        """OpenMPR's scores and order, and how many queries had ties that its bfloat16 made."""
        from skulens.papers.openmpr.scoring import paper_top_k

        if self.settings.shots != "single":
            raise DataError(
                "paper mode knows one gallery item per product; use --shots single or --mode sound"
            )
        good = ~np.isnan(rows).any(axis=1)
        products = [p for p, kept in zip(gallery.products, good, strict=True) if kept]
        found = paper_top_k(vectors, rows[good], encoder.info.activation, k=len(products))
        run = Run(tuple(q.id for q in queries), tuple(products), found.order, found.scores)
        return run, int((found.ties > 0).sum())

    def _counts(self, queries, gallery, ties, answers, seen) -> dict[str, int]:
        held = set(gallery.products)
        return {
            "groups": len({q.group or q.id for q in queries}),
            "tied_queries": ties,
            "unanswerable_queries": sum(not held.intersection(q.relevant) for q in queries),
            "probe_is_gallery_picture": seen,
            "products_without_gallery_item": len(gallery.missing),
            "forwards": sum(a.forwarded for a in answers),
            "rejects": len({r for a in answers for r in a.rejects} | set(self.rejects)),
        }

    def _speed(
        self,
        encoder: Encoder,
        answers: Sequence[Encoded],
        sample: Sequence[Image],
        rows: np.ndarray,
    ) -> dict:
        measured: dict[str, float] = {}
        for answer in reversed(answers):  # probes last: their rates are from more pictures
            measured |= {
                f"{modality}s_per_s": round(rate, 2) for modality, rate in answer.per_second.items()
            }
        if self.time_probes and measured and sample:
            measured |= speed.latency_ms(encoder, sample, np.nan_to_num(rows), self.how.upright)
        memory = {"peak_memory_mb": speed.peak_memory_mb()} if measured else {}
        info = encoder.info
        fixed = {
            k: getattr(info, k)
            for k in ("params_image", "params_text", "gflops_image", "gflops_text")
        }
        return speed.remembered(self.memo, encoder, measured | memory) | fixed


def raw(fused: Sequence[Fused]) -> np.ndarray:
    """The encoder's own vectors, (items, dim) float32 not normalised, of items of one part each."""
    if any(len(hashes) != 1 for block in fused for hashes in block.hashes):
        raise DataError(
            "paper mode compares single pictures with single texts; use --gallery text or --mode sound"
        )
    return np.concatenate([block.encoded.vectors for block in fused])


def blocks(queries: Iterable[Query]) -> Iterator[list[Query]]:
    """Queries in lists whose in-memory pictures stay under BLOCK_BYTES; paths cost nothing."""
    block: list[Query] = []
    held = 0
    for query in queries:
        block.append(query)
        held += sum(len(image.data or b"") for image in galleries.pictures_of([query.item]))
        if held > BLOCK_BYTES:
            yield block
            block, held = [], 0
    if block:
        yield block


def leaked(
    queries: Sequence[Query],
    hashes: Sequence[tuple],
    gallery: galleries.Gallery,
    gallery_hashes: Sequence[tuple],
) -> np.ndarray:
    """Which probes stand in the gallery as a picture of their own product: (queries,) bool.

    Finding a picture by itself proves nothing, so such probes are left out and counted.
    """
    held = {
        (item.id, h)
        for item, mine in zip(gallery.items, gallery_hashes, strict=True)
        for h in mine
        if h
    }
    return np.array(
        [
            any((p, h) in held for p in q.relevant for h in mine)
            for q, mine in zip(queries, hashes, strict=True)
        ]
    )


def look(
    run: Run,
    queries: Sequence[Query],
    probes: dict[str, Image],
    products: Sequence[Product],
    roles: Sequence[str],
) -> dict:
    """What the report shows beside the numbers."""
    shown = {p.id: p.images[0] for p in products if p.images}
    words = {
        p.id: next((text for role in roles if (text := p.text(role))), p.title) for p in products
    }
    wrong = confusions(run, queries)
    return {
        "examples": examples(run, queries, probes, shown, words),
        "confusions": wrong,
        **faces(wrong, shown, words),
    }


def no_probe_left(seen: int, asked: int, answers: Sequence[Encoded]) -> str:
    if seen:
        return (
            f"{seen} of {asked} probes are the very pictures of the gallery, and none is left to measure; mark gallery "
            "pictures with split=gallery and probes with another split, or use --gallery text"
        )
    reasons = {r.reason for a in answers for r in a.rejects}
    return f"none of the {asked} probes could be read: {'; '.join(sorted(reasons)[:3])}"


def data_hash(
    queries: Sequence[Query],
    hashes: Sequence[tuple],
    gallery: galleries.Gallery,
    gallery_hashes: Sequence[tuple],
) -> str:
    """Hash of what was asked, of whom, and what is right: contents, not paths."""
    asked = [
        [q.id, sorted(q.relevant.items()), mine] for q, mine in zip(queries, hashes, strict=True)
    ]
    shown = [[item.id, mine] for item, mine in zip(gallery.items, gallery_hashes, strict=True)]
    return hashlib.sha256(json.dumps([asked, shown]).encode()).hexdigest()


def density(metrics: dict[str, dict], info: EncoderInfo) -> dict[str, dict]:
    """phi, M1 and M2, where parameters are known; their intervals are those of hit_rate@1, mapped."""
    params = (info.params_image or 0) + (info.params_text or 0)
    r1 = metrics.get("hit_rate@1")
    if not params or r1 is None:
        return {}
    ends = ("value", "low", "high")
    return {
        name: r1 | {end: None if r1[end] is None else float(of(r1[end], params)) for end in ends}
        for name, of in (("phi", power.phi), ("m1", power.m1), ("m2", power.m2))
    }
