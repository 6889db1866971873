"""Stored results -> one self-contained HTML page: no network, readable on a phone and in print."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import jinja2

from skulens.report.tables import COLUMNS, cost, data_name, label, with_interval

HERE = Path(__file__).parent


def write_page(records: Sequence[dict], out: Path) -> Path:
    """Render records of a result store to `out` (written aside, then renamed)."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(with_interval=with_interval, cost=cost, label=label, bar=bar, curve=curve)
    page = environment.get_template("page.html").render(sections=sections(records), columns=COLUMNS)
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.tmp")
    aside.write_text(page, encoding="utf-8")
    aside.replace(out)
    return out


def sections(records: Sequence[dict]) -> list[dict]:
    """Records that may be compared with each other stand together, best first."""
    same: dict[tuple, list[dict]] = {}
    for record in records:
        key = (record["suite"], record["data"], record["gallery"], record["settings"]["split"], record["n_gallery"])
        same.setdefault(key, []).append(record | extras(Path(record["folder"])))
    return [
        {"title": f"{suite}: {data_name(rows[0])}, {split} probes → {gallery} of {n} SKUs", "records": sorted(rows, key=first_hits, reverse=True)}
        for (suite, _, gallery, split, n), rows in same.items()
    ]


def first_hits(record: dict) -> float:
    return record["metrics"].get("hit_rate@1", {}).get("value", 0.0)


def extras(folder: Path) -> dict:
    """Examples and confusions beside a record, where they were kept."""
    file = folder / "examples.json"
    return json.loads(file.read_text()) if file.exists() else {"examples": [], "confusions": []}


def bar(metric: dict) -> dict[str, float]:
    """Interval and value of a rate as percentages of the width of a bar."""
    low, value, high = (min(max(metric[k] or 0.0, 0.0), 1.0) * 100 for k in ("low", "value", "high"))
    return {"left": low, "width": max(high - low, 0.4), "at": value}


WIDTH, HEIGHT = 320, 120


def curve(cmc: dict[str, list]) -> dict[str, str] | None:
    """The CMC curve and its band as SVG points; the rank axis is logarithmic, the rate axis 0 to 1."""
    if not cmc or len(cmc["k"]) < 2:
        return None
    last = math.log(max(cmc["k"]))

    def points(values: Sequence[float], ranks: Sequence[int]) -> str:
        return " ".join(f"{math.log(k) / last * WIDTH:.1f},{(1 - (v or 0)) * HEIGHT:.1f}" for k, v in zip(ranks, values, strict=True))

    band = points(cmc["low"], cmc["k"]) + " " + points(cmc["high"][::-1], cmc["k"][::-1])
    return {"line": points(cmc["value"], cmc["k"]), "band": band, "last": str(max(cmc["k"]))}
