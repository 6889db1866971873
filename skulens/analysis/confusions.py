"""What a stored run confuses: pairs of SKUs, why they are alike, and the angle between them.

An error is a probe whose first product is wrong. OpenMPR (Maminta and Atienza 2026, section 5.4 and
Fig. 5) shows one probe between two SKUs whose texts stand about 4 degrees apart, "a narrow cone of
confusion"; here every confused pair of any run is put into the plane that its two gallery vectors
span. The bisector is one axis, the direction from the wrong product to the right one the other,
so nothing of the decision is lost: the sign of `across` says which of the two scores higher, and
cos(right) - cos(wrong) = 2 sin(angle / 2) across.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from skulens.bench.store import Stored, photos_of, products_of
from skulens.encode.gallery import build_gallery, shots_of
from skulens.errors import DataError
from skulens.records import Product

KINDS = ("same SPU", "same brand", "same class", "other")
"""How a wrong product is like the right one; the first that holds."""
BRANDS = ("brand", "brand name", "brand_name", "manufacturer", "maker", "vendor")
"""Attribute keys that name the brand."""
RANDOM_PAIRS = 100_000
EXAMPLES = 4
"""Probes named for each pair."""


@dataclass(frozen=True)
class Pair:
    """Probes of `right` for which `found` was put first."""

    right: str
    found: str
    probes: int
    of: int
    """Probes of `right`."""
    back: int
    """Probes of `found` for which `right` was put first."""
    back_of: int
    examples: tuple[str, ...]
    """The first few of these probes."""
    kind: str | None = None
    """Of KINDS; None without the catalogue."""
    text_angle_deg: float | None = None
    """Between the texts of the two products."""
    picture_angle_deg: float | None = None
    """Between their gallery pictures."""
    words: tuple[str, str] = ("", "")
    """A text of each, for people."""
    photos: dict[str, str] = field(default_factory=dict)
    """Example probe -> path of its photo."""

    def as_dict(self) -> dict:
        return asdict(self) | {
            "share": self.probes / self.of,
            "back_share": self.back / self.back_of if self.back_of else None,
        }


@dataclass(frozen=True)
class Cause:
    """Errors whose wrong product is like the right one in this way."""

    kind: str
    errors: int
    share: float
    """Of all errors."""
    expected: float
    """The share if every wrong product were any other one of the gallery, equally likely."""


def confused_pairs(stored: Stored) -> list[Pair]:
    """Every pair with at least one error, most errors first, then largest share, then ids.

    A probe with several relevant products counts for the one of highest grade.
    """
    wrong: dict[tuple[str, str], list[str]] = {}
    asked = Counter(relevant[0] for relevant in stored.relevant.values())
    for query, relevant in stored.relevant.items():
        first = stored.firsts.get(query)
        if first is not None and first not in relevant:
            wrong.setdefault((relevant[0], first), []).append(query)
    pairs = [
        Pair(r, f, len(q), asked[r], len(wrong.get((f, r), ())), asked[f], tuple(q[:EXAMPLES]))
        for (r, f), q in wrong.items()
    ]
    return sorted(pairs, key=lambda p: (-p.probes, -p.probes / p.of, p.right, p.found))


@dataclass(frozen=True)
class Traits:
    """What decides how alike two products are; None where the catalogue does not say."""

    spu: str | None
    brand: str | None
    kind: str | None

    @classmethod
    def of(cls, product: Product) -> "Traits":
        brand = next(
            (a.value for key in BRANDS for a in product.attributes if a.key.casefold() == key), None
        )
        kind = " / ".join(product.category) or None
        return cls(
            product.spu,
            *(text.strip().casefold() if text and text.strip() else None for text in (brand, kind)),
        )

    def named(self) -> tuple[str | None, str | None, str | None]:
        return self.spu, self.brand, self.kind


def kind_of(right: Traits, found: Traits) -> str:
    """The first of KINDS that holds; what the catalogue does not say is never the same."""
    for name, a, b in zip(KINDS, right.named(), found.named(), strict=False):
        if a is not None and a == b:
            return name
    return KINDS[-1]


def causes(
    pairs: Sequence[Pair], traits: Mapping[str, Traits], gallery: Sequence[str]
) -> list[Cause]:
    """How the errors share out over KINDS, beside what chance alone would give.

    Args:
        gallery: ids of the products that could have been found.
    """
    errors, expected = Counter(), Counter()
    neighbours = Neighbours([traits[p] for p in gallery])
    for pair in pairs:
        errors[kind_of(traits[pair.right], traits[pair.found])] += pair.probes
        for kind, share in neighbours.shares(traits[pair.right]).items():
            expected[kind] += share * pair.probes
    total = sum(errors.values())
    return (
        [Cause(k, errors[k], errors[k] / total, expected[k] / total) for k in KINDS]
        if total
        else []
    )


class Neighbours:
    """How many products of a gallery are like one of it in each way, from counts of trait combinations."""

    def __init__(self, gallery: Sequence[Traits]):
        self.size = len(gallery)
        self.counts: Counter[tuple] = Counter()
        for traits in gallery:
            for held in combinations(traits.named()):
                self.counts[held] += 1

    def shares(self, traits: Traits) -> dict[str, float]:
        """Kind -> share of the other products (inclusion and exclusion over SPU, brand, class)."""
        spu, brand, kind = traits.named()

        def count(*held) -> int:
            return self.counts[held] if any(h is not None for h in held) else 0

        same_spu = count(spu, None, None)
        same_brand = count(None, brand, None) - (count(spu, brand, None) if spu and brand else 0)
        same_kind = count(None, None, kind)
        if kind:
            same_kind -= count(spu, None, kind) if spu else 0
            same_kind -= count(None, brand, kind) if brand else 0
            same_kind += count(spu, brand, kind) if spu and brand else 0
        itself = next((i for i, t in enumerate((spu, brand, kind)) if t is not None), 3)
        found = [same_spu, same_brand, same_kind]
        found.append(self.size - sum(found))
        found[itself] -= 1
        others = max(self.size - 1, 1)
        return {k: n / others for k, n in zip(KINDS, found, strict=True)}


def combinations(named: tuple) -> set[tuple]:
    """Every way to keep some of the traits that are there and blank the others, but not all."""
    ways = {()}
    for trait in named:
        ways = {(*w, t) for w in ways for t in {trait, None}}
    return ways - {(None,) * len(named)}


def unnamed(traits: Mapping[str, Traits]) -> list[str]:
    """Which of SPU, brand and class the catalogue never says."""
    names = ("SPU", "brand", "class")
    return [n for i, n in enumerate(names) if all(t.named()[i] is None for t in traits.values())]


@dataclass(frozen=True)
class Vectors:
    """Vectors of a run's products and probes, of length 1; only those that could be had."""

    texts: dict[str, np.ndarray] = field(default_factory=dict)
    pictures: dict[str, np.ndarray] = field(default_factory=dict)
    gallery: dict[str, np.ndarray] = field(default_factory=dict)
    """What the run ranked: product -> vector."""
    probes: dict[str, np.ndarray] = field(default_factory=dict)
    why_not: str = ""
    """Why something is missing, for people."""


