"""What every benchmark records: machine, versions, repeats; printed as a table and a JSON line."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from skulens.bench.result import describe_run

RESULTS = Path(__file__).parent / "results"


def time_call(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(values: list[float]) -> dict:
    """Median, least and most of repeats."""
    return {
        "median": round(statistics.median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
        "n": len(values),
    }


def named(settings: dict) -> dict:
    """Settings without the folders in which this machine keeps things."""
    return {k: Path(v).name if isinstance(v, str) else v for k, v in settings.items()}


def report(
    name: str, rows: list[dict], settings: dict, save: bool, cells: list[dict] | None = None
) -> None:
    """Print a table and one JSON line; `save` writes benchmarks/results/<name>-<machine>.json.

    Args:
        cells: what `rows` sum up; stored, and not in the table.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(title=name)
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(cell(v) for v in row.values()))
    Console(width=200).print(table)
    made = {"benchmark": name, "settings": settings, "rows": rows} | describe_run()
    print(json.dumps(made))
    if save:
        RESULTS.mkdir(exist_ok=True)
        machine = made["machine"]
        file = (
            RESULTS
            / f"{name}-{machine['cpu'].replace(' ', '-')}-{machine['cores']}cores.json".lower()
        )
        text = json.dumps(made, indent=1)
        if cells:  # a line each
            lines = ",\n  ".join(json.dumps(c) for c in cells)
            text = f'{text[:-2]},\n "cells": [\n  {lines}\n ]\n}}'
        file.write_text(text + "\n")


def cell(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['median']} ({value['min']} to {value['max']})"
    return str(value)
