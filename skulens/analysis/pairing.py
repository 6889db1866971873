"""Which stored results can be compared, what else differs between them, and why others cannot."""

from collections.abc import Sequence

from skulens.analysis.boards import unit_words
from skulens.bench.result import Result
from skulens.errors import DataError


def differences_of(a: Result, b: Result) -> dict[str, tuple[str, str]]:
    """What differs between two results beside their systems' names: name -> (of A, of B)."""
    pairs = {k: (_value(a, k), _value(b, k)) for k in {**a.variant, **b.variant}}
    for key in ("texts", "fusion", "shots", "mode"):
        if key not in pairs:
            pairs[key] = (_said(a.settings.get(key)), _said(b.settings.get(key)))
    if a.variant.get("gallery") != b.variant.get("gallery"):  # other items, whatever their shots
        for key in {"shots", "texts"}.difference(a.variant, b.variant):
            pairs.pop(key)
    if a.name == b.name:
        pairs["dtype"] = (getattr(a.system, "dtype", ""), getattr(b.system, "dtype", ""))
        pairs["weights or settings of the system"] = (
            a.system.identity[:12],
            b.system.identity[:12],
        )
    found = {k: v for k, v in pairs.items() if v[0] != v[1]}
    if len(found) > 1:  # the others say what differs
        found.pop("weights or settings of the system", None)
    return found


def _value(result: Result, key: str) -> str:
    return result.variant.get(key) or _said(result.settings.get(key)) or "-"


def _said(value: object) -> str:
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def pair_up(a: Sequence[Result], b: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Results of A and B that answered the same units, newest of each.

    Where any have the same variant (gallery, shots, fusion, mode), these are paired and no
    others; of a single result on each side, or where no two variants agree, `differences_of` says
    what differs. Of stores with several systems each is paired with itself. One pair for
    each variant and dataset.

    Raises:
        DataError: no two answered the same; says what differs between those that are nearest.
    """
    stores = max(len({r.name for r in side}) for side in (a, b)) > 1
    fit = [
        (x, y)
        for x in a
        for y in b
        if not why_not(x, y) and (not stores or x.name == y.name) and not _is_same(x, y)
    ]
    if not fit and len(a) == len(b) == 1 and not why_not(a[0], b[0]):
        fit = [(a[0], b[0])]
    if not fit:
        one, other = min(((x, y) for x in a for y in b), key=lambda p: len(why_not(*p)))
        raise DataError(refuse(one, other))
    alike = [(x, y) for x, y in fit if dict(x.variant) == dict(y.variant)]
    exact = {_setup(x): _setup(y) for x, y in alike if _dtype(x) == _dtype(y)}
    if exact:  # of a setup with a partner of its own precision no others
        alike = [
            (x, y)
            for x, y in alike
            if _dtype(x) == _dtype(y)
            or (_setup(x) not in exact and _setup(y) not in exact.values())
        ]
    pairs = {(*_setup(x), *_setup(y)): (x, y) for x, y in alike or fit}
    seen = {
        frozenset(str(r.folder or id(r)) for r in (x, y)): (x, y)
        for x, y in reversed(pairs.values())
    }
    return list(reversed(seen.values()))  # A with B and B with A is one comparison


def _setup(result: Result) -> tuple:
    """What runs of the same system on the same data have in common."""
    variant = tuple(sorted(result.variant.items()))
    return result.data.fingerprint, variant, result.name, _dtype(result)


def _dtype(result: Result) -> str:
    return getattr(result.system, "dtype", "")


def left_out(
    a: Sequence[Result], b: Sequence[Result], pairs: Sequence[tuple[Result, Result]]
) -> list[Result]:
    """Results of A and B that are in no pair though the other side answered the same; the latest
    of each setup."""
    paired = {_setup(r) for pair in pairs for r in pair}
    lost: dict[tuple, Result] = {}
    for mine, others in ((a, b), (b, a)):
        for r in mine:
            if _setup(r) not in paired and any(not why_not(r, o) for o in others):
                lost[_setup(r)] = r
    return list(lost.values())


def _is_same(a: Result, b: Result) -> bool:
    """Whether both are one and the same result; those that are not stored have no folder."""
    return a is b or (a.folder is not None and a.folder == b.folder)


def same_units(a: Result, b: Result) -> bool:
    """Whether two results answered the same queries with the same judgements, or read the same."""
    if a.suite != b.suite or a.data.split != b.data.split:
        return False
    if a.data.fingerprint == b.data.fingerprint:
        return True
    if a.data.queries and b.data.queries:
        return a.data.queries == b.data.queries
    if a.variant.get("gallery") == b.variant.get("gallery"):
        return False  # stored before queries had a fingerprint of their own, and something differs
    return a.data.name == b.data.name and _units(a) == _units(b)


def _units(result: Result) -> set[tuple[str, str]]:
    return set(zip(result.scores.units, result.scores.groups, strict=True))


def why_not(a: Result, b: Result) -> list[str]:
    """Why two results cannot be paired, a sentence part each; empty where they can."""
    if same_units(a, b):
        return []
    units, groups = unit_words(a)
    compared = {
        "suite": (a.suite, b.suite),
        "split": (a.data.split, b.data.split),
        "gallery": (a.variant.get("gallery", ""), b.variant.get("gallery", "")),
        "SKUs in the gallery": (a.counts.get("gallery"), b.counts.get("gallery")),
        f"{groups} with {units}": (a.counts.get("groups"), b.counts.get("groups")),
        units: (a.counts.get("units"), b.counts.get("units")),
    }
    found = [f"{name} {x} against {y}" for name, (x, y) in compared.items() if x != y]
    if a.data.short != b.data.short:
        found.insert(0, f"data {a.data.short} against {b.data.short}")
    return found or ["pictures, texts or ids of other contents under the same names"]


def refuse(a: Result, b: Result) -> str:
    """The message of a comparison that cannot be made."""
    rejects = [len(r.rejects) for r in (a, b)]
    unread = (
        f" ({rejects[0]} and {rejects[1]} rejects: correct these pictures first)"
        if rejects[0] != rejects[1]
        else ""
    )
    option = "--encoder" if a.system.kind == "encoder" else "--system"
    names = f"{option} {a.name}" + (f" {option} {b.name}" if a.name != b.name else "")
    units, _ = unit_words(a)
    one, other = (r.folder.name if r.folder else r.name for r in (a, b))
    return (
        f"{one} and {other} did not answer the same {units}: {'; '.join(why_not(a, b))}{unread}. "
        f"Measure both in one go: skulens bench {a.suite} {a.data.name} {names}"
    )
