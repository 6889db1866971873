"""Comparisons, choices and confusions for a terminal, and what to type next."""

from collections.abc import Sequence
from typing import Literal

from rich.table import Table

from skulens.analysis.boards import Entry, unit_words
from skulens.analysis.choose import Choice, Option, Outcome, count_exclusions, millions
from skulens.analysis.confusions import Confusion
from skulens.analysis.pairs import Pairing
from skulens.report.console import console
from skulens.report.names import count
from skulens.report.words import conclude_pair, describe_power

Side = Literal["left", "right"]
SHOWN = 12
"""Excluded systems that are printed without --all."""


def print_pairing(pairing: Pairing) -> None:
    """One comparison: means, where the two differ most, and what differs beside the systems."""
    record, d = pairing.a.record(), pairing.difference
    a, b = pairing.names
    units, groups = unit_words(pairing.a)
    head = f"{pairing.metric} on {pairing.a.data.short}, {record['n_queries']} {units}"
    if record["gallery"]:
        gallery = "" if "gallery" in pairing.differing else f"{record['gallery']} of "
        head += f" -> {gallery}{record['n_gallery']} SKUs"
    print(head)
    fine = pairing.probes_only_a is not None
    ahead = f"; {units} ahead {pairing.probes_only_a} and {pairing.probes_only_b}" if fine else ""
    print(
        f"  {a} {pairing.mean_a:.3f}, {b} {pairing.mean_b:.3f}; {groups} ahead {pairing.wins} and "
        f"{pairing.losses}, {pairing.ties} equal{ahead}"
    )
    for name, (left, right) in pairing.differing.items():
        print(f"  they differ in {name} too: {left} against {right}")
    if pairing.skus:
        _print_groups(pairing, f"where they differ most (of {d.groups} {groups})")


def _print_groups(pairing: Pairing, title: str) -> None:
    """The groups that are described, with what was found instead where a run is known."""
    a, b = pairing.names
    ranked = any(s.a_found or s.b_found or s.photos for s in pairing.skus)
    units, groups = unit_words(pairing.a)
    table = Table(title=title, title_justify="left")
    found = (f"{a} found instead", f"{b} found instead", "photo") if ranked else ()
    for column in (groups.removesuffix("s"), units, a, b, *found):
        side: Side = "right" if column in (units, a, b) else "left"
        table.add_column(column, justify=side, overflow="fold")
    for s in pairing.skus:
        seen = (s.a_found or "-", s.b_found or "-", next(iter(s.photos.values()), "-"))
        table.add_row(s.sku, str(s.n), f"{s.a:.2f}", f"{s.b:.2f}", *(seen if ranked else ()))
    console().print(table)


def conclude_pairing(pairing: Pairing, family: int) -> str:
    """The difference, and whether it is significant."""
    d, (_, groups) = pairing.difference, unit_words(pairing.a)
    holm = f" (Holm, {family} comparisons)" if family > 1 else ""
    interval = (
        f"[{d.low:+.3f}, {d.high:+.3f}]"
        if d.groups > 1
        else f"(no interval with fewer than two {groups})"
    )
    conclusion = conclude_pair(pairing, groups)
    return f"{pairing.data}: {conclusion}: {d.value:+.3f} {interval}, p = {pairing.p:.2g}{holm}"


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
    counts = (f"{n} {kind}" for kind, n in count_exclusions(out).items())
    print("excluded: " + ", ".join(counts))
    table = Table(box=None, show_header=False, pad_edge=False)
    for o in out if everything else out[:SHOWN]:
        table.add_row(_name(o.entry, mixed), _rate(o), "; ".join(r.text for r in o.reasons))
    console().print(table)
    if len(out) > SHOWN and not everything:
        print(f"and {len(out) - SHOWN} more: --all prints them")


