"""Results as tables for a terminal."""

from collections.abc import Sequence
from pathlib import Path

COLUMNS = ("hit_rate@1", "hit_rate@5", "macro_hit_rate@1", "mrr", "gap", "phi")
NARROW = ("hit_rate@1", "hit_rate@5", "macro_hit_rate@1", "mrr")
"""Columns that fit a terminal; the page and --json have all."""


def with_interval(metric: dict | None) -> str:
    """0.624 [0.571, 0.676]"""
    if not metric or metric["value"] is None:
        return "-"
    if metric["low"] is None:
        return f"{metric['value']:.3f}"
    value, low, high = (
        f"{metric[end]:.3f}" if abs(metric[end]) < 1e4 else f"{metric[end]:.1e}"
        for end in ("value", "low", "high")
    )
    return f"{value} [{low}, {high}]"


def print_results(records: Sequence[dict]) -> None:
    """One row per result: quality with 95 % intervals, then what it costs."""
    from rich.console import Console
    from rich.table import Table

    for data, gallery in dict.fromkeys((r["data"], r["gallery"]) for r in records):
        mine = [r for r in records if (r["data"], r["gallery"]) == (data, gallery)]
        first = mine[0]
        title = f"{first['suite']}: {data_name(first)}, {first['n_queries']} probes -> {gallery} of {first['n_gallery']} SKUs"
        table = Table(
            title=title,
            title_justify="left",
            caption="[95 % interval: bootstrap over SKUs]",
            caption_justify="left",
        )
        table.add_column("encoder", overflow="fold")
        shown = [c for c in NARROW if any(c in r["metrics"] for r in mine)]
        for column in (*shown, "images/s", "p50 / p95 ms"):
            table.add_column(column, justify="right")
        for record in mine:
            table.add_row(
                label(record),
                *(with_interval(record["metrics"].get(c)) for c in shown),
                *cost(record["speed"]),
            )
        console = Console()
        Console(width=None if console.is_terminal else 150).print(table)


def print_mode_differences(records: Sequence[dict]) -> None:
    """Paper mode minus sound mode, and the ties that paper mode made, where both were measured."""
    sound = {(r["encoder"], r["gallery"]): r for r in records if r["settings"]["mode"] == "sound"}
    for paper in (r for r in records if r["settings"]["mode"] == "paper"):
        other = sound.get((paper["encoder"], paper["gallery"]))
        if other is None:
            continue
        change = [
            f"{c} {paper['metrics'][c]['value'] - other['metrics'][c]['value']:+.4f}"
            for c in ("hit_rate@1", "hit_rate@5")
        ]
        print(
            f"{paper['encoder']}, {paper['gallery']}: paper - sound: {', '.join(change)}; {paper['counts']['tied_queries']} probes tied in paper mode"
        )


def label(record: dict) -> str:
    """The encoder as a row's name: a path is cut to its last part, and paper mode is said."""
    family, colon, argument = record["encoder"].rpartition(":")
    local = argument.startswith((".", "/", "~")) or argument.count("/") > 1
    mode = record["settings"].get("mode", "sound")
    return (
        family
        + colon
        + (Path(argument).name if local else argument)
        + ("" if mode == "sound" else f" ({mode})")
    )


def data_name(record: dict) -> str:
    return Path(record["data"]).name


def cost(speed: dict) -> tuple[str, str]:
    rate, p50, p95 = (speed.get(k) for k in ("images_per_s", "latency_ms_p50", "latency_ms_p95"))
    return (f"{rate:.1f}" if rate else "-", f"{p50:.1f} / {p95:.1f}" if p50 else "-")
