"""Names of systems that tell results of the same system apart by their settings and precision."""

from collections.abc import Mapping, Sequence

from skulens.bench.result import Result

LAST = ("ks", "dtype")
"""Facts that are said only where no other tells results apart."""


def distinguish(results: Sequence[Result]) -> list[str]:
    """The name of each result, with the settings that differ from others of the same system."""
    facts, named = [list_facts(r) for r in results], []
    for result, mine in zip(results, facts, strict=True):
        same = [f for r, f in zip(results, facts, strict=True) if r.name == result.name]
        keys = _differing(mine, same, [k for k in mine if k not in LAST])
        twins = [f for f in same if all(f.get(k) == mine[k] for k in keys)]
        keys += _differing(mine, twins, LAST)
        said = ", ".join(f"{k} {mine[k]}" for k in keys)
        mode = mine.get("mode", "sound")
        said = said or ("" if mode == "sound" else f"mode {mode}")
        named.append(f"{result.name} ({said})" if said else result.name)
    return named


def _differing(
    mine: Mapping[str, str], others: Sequence[Mapping[str, str]], keys: Sequence[str]
) -> list[str]:
    """The keys of facts that are not the same in all others."""
    return [k for k in keys if any(o.get(k, mine[k]) != mine[k] for o in others)]


def list_facts(result: Result) -> dict[str, str]:
    """Settings and precision, in words."""
    said = {k: _write(v) for k, v in result.settings.items()}
    if result.variant.get("gallery") == "image":
        said.pop("texts", None)  # decides nothing
    return {"ks": ""} | said | {"dtype": getattr(result.system, "dtype", "")}


def _write(setting: object) -> str:
    return "+".join(map(str, setting)) if isinstance(setting, list | tuple) else str(setting)
