"""Where the numbers of a page come from: data, settings, machine, versions, weights."""

import json
from collections.abc import Mapping, Sequence

from skulens.bench.result import Result
from skulens.encode.zoo.warnings import line_of
from skulens.records import EncoderInfo
from skulens.report.html import PageTable
from skulens.report.index_loss import describe_index
from skulens.report.marks import exposure_of
from skulens.report.mistakes import DETAILED
from skulens.report.paper_mode import bounds_of
from skulens.report.views import Row, View

COUNTS = {
    "tied_queries": "ties",
    "rejects": "rejects",
    "unanswerable_queries": "answer not in gallery",
}
"""Counts of a result -> column, where any result of a page has them."""
EVERY = 24
"""Results of which a page lists every metric."""
RAW = ("system", "variant", "settings", "speed", "counts", "data_hash")
"""Parts of a record that a page shows as JSON."""


def list_origin(view: View) -> list[tuple[str, str]]:
    """What holds for all numbers of a view, (words, value)."""
    if not view.stored:
        own = [row.entry for row in view.rows if row.same_data]
        rows = [("data", data) for data in dict.fromkeys(e.data for e in own) if data]
        if view.tied:
            rows.append(("intervals", f"95 %, over {view.n_groups:,} {view.groups}"))
        known = dict.fromkeys(row.entry.machine for row in view.rows)
        return rows + [("machine", m) for m in known if m]
    results = [row.result for row in view.rows]
    first = results[0]
    asked = first.data.queries or first.data.fingerprint
    rows = [("data", f"{first.data.name}, sha256 {asked[:16]}")]
    galleries = dict.fromkeys(_gallery(r) for r in results if "gallery" in r.variant)
    rows += [("gallery", said) for said in galleries]
    if first.counts.get("groups"):
        rows.append(("intervals", f"95 %, over {first.counts['groups']:,} {view.groups}"))
    machines = dict.fromkeys(
        "{cpu}, {cores} cores, {memory_gib} GiB, {system}".format(**r.machine)
        for r in results
        if r.machine
    )
    versions = dict.fromkeys(_versions(r.provenance) for r in results)
    rows += [(r.name, said) for r in results if (said := describe_index(r))]
    rows += [("machine", m) for m in machines]
    return rows + [("versions", v) for v in versions if v]


def _gallery(result: Result) -> str:
    kind, texts = result.variant["gallery"], result.settings.get("texts")
    roles = f", texts: {', '.join(texts)}" if isinstance(texts, list | tuple) and texts else ""
    roles = roles if kind != "image" else ""
    shots = result.settings.get("shots")
    joined = f", shots {shots}" if kind != "text" and shots else ""
    size = f"{result.counts.get('gallery', 0):,} SKUs"
    return f"{kind}, {size}{roles}{joined}, sha256 {result.data.fingerprint[:16]}"


def _versions(provenance: Mapping[str, object]) -> str:
    own = {name: provenance.get(name) for name in ("skulens", "python")}
    packages = provenance.get("packages")
    every = own | (dict(packages) if isinstance(packages, Mapping) else {})
    return ", ".join(f"{name} {version}" for name, version in every.items() if version)


def describe_systems(view: View) -> PageTable | None:
    """What each system of a page of stored results is, and what was counted; None for a
    leaderboard."""
    rows = [row for row in view.rows if view.stored]
    if not rows:
        return None
    cells = [_describe(row) for row in rows]
    columns = [c for c in dict.fromkeys(c for row in cells for c in row) if c != "notes"]
    columns += ["notes"] if any(row["notes"] for row in cells) else []
    table = tuple(tuple(row.get(c, "–") for c in columns) for row in cells)
    return PageTable("Systems", "", (view.noun, *columns[1:]), table)


def _describe(row: Row) -> dict[str, str]:
    """Where one system's numbers come from, by column."""
    result = row.result
    info, mode = result.system, result.settings.get("mode")
    parts = (info.identity[:12], info.revision[:12])
    identity = "weights" if info.kind == "encoder" else "identity"
    cells = {"name": row.name, identity: " ".join(part for part in parts if part)}
    if isinstance(info, EncoderInfo):
        cells["precision"] = ", ".join([info.dtype, *([f"{mode} mode"] if mode else [])])
        cells["px"] = str(info.image_px or "–")
    bounds = bounds_of(result)
    if row.main in bounds:
        cells[f"{row.main} over the order of ties: worst / expected / best"] = bounds[row.main]
    cells["measured"] = str(result.provenance.get("measured_at", ""))[:16].replace("T", " ")
    cells |= {words: f"{result.counts[c]:,}" for c, words in COUNTS.items() if c in result.counts}
    notes = [line_of(w) for w in info.warnings]
    notes += [seen.sentence] if (seen := exposure_of(result)) else []
    return cells | {"notes": "; ".join(notes)}


def write_raw(view: View) -> str:
    """Settings and provenance of the first systems as JSON; empty for a leaderboard."""
    if not view.stored:
        return ""
    results = [row.result for row in view.rows][:DETAILED]
    return json.dumps([_raw(r) for r in results], indent=1, ensure_ascii=False)


def _raw(result: Result) -> dict:
    record = result.record()
    return {key: record[key] for key in RAW} | {"provenance": dict(result.provenance)}


def every_metric(view: View) -> Sequence[Row]:
    """Rows of which a page lists every metric: those of a store, where they are few."""
    return view.rows if view.stored and len(view.rows) <= EVERY else ()
