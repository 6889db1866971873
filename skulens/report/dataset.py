"""A data set of composed queries as a page: counts, attributes before and after sampling, flows.

Whatever can be read off bars is a table of bars, which stays readable on a phone and is its own
table; shares of shares are a ring chart, flows a Sankey diagram, distributions histograms, each with
the table behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skulens.curate.queries.stats_tables import POOL, UNSAID, Stats, evenness
from skulens.report.dataset_parts import (
    TOP,
    BarCell,
    BarRow,
    PagePart,
    Rows,
    bars_of,
    draw_lengths,
    draw_rings,
    grid_of,
    tally,
)
from skulens.report.html import write_html
from skulens.report.names import count
from skulens.report.page import without_figures
from skulens.report.sankey import draw_sankey

LANGUAGES = {"en": "English", "id": "Indonesian", "ms": "Malay", "th": "Thai", "vi": "Vietnamese"}
LENGTHS = {
    "title, characters": "products by length of their title, in Unicode characters",
    "instruction with titles, characters": "queries by length of their texts, titles included",
    "answers of a query": "queries by number of relevant products",
    "hard negatives of a query": "queries by number of hard negatives",
    "judged not relevant": "queries by number of products judged not relevant",
    "pictures of a query": "queries by number of pictures",
    "attributes of a product": "products by number of attribute values",
}
"""Distribution -> what is counted; those of a single length are not drawn."""


@dataclass(frozen=True)
class Chapter:
    id: str
    title: str
    note: str
    parts: Sequence[PagePart]


def write_dataset_page(
    stats: Stats, out: Path, funnel: Mapping[str, Mapping[str, int]] | None = None
) -> Path:
    """The page of a data set.

    Args:
        funnel: method -> step -> proposals, where the queries were composed here.
    """
    tables = {name: table.to_pylist() for name, table in stats.tables.items()}
    chapters = [
        describe_queries(tables["queries"], tables["modalities"], stats.numbers),
        describe_products(tables["products"]),
        describe_attributes(tables["keys"], tables["values"]),
        describe_flows(tables["flows"]),
        describe_lengths(tables["lengths"]),
        describe_funnel(funnel or {}),
        describe_problems(tables["problems"]),
    ]
    values = {
        "title": f"Data set {stats.name}",
        "subtitle": f"splits: {', '.join(stats.splits) or 'none'}",
        "facts": list_facts(stats.numbers),
        "remarks": list_remarks(stats),
        "sections": [c for c in chapters if c.parts],
        "no_figures": without_figures(),
    }
    return write_html("dataset.html", out, values, {})


def list_facts(numbers: Mapping[str, float]) -> list[tuple[str, str]]:
    """The head of the page (Fig. 3): (words, number)."""
    by_count = {name: n for name, n in numbers.items() if name.startswith("queries_with_")}
    named = {
        "queries": numbers["queries"],
        **{name.replace("_", " ").removeprefix("queries "): n for name, n in by_count.items()},
        "products": numbers["products"],
        "SPUs": numbers["spus"],
        "attribute keys": numbers["keys"],
        "attribute values": numbers["values"],
        "longest title, characters": numbers.get("title_characters_max", 0),
    }
    found = [(words, f"{n:,.0f}") for words, n in named.items() if n]
    mean = numbers.get("title_characters_mean", 0)
    return [*found, ("mean title, characters", f"{mean:.2f}")]


def list_remarks(stats: Stats) -> list[str]:
    """Sentences under the numbers."""
    n = stats.numbers
    said = [
        f"Conditions ask for {n['keys_in_conditions']:,} of the keys and "
        f"{n['pairs_in_conditions']:,} of {n['pairs']:,} pairs of key and value."
    ]
    if n["products_without_picture"]:
        said.append(f"{count(int(n['products_without_picture']), 'product')} without a picture.")
    if stats.rejects:
        said.append(f"The reader left out {count(len(stats.rejects), 'row')}; see Problems.")
    return said if n["queries"] else said[1:]


def describe_queries(rows: Rows, modalities: Rows, numbers: Mapping[str, float]) -> Chapter:
    """Queries by their tags (Figs. 23 and 24)."""
    if not rows:
        return Chapter("queries", "Queries", "", ())
    columns = {
        "n_conditions": ("By number of conditions", "conditions"),
        "language": ("By language", "language"),
        "class": ("By class", "class"),
        "method": ("By method", "method"),
        "split": ("By split", "split"),
    }
    parts = []
    for column, (title, what) in columns.items():
        counts = tally(rows, column, "queries")
        if column == "n_conditions":
            counts = dict(sorted(counts.items(), key=lambda x: int(x[0])))
        if len(counts) > 1 or column in ("n_conditions", "language"):
            named = {name_language(k) if column == "language" else k: v for k, v in counts.items()}
            parts.append(bars_of(named, title, "", what, "queries"))
    if modalities:
        shown = tally(modalities, "modality", "conditions")
        note = "Where the value of a condition can be seen: in the picture, in the text, in both."
        parts.append(bars_of(shown, "By modality", note, "modality", "conditions"))
    twice = sum(r["queries"] for r in rows) - numbers["queries"]
    said = f"Of {count(int(numbers['queries']), 'query')}, {twice:,} stand in several splits; "
    return Chapter("queries", "Queries", said + "here each split counts." if twice else "", parts)


def name_language(code: str) -> str:
    """en -> English (en)"""
    return f"{LANGUAGES[code]} ({code})" if code in LANGUAGES else code


def describe_products(rows: Rows) -> Chapter:
    """Products by language, country and class (Figs. 4 and 28)."""
    parts = [bars_of(tally(rows, "class", "products"), "By class", "", "class", "products")]
    total = sum(row["products"] for row in rows)
    for side in ("language", "country"):
        counts = tally(rows, side, "products")
        if list(counts) == [UNSAID]:
            continue
        title = f"By {side} and class"
        table = grid_of(rows, "class", side, "products", title, "")
        if len(counts) == 1:
            parts.append(bars_of(counts, f"By {side}", "", side, "products"))
            continue
        svg = draw_rings(rows, side, total)
        note = f"Inner ring: {side}; outer ring: classes within it. n = {total:,} products."
        parts.append(PagePart(title, note, "chart", svg=svg, table=table))
    return Chapter("products", "Products", "", parts)


def describe_attributes(keys: Rows, values: Rows) -> Chapter:
    """Keys and values, and keys before and after sampling (Figs. 20, 29 and 31)."""
    pool = {r["key"]: r["count"] for r in keys if r["origin"] == POOL}
    pairs = {f"{r['key']}: {r['value']}": r["products"] for r in values if r["products"]}
    pairs = dict(sorted(pairs.items(), key=lambda x: (-x[1], x[0])))
    parts = [
        bars_of(pool, "Keys of the products", f"The {TOP} most frequent of {len(pool)}; a product "
                "counts once for each key it has.", "key", "attribute values"),
        bars_of(pairs, "Values of the products", f"The {TOP} most frequent of {len(pairs):,}.",
                "key: value", "attribute values"),
    ]  # fmt: skip
    origins = list(dict.fromkeys(r["origin"] for r in keys))
    if len(origins) > 1:
        parts.append(compare_origins(keys, origins))
    return Chapter("attributes", "Attributes", "", [p for p in parts if p.rows])


def compare_origins(keys: Rows, origins: Sequence[str]) -> PagePart:
    """Shares of keys in the pool against those in conditions, method by method."""
    shares = {(r["origin"], r["key"]): r["share"] for r in keys}
    names = list(dict.fromkeys(r["key"] for r in keys if r["origin"] == POOL))
    names += sorted({r["key"] for r in keys} - set(names))
    top = names[:TOP]
    most = max((shares.get((o, k), 0) for o in origins for k in top), default=1) or 1
    lines = [
        BarRow(
            key,
            tuple(
                BarCell(f"{s:.1%}", round(100 * s / most, 2))
                for s in (shares.get((o, key), 0.0) for o in origins)
            ),
        )
        for key in top
    ]
    spread = []
    totals = tally(keys, "origin", "count")
    for origin in origins:
        found = [shares.get((origin, key), 0.0) for key in names]
        said = f"largest {max(found):.1%}, n = {totals[origin]:,}"
        spread.append(f"{origin} {evenness(found):.3f} ({said})")
    note = (
        "Share of each key among the attribute values of the pool, and among the conditions that "
        f"were sampled from it; the {len(top)} most frequent keys of the pool. Evenness (entropy "
        f"over that of {len(names)} equally frequent keys): {', '.join(spread)}."
    )
    return PagePart(
        "Keys before and after sampling", note, "bars", "key", tuple(origins), lines, whole=True
    )


def describe_flows(rows: Rows) -> Chapter:
    """From references to answers by language, country and class (Figs. 25 to 27)."""
    parts = []
    for side in dict.fromkeys(r["side"] for r in rows):
        mine = [r for r in rows if r["side"] == side]
        flows = {(r["reference"], r["answer"]): r["references"] for r in mine}
        if {name for pair in flows for name in pair} == {UNSAID}:
            continue
        total = sum(flows.values())
        same = sum(n for (a, b), n in flows.items() if a == b) / total
        alt = f"Flow of {total:,.0f} references to the {side} of their answers; {same:.1%} stay."
        title = f"{side.capitalize()} of reference and answer"
        note = f"{same:.1%} stays within one {side}. n = {total:,.0f} references."
        svg = draw_sankey([flows], alt, ("references", "answers"))
        table = grid_of(mine, "reference", "answer", "references", title, "")
        parts.append(PagePart(title, note, "chart", svg=svg, table=table))
    note = "Every reference of a query weighs 1, split evenly over the query's answers."
    return Chapter("flows", "Flows from references to answers", note, parts)


def describe_lengths(rows: Rows) -> Chapter:
    """Distributions of lengths and counts (Figs. 35 and 36)."""
    parts = []
    for what, about in LENGTHS.items():
        counts = {r["length"]: r["count"] for r in rows if r["what"] == what}
        if len(counts) > 1:
            parts.append(draw_lengths(what, about, counts))
    return Chapter("lengths", "Lengths and counts", "", parts)


def describe_funnel(funnel: Mapping[str, Mapping[str, int]]) -> Chapter:
    """What became of proposals, method by method."""
    parts = []
    for method, steps in funnel.items():
        ends = {step: n for step, n in steps.items() if step != "proposed" and n}
        if not ends:
            continue
        whole = sum(ends.values())
        share = ends.get("accepted", 0) / whole
        title = f"Proposals of {method}"
        note = f"{share:.2%} are accepted; the others stop at the rule named. n = {whole:,}."
        svg = draw_sankey([{("proposed", step): n for step, n in ends.items()}], f"{title}. {note}")
        table = bars_of(ends, title, "", "ends at", "proposals", len(ends))
        parts.append(PagePart(title, note, "chart", svg=svg, table=table))
    return Chapter("funnel", "What became of proposals", "", parts)


def describe_problems(rows: Rows) -> Chapter:
    """What is missing or contradicts itself."""
    counts = {r["problem"]: r["count"] for r in rows}
    if not counts:
        return Chapter("problems", "Problems", "", ())
    most = max(counts.values())
    lines = [BarRow(p, (BarCell(f"{n:,}", round(100 * n / most, 2)),)) for p, n in counts.items()]
    part = PagePart("", "", "bars", "problem", ("count",), lines, whole=True)
    return Chapter("problems", "Problems", "What is missing or contradicts itself.", (part,))
