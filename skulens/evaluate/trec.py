"""Runs, judgements and numbers as files that other tools read: TREC, CSV, JSON.

`trec_eval` and everything built on it (pytrec_eval, ir_measures, ranx) read the TREC pair, and
give the same numbers: scores are written so that float32 survives (9 digits), and trec_eval
ranks by score, then larger id, as a Run does. It ignores the rank column.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from skulens.errors import DataError
from skulens.evaluate.summaries import Evaluation
from skulens.records import Qrels, Run

Number = TypeVar("Number", int, float)


def write_trec_run(run: Run, path: str | Path, tag: str = "skulens") -> int:
    """Write "query Q0 product rank score tag" lines, best first; returns how many.

    Raises:
        DataError: an id is empty or holds white space, which the format cannot carry.
    """
    for names in (run.queries, run.products, (tag,)):
        _check_ids(names)
    return _write(path, _run_lines(run, tag))


def write_trec_qrels(qrels: Qrels, path: str | Path) -> int:
    """Write "query 0 product grade" lines; returns how many.

    A query without judgements leaves no line, so trec_eval leaves it out, where ours is NaN.
    """
    _check_ids(qrels.queries)
    _check_ids({p for grades in qrels.grades.values() for p in grades})
    return _write(
        path,
        (
            f"{q} 0 {p} {grade}\n"
            for q, grades in qrels.grades.items()
            for p, grade in grades.items()
        ),
    )


def read_trec_run(path: str | Path) -> Run:
    """A run written by us or by anybody; ranked anew by score, as trec_eval does."""
    candidates: dict[str, dict[str, float]] = {}
    for number, words in _rows(path, 6):
        query, _, product, _, score, _ = words
        candidates.setdefault(query, {})[product] = _number(float, score, path, number)
    return Run.of(candidates)


def read_trec_qrels(path: str | Path) -> Qrels:
    """Judgements, in the order of the file."""
    grades: dict[str, dict[str, int]] = {}
    for number, (query, _, product, grade) in _rows(path, 4):
        grades.setdefault(query, {})[product] = _number(int, grade, path, number)
    return Qrels(grades)


def write_csv(evaluation: Evaluation, path: str | Path) -> int:
    """One line per metric: metric, value, low, high, n, groups (empty: unknown); returns their
    number."""
    rows = [{"metric": name, **interval.as_dict()} for name, interval in evaluation.metrics.items()]
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["metric", "value", "low", "high", "n", "groups"])
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def write_per_query_csv(evaluation: Evaluation, path: str | Path) -> int:
    """One line per query with every metric (empty: no relevant product); returns how many."""
    from pyarrow import csv as arrow_csv

    table = evaluation.per_query
    arrow_csv.write_csv(table, str(path))
    return table.num_rows


def write_json(evaluation: Evaluation, path: str | Path) -> None:
    """One JSON object, `Evaluation.as_dict`; unknown numbers are null."""
    text = json.dumps(evaluation.as_dict(), indent=2, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _run_lines(run: Run, tag: str) -> Iterator[str]:
    for query, order, scores in zip(run.queries, run.order, run.scores, strict=True):
        found = zip(order.tolist(), scores.tolist(), strict=True)
        yield "".join(
            f"{query} Q0 {run.products[p]} {rank} {score:.9g} {tag}\n"
            for rank, (p, score) in enumerate(found, 1)
            if p >= 0
        )


def _write(path: str | Path, texts: Iterable[str]) -> int:
    """Write texts of whole lines; returns the number of lines."""
    lines = 0
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for text in texts:
            file.write(text)
            lines += text.count("\n")
    return lines


def _rows(path: str | Path, columns: int) -> Iterator[tuple[int, list[str]]]:
    """(line number, words) of each line that is not blank."""
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if words and len(words) != columns:
                raise DataError(
                    f"{path}, line {number}: expected {columns} columns, got {len(words)}: "
                    f"{line.strip()!r}"
                )
            if words:
                yield number, words


def _number(kind: Callable[[str], Number], text: str, path: str | Path, line: int) -> Number:
    try:
        return kind(text)
    except ValueError:
        raise DataError(
            f"{path}, line {line}: {text!r} is not {'a whole' if kind is int else 'a'} number"
        ) from None


def _check_ids(ids: Iterable[str]) -> None:
    for i in ids:
        if not i or len(i.split()) != 1 or i != i.strip():
            raise DataError(
                f"id {i!r} is empty or holds white space, which TREC files cannot carry; "
                "export CSV or JSON, or rename the ids"
            )
