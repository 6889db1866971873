"""Labels of many SKUs, and what tests ask of them."""

from skulens.world.config import WorldConfig
from skulens.world.label.facts import Label, label_of
from skulens.world.truth.products import Variant, variants

Labelled = tuple[Variant, Label]


def label_shop(config: WorldConfig) -> list[Labelled]:
    """Every SKU of a shop with its label."""
    return [(v, label_of(v)) for v in variants(config)]


def of(labelled: list[Labelled], *kinds: str) -> list[Labelled]:
    """Those of some classes or kinds of label; at least one of each, or a test would look at
    nothing.
    """
    found = [(v, label) for v, label in labelled if v.kind in kinds or label.kind in kinds]
    met = {v.kind for v, _ in found} | {label.kind for _, label in found}
    assert set(kinds) <= met, f"no label of {sorted(set(kinds) - met)} to look at"
    return found


def said(label: Label, field: str) -> str:
    found = label.one(field)
    assert found, f"no {field}"
    return found.value


def amount(label: Label, field: str) -> float:
    """A number of the nutrition table."""
    return float(said(label, f"nutrition.{field}").split()[0])
