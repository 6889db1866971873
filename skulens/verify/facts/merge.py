"""Values found in all pictures of an item: which say the same, and which disagree."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from skulens.values.fields import Field, find_field
from skulens.values.units import parse_quantity
from skulens.verify.facts.found import Found, is_trusted
from skulens.verify.facts.quantities import agree

CLOSE = Decimal("0.01")
"""Quantities are the same within this share: labels round ("14 oz", "397 g")."""
OTHER = "the pictures also show {}"


def merge(found: Iterable[Found]) -> list[Found]:
    """All values, those of several pictures with the witness "seen twice".

    Of a field that holds one value, two trusted values that differ put each other in doubt: two
    products may be in the picture, and nothing says whose is whose.
    """
    fields: dict[str, list[list[Found]]] = {}
    for one in found:
        field, groups = find_field(one.field), fields.setdefault(one.field, [])
        group = next((g for g in groups if same(field, g[0], one)), None)
        groups.append([one]) if group is None else group.append(one)
    merged: list[Found] = []
    for path, groups in fields.items():
        groups = [see_twice(group) for group in groups]
        if not find_field(path).many:
            groups = doubt_rivals(groups)
        merged += [one for group in groups for one in group]
    return merged


def same(field: Field, first: Found, second: Found) -> bool:
    """Whether two findings of a field say the same value."""
    one, other = (field.normalise(f.value, f.unit, f.language) for f in (first, second))
    if one == other:
        return True
    if field.type != "quantity":
        return False
    left, right = parse_quantity(one), parse_quantity(other)
    if left is None or right is None or left.upper or right.upper:
        return False
    return agree(left, right, CLOSE)


def see_twice(group: list[Found]) -> list[Found]:
    """Findings of one value; where two pictures show it, each is the other's witness."""
    images = {e.image for one in group for e in one.evidence}
    if len(images) < 2:
        return group
    return [one if one.witness else replace(one, witness="seen twice") for one in group]


def doubt_rivals(groups: list[list[Found]]) -> list[list[Found]]:
    """Groups of one single-valued field; trusted values that differ doubt each other."""
    trusted = [i for i, group in enumerate(groups) if any(is_trusted(f) for f in group)]
    if len(trusted) < 2:
        return groups
    doubted = list(groups)
    for i in trusted:
        rival = next(f for j in trusted if j != i for f in groups[j] if is_trusted(f))
        doubted[i] = [
            one if one.doubt else replace(one, doubt=OTHER.format(rival.value)) for one in groups[i]
        ]
    return doubted
