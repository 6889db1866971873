"""How many facts of labels do the verifiers decide, and how many of the decided rightly?

The procedural shop prints labels in five languages and knows what it printed and what is legible.
Every legible fact (`legible == "yes"`) becomes two claims: the true one, as a seller of that market
would write it, and a planted wrong one. A planted identifier has one character changed (of a GTIN
the check digit is made right again); other planted values are those of another product for the same
field. A verdict of VC or VI is a decision; VC is right of a true claim, VI of a planted one.

What a seller writes: of worded fields the words as printed, of all others the shop's own form (ISO
dates, codes of countries, amounts with units). These labels are drawn, not photographed: the figures
say what the rules do where letters are clear, and nothing about real photos (see `labels_photos`).

Limits of speed: reading the text (about a second a picture), which is cached.

    python -m benchmarks.labels_shop --shop DIR [--skus 120] [--seed 21]
"""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from stdnum import ean

from benchmarks.common import report
from skulens.catalog.open import open_catalog
from skulens.claims import Claim, Gold, Verdict
from skulens.evaluate.scores import Scores
from skulens.files import cache_folder
from skulens.protocols import TrueCatalog
from skulens.records import Product
from skulens.values.fields import find_field
from skulens.verify.chain import verify_claims
from skulens.verify.checks.text import WORDED
from skulens.verify.look import Looker
from skulens.verify.text import open_text_reader

LANGUAGES = ("en", "id", "ms", "vi", "th")
IDENTIFIERS = "identifiers."
OTHERS = {"0": "O", "O": "0", "1": "7", "8": "B", "B": "8", "5": "S", "S": "5", "2": "Z"}


@dataclass(frozen=True)
class Case:
    """A claim and whether it is true."""

    claim: Claim
    true: bool
    group: str
    language: str


def languages_of_labels(shop: Path) -> dict[str, str]:
    table = pq.read_table(shop / "labels.parquet", columns=["id", "language"])
    return dict(zip(*(table.column(c).to_pylist() for c in ("id", "language")), strict=True))


def written(gold: Gold) -> str:
    """The value as a seller of the market writes it."""
    worded = find_field(gold.field).type in (*WORDED, "size")
    return gold.values[1] if worded and len(gold.values) > 1 else gold.values[0]


def spoil(value: str, field: str, draw: random.Random) -> str:
    """An identifier with one character changed."""
    if field == "identifiers.gtin":
        digits = list(value)
        at = draw.randrange(1, len(digits) - 1)
        digits[at] = str((int(digits[at]) + draw.randrange(1, 10)) % 10)
        body = "".join(digits[:-1])
        return body + ean.calc_check_digit(body)
    at = draw.choice([i for i, c in enumerate(value) if c.isalnum()])
    other = OTHERS.get(value[at]) or ("X" if value[at] != "X" else "Y")
    return value[:at] + other + value[at + 1 :]


def plant(gold: Gold, truths: set[str], values: list[str], draw: random.Random) -> str | None:
    """A wrong value of the same field; None where there is no other."""
    if gold.field.startswith(IDENTIFIERS):
        return spoil(gold.values[0], gold.field, draw)
    form = find_field(gold.field).normalise
    others = sorted({v for v in values if form(v) not in truths})
    return draw.choice(others) if others else None


def make_cases(catalog: TrueCatalog, languages: dict[str, str], seed: int) -> Iterator[Case]:
    gold = [g for g in catalog.gold() if g.values and g.item in languages]
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    truths: dict[tuple[str, str], set[str]] = defaultdict(set)
    for g in gold:
        values[g.field, languages[g.item]].append(written(g))
        truths[g.item, g.field] |= {find_field(g.field).normalise(v) for v in g.values}
    draw, ns = random.Random(seed), Counter[tuple[str, str]]()
    for g in gold:
        if g.legible != "yes":
            continue
        language, key = languages[g.item], (g.item, g.field)
        true = Claim(g.item, g.field, written(g), language=language, n=ns[key])
        yield Case(true, True, g.group, language)
        wrong = plant(g, truths[key], values[g.field, language], draw)
        if wrong is not None:
            yield Case(replace(true, value=wrong), False, g.group, language)
        ns[key] += 1


def judge_all(
    products: list[Product], cases: list[Case], looker: Looker
) -> Iterator[tuple[Case, Verdict]]:
    by_item: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_item[case.claim.item].append(case)
    for product, seen, _ in looker.look(p for p in products if p.id in by_item):
        mine = by_item[product.id]
        yield from zip(mine, verify_claims([c.claim for c in mine], seen), strict=True)


