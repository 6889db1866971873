"""What `skulens choose` says in a terminal: the best, what was excluded, and what to type next."""

from collections.abc import Sequence

from skulens.analysis.boards import Entry, unit_words
from skulens.analysis.choose import Choice, Option, Outcome, millions
from skulens.analysis.exclusions import Exclusion, count_exclusions, order_by_nearness
from skulens.bench.naming import address
from skulens.bench.result import Result
from skulens.report.console import show
from skulens.report.grid import Grid
from skulens.report.names import count
from skulens.report.words import describe_power

SHOWN = 12
"""Excluded systems that are printed without --all."""


def print_choice(choice: Choice, everything: bool = False) -> None:
    """The best, then those excluded with the reason, as tables."""
    metric, best = choice.constraints.metric, choice.of(Outcome.BEST)
    n, noun = len(choice.options), _noun(choice)
    print(
        f"{choice.board}: {count(n, noun)}; {metric} with 95 % interval over {_groups(choice)}; "
        "latency and memory: on this machine"
    )
    if choice.of(Outcome.WORSE):
        print(
            f"differences: paired over {_groups(choice)}; p and intervals adjusted for all pairs of "
            "those that meet the constraints"
        )
    mixed = len({o.entry.source for o in choice.options}) > 1
    if kept := best or choice.of(Outcome.UNTESTED):
        kept = best + choice.of(Outcome.UNTESTED)
        title = (
            "not significantly different from the best"
            if best
            else "no hits per SKU, so none can be tested"
        )
        _print_kept(kept, title, metric, noun, mixed)
    out = choice.of(Outcome.WORSE) + choice.of(Outcome.OUT)
    if not out:
        return
    print("excluded: " + ", ".join(map(write_exclusion, count_exclusions(out))))
    few = len(out) > SHOWN and not everything
    table = Grid("nearest to your constraints" if few and choice.of(Outcome.OUT) else "")
    table.add_column(noun, "name")
    table.add_column(metric, "number")
    table.add_column("excluded because", least=24)
    for o in out if everything else order_by_nearness(out)[:SHOWN]:
        table.add_row(_name(o.entry, mixed), _rate(o), "; ".join(r.text for r in o.reasons))
    show(table)
    if few:
        print(f"and {len(out) - SHOWN} more: --all prints them")


def _print_kept(kept: Sequence[Option], title: str, metric: str, noun: str, mixed: bool) -> None:
    table = Grid(title)
    table.add_column(noun, "name")
    for drop, column in enumerate((metric, "params")):
        table.add_column(column, "number", drop=drop)
    table.add_column("licence", "name", drop=2)
    for column in ("p50 ms", "MB"):
        table.add_column(column, "number", drop=4)
    if any(o.notes for o in kept):
        table.add_column("note", least=14, drop=1)
    for o in kept:
        e = o.entry
        table.add_row(
            _name(e, mixed),
            _rate(o),
            millions(e.params) if e.params else "-",
            e.licence or "unknown",
            _write(e.latency_ms, 1),
            _write(e.memory_mb, 0),
            *(["; ".join(o.notes)] if any(o.notes for o in kept) else ()),
        )
    show(table)


def write_exclusion(found: Exclusion) -> str:
    """58 too large (40 miss nothing else)"""
    if found.alone == found.systems:
        return f"{found.systems} {found.kind}"
    return f"{found.systems} {found.kind} ({found.alone or 'none'} by that alone)"


def conclude_choice(choice: Choice, typed: str) -> str:
    """Which one is highest, how many do not differ from it, and what to type next."""
    best, untested = choice.of(Outcome.BEST), choice.of(Outcome.UNTESTED)
    if not best and not untested:
        return (
            f"no {_noun(choice)} meets all of this; {advise_to_relax(choice)}or add others: "
            f"skulens bench {choice.suite or 'mpr'} DATA --encoder NAME"
        )
    following = f". Next: {typed}" if typed else ""
    if not best:
        return f"{untested[0].entry.name} is highest, untested{following}"
    more = len(best) - 1
    others = (
        f"; {more} more do{'es' * (more == 1)} not differ significantly from it"
        if more
        else ", alone"
    )
    limit = ""
    if choice.family:
        total = max(o.behind.groups for o in choice.options if o.behind)
        limit = describe_power(choice.family, total, _noun(choice), _groups(choice))
    return f"{best[0].entry.name} is highest{others}{f' ({limit})' * bool(limit)}{following}"


