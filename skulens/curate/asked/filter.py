"""Queries that break one of three principles are taken out (MERIT A.4.1), each with its reasons.

The catalogue decides what it knows (`principles`); a model is asked about the rest, or about all,
and then it is counted how often the two agree. Where both have a verdict the catalogue's counts. The
authors keep a query if the model's answer contains the letter y; here each principle is a truth
value in JSON, and anything else is no answer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from skulens.curate.asked.folders import made_by, read_queries, write_queries
from skulens.curate.asked.principles import (
    PRINCIPLES,
    Facts,
    Finding,
    Principle,
    judge_query,
)
from skulens.curate.asked.rounds import RETRIES, Judged, Rounds, Settled
from skulens.curate.asked.saying import CATALOGUE_LANGUAGE
from skulens.curate.asked.tagged import Tagged, read_tagged
from skulens.curate.queries.make import claim_folder
from skulens.errors import DataError
from skulens.evaluate.intervals import Grouped, Interval, intervals
from skulens.prompts.load import Prompt, load_prompt
from skulens.protocols import Ask, Catalog, Chat, Reply
from skulens.records import Image, Query, Reject, chunks

PROMPT = "merit_filter"
TABLE, RECORD = "filtering.parquet", "filtering.json"
CHUNK = 20_000
State = Literal["kept", "dropped", "undecided"]
STATES: tuple[State, ...] = ("kept", "dropped", "undecided")


@dataclass(frozen=True)
class Plan:
    """How queries are filtered."""

    ask_all: bool = False
    """Ask about queries that the catalogue decides, too, to see whether the model agrees."""
    keep_undecided: bool = False
    """Keep queries on which neither the catalogue nor the model gives a verdict."""
    language: str = CATALOGUE_LANGUAGE
    """Of the attributes' values."""
    retries: int = RETRIES


Said = Mapping[Principle, Finding]


@dataclass(frozen=True, slots=True)
class Filtered:
    """A query with what is said of it.

    Attributes:
        model: empty where no model was asked or none answered.
        problem: why a model that was asked gave no verdict.
    """

    query: Query
    catalogue: Said
    model: Said = field(default_factory=dict)
    problem: str = ""

    @property
    def final(self) -> dict[Principle, tuple[Finding, str]]:
        """Principle -> (the finding that counts, whose it is)."""
        found: dict[Principle, tuple[Finding, str]] = {}
        for principle in PRINCIPLES:
            known = self.catalogue[principle]
            if known.verdict == "unknown" and principle in self.model:
                found[principle] = self.model[principle], "model"
            else:
                found[principle] = known, "catalogue"
        return found

    @property
    def state(self) -> State:
        verdicts = {finding.verdict for finding, _ in self.final.values()}
        if "fails" in verdicts:
            return "dropped"
        return "undecided" if "unknown" in verdicts else "kept"

    @property
    def reasons(self) -> str:
        """Of what fails or is unknown."""
        return "; ".join(
            f"{principle} {f.verdict}: {f.reason} ({whose})"
            for principle, (f, whose) in self.final.items()
            if f.verdict != "holds"
        )


@dataclass(frozen=True)
class ModelAgreement:
    """How often the model says of a principle what the catalogue says.

    Attributes:
        counts: (the catalogue's verdict, the model's) -> queries; only where both have one.
        agrees: share of equal verdicts, over groups of queries (SPUs).
        caught: of queries that fail by the catalogue, the share that fails by the model.
        passed: of queries that hold by the catalogue, the share that holds by the model.
    """

    principle: Principle
    counts: Mapping[tuple[str, str], int]
    agrees: Interval
    caught: Interval
    passed: Interval

    def as_dict(self) -> dict[str, Any]:
        return {
            "counts": {f"{ours}/{theirs}": n for (ours, theirs), n in self.counts.items()},
            "agrees": self.agrees.as_dict(),
            "caught": self.caught.as_dict(),
            "passed": self.passed.as_dict(),
        }


@dataclass(frozen=True)
class Filtering:
    """What a filter made."""

    folder: Path
    queries: Sequence[Filtered]
    agreements: Sequence[ModelAgreement]
    """Of principles on which both have verdicts."""
    rejects: Sequence[Reject]

    @property
    def states(self) -> Counter[str]:
        return Counter(f.state for f in self.queries)


