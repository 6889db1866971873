"""`skulens read-labels` from the terminal: a table, JSON Lines, pictures with boxes, a page."""

import json

import PIL.Image
import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.cli import skulens
from tests.extract.pictures_with_text import FakeText, line, make_picture

LINES = [line("Net weight 250 g", confidence=0.6), line("Net weight: 250 g <b>x</b>", 1, 0.5)]


class Engine(FakeText):
    made: list["Engine"] = []

    def __init__(self):
        super().__init__({300: LINES, 320: LINES, 340: []})
        Engine.made.append(self)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A cache of its own, a working folder, and the fake engine under a name."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    row = registry.Row(f"{__name__}:Engine", "knows the text")
    monkeypatch.setitem(registry.TEXT_READERS, "known", row)
    Engine.made.clear()
    return work


@pytest.fixture
def photos(place):
    return [
        str(make_picture(place / f"{n}.png", w)) for n, w in (("a", 300), ("b", 320), ("c", 340))
    ]


def run(*args, code=0):
    done = CliRunner().invoke(skulens, ["read-labels", "--text-reader", "known", *map(str, args)])
    assert done.exit_code == code, done.output
    return done


def objects(done) -> list[dict]:
    return [json.loads(row) for row in done.stdout.splitlines()]


def test_json_lines_have_one_object_per_photo_with_everything_in_it(photos):
    rows = objects(run("--json", *photos))
    assert [row["image"] for row in rows] == photos
    for row in rows:
        assert set(row) >= {"image", "codes", "fields", "lines", "rejects"}
    (fact, *_) = [f for f in rows[0]["fields"] if f["field"] == "attributes.net_content"]
    assert set(fact) >= {"field", "value", "unit", "verdict", "sub", "quote", "quad", "verifier"}
    assert len(fact["quad"]) == 8
    assert [entry["text"] for entry in rows[0]["lines"]] == [one.text for one in LINES]
    assert rows[2]["fields"] == rows[2]["lines"] == []


def test_json_writes_no_file(photos, place):
    before = set(place.iterdir())
    run("--json", *photos)
    assert set(place.iterdir()) == before


def test_one_photo_gives_a_table_and_a_picture_with_boxes(photos, place):
    done = run(photos[0])
    assert "net content" in done.stdout and "250 g" in done.stdout
    drawn = PIL.Image.open(place / "a.labels.jpg")
    assert drawn.width == 1000 and drawn.height > 667
    assert "-> a.labels.jpg" in done.stdout.splitlines()[-1]


def test_many_photos_give_a_page_that_shows_text_as_text(photos, place):
    done = run(*photos)
    page = (place / "labels.html").read_text()
    assert "3 photos" in done.stdout.splitlines()[-1] and "-> labels.html" in done.stdout
    assert page.count("data:image/jpeg") == 3
    assert "<b>x" not in page and "&lt;b&gt;x" in page
    assert "default-src &#39;none&#39;" in page


def test_pictures_of_equal_names_are_both_drawn(place):
    names = []
    for folder in ("x", "y"):
        (place / folder).mkdir()
        names.append(make_picture(place / folder / "a.png", 300))
    run("--draw", "drawn", *names)
    assert sorted(p.name for p in (place / "drawn").iterdir()) == ["a.labels-2.jpg", "a.labels.jpg"]


def test_a_second_run_reads_nothing_again(photos):
    run("--json", *photos)
    first = sum(engine.reads for engine in Engine.made)
    again = run("--json", *photos)
    assert (first, sum(engine.reads for engine in Engine.made)) == (3, 3)
    assert len(objects(again)) == 3
    run("--json", "--no-cache", *photos)
    assert sum(engine.reads for engine in Engine.made) == 6


def test_broken_pictures_are_named_and_lose_nothing(photos, place):
    (place / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (place / "empty.jpg").write_bytes(b"")
    rows = objects(run("--json", "broken.jpg", photos[0], "empty.jpg"))
    assert [len(r["rejects"]) for r in rows] == [1, 0, 1]
    assert "empty" in rows[2]["rejects"][0]["reason"]
    last = run("broken.jpg", photos[0], "empty.jpg").stdout.splitlines()[-1]
    assert "2 could not be read" in last
    assert "broken.jpg" in (place / "labels.html").read_text()


def test_fields_may_be_chosen_by_path_key_or_prefix(photos):
    (row,) = objects(run("--json", "--schema", "net content,identifiers.", photos[0]))
    assert {f["field"] for f in row["fields"]} == {"attributes.net_content"}
    (row,) = objects(run("--json", "--schema", "origin", photos[0]))
    assert row["fields"] == []


def test_together_counts_photos_and_joins_their_evidence(photos):
    rows = objects(run("--json", "--together", photos[0], photos[1]))
    assert len(rows) == 2
    facts = [f for row in rows for f in row["fields"] if f["field"] == "attributes.net_content"]
    assert [f["verdict"] for f in facts] == ["VC", "VC"]


def test_bad_arguments_stop_at_the_door(place):
    done = CliRunner().invoke(skulens, ["read-labels", "nothing.jpg"])
    assert "there is no nothing.jpg" in str(done.exception)
    make_picture(place / "a.png", 300)
    done = CliRunner().invoke(skulens, ["read-labels", "--text-reader", "rapidcor", "a.png"])
    assert "did you mean 'rapidocr'" in str(done.exception)
