"""Tasks for Label Studio: what they show and ask, pictures, samples, rounds; against the SDK."""

import base64
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image as Pillow

from skulens.catalog.own import OwnCatalog
from skulens.curate.asked.folders import read_queries
from skulens.curate.review.answers import read_exports
from skulens.curate.review.export import ReviewPlan, export_tasks
from skulens.curate.review.form import DECISIONS, labeling_config
from skulens.curate.review.pictures import copy_to, embed, serve_from
from skulens.curate.review.rulings import settle
from skulens.curate.review.tasks import choose_candidates
from skulens.errors import DataError, StoreError
from skulens.records import Image, Item, Query
from tests.curate.queries.asked import write_world
from tests.curate.review.filled import expand, export, fill


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("review") / "shop", queries=40)


@pytest.fixture(scope="module")
def queried(shop):
    return read_queries(OwnCatalog(shop))


def tasks_of(queried, out, show=embed, plan=ReviewPlan(), **more):
    made = export_tasks(queried.queries, queried.products, out, show, plan, **more)
    return [task for path in made.files for task in json.loads(path.read_text())]


def test_a_task_shows_the_query_and_asks_of_its_products(queried, tmp_path):
    tasks = {t["data"]["query_id"]: t for t in tasks_of(queried, tmp_path / "out")}
    assert set(tasks) == {q.id for q in queried.queries}
    for query in queried.queries:
        data = tasks[query.id]["data"]
        assert [r["id"] for r in data["references"]] == list(query.references)
        assert f"[picture {len(query.references)}]" in data["instruction"]
        assert data["words"].count("|image|") == len(query.references)
        listed = [c["id"] for c in data["candidates"]]
        assert len(listed) == len(set(listed)) and not set(listed) & set(query.references)
        assert set(listed) >= (set(query.relevant) - set(query.references))
        filled = {
            listed[int(r["from_name"].removeprefix("fits_"))]: r["value"]["choices"]
            for r in tasks[query.id]["predictions"][0]["result"]
        }
        known = {p: ["yes" if g else "no"] for p, g in query.relevant.items() if p in listed}
        assert filled == known
        assert data["first"] == "-" and data["round"] == 1
    titles = [r["title"] for t in tasks.values() for r in t["data"]["references"]]
    assert any("เก้าอี้" in title for title in titles)


def test_embedded_pictures_are_pictures(queried, tmp_path):
    [task] = tasks_of(queried, tmp_path / "out", plan=ReviewPlan(sample=1))
    for shown in task["data"]["references"] + task["data"]["candidates"]:
        head, _, data = shown["picture"].partition(",")
        assert head == "data:image/jpeg;base64"
        assert Pillow.open(io.BytesIO(base64.b64decode(data))).size == (16, 12)


def test_large_pictures_get_small(tmp_path):
    Pillow.new("RGB", (1600, 800), "red").save(tmp_path / "big.png")
    uri = embed("p", Image(path=str(tmp_path / "big.png")))
    picture = Pillow.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert picture.size == (384, 192)


def test_served_and_copied_pictures(queried, shop, tmp_path):
    [task] = tasks_of(queried, tmp_path / "a", serve_from(shop), ReviewPlan(sample=1))
    for shown in task["data"]["references"]:
        place = shown["picture"].removeprefix("/data/local-files/?d=")
        assert (shop / place).is_file()
    with pytest.raises(DataError, match="is not below"):
        copy_to(tmp_path / "b", shop)
    show = copy_to(tmp_path / "b" / "images", tmp_path)
    copied = tasks_of(queried, tmp_path / "b", show, ReviewPlan(sample=5))
    for task in copied:
        for shown in task["data"]["references"] + task["data"]["candidates"]:
            place = shown["picture"].removeprefix("/data/local-files/?d=")
            assert place.startswith(f"b/images/image_{shown['id']}_1.png")
            product = queried.products[shown["id"]]
            assert (tmp_path / place).read_bytes() == product.images[0].read()


def test_two_pictures_of_a_product_are_two_copies(tmp_path):
    show, names = copy_to(tmp_path / "images", tmp_path), []
    for n, colour in enumerate(("red", "blue", "red")):
        Pillow.new("RGB", (8, 8), colour).save(tmp_path / f"{n}.png")
        names.append(show("a/b", Image(path=str(tmp_path / f"{n}.png"))))
    assert names[0] == names[2] == "/data/local-files/?d=images/image_a%252fb_1.png"
    assert names[1].endswith("_2.png")
    assert len(list((tmp_path / "images").iterdir())) == 2


