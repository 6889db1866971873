"""What does the reader of labels get right on real photos, field by field, and can its verdicts be trusted?

One row per dataset, then one per field (in the result file, and with --fields on the terminal): precision,
recall and F1 of the claims, shares of VC, VI and U, how many of the confirmed values that gold can judge
are right, confirmed values per photo, and values claimed or confirmed where a person sees none. Intervals
are over photographed objects. `--show N` prints confirmed values that gold says are wrong, so that a person
can look at the photo: gold was read by one person.

Limits of speed: reading the text, which is cached.

    python -m benchmarks.labels_photos [--data packages] [--system labels] [--show 40] [--save]
"""

import argparse
import math

from benchmarks.common import report
from skulens.bench.result import Result
from skulens.bench.run import run_suite
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.claims import Claim
from skulens.evaluate.claims import match
from skulens.evaluate.intervals import Interval
from skulens.files import cache_folder

DATA = ("packages", "product_labels", "packaging", "barcodes")
WHOLE = ("precision", "recall", "f1", "vc", "vi", "u", "vc_precision", "vc_recall", "vc_per_item",
         "invented", "invented_vc", "reference_gap", "cer", "line_recall")  # fmt: skip
BY_FIELD = (
    "precision",
    "recall",
    "f1",
    "vc",
    "vi",
    "u",
    "vc_precision",
    "vc_recall",
    "invented_vc",
)


def write(found: Interval | None) -> str:
    """ "0.937 [0.839, 0.965]"; "-" where nothing is known."""
    if found is None or math.isnan(found.value):
        return "-"
    if math.isnan(found.low):
        return f"{found.value:.3f}"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def row_of(data: str, result: Result) -> dict[str, object]:
    about: dict[str, object] = {"data": data, "system": result.name}
    counts = ("claims", "VC", "VI", "U", "wrong_VC", "invented_VC", "rejects")
    about |= {name: result.counts.get(name, 0) for name in counts}
    return about | {name: write(result.metrics.get(name)) for name in WHOLE}


def rows_of_fields(data: str, result: Result) -> list[dict[str, object]]:
    by_field = result.slices.get("field", {})
    return [
        {"data": data, "system": result.name, "field": field}
        | {name: write(metrics.get(name)) for name in BY_FIELD}
        for field, metrics in sorted(by_field.items())
    ]


def print_wrong(data: str, catalog, result: Result, most: int) -> None:
    """Confirmed values that gold calls wrong or invented, with the quote."""
    from skulens.catalog.claims import read_evidence

    claims = [
        Claim(
            c["item"],
            c["field"],
            c["value"],
            c["unit"],
            c["language"],
            read_evidence(c["evidence"]),
            n=c["n"],
        )
        for c in result.tables["claims"].to_pylist()
    ]
    gold = list(catalog.gold())
    labels = {v["id"]: v["label"] for v in result.tables["verdicts"].to_pylist()}
    matched = match(claims, gold)
    true: dict[tuple[str, str], list[str]] = {}
    for row in gold:
        true.setdefault((row.item, row.field), []).extend(row.values[:1])
    shown = 0
    for claim, outcome in zip(claims, matched.outcomes, strict=True):
        if labels[claim.id] == "VC" and outcome in ("wrong", "invented") and shown < most:
            shown += 1
            quote = " / ".join(e.quote for e in claim.evidence)[:90]
            print(data, outcome, claim.item, claim.field, repr(claim.value), "quote", repr(quote),
                  "gold", true.get((claim.item, claim.field), [])[:6])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append")
    parser.add_argument("--system", action="append")
    parser.add_argument("--least", type=int, default=1, help="gold values of a field to be shown")
    parser.add_argument("--limit", type=int, default=0, help="products of each; 0 is all")
    parser.add_argument("--fields", action="store_true", help="print the rows by field, too")
    parser.add_argument("--show", type=int, default=0, help="wrong confirmed values to print")
    parser.add_argument("--save", action="store_true", help="write the result file")
    asked = parser.parse_args()
    rows, fields = [], []
    for data in asked.data or DATA:
        catalog = open_catalog(data)
        systems = asked.system or (["bars", "zxing"] if data == "barcodes" else ["labels"])
        settings = {"least": asked.least, "limit": asked.limit} | (
            {"text": "none"} if data == "barcodes" else {}
        )
        tools = Tools(cache=cache_folder())
        for result in run_suite(
            "labels", catalog, systems, settings, data=data, tools=tools
        ).results:
            rows.append(row_of(data, result))
            fields += rows_of_fields(data, result)
            if asked.show:
                print_wrong(data, catalog, result, asked.show)
    if asked.fields:
        for one in fields:
            print(one)
    report("labels_photos", rows, {"least": asked.least}, asked.save, fields)


if __name__ == "__main__":
    main()