def angle_deg(a: np.ndarray | None, b: np.ndarray | None) -> float | None:
    """Angle between two vectors of length 1, degrees; None where one is missing.

    From the length of the difference, which stays exact for small angles where arccos does not.
    """
    if a is None or b is None:
        return None
    return float(np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(a.astype(float) - b) / 2, 0, 1))))


def in_plane(right: np.ndarray, found: np.ndarray, probes: np.ndarray) -> np.ndarray | None:
    """Coordinates of probes in the plane of two gallery vectors: (probes, 2), along the bisector and
    across it (positive: nearer to `right`). The two stand at +-angle / 2 on the unit circle. None for
    equal or opposite vectors, which span no plane."""
    along, across = right.astype(float) + found, right.astype(float) - found
    lengths = np.linalg.norm(along), np.linalg.norm(across)
    if min(lengths) < 1e-9:
        return None
    return np.stack([probes @ along / lengths[0], probes @ across / lengths[1]], axis=1)


def collapse(stored: Stored, pairs: Sequence[Pair], vectors: Vectors, most: int = 20) -> dict:
    """The numbers of the manifold-collapse figure (OpenMPR, Fig. 5) for a run.

    Args:
        pairs: all confused pairs; the first `most` are put into their planes.
    Returns:
        "pairs": for each confused pair {right, found, angle_deg, probes: [{query, sku, along, across,
        first}]}, `first` being the product ranked first; the right product stands at (cos, sin) of
        angle / 2, the found one at (cos, -sin), and a probe nearer to the right one has across > 0.
        "nearest": for each product of the gallery {product, nearest, angle_deg, hit_rate, probes}.
        "angles": quartiles of the angle between gallery vectors, degrees: "confused" (each error counts),
        "nearest" (each product and its nearest neighbour), "random" (any two products).
    """
    rows = []
    by_sku: dict[str, list[str]] = {}
    for query, relevant in stored.relevant.items():
        if query in vectors.probes:
            by_sku.setdefault(relevant[0], []).append(query)
    for pair in pairs[:most]:
        ends = vectors.gallery.get(pair.right), vectors.gallery.get(pair.found)
        mine = [(q, sku) for sku in (pair.right, pair.found) for q in by_sku.get(sku, ())]
        if any(e is None for e in ends) or not mine:
            continue
        places = in_plane(*ends, np.stack([vectors.probes[q] for q, _ in mine]))
        if places is None:
            continue
        probes = [
            {
                "query": q,
                "sku": sku,
                "along": float(x),
                "across": float(y),
                "first": stored.firsts.get(q),
            }
            for (q, sku), (x, y) in zip(mine, places, strict=True)
        ]
        rows.append(
            {
                "right": pair.right,
                "found": pair.found,
                "angle_deg": angle_deg(*ends),
                "probes": probes,
            }
        )
    nearest = nearest_neighbours(stored, vectors.gallery)
    return {"pairs": rows, "nearest": nearest, "angles": spread(pairs, nearest, vectors.gallery)}