def test_pictures_elsewhere_are_rejects(queried, tmp_path):
    made = export_tasks(
        queried.queries, queried.products, tmp_path / "out", serve_from(tmp_path / "empty")
    )
    assert made.tasks == 0
    assert {r.source for r in made.rejects} == {f"query {q.id}" for q in queried.queries}
    assert "Label Studio serves" in made.rejects[0].reason


def test_products_without_a_readable_picture_are_shown_by_title(queried, tmp_path):
    query = queried.queries[0]
    near = query.hard_negatives[0]
    products = dict(queried.products) | {near: replace(queried.products[near], images=())}
    made = export_tasks([query], products, tmp_path / "out", embed)
    [task] = json.loads(made.files[0].read_text())
    [shown] = [c for c in task["data"]["candidates"] if c["id"] == near]
    assert shown["picture"].startswith("data:image/png") and shown["title"]


def test_candidates_are_limited_and_answers_come_first():
    query = Query(
        "q", Item("q", ("x",)), {f"a{i}": 1 for i in range(9)} | {"n0": 0, "r": 1},
        references=("r",), hard_negatives=("n0", "n1", "n2", "a0"),
    )  # fmt: skip
    assert choose_candidates(query, ["a0", "x", "y", "r"], 6) == [
        "a0",
        "a1",
        "a2",
        "n0",
        "n1",
        "n2",
    ]
    assert choose_candidates(query, ["x", "r", "y"], 40)[-2:] == ["x", "y"]
    assert "r" not in choose_candidates(query, ["r"], 40)


class FakeEmbedder:
    """Vectors on a circle: the nearer the numbers of two SKUs, the more alike."""

    def embed_items(self, items, role):
        vectors = []
        for item in items:
            shade = Pillow.open(item.parts[0].path).getpixel((0, 0))[0]
            angle = shade / 255 * np.pi / 2
            vectors.append([np.cos(angle), np.sin(angle)])
        found = SimpleNamespace(
            vectors=np.array(vectors, np.float32),
            hashes=[(i.parts[0].path,) for i in items],
            encoded=SimpleNamespace(rejects=()),
        )
        return [found]


def test_an_encoder_orders_candidates_by_similarity(queried, tmp_path):
    tasks = tasks_of(queried, tmp_path / "out", embedder=FakeEmbedder())
    for task in tasks:
        query = next(q for q in queried.queries if q.id == task["data"]["query_id"])
        shade = lambda p: Pillow.open(p.images[0].path).getpixel((0, 0))[0] / 255 * np.pi / 2  # noqa: E731
        towards = [shade(queried.products[r]) for r in query.references]
        scores = [
            np.mean([np.cos(shade(queried.products[c["id"]]) - t) for t in towards])
            for c in task["data"]["candidates"]
        ]
        assert scores == sorted(scores, reverse=True) or np.allclose(
            scores, sorted(scores, reverse=True), atol=1e-6
        )


def test_samples_are_drawn_in_proportion_and_stable(queried, tmp_path):
    plan = ReviewPlan(sample=15, stratify=("class",), seed=3)
    ids = [t["data"]["query_id"] for t in tasks_of(queried, tmp_path / "a", plan=plan)]
    again = [t["data"]["query_id"] for t in tasks_of(queried, tmp_path / "b", plan=plan)]
    assert ids == again and len(set(ids)) == 15
    other = ReviewPlan(sample=15, stratify=("class",), seed=4)
    assert set(ids) != {
        t["data"]["query_id"] for t in tasks_of(queried, tmp_path / "c", plan=other)
    }
    kinds = {q.id: q.tags["class"] for q in queried.queries}
    for kind in set(kinds.values()):
        whole = sum(k == kind for k in kinds.values())
        assert abs(sum(kinds[i] == kind for i in ids) - 15 * whole / 40) <= 1


def test_names_as_in_the_paper(queried, tmp_path):
    made = export_tasks(
        queried.queries, queried.products, tmp_path / "out", embed, ReviewPlan(naming="paper")
    )
    names = {path.name for path in made.files}
    assert "chair_1.json" in names and len(names) == 40
    [task] = json.loads((tmp_path / "out" / "chair_1.json").read_text())
    assert task["data"]["class"] == "chair"


def test_large_exports_are_several_files(queried, tmp_path, monkeypatch):
    monkeypatch.setattr("skulens.curate.review.export.FILE_BYTES", 20_000)
    made = export_tasks(queried.queries, queried.products, tmp_path / "out", embed)
    assert len(made.files) > 3
    assert sum(len(json.loads(p.read_text())) for p in made.files) == 40


def test_tasks_are_not_overwritten(queried, tmp_path):
    tasks_of(queried, tmp_path / "out", plan=ReviewPlan(sample=1))
    with pytest.raises(StoreError, match="holds tasks already"):
        tasks_of(queried, tmp_path / "out")


# ----- later rounds ---------------------------------------------------------------------------


