"""Views -> one self-contained HTML page: no network, readable on a phone and in print."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from skulens import __version__
from skulens.encode.zoo.warnings import line_of, read_warning, warnings_of
from skulens.errors import MissingDependency, StoreError
from skulens.evaluate.intervals import RESAMPLES
from skulens.report.figures import FEW as FEW_DRAWN
from skulens.report.figures import drawings, inline_svg, need_matplotlib
from skulens.report.views import COSTS, Metric, Row, View, views_of_records

HERE = Path(__file__).parent
METRICS = ("hit_rate@1", "hit_rate@5", "macro_hit_rate@1", "mrr", "gap", "phi")
"""Columns of the leaderboard, as far as there are numbers for them."""
COST_WORDS = {"params": "M params", "latency_ms": "ms / probe", "memory_mb": "MB"}
LIMIT = 10
"""Rows of a leaderboard shown before "show all"; more where more cannot be told apart from the first."""
FEW = 5
"""Up to this many encoders need no filters."""
DETAILED = 8
"""Encoders whose errors and settings are shown in full; result.json has those of all."""
PAIRS = 8
PICTURE_BYTES = 800_000
"""Of all thumbnails together; what comes later stands without a picture."""
AS_PUBLISHED = ("activation-mismatch", "image-size")
"""Codes that do not concern runs in sound mode."""


@dataclass(frozen=True)
class Table:
    """Words of someone else's for the end of a page."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def write_page(records: Sequence[dict], out: Path) -> Path:
    """Render records of a result store to `out`, with the audits that lie beside them (`audit*.json`)."""
    names = dict.fromkeys(Path(record["data"]).name for record in records)
    return render(
        views_of_records(records), out, f"Product retrieval on {', '.join(names)}", audits(records)
    )


