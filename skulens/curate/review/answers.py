"""Label Studio's exports -> what each person said of each query; whatever does not fit is a reject.

Read are JSON (all of a task: data, annotations, who and when) and JSON-MIN (one flat object for
each annotation). A task that is not of this folder, of a query that has changed since, unfinished
or contradictory becomes a reject row; the others are used.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from skulens.curate.review.form import (
    COMMENT,
    DECISION,
    DECISIONS,
    FITS,
    NO,
    REWRITE,
    YES,
    Decision,
)
from skulens.curate.review.words import digest_of
from skulens.errors import DataError
from skulens.records import Query, Reject

LARGEST = 1 << 30
"""Bytes of an export that are read; pictures may be embedded in it."""
_FITS = re.compile(rf"{FITS}_(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said of one query."""

    query: str
    annotator: str
    """Label Studio's number of the person, or the name given to the export; no e-mail address."""
    round: int
    decision: Decision
    words: str
    """Of a rewrite; else empty."""
    fits: Mapping[str, bool]
    """Product -> satisfies all conditions; products that were left open are missing."""
    comment: str
    at: str
    """Time of the last change, as Label Studio writes it; such times sort as texts."""
    seconds: float | None
    source: str
    """Export and task."""


class Misfit(DataError):
    """A task or annotation that cannot be used; `todo` says what to do."""

    def __init__(self, reason: str, todo: str):
        super().__init__(reason)
        self.todo = todo


def read_exports(
    paths: Iterable[Path], queries: Mapping[str, Query], names: Mapping[Path, str]
) -> tuple[list[Answer], list[Reject]]:
    """The usable answers of all exports; of one person on one query in one round the latest.

    Args:
        names: export -> name of the one person who filled it.
    Raises:
        DataError: a file is no export at all.
    """
    found: dict[tuple[str, str, int], Answer] = {}
    rejects: list[Reject] = []
    for path in paths:
        for number, task in enumerate(read_tasks(path), 1):
            source = f"{path.name}, task {number}"
            try:
                checked = check_task(task, queries)
            except Misfit as e:
                rejects.append(Reject(source, name_of(task), str(e), e.todo))
                continue
            for given in annotations_of(checked, source, rejects):
                try:
                    answer = read_annotation(checked, given, source, names.get(path))
                except Misfit as e:
                    rejects.append(Reject(source, name_of(task), str(e), e.todo))
                    continue
                keep_latest(found, answer, rejects)
    return list(found.values()), rejects


def keep_latest(
    found: dict[tuple[str, str, int], Answer], answer: Answer, rejects: list[Reject]
) -> None:
    key = (answer.query, answer.annotator, answer.round)
    older = found.get(key)
    if older is None:
        found[key] = answer
        return
    found[key], old = (answer, older) if answer.at > older.at else (older, answer)
    reason = f"annotator {old.annotator} judged it again at {found[key].at}"
    rejects.append(Reject(old.source, old.query, reason, "nothing; the latest answer counts"))


# ----- files ----------------------------------------------------------------------------------


def read_tasks(path: Path) -> list[Any]:
    """The tasks of an export. Raises DataError for a file that is none."""
    expected = "export the project from Label Studio as JSON or JSON-MIN"
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(
                f"{path} has more than {LARGEST >> 20} MB; export fewer tasks at a time"
            )
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as e:
        raise DataError(f"{path} cannot be read: {e.strerror or e}") from None
    except (ValueError, RecursionError) as e:
        raise DataError(f"{path} is no JSON ({e}); {expected}") from None
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not found:
        raise DataError(f"{path} holds no list of tasks; {expected}")
    return found


def name_of(task: object) -> str:
    """What a reject calls a task: its query, else its number in Label Studio."""
    data = task.get("data", task) if isinstance(task, dict) else {}
    data = data if isinstance(data, dict) else {}
    number = task.get("id") if isinstance(task, dict) else None
    return str(data.get("query_id") or (f"task {number}" if number is not None else ""))[:80]


# ----- tasks ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """A task of this folder."""

    query: str
    round: int
    candidates: tuple[str, ...]
    raw: Mapping[str, Any]
    flat: bool
    """JSON-MIN: the task is the annotation."""


