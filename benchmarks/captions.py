"""What do the checks of captions find in captions that are published, and in those that we made?

Captions that a catalogue has (`--published openmpr`: role "caption") are checked against the texts
that they were made of; folders of `skulens curate captions` are read as they are. Of each the table
says how many fit, how many pass everything, and what fails. `--by-hand FILE` sets beside each check
how many of its findings a person found right: a JSON list of {"set", "check", "looked_at", "right",
"seed"}. Texts of catalogues are never stored here, ids neither.

Limits of speed: the tokenizers, and looking for capitalised words in other spellings (rapidfuzz over
all words of a source).

    python -m benchmarks.captions --published openmpr --made OUT --by-hand seen.json
"""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common import report
from skulens.catalog.open import open_catalog
from skulens.cli.audit import open_clip_counter
from skulens.curate.captions.checks import Counter as Counted
from skulens.curate.captions.checks import Rules, Source, check_caption, failures
from skulens.curate.captions.files import read_captions, read_record
from skulens.curate.captions.reviewing import binomial_interval
from skulens.curate.captions.sources import Settings, choose_roles, make_source

CLIP = "ViT-B-32/openai"


def published(data: str, role: str, counters: dict[str, Counted]) -> Iterator[dict]:
    """Rows as of captions.parquet: of the captions that a catalogue has."""
    catalog = open_catalog(data)
    products = list(catalog.products())
    roles = choose_roles(Settings(), catalog.info, products[0].texts)
    rules = Rules(counters, "The product is")
    for product in products:
        caption, source = product.text(role), make_source(product, *roles)
        if caption and source:
            checks = check_caption(caption, source, rules)
            yield {
                "state": "marked" if failures(checks) else "pass",
                "caption": caption,
                "checks": [{"check": c.name, "verdict": c.verdict} for c in checks],
                "tokens": [
                    {"after": count(caption), "before": count(source.text), "limit": most}
                    for count, most in counters.values()
                ],
            }


def sum_up(name: str, rows: list[dict], seconds: float | None = None) -> dict:
    """A line of the table."""
    able = [r for r in rows if r["caption"]]
    fit = sum(all(t["after"] <= t["limit"] for t in r["tokens"]) for r in able)
    passed = sum(r["state"] == "pass" for r in able)
    low, high = binomial_interval(passed, len(able))
    tokens = [r["tokens"][0]["after"] for r in able] or [0]
    return {
        "captions": name,
        "products": len(rows),
        "without": len(rows) - len(able),
        "fit": fit,
        "tokens": f"{statistics.median(tokens):.0f} ({min(tokens)} to {max(tokens)})",
        "pass all": passed,
        "share, 95 %": f"{passed / max(len(able), 1):.3f} [{low:.3f}, {high:.3f}]",
        "checked/s": round(len(rows) / seconds, 1) if seconds else "-",
    }


def count_checks(name: str, rows: list[dict], seen: list[dict]) -> list[dict]:
    """A line for each check: what it found, and how much of that a person found right."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for check in row["checks"]:
            counts.setdefault(check["check"], Counter())[check["verdict"]] += 1
    lines = []
    for check, verdicts in counts.items():
        mine = next((s for s in seen if s["set"] == name and s["check"] == check), None)
        line = {"captions": name, "check": check}
        line |= {v: verdicts[v] for v in ("pass", "fail", "none")}
        if mine:
            low, high = binomial_interval(mine["right"], mine["looked_at"])
            line |= {"by hand": f"{mine['right']} of {mine['looked_at']} right"}
            line |= {"precision": [round(low, 3), round(high, 3)], "seed": mine["seed"]}
        lines.append(line)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", help="a catalogue whose texts have captions")
    parser.add_argument("--role", default="caption")
    parser.add_argument("--made", type=Path, nargs="*", default=[])
    parser.add_argument("--by-hand", type=Path)
    parser.add_argument("--save", action="store_true")
    chosen = parser.parse_args()
    seen = json.loads(chosen.by_hand.read_text()) if chosen.by_hand else []
    rows, cells, settings = [], [], {}
    if chosen.published:
        counters = {CLIP: open_clip_counter(CLIP)}
        check_caption(
            "The product is 1 g.", Source("any", "1 g"), Rules(counters)
        )  # pint and rapidfuzz load
        start = time.perf_counter()
        found = list(published(chosen.published, chosen.role, counters))
        name = f"{chosen.published}, published"
        rows.append(sum_up(name, found, time.perf_counter() - start))
        cells += count_checks(name, found, seen)
    for folder in chosen.made:
        record, found = read_record(folder), read_captions(folder)
        name = f"{record['data']['name']}, {record['engine']}, {folder.name}"
        rows.append(sum_up(name, found))
        cells += count_checks(name, found, seen)
        keys = ("prompt", "limits", "settings", "sample", "seed", "states", "passed_at_attempt",
                "errors", "captions_equal_to_another")  # fmt: skip
        settings[name] = {k: record[k] for k in keys}
    report("captions", rows, settings, chosen.save, cells)


if __name__ == "__main__":
    main()
