"""Exports of Label Studio -> rulings -> queries: every decision, every way in which one is wrong."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from skulens.catalog.own import OwnCatalog
from skulens.curate.asked.folders import read_queries
from skulens.curate.queries.split import Plan, split_catalog
from skulens.curate.review.answers import read_exports
from skulens.curate.review.apply import apply_rulings, write_reviewed
from skulens.curate.review.export import export_tasks
from skulens.curate.review.pictures import embed
from skulens.curate.review.rulings import measure_agreement, settle
from skulens.curate.review.words import words_to_rewrite
from skulens.errors import DataError, StoreError
from skulens.records import Image
from tests.curate.queries.asked import write_world
from tests.curate.review.filled import export, fill, flat


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("review")


@pytest.fixture(scope="module")
def queried(place):
    return read_queries(OwnCatalog(write_world(place / "shop", queries=30)))


@pytest.fixture(scope="module")
def queries(queried):
    return {q.id: q for q in queried.queries}


@pytest.fixture(scope="module")
def tasks(queried, place):
    made = export_tasks(queried.queries, queried.products, place / "tasks", embed)
    return {t["data"]["query_id"]: t for t in json.loads(made.files[0].read_text())}


@pytest.fixture
def review(queries, tasks, tmp_path):
    """{query: [annotations]} -> (answers, rejects)."""

    def read(**annotations):
        mine = [tasks[name] for name in annotations]
        path = export(tmp_path / "export.json", mine, **annotations)
        return read_exports([path], queries, {})

    return read


def applied(queries, answers):
    rulings = settle(answers, queries)
    done = apply_rulings(list(queries.values()), rulings)
    return {q.id: q for q in done.queries}, done


def further(task, query):
    """A candidate that is no answer."""
    return next(c["id"] for c in task["data"]["candidates"] if query.relevant.get(c["id"], 0) == 0)


# ----- every decision -------------------------------------------------------------------------


def test_keep_changes_nothing_but_a_tag(queries, tasks, review):
    answers, rejects = review(q1=[fill(tasks["q1"], "keep")])
    after, done = applied(queries, answers)
    assert after["q1"] == replace(queries["q1"], tags={**queries["q1"].tags, "review": "keep"})
    assert after["q2"] == queries["q2"]
    assert done.counts == {"keep": 1, "not reviewed": 29} and rejects == []


def test_rewrite_changes_the_words_and_nothing_else(queries, tasks, review):
    words = tasks["q1"]["data"]["words"].replace("Find a", "I am looking for a")
    answers, _ = review(q1=[fill(tasks["q1"], "rewrite", words=words)])
    after, _ = applied(queries, answers)
    new, old = after["q1"], queries["q1"]
    assert new.item.parts[0].startswith("I am looking for a")
    assert words_to_rewrite(new) == words
    pictures = lambda q: [p for p in q.item.parts if isinstance(p, Image)]  # noqa: E731
    assert pictures(new) == pictures(old)
    assert all(isinstance(new.item.parts[c.part], Image) for c in new.conditions if c.part)
    assert new.relevant == old.relevant and new.tags["review"] == "rewrite"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("</Product 1>", "", "exactly once"),
        ("|image|", "the chair", "has to stand exactly"),
        ("<Product 2>", "<Product 3>", "Product"),
        ("Find", "Find", "the words are those it had"),
    ],
)
def test_rewrites_that_break_the_tags_are_rejects(queries, tasks, review, old, new, reason):
    words = tasks["q1"]["data"]["words"].replace(old, new)
    answers, _ = review(q1=[fill(tasks["q1"], "rewrite", words=words)])
    after, done = applied(queries, answers)
    [reject] = done.rejects
    assert reject.item == "q1" and reason in reject.reason
    assert after["q1"].item == queries["q1"].item
    assert after["q1"].tags["review"] == "disputed"


def test_delete_takes_the_query_out_with_who_and_why(queries, tasks, review):
    answers, _ = review(q1=[fill(tasks["q1"], "delete", comment="nobody asks that", who=7)])
    after, done = applied(queries, answers)
    assert "q1" not in after and len(after) == 29
    [reject] = done.rejects
    assert reject.item == "q1"
    assert reject.reason == "deleted by annotator 7 in round 1: nobody asks that"


def test_marks_become_judgements(queries, tasks, review):
    query, task = queries["q1"], tasks["q1"]
    more = further(task, query)
    answers, _ = review(q1=[fill(task, "add positives", {more: "yes", query.answers[0]: "yes"})])
    after, done = applied(queries, answers)
    assert after["q1"].relevant[more] == 1 and more not in after["q1"].hard_negatives
    assert set(after["q1"].answers) == {more, query.answers[0]}
    assert (done.added, done.refused) == (1, 0)
    answers, _ = review(q1=[fill(task, "keep", {more: "no"})])
    after, done = applied(queries, answers)
    assert after["q1"].relevant[more] == 0 and more in after["q1"].hard_negatives


def test_a_refused_answer_is_judged_not_relevant_and_the_last_one_takes_the_query_out(
    queries, tasks, review
):
    query, task = queries["q1"], tasks["q1"]
    [answer], more = query.answers, further(task, query)
    answers, _ = review(q1=[fill(task, "keep", {answer: "no", more: "yes"})])
    after, done = applied(queries, answers)
    assert after["q1"].relevant[answer] == 0 and after["q1"].answers == (more,)
    assert (done.added, done.refused) == (1, 1)
    answers, _ = review(q1=[fill(task, "keep", {answer: "no"})])
    after, done = applied(queries, answers)
    assert "q1" not in after and "no answer is left" in done.rejects[0].reason


def test_ambiguous_is_a_tag_and_a_split_and_its_marks_do_not_count(
    queried, queries, tasks, review, tmp_path
):
    more = further(tasks["q1"], queries["q1"])
    answers, _ = review(q1=[fill(tasks["q1"], "ambiguous", {more: "yes"})])
    after, done = applied(queries, answers)
    assert after["q1"].relevant == queries["q1"].relevant
    out = write_reviewed(queried, done, settle(answers, queries), [], [], tmp_path / "new", "copy")
    catalog = OwnCatalog(out)
    assert [q.id for q in catalog.queries("ambiguous")] == ["q1"]
    assert "q1" not in {q.id for q in catalog.queries("composed")}
    assert pq.read_table(out / "reviewed_judgments.parquet").num_rows == 0
    made = split_catalog(out, Plan(0.2))  # splitting leaves it apart
    assert made.splits["ambiguous"] == ("q1",)


def test_keep_with_a_further_answer_adds_positives(queries, tasks, review):
    more = further(tasks["q1"], queries["q1"])
    answers, _ = review(
        q1=[fill(tasks["q1"], "keep", {more: "yes"}, who=1),
            fill(tasks["q1"], "add positives", {more: "yes"}, who=2)],
    )  # fmt: skip
    [ruling] = settle(answers, queries).values()
    assert ruling.decision == "add positives"


# ----- several people and rounds ---------------------------------------------------------------


def test_who_disagrees_leaves_the_query_as_it_was(queries, tasks, review):
    query, task = queries["q1"], tasks["q1"]
    more = further(task, query)
    answers, _ = review(
        q1=[fill(task, "keep", {more: "yes"}, who=1), fill(task, "delete", {more: "no"}, who=2)]
    )
    [ruling] = settle(answers, queries).values()
    assert ruling.decision is None and ruling.disputed == (more,) and ruling.urgency == 0
    after, done = applied(queries, answers)
    assert after["q1"].relevant == query.relevant and after["q1"].tags["review"] == "disputed"
    assert done.rejects == ()


def test_two_rewrites_are_disputed_unless_they_are_the_same(queries, tasks, review):
    words = tasks["q1"]["data"]["words"].replace("Find", "Show me")
    same = [
        fill(tasks["q1"], "rewrite", words=w, who=i) for i, w in enumerate((words, f" {words}\n"))
    ]
    [ruling] = settle(review(q1=same)[0], queries).values()
    assert ruling.decision == "rewrite"
    other = fill(tasks["q1"], "rewrite", words=words.replace("Show", "Tell"), who=9)
    [ruling] = settle(review(q1=[same[0], other])[0], queries).values()
    assert ruling.decision is None


def test_the_latest_round_decides_what_it_judged(queries, tasks, tmp_path):
    query, task = queries["q1"], tasks["q1"]
    more, near = [
        c["id"] for c in task["data"]["candidates"] if not query.relevant.get(c["id"], 0)
    ][:2]
    second = {**task, "data": {**task["data"], "round": 2}}
    paths = [
        export(
            tmp_path / "one.json", [task],
            q1=[fill(task, "keep", {more: "yes", near: "yes"}, who=1),
                fill(task, "delete", {more: "no", near: "yes"}, who=2)],
        ),
        export(tmp_path / "two.json", [second], q1=[fill(second, "keep", {more: "yes"}, who=3)]),
    ]  # fmt: skip
    answers, rejects = read_exports(paths, queries, {})
    assert rejects == []
    [ruling] = settle(answers, queries).values()
    assert ruling.decision == "add positives"
    assert ruling.fits == {more: True, near: True} and ruling.disputed == ()
    assert [a.round for a in ruling.answers] == [1, 1, 2]


def test_of_two_answers_of_one_person_the_later_counts(queries, tasks, review):
    answers, rejects = review(
        q1=[fill(tasks["q1"], "delete", at="2026-11-21T09:00:00Z"),
            fill(tasks["q1"], "keep", at="2026-11-21T10:00:00Z")],
    )  # fmt: skip
    assert [a.decision for a in answers] == ["keep"]
    assert "judged it again" in rejects[0].reason


def test_names_tell_people_of_two_servers_apart(queries, tasks, tmp_path):
    paths = [
        export(tmp_path / f"{i}.json", [tasks["q1"]], q1=[fill(tasks["q1"], "keep", who=1)])
        for i in range(2)
    ]
    assert len(read_exports(paths, queries, {})[0]) == 1
    answers, _ = read_exports(paths, queries, dict(zip(paths, ("ann", "bob"), strict=True)))
    assert [a.annotator for a in answers] == ["ann", "bob"]


def test_agreement_of_a_round(queries, tasks, review):
    said = {}
    for i in range(1, 25):
        first = "delete" if i % 3 == 0 else "keep"
        second = "keep" if i == 3 else first
        more = further(tasks[f"q{i}"], queries[f"q{i}"])
        said[f"q{i}"] = [
            fill(tasks[f"q{i}"], first, {more: "no"}, who=1),
            fill(tasks[f"q{i}"], second, {more: "yes" if i == 5 else "no"}, who=2),
        ]
    answers, rejects = review(**said)
    assert rejects == []
    decisions, candidates = measure_agreement(answers, queries)
    names = [c.name for c in decisions.coefficients]
    assert names == ["Cohen's kappa", "Krippendorff's alpha, nominal", "Gwet's AC1"]
    # q5's second person adds a positive, q3's keeps what the first deletes
    assert decisions.share.value == pytest.approx(22 / 24)
    assert set(decisions.disagreements) == {"q3", "q5"}
    kappa = decisions.coefficients[0]
    assert kappa.low < kappa.value < kappa.high
    assert candidates.share.value == pytest.approx(23 / 24)
    assert len(candidates.disagreements) == 1 and candidates.disagreements[0].startswith("q5 ")


def test_one_person_has_nobody_to_agree_with(queries, tasks, review):
    answers, _ = review(q1=[fill(tasks["q1"], "keep")])
    assert measure_agreement(answers, queries) == []


# ----- what does not fit ----------------------------------------------------------------------


def broken(task, **changes):
    return {**task, "data": {**task["data"], **changes}}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda t: "text", "a task is a str"),
        (lambda t: {"id": 3, "data": {"text": "a review"}, "annotations": []}, "no query_id"),
        (lambda t: {"id": 3, "data": None}, "no query_id"),
        (lambda t: broken(t, query_id="q999"), "no query of the folder"),
        (lambda t: broken(t, query_id=["q1"]), "no query_id"),
        (lambda t: broken(t, digest="0"), "has changed since"),
        (lambda t: broken(t, candidates=None), "lacks its candidates"),
        (lambda t: broken(t, candidates=["p1"]), "lacks its candidates"),
        (lambda t: broken(t, round="one"), "the round is"),
        (lambda t: {**t, "annotations": []}, "nobody judged it"),
        (lambda t: {k: v for k, v in t.items() if k != "annotations"}, "nobody judged it"),
        (lambda t: {**t, "annotations": ["x"]}, "not an object"),
        (lambda t: {**t, "annotations": [fill(t, "keep", was_cancelled=True)]}, "skipped it"),
        (lambda t: {**t, "annotations": [fill(t, None)]}, "no decision"),
        (lambda t: {**t, "annotations": [fill(t, "burn")]}, "decision is 'burn'"),
        (lambda t: {**t, "annotations": [fill(t, "rewrite")]}, "no words are given"),
        (lambda t: {**t, "annotations": [fill(t, "rewrite", words=" \n")]}, "no words"),
        (lambda t: {**t, "annotations": [{**fill(t, "keep"), "result": None}]}, "no result"),
        (lambda t: {**t, "annotations": [{**fill(t, "keep"), "result": [7]}]}, "no control"),
        (
            lambda t: {**t, "annotations": [{**fill(t, "keep"), "result": [
                {"from_name": "label", "value": {"choices": ["cat"]}}]}]},
            "'label' is no control of the form",
        ),
        (
            lambda t: {**t, "annotations": [{**fill(t, "keep"), "result": [
                {"from_name": "fits_99", "value": {"choices": ["yes"]}},
                {"from_name": "decision", "value": {"choices": ["keep"]}}]}]},
            "of no candidate",
        ),
        (
            lambda t: {**t, "annotations": [{**fill(t, "keep"), "result": [
                {"from_name": "decision", "value": {"choices": ["keep", "delete"]}}]}]},
            "'keep' and 'delete'",
        ),
        (
            lambda t: {**t, "annotations": [{**fill(t, "keep"), "result": [
                {"from_name": "decision", "value": {"choices": [3]}}]}]},
            "an answer is",
        ),
    ],
)  # fmt: skip
def test_every_task_that_does_not_fit_is_a_reject(queries, tasks, tmp_path, spoil, reason):
    good = {**tasks["q2"], "id": 2, "annotations": [fill(tasks["q2"], "keep")]}
    (tmp_path / "export.json").write_text(json.dumps([spoil(tasks["q1"]), good]))
    answers, rejects = read_exports([tmp_path / "export.json"], queries, {})
    assert [a.query for a in answers] == ["q2"]
    [reject] = rejects
    assert reason in reject.reason and reject.todo and "task 1" in reject.source


@pytest.mark.parametrize("text", [b"", b"no json", b"[]", b"3", b"\xff\xfe", b"[" * 100_000])
def test_files_that_are_no_export_are_errors(queries, tmp_path, text):
    (tmp_path / "export.json").write_bytes(text)
    with pytest.raises(DataError, match=r"export\.json"):
        read_exports([tmp_path / "export.json"], queries, {})


def test_json_min_says_the_same(queries, tasks, tmp_path):
    task, query = tasks["q1"], queries["q1"]
    words = task["data"]["words"].replace("Find", "Show me")
    filled = [
        fill(task, "rewrite", {further(task, query): "no"}, words=words, comment="was unclear"),
        fill(tasks["q2"], "keep", who={"id": 4, "email": "someone@example.com"}),
    ]
    whole = export(tmp_path / "whole.json", [task, tasks["q2"]], q1=filled[:1], q2=filled[1:])
    (tmp_path / "flat.json").write_text(
        json.dumps([flat(task, filled[0]), flat(tasks["q2"], filled[1])])
    )
    from_whole, _ = read_exports([whole], queries, {})
    from_flat, rejects = read_exports([tmp_path / "flat.json"], queries, {})
    assert rejects == []
    assert [replace(a, source="") for a in from_flat] == [replace(a, source="") for a in from_whole]
    assert [a.annotator for a in from_flat] == ["1", "4"]  # no address is kept
    (tmp_path / "flat.json").write_text(
        json.dumps([flat(task, filled[0]) | {"annotator": "someone@example.com"}])
    )
    [answer], _ = read_exports([tmp_path / "flat.json"], queries, {})
    assert answer.annotator == "unknown"


# ----- the folder -----------------------------------------------------------------------------


def test_what_the_folder_holds(queried, queries, tasks, review, tmp_path):
    more = further(tasks["q1"], queries["q1"])
    answers, rejects = review(
        q1=[fill(tasks["q1"], "add positives", {more: "yes"}, who=5)],
        q2=[fill(tasks["q2"], "delete")],
        q3=[],
    )
    after, done = applied(queries, answers)
    rulings = settle(answers, queries)
    out = write_reviewed(queried, done, rulings, [], rejects, tmp_path / "new", "copy")
    read = {q.id: q for q in OwnCatalog(out).queries("composed")}
    assert set(read) == set(after)
    assert (
        read["q1"].relevant == after["q1"].relevant and read["q1"].tags["review"] == "add positives"
    )
    [row] = pq.read_table(out / "reviewed_judgments.parquet").to_pylist()
    assert (row["query_id"], row["product_id"], row["grade"]) == ("q1", more, 1)
    assert (row["source"], row["annotators"], row["round"]) == ("human", ["5"], 1)
    reviews = {r["query_id"]: r for r in pq.read_table(out / "reviews.parquet").to_pylist()}
    assert set(reviews) == {"q1", "q2"}
    assert reviews["q1"]["yes"] == [more] and reviews["q1"]["seconds"] == 12.5
    listed = {r["item"]: r["reason"] for r in pq.read_table(out / "rejects.parquet").to_pylist()}
    assert set(listed) == {"q2", "q3"}
    record = json.loads((out / "review.json").read_text())
    assert record["became"] == {"add positives": 1, "delete": 1, "not reviewed": 28}
    with pytest.raises(StoreError, match="holds a catalogue"):
        write_reviewed(queried, done, rulings, [], [], out)
