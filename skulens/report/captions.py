"""Captions made of a catalogue: in words for a terminal, and as a page for people to look through."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from skulens.report.html import write_html

SHOWN = 500
"""Captions on a page: those that failed first."""
STATES = {"failed": 0, "marked": 1, "pass": 2, "short": 3}
ABOUT = {
    "pass": "all checks pass",
    "marked": "a check fails",
    "failed": "no caption",
    "short": "short enough, not asked",
}


def print_captions(record: Mapping[str, Any], out: Path, notes: Sequence[str] = ()) -> None:
    """What the checks found, then one line with the sums and where everything is."""
    from skulens.report.console import show
    from skulens.report.grid import Grid

    if record["checks"]:
        table = Grid("captions that are kept")
        table.add_column("check", "name")
        for heading in ("pass", "fail", "nothing to check"):
            table.add_column(heading, "number")
        for name, verdicts in record["checks"].items():
            table.add_row(name, *(f"{verdicts.get(v, 0):,}" for v in ("pass", "fail", "none")))
        show(table)
    for line in remarks(record):
        click.echo(line)
    for note in filter(None, notes):
        click.echo(note)
    click.echo(sum_up(record, out))


def remarks(record: Mapping[str, Any]) -> list[str]:
    """Sentences on what one should know of a run."""
    said = []
    if record["errors"]:
        errors = ", ".join(f"{n:,} {name}" for name, n in record["errors"].items())
        said.append(f"answers that could not be used: {errors}")
    later = sum(n for at, n in record["passed_at_attempt"].items() if int(at) > 1)
    if later:
        said.append(f"{later:,} captions pass after asking again")
    if record["captions_equal_to_another"]:
        n = record["captions_equal_to_another"]
        said.append(
            f"{n:,} products share their text with another product: no encoder tells them apart"
        )
    if record["rejects"]:
        said.append(f"{record['rejects']:,} products could not be asked about: see rejects.jsonl")
    if record["no_queries"]:
        said.append(f"no queries carried over: {record['no_queries']}")
    return said


def sum_up(record: Mapping[str, Any], out: Path) -> str:
    """The last line of a run."""
    states = record["states"]
    parts = [f"{states['pass']:,} captions pass all checks", f"{states['marked']:,} marked"]
    parts.append(f"{states['failed']:,} failed")
    if states["short"]:
        parts.append(f"{states['short']:,} short enough and not asked")
    calls = f"{record['asked']:,} asked, {record['from_store']:,} from the store"
    return f"{record['products']:,} products: {', '.join(parts)}; {calls}; in {out}"


def write_captions_page(
    record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], out: Path
) -> Path:
    """A page with source and caption side by side, what failed first.

    Args:
        record: of captions.json.
        rows: of captions.parquet.
    """
    ordered = sorted(rows, key=lambda r: (STATES.get(r["state"], 9), r["product_id"]))
    checks = [
        (name, *(verdicts.get(v, 0) for v in ("pass", "fail", "none")))
        for name, verdicts in record.get("checks", {}).items()
    ]
    values = {
        "title": f"Captions of {record['data']['name']}",
        "record": record,
        "rows": ordered[:SHOWN],
        "left": max(0, len(ordered) - SHOWN),
        "checks": checks,
        "about": ABOUT,
    }
    functions = {"failed": failed_checks, "retried": retried, "length": describe_tokens}
    return write_html("captions.html", out, values, functions)


def failed_checks(row: Mapping[str, Any]) -> list[str]:
    """Why a caption is marked, or why there is none."""
    if row["error"]:
        return [f"{row['error']}: {row['reason']}"]
    return [f"{c['check']}: {c['reason']}" for c in row["checks"] if c["verdict"] == "fail"]


def retried(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(caption, what failed) of each attempt, where there were several."""
    if len(row["attempts"]) < 2:
        return []
    return [
        (a["caption"] or f"({a['error']})", ", ".join(a["failed"]) or a["error"] or "passes")
        for a in row["attempts"]
    ]


def describe_tokens(row: Mapping[str, Any]) -> str:
    """ "CLIP 312 -> 31 of 77"; without a caption nothing."""
    if not row["caption"]:
        return ""
    return "; ".join(
        f"{t['encoder']}: {t['before']} \u2192 {t['after']} of {t['limit']} tokens"
        for t in row["tokens"]
    )