def filter_catalog(
    catalog: Catalog, chat: Chat | None, out: Path, plan: Plan = Plan()
) -> Filtering:
    """Filter all queries of a catalogue and write those kept with its products to `out`.

    Args:
        chat: asked where the catalogue does not know; None: nobody.
    Raises:
        StoreError: `out` holds a catalogue already.
        DataError: no query has conditions.
        Unanswered, ChatError: see `Rounds.ask`; nothing is written, and what was answered is kept.
    """
    with claim_folder(out):
        queried = read_queries(catalog)
        asked = [q for q in queried.queries if q.conditions]
        done, rejects = filter_queries(asked, Facts(queried.products, plan.language), chat, plan)
        wanted = {"kept", "undecided"} if plan.keep_undecided else {"kept"}
        kept = {f.query.id for f in done if f.state in wanted}
        rejects += [reject_of(f) for f in done if f.query.id not in kept]
        others = {q.id for q in queried.queries if not q.conditions}
        result = Filtering(out, done, compare(done), (*queried.rejects, *rejects))
        prompt = load_prompt(PROMPT)
        write_queries(
            queried,
            [q for q in queried.queries if q.id in kept | others],
            out,
            (TABLE, [row_of(f, chat, prompt) for f in done]),
            (RECORD, record_of(result, chat, prompt, plan)),
            rejects,
        )
    return result


def filter_queries(
    queries: Sequence[Query], facts: Facts, chat: Chat | None, plan: Plan = Plan()
) -> tuple[list[Filtered], list[Reject]]:
    """What is said of each query, in their order; queries that cannot be read are rejects."""
    done: list[Filtered] = []
    rejects: list[Reject] = []
    texts: dict[str, Tagged] = {}
    for query in queries:
        try:
            texts[query.id] = read_tagged(query)
        except DataError as e:
            rejects.append(Reject("queries", query.id, str(e), "give its products tags"))
            continue
        done.append(Filtered(query, judge_query(query, texts[query.id], facts)))
    if chat is None:
        return done, rejects
    asker = ModelFilter(Rounds(chat, plan.retries), facts)
    needed = [f for f in done if plan.ask_all or "unknown" in verdicts_of(f)]
    answered = {f.query.id: f for f in asker.ask(needed, texts)}
    return [answered.get(f.query.id, f) for f in done], rejects


def verdicts_of(filtered: Filtered) -> set[str]:
    return {f.verdict for f in filtered.catalogue.values()}


class ModelFilter:
    """Asks a model about queries, each with its first answer as the positive sample."""

    def __init__(self, rounds: Rounds, facts: Facts):
        self.rounds, self.facts, self.prompt = rounds, facts, load_prompt(PROMPT)

    def ask(self, filtered: Sequence[Filtered], texts: Mapping[str, Tagged]) -> list[Filtered]:
        """The same with the model's verdicts, or why there are none."""
        found: list[Filtered] = []
        for chunk in chunks(filtered, CHUNK):
            asks: dict[str, Ask] = {}
            problems: dict[str, str] = {}
            for one in chunk:
                try:
                    asks[one.query.id] = self.make_question(one.query, texts[one.query.id])
                except DataError as e:
                    problems[one.query.id] = str(e)
            settled = self.rounds.ask(asks, judge_principles)
            found += [
                replace(one, problem=problems[one.query.id])
                if one.query.id in problems
                else take(one, settled[one.query.id])
                for one in chunk
            ]
        return found

    def make_question(self, query: Query, text: Tagged) -> Ask:
        """Raises DataError for a query without answer or with fewer than two pictures to show."""
        if not query.answers:
            raise DataError("the query has no answer")
        answer = self.facts.products.get(query.answers[0])
        if answer is None or not answer.images:
            raise DataError(f"answer {query.answers[0]!r} has no picture to show")
        shown = [p for p in query.item.parts if isinstance(p, Image)]
        title = answer.title or "(none)"
        return self.prompt.ask(
            query.id, [*shown, answer.images[0]], stage="filter", query=text.whole, title=title
        )