def render(
    views: Sequence[View],
    out: Path,
    title: str,
    found: Sequence[dict] = (),
    origin: Sequence[tuple[str, str]] = (),
    tables: Sequence[Table] = (),
) -> Path:
    """Write the page aside, then rename it.

    Args:
        found: audits as `Audit.to_dict` gives them.
        origin: more rows on where the numbers come from, (words, value).
        tables: more sections.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(shown=shown, bar=bar, about=about, price=price)
    pictures = Budget(PICTURE_BYTES)
    page = environment.get_template("page.html").render(
        title=title,
        sections=[section(view, f"v{n}", pictures, origin) for n, view in enumerate(views, 1)],
        audits=found,
        tables=tables,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        version=__version__,
        few=FEW_DRAWN,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.tmp")
    aside.write_text(page, encoding="utf-8")
    aside.replace(out)
    return out


def section(view: View, id_: str, pictures: "Budget", origin: Sequence[tuple[str, str]]) -> dict:
    """What the template shows of a view."""
    rows = view.rows
    records = [row.record for row in rows if row.record]
    no_figures = without_figures()
    return {
        "id": id_,
        "view": view,
        "verdict": verdict(view),
        "advice": advice(view),
        "facts": facts(view),
        "apart": any(not row.same_data for row in rows),
        "filters": len(rows) > FEW,
        "limit": limit if len(rows) > (limit := max(LIMIT, len(view.tied))) + FEW else 0,
        "families": sorted({row.entry.family for row in rows if row.entry.family}),
        "licences": sorted({row.entry.licence or "unknown" for row in rows}),
        "sources": sorted({row.entry.source for row in rows}),
        "metrics": [
            m
            for m in METRICS
            if any(row.metric(m)["value"] is not None for row in rows if row.same_data)
        ],
        "bounded": any(row.metric("hit_rate@1")["low"] is not None for row in rows),
        "costs": [(c, COST_WORDS[c]) for c in COSTS if any(getattr(row.entry, c) for row in rows)],
        "top": scale(rows),
        "figures": [] if no_figures else drawn(view, id_),
        "no_figures": no_figures and f"No figures: {no_figures}.",
        "errors": errors(view, pictures),
        "origin": [*shared(view, records), *origin],
        "makers": [maker(row) for row in rows if row.record],
        "noted": any(warnings_of(record["encoder_info"]) for record in records),
        "every": [(row.name, row.metrics) for row in rows if row.record]
        if len(records) <= DETAILED
        else [],
        "raw": raw(records[:DETAILED]),
    }


def verdict(view: View) -> str:
    """The result in a sentence."""
    rows = [row for row in view.rows if row.place]
    if not rows:
        return "No encoder has a hit rate."
    first = f"{rows[0].name} puts the right product first for {percent(rows[0].metric('hit_rate@1'))} of the photos."
    if len(rows) == 1:
        return first
    alike, tested = len(view.tied) - 1, sum(row.best is not None for row in rows) - 1
    if tested < 1:
        return f"{first} Whether others differ from it was not tested: there are no hits per SKU."
    if alike < 1:
        return f"{first} {'The other encoder does' if tested == 1 else f'All {tested} others do'} worse, and not by chance."
    other = "The other encoder" if tested == 1 else f"{alike} of the {tested} others"
    return f"{first} {other} cannot be told apart from it."


def advice(view: View) -> str:
    """Of those that cannot be told apart from the first, the one with the fewest parameters."""
    sized = [row for row in view.tied if row.entry.params]
    if len(sized) < 2:
        return ""
    small = min(sized, key=lambda row: row.entry.params)
    if small is view.rows[0]:
        return f"It is also the smallest of these {len(view.tied)}."
    return f"The smallest of these {len(view.tied)} is {small.name}, {price(small, 'params')} M parameters."


def percent(metric: Metric) -> str:
    value, low, high = (
        f"{metric[end] * 100:.1f}" if metric[end] is not None else None
        for end in ("value", "low", "high")
    )
    return (
        f"{value}\N{NO-BREAK SPACE}%"
        if low is None
        else f"{value}\N{NO-BREAK SPACE}% ({low}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{high}\N{NO-BREAK SPACE}%)"
    )


def facts(view: View) -> list[tuple[str, str]]:
    counts = [
        ("encoders" if len(view.rows) != 1 else "encoder", len(view.rows)),
        ("SKUs probed", view.n_skus),
        ("probe photos", view.n_queries),
    ]
    tied = [("cannot be told apart from the first", len(view.tied) - 1)] if view.tied else []
    return [(words, f"{n:,}") for words, n in (*counts, *tied) if n is not None]


def shown(value: float, name: str = "") -> str:
    """Rates with three digits; phi, which is unbounded, with three significant ones."""
    if name not in ("phi", "m1", "m2"):
        return f"{value:.3f}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def price(row: Row, cost: str) -> str:
    value = getattr(row.entry, cost)
    if not value:
        return "–"
    return (
        f"{value / 1e6:,.1f}"
        if cost == "params" and value < 1e8
        else f"{value / 1e6:,.0f}"
        if cost == "params"
        else f"{value:,.1f}"
        if value < 100
        else f"{value:,.0f}"
    )


def about(row: Row, say_source: bool) -> str:
    """Family, licence, source and traps in a line."""
    entry, here = row.entry, row.entry.source == "here"
    noted = [read_warning(code) for code in entry.traps]
    traps = [w.short for w in noted if w.short and not (here and w.code in AS_PUBLISHED)]
    source = ("measured here" if here else entry.source) if say_source else ""
    data = "" if row.same_data else f"on {entry.data or 'other data'}"
    licence = (
        f"licence {entry.licence or 'unknown'}"
        if entry.licence in (None, "unknown")
        else entry.licence
    )
    return " · ".join(part for part in (entry.family, licence, source, data, *traps) if part)


def scale(rows: Sequence[Row]) -> float:
    """Where the bars of a leaderboard end: the next tenth above every interval."""
    ends = [
        m["high"] if m["high"] is not None else m["value"]
        for row in rows
        if (m := row.metric("hit_rate@1"))["value"] is not None
    ]
    return min(1.0, math.ceil(max(ends, default=1.0) * 10 + 1e-9) / 10) or 0.1


def bar(metric: Metric, top: float = 1.0) -> dict[str, float]:
    """Interval and value of a rate as percentages of a bar from 0 to `top`; width 0 without an interval."""
    low, value, high = (
        min(max(metric[end] if metric[end] is not None else metric["value"], 0.0) / top, 1.0) * 100
        for end in ("low", "value", "high")
    )
    return {"left": round(low, 1), "width": round(high - low, 1), "at": round(value, 1)}


def drawn(view: View, id_: str) -> list[dict]:
    """Figures for the page."""
    titles = {
        row.place: f"{row.name}: hit_rate@1 {percent(row.metric('hit_rate@1'))}"
        for row in view.rows
        if row.place
    }
    return [
        {
            "title": d.title,
            "caption": d.caption,
            "svg": Markup(inline_svg(d, f"{id_}-{d.name}-", titles)),
        }
        for d in drawings(view)
    ]


def without_figures() -> str:
    """Why the page can have no figures; empty where it can."""
    try:
        need_matplotlib()
    except MissingDependency as e:
        return str(e)
    return ""


class Budget:
    """Lets pictures through until so many bytes are spent."""

    def __init__(self, size: int):
        self.left = size

    def take(self, picture: str | None) -> str | None:
        if not picture or len(picture) > self.left:
            return None
        self.left -= len(picture)
        return picture


def errors(view: View, pictures: Budget) -> list[dict]:
    """Confusable pairs and examples of the first encoders that have them."""
    kept = [
        (row, seen)
        for row in view.rows
        if row.record and (seen := looked(Path(row.record["folder"])))
    ][:DETAILED]
    known = {
        p: data
        for _, seen in reversed(kept)
        for e in seen["examples"]
        for p, data in e["pictures"].items()
    }
    known |= {p: data for _, seen in kept for p, data in seen.get("pictures", {}).items()}
    words = {
        p: text
        for _, seen in kept
        for e in (*seen["examples"], seen)
        for p, text in e.get("words", {}).items()
    }
    found = []
    for row, seen in kept:
        found.append(
            {
                "name": row.name,
                "pairs": [pair(c, known, words, pictures) for c in seen["confusions"][:PAIRS]],
                "misses": sum(not e["hit"] for e in seen["examples"]),
                "examples": seen["examples"],
            }
        )
    for n in found:  # pairs of all encoders first, then examples, while pictures last
        n["examples"] = [
            e
            | {
                "probe": pictures.take(e["probe"]),
                "pictures": {
                    (top := e["candidates"][0]["product"]): pictures.take(e["pictures"].get(top))
                },
            }
            for e in n["examples"]
        ]
    return found


def pair(confusion: dict, known: dict[str, str], words: dict[str, str], pictures: Budget) -> dict:
    """A confusion with both products' pictures and texts, as far as they were kept."""
    sides = [(kind, confusion[kind]) for kind in ("right", "found")]
    shown = [
        {"id": p, "kind": kind, "picture": pictures.take(known.get(p)), "words": words.get(p, "")}
        for kind, p in sides
    ]
    return {"sides": shown, "probes": confusion["probes"], "of": confusion["of"]}