def score(pairs: list[tuple[Case, Verdict]]) -> Scores:
    """Decided, right of decided, and planted values confirmed, per claim."""
    one = np.ones(len(pairs))
    decided = np.array([v.confident and v.label != "U" for _, v in pairs], float)
    true = np.array([c.true for c, _ in pairs], float)
    vc = np.array([v.label == "VC" for _, v in pairs], float)
    right = decided * np.where(true == 1, vc, 1 - vc)
    identifier = np.array([c.claim.field.startswith(IDENTIFIERS) for c, _ in pairs], float)
    return Scores(
        units=tuple(f"{c.claim.id}{'+' if c.true else '-'}" for c, _ in pairs),
        groups=tuple(c.group for c, _ in pairs),
        top={
            "decided": decided * true, "right_of_decided": right, "true_confirmed": vc * true,
            "planted_confirmed": vc * (1 - true), "planted_refuted": decided * (1 - vc) * (1 - true),
            "planted_identifiers_confirmed": vc * (1 - true) * identifier,
        },
        bottom={
            "decided": true, "right_of_decided": decided, "true_confirmed": true,
            "planted_confirmed": one - true, "planted_refuted": one - true,
            "planted_identifiers_confirmed": (1 - true) * identifier,
        },
        slices={
            "language": np.array([c.language for c, _ in pairs], str),
            "field": np.array([c.claim.field for c, _ in pairs], str),
        },
        unit="claim",
    )  # fmt: skip


def line(name: str, scores: Scores) -> dict[str, object]:
    row: dict[str, object] = {"labels": name, "claims": len(scores.units)}
    for metric in scores.top:
        if not scores.bottom[metric].sum():
            row[metric] = "-"
            continue
        i = scores.measure(metric).interval()
        row[metric] = f"{i.value:.3f} [{i.low:.3f}, {i.high:.3f}]"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shop", type=Path, required=True)
    parser.add_argument("--skus", type=int, default=120)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--reader", default="routed")
    parser.add_argument("--limit", type=int, default=0, help="products with labels; 0 is all")
    parser.add_argument("--show", type=int, default=0, help="wrong decisions to print")
    parser.add_argument("--save", action="store_true", help="write the result file")
    asked = parser.parse_args()
    if not (asked.shop / "world.json").exists():
        command = [sys.executable, "-m", "skulens.cli", "world", "make", str(asked.shop), "--skus",
                   str(asked.skus), "--seed", str(asked.seed), "--views", "label", "--photos", "0"]  # fmt: skip
        subprocess.run(command, check=True)
    catalog, languages = open_catalog(str(asked.shop)), languages_of_labels(asked.shop)
    chosen = {i: code for i, code in languages.items() if code in asked.languages.split(",")}
    chosen = dict(list(chosen.items())[: asked.limit or None])
    cases = list(make_cases(catalog, chosen, asked.seed))
    products = [
        replace(p, language=chosen[p.id], extras={}) for p in catalog.listings() if p.id in chosen
    ]
    reader = open_text_reader(asked.reader)
    start = time.perf_counter()
    pairs = list(judge_all(products, cases, Looker(reader, cache=cache_folder())))
    seconds = time.perf_counter() - start
    scores = score(pairs)
    keep = scores.slices["language"]
    rows = [line(code, scores.take(keep == code)) for code in LANGUAGES if (keep == code).any()]
    latin = np.isin(keep, ["en", "id", "ms"])
    if latin.any():
        rows.insert(0, line("en, id, ms", scores.take(latin)))
    fields = [
        line(name, scores.take(latin & (scores.slices["field"] == name)))
        for name in sorted(set(scores.slices["field"][latin]))
    ]
    wrong = [(c, v) for c, v in pairs if v.confident and v.label == ("VI" if c.true else "VC")]
    for c, v in wrong[: asked.show]:
        quote = [e.quote for e in v.evidence]
        kind = "true" if c.true else "planted"
        print(kind, c.claim.item, c.claim.field, c.claim.value, v.label, v.sub, v.verifier, quote)
    settings = {"reader": reader.info.identity, "skus": asked.skus, "seed": asked.seed,
                "seconds": round(seconds, 1), "pictures": sum(len(p.images) for p in products)}  # fmt: skip
    report("labels_shop", rows, settings, asked.save, fields)


if __name__ == "__main__":
    main()