def first_round(queried, tmp_path):
    """Two people on four queries: agreed, decision disputed, ambiguous, a product disputed."""
    tasks = tasks_of(queried, tmp_path / "one")
    by_id = {t["data"]["query_id"]: t for t in tasks}
    product = by_id["q4"]["data"]["candidates"][0]["id"]
    said = {
        "q1": ("keep", "keep"),
        "q2": ("keep", "delete"),
        "q3": ("ambiguous", "ambiguous"),
        "q4": ("keep", "keep"),
    }
    marks = {"q4": ({product: "yes"}, {product: "no"})}
    filled = {
        name: [
            fill(by_id[name], decision, marks.get(name, ({}, {}))[who], who=who + 1, comment="why")
            for who, decision in enumerate(decisions)
        ]
        for name, decisions in said.items()
    }
    path = export(tmp_path / "first.json", tasks, **filled)
    queries = {q.id: q for q in queried.queries}
    answers, _ = read_exports([path], queries, {})
    return settle(answers, queries), product


def test_a_second_round_asks_what_is_open_most_urgent_first(queried, tmp_path):
    rulings, product = first_round(queried, tmp_path)
    plan = ReviewPlan(round=2)
    tasks = tasks_of(queried, tmp_path / "two", plan=plan, rulings=rulings)
    assert [t["data"]["query_id"] for t in tasks] == ["q2", "q3", "q4"]
    disputed, ambiguous, marked = (t["predictions"][0]["result"] for t in tasks)
    decisions = [
        [r["value"]["choices"] for r in result if r["from_name"] == "decision"]
        for result in (disputed, ambiguous, marked)
    ]
    assert decisions == [[], [["ambiguous"]], [["keep"]]]
    first = tasks[0]["data"]["first"]
    assert "1 (round 1): keep (why)" in first and "2 (round 1): delete" in first
    assert tasks[0]["data"]["round"] == 2


def test_a_blind_round_sees_nothing_and_a_sample_takes_settled_ones_too(queried, tmp_path):
    rulings, _ = first_round(queried, tmp_path)
    plan = ReviewPlan(round=2, blind=True, sample=4)
    tasks = tasks_of(queried, tmp_path / "two", plan=plan, rulings=rulings)
    assert [t["data"]["query_id"] for t in tasks] == ["q2", "q3", "q4", "q1"]
    assert {t["data"]["first"] for t in tasks} == {"-"}
    assert all(r["from_name"] != "decision" for t in tasks for r in t["predictions"][0]["result"])


def test_nothing_open_is_an_error(queried, tmp_path):
    rulings, _ = first_round(queried, tmp_path)
    settled = {name: v for name, v in rulings.items() if name == "q1"}
    with pytest.raises(DataError, match="nothing is disputed"):
        tasks_of(queried, tmp_path / "two", plan=ReviewPlan(round=2), rulings=settled)


# ----- against Label Studio -------------------------------------------------------------------


def test_the_configuration_is_xml_with_every_decision():
    root = ET.fromstring(labeling_config())
    names = [n.get("name") for n in root.iter() if n.get("name")]
    assert len(names) == len(set(names))
    [decision] = [n for n in root.iter("Choices") if n.get("name") == "decision"]
    assert [c.get("value") for c in decision] == list(DECISIONS)
    for node in root.iter():
        if node.get("toName"):
            assert node.get("toName") in names


def test_tasks_and_annotations_are_what_the_sdk_expects(queried, tmp_path):
    """Its parser takes the form, its validator predictions and annotations, its types the rest."""
    pytest.importorskip("label_studio_sdk", reason="needs the extra 'review': label-studio-sdk")
    from label_studio_sdk.label_interface import LabelInterface
    from label_studio_sdk.label_interface.objects import TaskValue
    from label_studio_sdk.types.annotation import Annotation

    LabelInterface(labeling_config()).validate()
    for task in tasks_of(queried, tmp_path / "out", plan=ReviewPlan(sample=6)):
        TaskValue(**task)
        form = LabelInterface(expand(labeling_config(), task))
        form.validate()
        [prediction] = task["predictions"]
        assert prediction["result"] and form.validate_prediction(prediction)
        named = {o.value_name.split("[")[0] for o in form.objects}
        assert named <= set(task["data"])
        words, product = task["data"]["words"], task["data"]["candidates"][0]["id"]
        filled = fill(task, "rewrite", {product: "no"}, words=f"{words}!", comment="unclear")
        assert form.validate_annotation(filled)
        Annotation(**filled)
        wrong = fill(task, "throw away")
        assert not form.validate_annotation(wrong)
        assert {c.name for c in form.controls} >= {"decision", "rewrite", "comment", "fits_0"}
