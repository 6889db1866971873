"""Why one SKU is not found: what its probes find instead, by how much, and what stands near it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from skulens.analysis.collapse import angle_deg
from skulens.analysis.mistakes import Answers, Traits, kind_of
from skulens.bench.reopen import find_vectors, photos_of
from skulens.bench.result import Result
from skulens.bench.store import read_run
from skulens.errors import DataError, unknown
from skulens.protocols import Catalog
from skulens.records import Product

NEAREST = 5
"""Neighbours of the SKU in the gallery that are named."""
SHOWN = 3
"""Candidates named for each probe."""


@dataclass(frozen=True)
class ProbeAnswer:
    """What one probe of the SKU found."""

    query: str
    rank: int | None
    """Of the SKU, from 1; None where it is not among the candidates that were kept."""
    score: float | None
    """Of the SKU."""
    found: tuple[tuple[str, float], ...]
    """The first candidates with their scores."""
    photo: str = ""
    """Path of the photo, where it lies on disk."""

    @property
    def behind(self) -> float | None:
        """How far the SKU's score is below the first one's; 0 for a hit."""
        return None if self.score is None else max(0.0, self.found[0][1] - self.score)


@dataclass(frozen=True)
class Rival:
    """Another SKU that is found instead, or stands near."""

    sku: str
    probes: int
    """Probes of the SKU that put it first."""
    back: int
    """Its own probes that put the SKU first."""
    back_of: int
    """Its own probes."""
    alike: str | None = None
    """Of `mistakes.KINDS`; None without the catalogue."""
    angle_deg: float | None = None
    """Between the two in the gallery that was ranked."""


@dataclass(frozen=True)
class Diagnosis:
    """Everything known of the probes of one SKU."""

    result: Result
    sku: str
    probes: tuple[ProbeAnswer, ...]
    """Misses first, the farthest behind first."""
    rivals: tuple[Rival, ...]
    """What was found instead, most often first."""
    nearest: tuple[Rival, ...] = ()
    """Its nearest neighbours in the gallery."""
    usual_angle_deg: float | None = None
    """Median angle of a product to its nearest neighbour, over the gallery."""
    pictures: int = 0
    """In the catalogue."""
    notes: tuple[str, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict)
    """Of the SKU, its rivals and neighbours, where the catalogue is there."""

    @property
    def hits(self) -> int:
        return sum(p.rank == 1 for p in self.probes)

    def as_dict(self) -> dict:
        record = self.result.record()
        what = {k: record[k] for k in ("suite", "data", "gallery", "encoder")}
        more = {k: getattr(self, k) for k in ("sku", "hits", "usual_angle_deg", "pictures")}
        return (
            what
            | more
            | {
                "probes": [asdict(p) | {"behind": p.behind} for p in self.probes],
                "rivals": [asdict(r) for r in self.rivals],
                "nearest": [asdict(r) for r in self.nearest],
                "notes": list(self.notes),
            }
        )


def diagnose(
    result: Result,
    sku: str,
    catalog: Catalog | None = None,
    *,
    with_vectors: bool = True,
    notes: Sequence[str] = (),
) -> Diagnosis:
    """What the probes of one SKU found in a stored run, and why.

    Args:
        catalog: what was measured; without it there are counts and scores only.
        with_vectors: look for the angles too.
        notes: said along with those made here.
    Raises:
        DataError: the result ranks nothing.
        UnknownName: no probe of the run asks for such an SKU; names the nearest.
    """
    if "run" not in result.tables:
        raise DataError(f"{result.name} on {result.suite} ranks no products")
    answers = Answers.of(result)
    mine = [q for q, relevant in answers.relevant.items() if relevant[0] == sku]
    if not mine:
        asked = dict.fromkeys(relevant[0] for relevant in answers.relevant.values())
        raise unknown("SKU", sku, asked, f"skulens confusion {result.name}")
    photos = photos_of(catalog, result.data.split) if catalog else {}
    probes = read_probes(result, sku, mine, photos)
    rivals = list_rivals(answers, sku, mine)
    plain = Diagnosis(result, sku, probes, rivals, notes=tuple(notes))
    return explain(plain, catalog, answers, with_vectors) if catalog else plain


def read_probes(
    result: Result, sku: str, queries: Sequence[str], photos: Mapping[str, str]
) -> tuple[ProbeAnswer, ...]:
    """What each query found; misses first, the farthest behind first."""
    run = read_run(result)
    rows = {q: i for i, q in enumerate(run.queries)}
    found = []
    for query in queries:
        candidates = list(run.candidates(rows[query])) if query in rows else []
        place = next((i for i, (p, _) in enumerate(candidates) if p == sku), None)
        found.append(
            ProbeAnswer(
                query,
                None if place is None else place + 1,
                None if place is None else candidates[place][1],
                tuple(candidates[:SHOWN]),
                photos.get(query, ""),
            )
        )
    return order_probes(found)


def order_probes(found: Sequence[ProbeAnswer]) -> tuple[ProbeAnswer, ...]:
    """Those whose SKU was not found at all, then by rank, the worst first, then by how far the score
    is behind."""
    worst = 1 + max((p.rank or 0 for p in found), default=0)
    return tuple(sorted(found, key=lambda p: (-(p.rank or worst), -(p.behind or 0.0), p.query)))


def list_rivals(answers: Answers, sku: str, mine: Sequence[str]) -> tuple[Rival, ...]:
    """Wrong products that probes of the SKU put first, most often first."""
    wrong = Counter(
        first for q in mine if (first := answers.firsts.get(q)) not in (*answers.relevant[q], None)
    )
    return tuple(
        Rival(other, n, *count_back(answers, sku, other))
        for other, n in sorted(wrong.items(), key=lambda x: (-x[1], str(x[0])))
        if other is not None
    )


def explain(plain: Diagnosis, catalog: Catalog, answers: Answers, with_vectors: bool) -> Diagnosis:
    """The diagnosis with what the catalogue and the vectors say."""
    products = {p.id: p for p in catalog.products()}
    sku, notes = plain.sku, list(plain.notes)
    gallery: Mapping[str, np.ndarray] = {}
    if with_vectors:
        vectors = find_vectors(plain.result, catalog, set())
        gallery = vectors.gallery
        notes += [vectors.why_not] if vectors.why_not else []
    if sku not in products:
        notes.append(f"{sku} is not in the catalogue: no gallery could hold it")
    nearest, usual = find_nearest(gallery, sku)
    counted = {r.sku: r for r in plain.rivals}

    def describe(other: str) -> Rival:
        known = counted.get(other) or Rival(other, 0, *count_back(answers, sku, other))
        both = sku in products and other in products
        return replace(
            known,
            alike=kind_of(Traits.of(products[sku]), Traits.of(products[other])) if both else None,
            angle_deg=angle_deg(gallery.get(sku), gallery.get(other)),
        )

    rivals = tuple(describe(r.sku) for r in plain.rivals)
    near = tuple(describe(other) for other in nearest)
    named = {sku, *(r.sku for r in (*rivals, *near))}
    named |= {p for probe in plain.probes for p, _ in probe.found}
    return replace(
        plain,
        rivals=rivals,
        nearest=near,
        usual_angle_deg=usual,
        pictures=len(products[sku].images) if sku in products else 0,
        notes=tuple(notes),
        products={p: products[p] for p in named if p in products},
    )


def count_back(answers: Answers, sku: str, other: str) -> tuple[int, int]:
    """(probes of `other` that put `sku` first, probes of `other`)."""
    asked = [q for q, relevant in answers.relevant.items() if relevant[0] == other]
    return sum(answers.firsts.get(q) == sku for q in asked), len(asked)


def find_nearest(gallery: Mapping[str, np.ndarray], sku: str) -> tuple[list[str], float | None]:
    """(the SKU's nearest neighbours, nearest first; the median angle of any product to its nearest
    one, degrees)."""
    if sku not in gallery or len(gallery) < 2:
        return [], None
    names, rows = list(gallery), np.stack(list(gallery.values()))  # (products, dim)
    me = names.index(sku)
    near = np.argsort(-(rows @ rows[me]), kind="stable")
    found = [names[i] for i in near if i != me][:NEAREST]
    sample = range(0, len(names), max(1, len(names) // 1000))
    angles = []
    for i in sample:
        scores = rows @ rows[i]
        scores[i] = -np.inf
        angles.append(angle_deg(rows[i], rows[int(scores.argmax())]))
    return found, float(np.median([a for a in angles if a is not None]))