def nearest_neighbours(stored: Stored, gallery: Mapping[str, np.ndarray]) -> list[dict]:
    """Every product's nearest other product, and how often its own probes find it."""
    from skulens.index.exact import top_k

    ids = list(gallery)
    if len(ids) < 2:
        return []
    matrix = np.stack([gallery[p] for p in ids])
    order, _ = top_k(matrix, matrix, 2)
    other = np.where(order[:, 0] == np.arange(len(ids)), order[:, 1], order[:, 0])
    hits: dict[str, list[bool]] = {}
    for query, relevant in stored.relevant.items():
        hits.setdefault(relevant[0], []).append(stored.firsts.get(query) in relevant)
    return [
        {
            "product": p,
            "nearest": ids[o],
            "angle_deg": angle_deg(matrix[i], matrix[o]),
            "probes": len(hits.get(p, ())),
            "hit_rate": float(np.mean(hits[p])) if p in hits else None,
        }
        for i, (p, o) in enumerate(zip(ids, other.tolist(), strict=True))
    ]


def spread(
    pairs: Sequence[Pair], nearest: Sequence[dict], gallery: Mapping[str, np.ndarray], seed: int = 0
) -> dict[str, list[float]]:
    """Quartiles (25, 50, 75 %) of gallery angles, degrees, of confused, nearest and random pairs."""
    confused = [
        a
        for p in pairs
        if (a := angle_deg(gallery.get(p.right), gallery.get(p.found))) is not None
        for _ in range(p.probes)
    ]
    angles = {"confused": confused, "nearest": [n["angle_deg"] for n in nearest]}
    if len(gallery) > 1:
        matrix = np.stack(list(gallery.values())).astype(float)
        draw = np.random.default_rng(seed)
        one = draw.integers(0, len(matrix), RANDOM_PAIRS)
        other = (one + draw.integers(1, len(matrix), RANDOM_PAIRS)) % len(matrix)
        blocks = range(0, RANDOM_PAIRS, 10_000)
        lengths = np.concatenate(
            [
                np.linalg.norm(matrix[one[s : s + 10_000]] - matrix[other[s : s + 10_000]], axis=1)
                for s in blocks
            ]
        )
        angles["random"] = np.degrees(2 * np.arcsin(np.clip(lengths / 2, 0, 1)))
    return {
        name: np.quantile(a, [0.25, 0.5, 0.75]).tolist() for name, a in angles.items() if len(a)
    }


def find_vectors(stored: Stored, catalog, skus: set[str]) -> Vectors:
    """Vectors of all gallery products, and of the probes and pictures of some SKUs.

    They come from the cache; what it lacks is computed anew where the encoder opens and is the one
    that was measured, and otherwise left out, which `why_not` says.

    Args:
        catalog: the catalogue that was measured (`stored.open_measured`).
        skus: SKUs whose probes are wanted.
    """
    from skulens.encode import cache_folder, open_encoder, open_memo
    from skulens.encode.cache import VectorCache
    from skulens.encode.numerics import numerics_of
    from skulens.errors import SkulensError

    record, info = stored.record, stored.record["encoder_info"]
    try:
        memo = open_memo()
        encoder = open_encoder(record["encoder"], numerics=numerics_of(info), memo=memo)
        if encoder.info.identity != info["identity"]:
            raise DataError(
                f"{record['encoder']} is another encoder today than the one that was measured (weights, package versions or settings changed)"
            )
        return encoded(
            stored, catalog, skus, encoder, VectorCache(cache_folder(), encoder.info), memo
        )
    except (SkulensError, OSError) as e:
        return Vectors(why_not=f"no angles: {e}")


