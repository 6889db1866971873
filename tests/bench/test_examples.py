"""Examples of the report: a query of several parts is shown whole and in order."""

import re
from dataclasses import replace

import pytest

from skulens.bench.examples import keep_parts, thumbnail
from skulens.bench.store import ResultStore, stored_results
from skulens.bench.suites.merit import Merit, MeritSettings
from skulens.catalog.open import open_catalog
from skulens.records import Image, Item
from skulens.report.mistakes import Budget, list_mistakes
from skulens.report.page import write_page
from skulens.report.views import views_of_results
from tests.report.small_data import make_folder
from tests.report.test_queries import HALF


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = make_folder(tmp_path_factory.mktemp("data") / "small")
    suite = Merit(open_catalog(str(folder)), MeritSettings(gallery="text", split="train"))
    for result in suite.run([HALF]):
        ResultStore(folder.parent / "results").add(result)
    return stored_results(folder.parent / "results")


def examples(results, size=10**6):
    [found] = list_mistakes(views_of_results(results)[0], Budget(size))
    return {e["query"]: e for e in found["examples"]}


def test_all_parts_stand_in_their_order(results):
    parts = examples(results)["q4"]["parts"]
    assert ["text" in p for p in parts] == [True, *[True, False, True] * 3]
    assert parts[0] == {"text": "Find a bag with "}
    assert [p.get("text", "").strip() for p in parts if "text" in p][1] == "the same colour as"
    pictures = [p["picture"] for p in parts if "picture" in p]
    assert len(pictures) == 3 and all(p.startswith("data:image/webp") for p in pictures)
    assert pictures[0] != pictures[1] and pictures[0] == pictures[2]  # a and e are red, b is blue


def test_every_right_product_counts_as_right(results):
    example = examples(results)["q4"]
    assert example["right"] == "c" and example["answers"] == ["c", "f"]


def test_the_report_shows_them_and_marks_no_answer_wrong(results, tmp_path):
    page = write_page(results, tmp_path / "report.html").read_text(encoding="utf-8")
    shown = re.findall(r'<p class="asked">.*?</p>', page, flags=re.S)
    assert len(shown) == 4 and {s.count('role="img"') for s in shown} == {2, 3}


def test_pictures_stop_where_the_page_is_full(results):
    parts = [p for e in examples(results, 900).values() for p in e["parts"]]
    assert any(p.get("picture") for p in parts) and None in [p.get("picture", 1) for p in parts]


def test_results_of_earlier_versions_are_read(results, monkeypatch):
    from skulens.report import mistakes

    whole = mistakes.read_examples(views_of_results(results)[0].rows[0])
    old = [{k: v for k, v in e.items() if k not in ("parts", "answers")} for e in whole["examples"]]
    monkeypatch.setattr(mistakes, "read_examples", lambda _row: whole | {"examples": old})
    example = examples(results)["q4"]
    assert example["parts"] == [] and example["probe"] and example["answers"] == ["c"]


def test_pictures_in_memory_are_not_kept():
    held = Image(data=b"x")
    assert keep_parts(Item("q", ("a", held, Image(path="p.png"), "b"))) == (
        "a",
        Image(path="p.png"),
        "b",
    )
    assert thumbnail(replace(held, data=b"no picture")) is None
