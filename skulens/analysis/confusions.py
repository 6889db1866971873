"""What a stored run confuses: pairs of SKUs, why they are alike, and the angle between them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from skulens.analysis.collapse import angle_deg, collapse
from skulens.analysis.mistakes import (
    Answers,
    Cause,
    Pair,
    Traits,
    confused_pairs,
    find_causes,
    kind_of,
    list_unnamed,
)
from skulens.bench.reopen import Vectors, find_vectors, photos_of
from skulens.bench.result import Result
from skulens.encode.gallery import build_gallery
from skulens.errors import DataError
from skulens.protocols import Catalog
from skulens.records import Product


@dataclass(frozen=True)
class Confusion:
    """Everything known of the errors of one run."""

    result: Result
    probes: int
    errors: int
    pairs: tuple[Pair, ...]
    """The most confused, first."""
    n_pairs: int
    """Of all confused pairs."""
    causes: tuple[Cause, ...] = ()
    unnamed: tuple[str, ...] = ()
    """Of SPU, brand and class, what the catalogue never says."""
    collapse: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was left out, and why."""

    def as_dict(self) -> dict:
        record = self.result.record()
        what = {k: record[k] for k in ("suite", "data", "gallery", "encoder")}
        what["folder"] = str(self.result.folder)
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


def analyse_errors(
    result: Result,
    catalog: Catalog | None = None,
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
    Raises:
        DataError: the result ranks nothing.
    """
    if "run" not in result.tables:
        raise DataError(f"{result.name} on {result.suite} ranks no products, so it confuses none")
    answers = Answers.of(result)
    pairs, said = confused_pairs(answers), list(notes)
    counted = Confusion(
        result, len(answers.relevant), sum(p.probes for p in pairs), tuple(pairs[:most]), len(pairs)
    )
    if catalog is None:
        return replace(counted, notes=tuple(said))
    products = {p.id: p for p in catalog.products()}
    traits = {i: Traits.of(p) for i, p in products.items()}
    wanted = {sku for p in counted.pairs for sku in (p.right, p.found)}
    vectors = find_vectors(result, catalog, wanted) if with_vectors else Vectors()
    said += [vectors.why_not] if vectors.why_not else []
    roles = tuple(str(r) for r in result.settings.get("texts") or ())  # type: ignore[attr-defined]
    photos = photos_of(catalog, result.data.split)
    kind = result.variant["gallery"]
    ranked = build_gallery(list(products.values()), kind, catalog.info, texts=roles)
    return replace(
        counted,
        pairs=tuple(describe(p, products, traits, vectors, roles, photos) for p in counted.pairs),
        causes=tuple(find_causes(pairs, traits, ranked.products)),
        unnamed=tuple(list_unnamed(traits)),
        collapse=collapse(answers, pairs, vectors, most) if vectors.gallery else {},
        notes=tuple(said),
    )


def describe(
    pair: Pair,
    products: Mapping[str, Product],
    traits: Mapping[str, Traits],
    vectors: Vectors,
    roles: Sequence[str],
    photos: Mapping[str, str],
) -> Pair:
    """The pair with what the catalogue and the vectors say of it."""
    right, found = pair.right, pair.found
    return replace(
        pair,
        kind=kind_of(traits[right], traits[found]),
        text_angle_deg=angle_deg(vectors.texts.get(right), vectors.texts.get(found)),
        picture_angle_deg=angle_deg(vectors.pictures.get(right), vectors.pictures.get(found)),
        words=(words(products[right], roles), words(products[found], roles)),
        photos={q: photos[q] for q in pair.examples if q in photos},
    )


def words(product: Product, roles: Sequence[str]) -> str:
    """A text that tells a person what it is: the one that was ranked, as variants share titles."""
    return next((t for r in roles if (t := product.text(r))), product.title)
