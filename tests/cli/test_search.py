"""`skulens search`: what is handed on, what is printed at 80 columns, JSON and the page."""

import base64
import json
import re
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from skulens.cli import search as module
from skulens.cli import skulens
from skulens.search.answers import Answer, Hit
from tests.search.small_answers import LONG_ID, jpeg, make_answer, make_shop

TERMINAL = {"COLUMNS": "80", "TTY_COMPATIBLE": "1", "TERM": "xterm"}


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture
def search(monkeypatch):
    """`skulens search` of the small shop, in a terminal of 80 columns."""
    shop = make_shop()
    monkeypatch.setattr("skulens.search.shop.open_store", lambda address, **options: shop)

    def run(*options: str, env=TERMINAL):
        done = CliRunner().invoke(skulens, ["search", "shop.store", *options], env=env)
        return SimpleNamespace(out=plain(done.stdout), code=done.exit_code, done=done)

    return run


@pytest.fixture
def asked(monkeypatch):
    """What `Shop.search` is called with, for options of `skulens search`."""

    def run(*options: str) -> dict:
        given: dict = {}

        def answer(**options) -> Answer:
            given.update(options)
            return make_answer()

        shop = SimpleNamespace(search=answer, store=make_shop().store)
        monkeypatch.setattr(
            "skulens.search.shop.open_store",
            lambda address, **options: given.update(opened=options) or shop,
        )
        done = CliRunner().invoke(skulens, ["search", "shop.store", *options])
        assert done.exit_code == 0, done.output
        return given

    return run


# ----- the terminal ---------------------------------------------------------------------------


def test_hits_are_a_pleasure_to_read(search):
    lines = search("--text", "red leather", "--show", "attributes.color").out.splitlines()
    assert re.fullmatch(r"1 +\d\.\d{4}  red leather bag with a zip +12\.50 EUR *", lines[0])
    assert lines[1].strip() == "a/1  color: red"
    assert lines[-2].startswith("hits 1 to 2 of 2 · words: 2 found (exact) · ")
    assert lines[-1] == "next: --why says why, --html FILE shows pictures"


@pytest.mark.parametrize(
    "options",
    [
        (
            "--text",
            "red blue bag",
            "--why",
            "--facet",
            "attributes.color",
            "--show",
            "attributes.color",
        ),
        ("--text", "red blue bag", "--k", "1"),
        ("--text", "red", "--where", "price < 1"),
    ],
)
def test_no_line_is_wider_than_the_terminal(search, options):
    lines = search(*options).out.splitlines()
    assert len(lines) >= 2 and max(cell_len(line) for line in lines) <= 80


def test_every_reason_fits_the_terminal(monkeypatch, search):
    answer = make_answer()
    monkeypatch.setattr("skulens.search.shop.Shop.search", lambda self, **options: answer)
    lines = search("--text", "red", "--why", "--facet", "attributes.color").out.splitlines()
    assert max(cell_len(line) for line in lines) <= 80
    said = " ".join(" ".join(lines).split())
    assert "✗ color: blue (wanted red)" in said and "note: collar: embedded as a text" in said
    assert "color: red 12, blue 7" in said and LONG_ID[:40] in said
    assert "--offset 2 shows more" in said
    assert "✗" not in search("--text", "red").out


def test_nothing_of_a_product_commands_the_terminal(monkeypatch, search):
    fields = {"title": "\x1b[2J\x07red\u202e bag\x9b2J\x1b]0;x", "attributes.color": ("\x1b[8m",)}
    answer = make_answer(hits=(Hit("\x1b[1m", 1.0, 1, fields),))
    monkeypatch.setattr("skulens.search.shop.Shop.search", lambda self, **options: answer)
    shown = search("--text", "red", "--show", "attributes.color", env={}).done.stdout
    assert "[2Jred bag2J]0;x" in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)


def test_in_a_pipe_lines_stay_readable(search):
    lines = search("--text", "red blue bag", env={}).out.splitlines()
    assert 80 < max(cell_len(line) for line in lines) <= 110


def test_nothing_found_says_why(search):
    for options, expected in {
        ("--where", "price < 1"): "satisfies price < 1. Without price < 1: 2 products.",
        ("--offset", "30"): "offset 30 is past the last of 2 hits",
        ("--least", "words=99"): "nothing reaches the least score asked for (words 99)",
    }.items():
        found = search("--text", "red", *options)
        assert expected in " ".join(found.out.split()) and found.code == 0
        assert found.out.splitlines()[-1].startswith("next: skulens index info")
    found = search("--text", "red", "--where", "price < 1").out
    assert "none of 3 products satisfies price < 1" in " ".join(found.split())
    assert "none of 3 products has a word of the query" in search("--text", "zzzz").out


def test_a_filter_alone_lists_products(search):
    lines = search("--where", "price > 1", "--sort", "-price").out.splitlines()
    assert any(line.startswith("hits 1 to ") for line in lines)
    found = search()
    assert found.code == 1 and "nothing to search for" in str(found.done.exception)


def test_an_unknown_field_is_refused_before_the_search(search):
    found = search("--text", "red", "--show", "colour")
    assert found.code == 1 and "colour" in str(found.done.exception)


def test_progress_is_shown_of_what_takes_long(monkeypatch):
    started = []
    monkeypatch.setattr("rich.progress.Progress.start", lambda self: started.append(self))
    with module.waiting("at work"):
        pass
    assert started == []
    monkeypatch.setattr(module, "SLOW_S", 0.001)
    with module.waiting("at work"):
        while not started:
            pass
    [progress] = started
    assert progress.tasks[0].description == "at work" and progress.console.stderr