def judge_principles(_name: str, reply: Reply) -> Judged[dict[Principle, Finding]]:
    """The answer of `merit_filter`: a truth value and a reason for each principle."""
    said = reply.value if isinstance(reply.value, dict) else {}
    found: dict[Principle, Finding] = {}
    for principle in PRINCIPLES:
        holds = said.get(principle)
        if not isinstance(holds, bool):
            return Judged(problems=(f"{principle} has to be true or false",))
        reason = " ".join(str(said.get(f"{principle}_reason") or "").split())
        found[principle] = Finding("holds" if holds else "fails", reason)
    return Judged(found)


def take(filtered: Filtered, settled: Settled[dict[Principle, Finding]]) -> Filtered:
    if settled.value is None:
        return replace(filtered, problem=settled.reason)
    return replace(filtered, model=settled.value)


# ----- agreement ----------------------------------------------------------------------------------


def compare(filtered: Sequence[Filtered]) -> list[ModelAgreement]:
    """Agreement of model and catalogue on each principle on which both have a verdict."""
    found = []
    for principle in PRINCIPLES:
        both = [
            (
                f.catalogue[principle].verdict,
                f.model[principle].verdict,
                f.query.group or f.query.id,
            )
            for f in filtered
            if principle in f.model and f.catalogue[principle].verdict != "unknown"
        ]
        if both:
            found.append(agree(principle, both))
    return found


def agree(principle: Principle, both: Sequence[tuple[str, str, str]]) -> ModelAgreement:
    """From (the catalogue's verdict, the model's, group) of each query."""
    ours, theirs = (np.array([b[i] for b in both]) for i in (0, 1))
    equal = (ours == theirs).astype(np.float64)
    values = np.stack(
        [equal, np.where(ours == "fails", equal, np.nan), np.where(ours == "holds", equal, np.nan)],
        axis=1,
    )  # (queries, 3)
    groups = np.unique([b[2] for b in both], return_inverse=True)[1]
    return ModelAgreement(
        principle,
        Counter((a, b) for a, b, _ in both),
        *intervals(Grouped.of(values, groups).micro()),
    )


# ----- the folder ---------------------------------------------------------------------------------


def reject_of(filtered: Filtered) -> Reject:
    """The row of a query that was not kept."""
    reason = filtered.reasons
    if filtered.problem:
        reason += f"; the model: {filtered.problem}"
    todo = "correct or delete it" if filtered.state == "dropped" else "ask a model, or by hand"
    return Reject("filter", filtered.query.id, reason, todo)


def row_of(filtered: Filtered, chat: Chat | None, prompt: Prompt) -> dict[str, Any]:
    """What is said of a query."""
    row: dict[str, Any] = {"query_id": filtered.query.id, "state": filtered.state}
    for principle in PRINCIPLES:
        ours, theirs = filtered.catalogue[principle], filtered.model.get(principle)
        row |= {
            f"{principle}_catalogue": ours.verdict,
            f"{principle}_catalogue_reason": ours.reason,
            f"{principle}_model": theirs.verdict if theirs else None,
            f"{principle}_model_reason": theirs.reason if theirs else None,
        }
    asked = bool(filtered.model or filtered.problem)
    return row | {
        "reasons": filtered.reasons,
        "problem": filtered.problem,
        "prompt": f"{prompt.name}.v{prompt.version}" if asked else None,
        "prompt_sha256": prompt.sha256 if asked else None,
        **made_by(chat if asked else None),
    }


def record_of(result: Filtering, chat: Chat | None, prompt: Prompt, plan: Plan) -> dict[str, Any]:
    failing = Counter(
        f"{principle}: {whose}"
        for f in result.queries
        for principle, (finding, whose) in f.final.items()
        if finding.verdict == "fails"
    )
    return {
        "prompt": f"{prompt.name}.v{prompt.version}",
        "prompt_sha256": prompt.sha256,
        **made_by(chat),
        "ask_all": plan.ask_all,
        "keep_undecided": plan.keep_undecided,
        "language": plan.language,
        "states": {s: result.states[s] for s in STATES},
        "failing": dict(failing),
        "agreement": {a.principle: a.as_dict() for a in result.agreements},
        "rejects": len(result.rejects),
    }