def looked(folder: Path) -> dict | None:
    """Examples and confusions beside a record, where they were kept."""
    file = folder / "examples.json"
    return read_json(file) if file.exists() else None


def audits(records: Iterable[dict]) -> list[dict]:
    """Findings of `skulens audit ... --out DIR/audit.json` that lie in the stores of the records."""
    folders = dict.fromkeys(Path(record["folder"]).parent for record in records)
    found = [read_json(file) for folder in folders for file in sorted(folder.glob("audit*.json"))]
    return [audit for audit in found if {"data", "products", "pictures", "findings"} <= set(audit)]


def read_json(file: Path) -> dict:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise StoreError(f"{file} cannot be read ({e}); remove it, or make it again") from e


def shared(view: View, records: Sequence[dict]) -> list[tuple[str, str]]:
    """What holds for all numbers of a view, (words, value)."""
    if not records:
        rows = [
            ("data", entry)
            for entry in dict.fromkeys(row.entry.data for row in view.rows if row.same_data)
            if entry
        ]
        if view.tied:
            rows.append(
                ("intervals", f"95 %, {RESAMPLES:,} resamples of {view.n_skus:,} SKUs, seed 0")
            )
        return rows + [
            ("machine", m) for m in dict.fromkeys(row.entry.machine for row in view.rows) if m
        ]
    first = records[0]
    settings = first["settings"]
    machines = dict.fromkeys(
        "{cpu}, {cores} cores, {memory_gib} GiB, {system}".format(**m)
        for r in records
        if (m := r["provenance"].get("machine"))
    )
    versions = dict.fromkeys(versions_of(r["provenance"]) for r in records)
    return [
        ("data", f"{first['data']}, sha256 {first['data_hash'][:16]}"),
        (
            "gallery",
            f"{first['gallery']}, {first['n_gallery']:,} SKUs"
            + (
                f", texts: {', '.join(settings['texts'])}"
                if settings.get("texts") and first["gallery"] != "image"
                else ""
            ),
        ),
        (
            "bootstrap",
            f"{settings.get('resamples', 0):,} resamples of {first['counts']['groups']:,} SKUs, seed {settings.get('seed', 0)}",
        ),
        *(("machine", m) for m in machines),
        *(("versions", v) for v in versions),
    ]


def versions_of(provenance: dict) -> str:
    packages = {
        "skulens": provenance.get("skulens"),
        "python": provenance.get("python"),
    } | provenance.get("packages", {})
    return ", ".join(f"{name} {version}" for name, version in packages.items() if version)


def maker(row: Row) -> dict:
    """Where one encoder's numbers come from."""
    record = row.record or {}
    info, counts = record["encoder_info"], record["counts"]
    return {
        "name": row.name,
        "weights": " ".join(
            part for part in (info.get("identity", "")[:12], info.get("revision", "")[:12]) if part
        ),
        "precision": f"{info.get('dtype', '')}, {record['settings'].get('mode', 'sound')} mode",
        "px": info.get("image_px") or "–",
        "when": record["provenance"]["measured_at"][:16].replace("T", " "),
        "ties": counts["tied_queries"],
        "rejects": counts["rejects"],
        "unanswerable": counts["unanswerable_queries"],
        "notes": "; ".join(line_of(w) for w in warnings_of(info)),
    }


def raw(records: Sequence[dict]) -> str:
    keep = ("encoder", "settings", "speed", "counts", "data_hash", "encoder_info", "provenance")
    return json.dumps(
        [{key: record[key] for key in keep} for record in records], indent=1, ensure_ascii=False
    )