def _print_kept(kept: Sequence[Option], title: str, metric: str, noun: str, mixed: bool) -> None:
    table = Table(title=title, title_justify="left")
    for column in (noun, metric, "params", "licence", "p50 ms", "MB", "note"):
        side: Side = "right" if column in ("params", "p50 ms", "MB") else "left"
        table.add_column(column, justify=side, overflow="fold")
    for o in kept:
        e = o.entry
        table.add_row(
            _name(e, mixed),
            _rate(o),
            millions(e.params) if e.params else "-",
            e.licence or "unknown",
            _write(e.latency_ms, 1),
            _write(e.memory_mb, 0),
            "; ".join(o.notes),
        )
    console().print(table)


def conclude_choice(choice: Choice, typed: str) -> str:
    """Which one is highest, how many do not differ from it, and what to type next."""
    best, untested = choice.of(Outcome.BEST), choice.of(Outcome.UNTESTED)
    if not best and not untested:
        return (
            f"no {_noun(choice)} meets all of this; "
            "relax what excluded most of them, or add others: "
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


def next_command(choice: Choice, data: str = "DATA", results: str = "") -> str:
    """What to type after a choice: measure what is unknown here, else look closer; empty where
    nothing is left."""
    best = [o.entry for o in choice.of(Outcome.BEST) or choice.of(Outcome.UNTESTED)]
    encoders = [e for e in best if e.result.system.kind == "encoder"]
    unknown = dict.fromkeys(_plain(e) for e in encoders if e.latency_ms is None)
    if unknown:
        options = (f"--encoder {n}" for n in list(unknown)[:3])
        return " ".join([f"skulens bench {choice.suite or 'mpr'}", data, *options]) + results
    stored = [e.folder or _plain(e) for e in best]
    if len(best) > 1:
        return f"skulens compare {stored[0]} {stored[1]}"
    ranked = best and "run" in best[0].result.tables
    return f"skulens confusion {stored[0]}" if ranked else ""


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


def print_confusion(found: Confusion) -> None:
    """Pairs, causes and angles."""
    r = found.result
    print(
        f"{r.name} on {r.data.short}, {found.probes} probes -> {r.variant.get('gallery', '')} of "
        f"{r.counts.get('gallery', 0)} SKUs: {found.errors} errors in {found.n_pairs} pairs"
    )
    if found.pairs:
        _print_pairs(found)
    for cause in found.causes:
        print(
            f"  {cause.kind:<11} {cause.errors:>6} errors, {cause.share:.0%}; "
            f"a random wrong product: {cause.expected:.0%}"
        )
    if found.unnamed:
        print(f"  the catalogue names no {' and no '.join(found.unnamed)}")
    if angles := found.collapse.get("angles"):
        said = "; ".join(
            f"{name} {middle:.1f}° ({low:.1f} to {high:.1f})"
            for name, (low, middle, high) in angles.items()
        )
        print(f"angles between gallery vectors, median and middle half: {said}")
    for note in found.notes:
        print(f"note: {note}")


def _print_pairs(found: Confusion) -> None:
    table = Table(title="most confused", title_justify="left")
    numbers = ("probes", "back", "texts", "pictures")
    for column in (
        "right",
        "found instead",
        "probes",
        "back",
        "alike",
        "texts",
        "pictures",
        "photo",
    ):
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for p in found.pairs:
        names = (
            sku + (f"\n{words[:50]}" if words else "")
            for sku, words in zip((p.right, p.found), p.words, strict=True)
        )
        angles = (
            "-" if a is None else f"{a:.1f}°" for a in (p.text_angle_deg, p.picture_angle_deg)
        )
        counts = f"{p.probes} of {p.of}", f"{p.back} of {p.back_of}"
        photo = next(iter(p.photos.values()), "-")
        table.add_row(*names, *counts, p.kind or "-", *angles, photo)
    console().print(table)


def conclude_confusion(found: Confusion) -> str:
    """How many probes are wrong, and how alike the wrong products are."""
    if not found.errors:
        return f"no errors in {found.probes} probes"
    share = found.errors / found.probes
    said = f"{found.errors} of {found.probes} probes are wrong ({share:.0%})"
    if not found.causes:
        return said
    variants, *others = found.causes
    alike = sum(c.errors for c in others[:2])
    return (
        f"{said}: {variants.errors} find another variant of the same product, "
        f"{alike} one of the same brand or class, {others[-1].errors} another product"
    )