def encoded(stored: Stored, catalog, skus: set[str], encoder, cache, memo) -> Vectors:
    from skulens.encode.batching import Batching
    from skulens.encode.embed import Embedder
    from skulens.records import Item

    record, s = stored.record, stored.record["settings"]
    batching = Batching(batch=1, upright=False) if s["mode"] == "paper" else Batching()
    embedder = Embedder([encoder], [cache], memo, batching)

    def vectors(items, role: str) -> dict[str, np.ndarray]:
        """Item id -> vector; the mean of several items of one id."""
        if not items:
            return {}

        [fused] = embedder.embed_items(items, role, s["fusion"])
        sums: dict[str, np.ndarray] = {}
        for item, vector in zip(items, fused.vectors, strict=True):
            if not np.isnan(vector).any():
                sums[item.id] = sums.get(item.id, 0) + vector
        return {i: v / np.linalg.norm(v) for i, v in sums.items()}

    products = list(catalog.products())
    roles, single = tuple(s["texts"]), s["shots"] == "single"
    gallery = build_gallery(
        products, record["gallery"], catalog.info, texts=roles, shots=s["shots"]
    )
    ranked = vectors(gallery.items, "document")
    kinds = {}
    for kind in ("text", "image"):
        if kind == record["gallery"]:
            kinds[kind] = ranked
        elif kind in record["encoder_info"]["modalities"]:
            mine = [p for p in products if p.id in skus]
            kinds[kind] = vectors(
                [Item(p.id, parts) for p in mine for parts in shots_of(p, kind, roles, single)],
                "document",
            )
    probes = [
        q
        for q in catalog.queries(s["split"])
        if q.id in stored.relevant and stored.relevant[q.id][0] in skus
    ]
    found = vectors([Item(q.id, q.item.parts) for q in probes], "query")
    return Vectors(kinds.get("text", {}), kinds.get("image", {}), ranked, found)


@dataclass(frozen=True)
class Confusion:
    """Everything known of the errors of one run."""

    stored: Stored
    probes: int
    errors: int
    pairs: tuple[Pair, ...]
    """The most confused, first."""
    n_pairs: int
    """Of all confused pairs."""
    causes: tuple[Cause, ...]
    unnamed: tuple[str, ...]
    """Of SPU, brand and class, what the catalogue never says."""
    collapse: dict
    notes: tuple[str, ...]
    """What was left out, and why."""

    def as_dict(self) -> dict:
        what = {k: self.stored.record[k] for k in ("suite", "data", "gallery", "encoder", "folder")}
        counted = {k: getattr(self, k) for k in ("probes", "errors", "n_pairs", "collapse")}
        return (
            what
            | counted
            | {
                "pairs": [p.as_dict() for p in self.pairs],
                "causes": [asdict(c) for c in self.causes],
                "unnamed": list(self.unnamed),
                "notes": list(self.notes),
            }
        )


def confusion(
    stored: Stored,
    catalog=None,
    *,
    most: int = 20,
    with_vectors: bool = True,
    notes: Sequence[str] = (),
) -> Confusion:
    """Analyse the errors of a stored run.

    Args:
        catalog: what was measured; without it there are counts only.
        most: pairs to describe.
        with_vectors: look for the angles too.
        notes: said along with those made here.
    """
    pairs, notes = confused_pairs(stored), list(notes)
    errors, top = sum(p.probes for p in pairs), pairs[:most]
    if catalog is None:
        return Confusion(
            stored, len(stored.relevant), errors, tuple(top), len(pairs), (), (), {}, tuple(notes)
        )
    products = products_of(catalog)
    traits = {i: Traits.of(p) for i, p in products.items()}
    photos = photos_of(catalog, stored.record["settings"]["split"])
    vectors = (
        find_vectors(stored, catalog, {sku for p in top for sku in (p.right, p.found)})
        if with_vectors
        else Vectors()
    )
    notes += [vectors.why_not] if vectors.why_not else []
    roles = stored.record["settings"]["texts"]
    described = [
        replace(
            p,
            kind=kind_of(traits[p.right], traits[p.found]),
            text_angle_deg=angle_deg(vectors.texts.get(p.right), vectors.texts.get(p.found)),
            picture_angle_deg=angle_deg(
                vectors.pictures.get(p.right), vectors.pictures.get(p.found)
            ),
            words=tuple(words(products[i], roles) for i in (p.right, p.found)),
            photos={q: photos[q] for q in p.examples if q in photos},
        )
        for p in top
    ]
    figure = collapse(stored, pairs, vectors, most) if vectors.gallery else {}
    ranked = build_gallery(
        list(products.values()), stored.record["gallery"], catalog.info, texts=roles
    )
    found = causes(pairs, traits, ranked.products)
    return Confusion(
        stored,
        len(stored.relevant),
        errors,
        tuple(described),
        len(pairs),
        tuple(found),
        tuple(unnamed(traits)),
        figure,
        tuple(notes),
    )


def words(product: Product, roles: Sequence[str]) -> str:
    """A text that tells a person what it is: the one that was ranked, for variants share their titles."""
    return next((t for r in roles if (t := product.text(r))), product.title)