def advise_to_relax(choice: Choice) -> str:
    """The constraint that excludes most by itself, and the system nearest to it."""
    out = choice.of(Outcome.OUT)
    first = next((e for e in count_exclusions(out) if e.alone), None)
    if first is None:
        return "each misses several constraints: relax them, "
    near = next(o for o in order_by_nearness(out) if o.reasons[0].kind == first.kind)
    others = count(first.alone, _noun(choice))
    return (
        f"{others} miss{'es' * (first.alone == 1)} only one constraint ({first.kind}): relax it, "
        f"nearest is {near.entry.name} ({near.reasons[0].text}), "
    )


def conclude_sections(sections: int, together: Sequence[Choice]) -> list[str]:
    """The one answer over several sections, such as galleries; where they are of different data,
    that there is none.

    Args:
        together: the choices over all sections that answered the same queries.
    """
    if len(together) == sections:
        return [f"{sections} sections of different queries have no common answer: take your own"]
    said = []
    for choice in together:
        names = [o.entry.name for o in choice.of(Outcome.BEST)]
        where = f" on {choice.data}" if len(together) > 1 else ""
        if not names:
            said.append(f"over all sections{where}: none meets all of this; see --across")
            continue
        others = f"; not significantly different: {', '.join(names[1:4])}" if names[1:] else ""
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        said.append(
            f"over all sections{where}: take {names[0]}{others}{more}; the same command with "
            "--across shows them in one table"
        )
    return said


def next_command(
    choice: Choice, data: str = "DATA", results: str = "", among: Sequence[Result] = ()
) -> str:
    """What to type after a choice: measure what is unknown here, else look closer; empty where
    nothing is left.

    Args:
        results: the option that names the store.
        among: all results of the store, from which those of the choice are told apart.
    """
    best = [o.entry for o in choice.of(Outcome.BEST) or choice.of(Outcome.UNTESTED)]
    encoders = [e for e in best if e.result.system.kind == "encoder"]
    unknown = dict.fromkeys(
        _plain(e) for e in encoders if e.latency_ms is None or e.result.has_shared_memory
    )
    if unknown:
        options = (f"--encoder {n}" for n in list(unknown)[:3])
        return " ".join([f"skulens bench {choice.suite or 'mpr'}", data, *options]) + results
    words = [(e.folder and address(e.result, among)) or e.folder or _plain(e) for e in best]
    where = results if all(e.folder for e in best) else ""
    if len(best) > 1:
        return f"skulens compare {words[0]} {words[1]}{where}"
    ranked = best and "run" in best[0].result.tables
    return f"skulens confusion {words[0]}{where}" if ranked else ""


def _plain(entry: Entry) -> str:
    """The system without the settings that a board adds to its name."""
    return entry.result.name


def _noun(choice: Choice) -> str:
    kinds = {o.entry.result.system.kind for o in choice.options}
    return "encoder" if kinds <= {"encoder"} else "system"


def _groups(choice: Choice) -> str:
    return unit_words(choice.options[0].entry.result)[1] if choice.options else "groups"


def _name(entry: Entry, mixed: bool) -> str:
    return entry.name + f" ({entry.source})" * mixed


def _rate(o: Option) -> str:
    if o.value is None:
        return "-"
    return f"{o.value:.3f}" + (f" [{o.low:.3f}, {o.high:.3f}]" if o.low is not None else "")


def _write(x: float | None, digits: int) -> str:
    return "unknown" if x is None else f"{x:,.{digits}f}"