def check_task(task: object, queries: Mapping[str, Query]) -> Checked:
    """Raises Misfit for a task that is not of this folder, or no longer."""
    if not isinstance(task, dict):
        raise Misfit(f"a task is a {type(task).__name__}", "export again as JSON")
    flat = "data" not in task
    data = task if flat else task["data"]
    if not isinstance(data, dict) or not isinstance(data.get("query_id"), str):
        raise Misfit(
            "the task has no query_id", "give an export of tasks of `curate review-export`"
        )
    query = queries.get(data["query_id"])
    if query is None:
        raise Misfit("no query of the folder has this id", "give the folder that was exported")
    if data.get("digest") != digest_of(query):
        raise Misfit("the query has changed since it was exported", "export and judge it again")
    listed = data.get("candidates")
    if not isinstance(listed, list) or not all(
        isinstance(c, dict) and isinstance(c.get("id"), str) for c in listed
    ):
        raise Misfit("the task lacks its candidates", "export again with all data of the tasks")
    number = data.get("round")
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise Misfit(f"the round is {number!r}", "export and judge it again")
    return Checked(query.id, number, tuple(c["id"] for c in listed), task, flat)


def annotations_of(
    task: Checked, source: str, rejects: list[Reject]
) -> Iterator[Mapping[str, Any]]:
    """Annotations that somebody finished; the others are rejects."""
    if task.flat:
        yield task.raw
        return
    listed = task.raw.get("annotations")
    if not isinstance(listed, list) or not listed:
        rejects.append(Reject(source, task.query, "nobody judged it", "finish it in Label Studio"))
        return
    for given in listed:
        if not isinstance(given, dict):
            rejects.append(
                Reject(source, task.query, "an annotation is not an object", "export again")
            )
        elif given.get("was_cancelled"):
            who = annotator_of(given)
            rejects.append(
                Reject(source, task.query, f"annotator {who} skipped it", "nothing, or judge it")
            )
        else:
            yield given


def annotator_of(given: Mapping[str, Any]) -> str:
    """The number of the person; exports give it alone or in an object with the e-mail address."""
    who = given.get("completed_by", given.get("annotator"))
    if isinstance(who, dict):
        who = who.get("id")
    return str(who) if isinstance(who, (int, str)) and "@" not in str(who) else "unknown"


# ----- annotations ----------------------------------------------------------------------------


def read_annotation(
    task: Checked, given: Mapping[str, Any], source: str, name: str | None
) -> Answer:
    """What a person said. Raises Misfit where it contradicts itself or the form."""
    said = dict(read_flat(task.raw) if task.flat else read_result(given.get("result")))
    decision = one_of(said, DECISION, DECISIONS)
    if decision is None:
        raise Misfit("no decision was made", "decide it in Label Studio")
    fits = {}
    for key in said:
        if not (found := _FITS.fullmatch(key)):
            continue
        number = int(found[1])
        if number >= len(task.candidates):
            raise Misfit(f"{key} is of no candidate of the task", "export again as JSON")
        fits[task.candidates[number]] = one_of(said, key, (YES, NO)) == YES
    words = "\n".join(said.get(REWRITE, ())).strip()
    if decision == "rewrite" and not words:
        raise Misfit(
            "it is to be rewritten and no words are given", "write them, or choose another"
        )
    seconds = given.get("lead_time")
    return Answer(
        task.query,
        name or annotator_of(given),
        task.round,
        cast(Decision, decision),
        words if decision == "rewrite" else "",
        fits,
        "\n".join(said.get(COMMENT, ())).strip(),
        str(given.get("updated_at") or given.get("created_at") or ""),
        float(seconds) if isinstance(seconds, (int, float)) else None,
        source,
    )


def one_of(said: Mapping[str, list[str]], key: str, allowed: Iterable[str]) -> str | None:
    """The one choice of a control, or None. Raises Misfit for several or others."""
    chosen = list(dict.fromkeys(said.get(key, ())))
    if not chosen:
        return None
    if len(chosen) > 1 or chosen[0] not in allowed:
        raise Misfit(
            f"{key} is {' and '.join(map(repr, chosen))[:80]}",
            f"choose one of {', '.join(allowed)}",
        )
    return chosen[0]


def read_result(result: object) -> Iterator[tuple[str, list[str]]]:
    """(control, its choices or texts). Raises Misfit for what is no result of the form."""
    if not isinstance(result, list):
        raise Misfit("the annotation has no result", "export again as JSON")
    for entry in result:
        value = entry.get("value") if isinstance(entry, dict) else None
        name = entry.get("from_name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not isinstance(value, dict) or not is_ours(name):
            raise Misfit(f"{name!r} is no control of the form", "use the labeling config exported")
        yield name, texts_of(value.get("choices", value.get("text")))


def read_flat(task: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The same of JSON-MIN: a choice is its word, or {"choices": [...]} where there are several."""
    for name, value in task.items():
        if is_ours(name) and value not in (None, ""):
            yield name, texts_of(value.get("choices") if isinstance(value, dict) else value)


def is_ours(name: str) -> bool:
    return name in (DECISION, REWRITE, COMMENT) or _FITS.fullmatch(name) is not None


def texts_of(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) for v in listed):
        raise Misfit(f"an answer is {value!r}"[:80], "export again as JSON")
    return cast(list[str], listed)