# ----- JSON and the page ----------------------------------------------------------------------


def test_json_is_one_whole_object(search):
    found = json.loads(search("--text", "red", "--json", "--facet", "attributes.color").done.stdout)
    assert set(found) == {
        "asked", "hits", "candidates", "known", "legs", "facets", "notes", "took_s", "page",
    }  # fmt: skip
    assert found["asked"] == [{"kind": "text", "words": "red", "weight": 1.0}]
    assert [set(hit) for hit in found["hits"]] == [
        {"rank", "id", "score", "fields", "others", "why"}
    ] * 2
    assert {hit["id"] for hit in found["hits"]} == {"a/1", "b<2>"} and found["page"] is None
    assert found["facets"] == {
        "attributes.color": [{"value": "blue", "count": 2}, {"value": "red", "count": 2}]
    }


def test_thumbnails_are_in_json_when_asked_for(search):
    found = json.loads(search("--text", "red", "--json", "--thumbnails").done.stdout)
    assert base64.b64decode(found["hits"][0]["thumbnail"]) == jpeg("red")


def test_the_page_is_written_and_named_last(search, tmp_path):
    page = tmp_path / "hits.html"
    lines = search("--text", "red", "--html", str(page)).out.splitlines()
    assert lines[-1] == f"{page}: 2 hits with pictures; open it in a browser"
    text = page.read_text()
    assert "small shop" in text and "red leather" not in text.split("<main>")[0]
    assert json.loads(search("--text", "red", "--json", "--html", str(page)).done.stdout)[
        "page"
    ] == str(page)


def test_regions_are_said_to_be_missing(search):
    said = " ".join(search("--text", "red", "--regions", "--why").out.split())
    assert "No regions of pictures: no vector column of the store is made of pictures" in said


# ----- options --------------------------------------------------------------------------------


def test_options_are_handed_on(asked, tmp_path):
    boosts = tmp_path / "boosts.json"
    boosts.write_text('[{"if": "price < 9", "weight": 1}]')
    given = asked(
        "--photo", "a.jpg", "--photo", "b=1.jpg", "--text", "red", "--like", "collar=c=d.jpg",
        "--weight", "photo2=-0.5", "--weight", "text=2", "--weight", "collar=0.25",
        "--where", "price < 30", "--k", "7", "--offset", "14", "--fusion", "cat",
        "--leg", "words=0.5", "--leg", "picture=2", "--by", "scores", "--least", "picture=0.2",
        "--within", "0.5", "--sort", "-price", "--among", "20", "--collapse", "spu",
        "--boost", str(boosts), "--facet", "color", "--facet", "language", "--facts", "prefer",
        "--no-codes", "--exact", "--exclude", "x", "--keep-shown", "--disjunctive",
        "--encoder", "picture=onnx:b=1.onnx", "--calibration", str(boosts),
    )  # fmt: skip
    assert given.pop("opened") == {
        "encoders": {"picture": "onnx:b=1.onnx"},
        "calibration": str(boosts),
    }
    assert given == {
        "photo": [("a.jpg", 1.0), ("b=1.jpg", -0.5)],
        "text": [("red", 2.0)],
        "like": [("collar", "c=d.jpg", 0.25)],
        "where": "price < 30",
        "k": 7,
        "offset": 14,
        "fusion": "cat",
        "weights": {"words": 0.5, "picture": 2.0},
        "by": "scores",
        "least": {"picture": 0.2},
        "within": 0.5,
        "sort": "-price",
        "among": 20,
        "collapse": "spu",
        "boosts": '[{"if": "price < 9", "weight": 1}]',
        "facets": ("color", "language"),
        "facts": "prefer",
        "codes": False,
        "exact": True,
        "exclude": ("x",),
        "references": "keep",
        "disjunctive": True,
        "without": True,
    }


def test_options_are_those_of_a_request(asked):
    from skulens.search.request import make_request

    given = asked("--text", "red", "--boost", '{"if": "price < 9", "weight": 1}', "--least", "0.5")
    given.pop("opened")
    request = make_request(given.pop("text"), given.pop("photo"), **given)
    assert request.least == {"": 0.5} and request.boosts[0].weight == 1
    assert request == make_request(
        "red", least=0.5, boosts={"if": "price < 9", "weight": 1}, without=True
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--weight", "photo3=2"), "--weight photo3: expected one of photo1"),
        (("--weight", "neck=2"), "--weight neck: expected one of photo1"),
        (("--weight", "photo"), "expected PART=NUMBER with a number, got 'photo'"),
        (("--weight", "photo=much"), "expected PART=NUMBER with a number, got 'photo=much'"),
        (("--leg", "0.5"), "expected LEG=NUMBER with a number, got '0.5'"),
        (("--like", "collar"), "expected KEY=PHOTO, got 'collar'"),
        (("--encoder", "mini"), "expected COLUMN=NAME, got 'mini'"),
        (("--boost", "nowhere.json"), "expected JSON or a file of it"),
        (("--fusion", "max"), "'max' is not one of 'avg', 'cat', 'seq'"),
    ],
)
def test_options_that_mean_nothing_are_refused(search, options, expected):
    found = search("--photo", "a.jpg", *options)
    assert found.code == 2 and expected in found.done.output
