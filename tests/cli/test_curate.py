"""`skulens curate` from the terminal: captions, sheets, and what people said of them."""

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.cli import skulens
from skulens.records import SystemInfo
from tests.curate.captions.asked import Scripted

GOOD = "The product is soup in a red can."


class Engine(Scripted):
    """Answers about products as `SAY` says."""

    SAY = staticmethod(lambda ask, n: GOOD)

    def __init__(self):
        super().__init__(lambda ask, n: self.SAY(ask, n))
        self.info = SystemInfo(name="tiny", kind="chat", identity="tiny/1")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(registry.CHATS, "tiny", registry.Row(f"{__name__}:Engine", "a test's"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.csv").write_text(
        "id,description\n" + "".join(f"p{i},A soup in a red can number {i}\n" for i in range(4))
    )
    return tmp_path


def run(*words, code=0):
    done = CliRunner().invoke(skulens, ["curate", *words])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done.stdout if code == 0 else str(done.exception) + done.output


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.reader(f))


def write(path, rows, separator=","):
    with path.open("w", newline="") as f:
        csv.writer(f, delimiter=separator).writerows(rows)


def captions(*more):
    engine = () if "--engine" in more else ("--engine", "tiny")
    return run("captions", "shop.csv", *engine, "--out", "out", "--encoder", "mini", *more)


def test_from_captions_to_a_reviewed_sheet(place):
    last = captions().splitlines()[-1]
    assert last == (
        "4 products: 4 captions pass all checks, 0 marked, 0 failed; 4 asked, 0 from the store; in out"
    )
    assert captions().splitlines()[-1].endswith("0 asked, 4 from the store; in out")
    paths = json.loads(run("review-sheet", "out", "--sample", "3", "--json"))
    assert paths["captions"] == 3 and len(paths["sheets"]) == 2
    for path in map(Path, paths["sheets"]):
        rows = read(path)
        at = rows[0].index("tokens ok")
        for row in rows[1:]:
            row[at : at + 6] = ["yes"] * 6
        write(path, rows, ";")
    said = run("reviewed", *paths["sheets"])
    assert "3 of 3 captions pass: 100.0 % [29.2, 100.0]; of all 4 between" in said
    told = json.loads(run("reviewed", *paths["sheets"], "--json"))
    assert told["sheets"][0]["rates"][0]["passed"] == 3
    assert told["agreements"][0]["same"] == 3 and told["disagreements"] == []


def test_the_page_is_safe_and_shows_what_failed(place, monkeypatch):
    evil = "The product is <script>alert(1)</script> a blue thing."
    monkeypatch.setattr(
        Engine, "SAY", staticmethod(lambda ask, n: evil if "number 1" in ask.parts[0] else GOOD)
    )
    said = captions("--retries", "1")
    assert "3 captions pass all checks, 1 marked, 0 failed; 5 asked" in said
    page = (place / "out" / "review.html").read_text()
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;" in page and "script-src &#39;none&#39;" in page
    assert page.index("<b>p1</b>") < page.index("<b>p0</b>") and "kept colour: " in page
    assert str(place) not in page


def test_json_and_files(place):
    made = json.loads(captions("--json", "--keep", "best", "--limit", "30"))
    assert made["states"]["pass"] == 4 and made["limits"] == {"mini": 30} and made["keep"] == "best"
    assert [p.rsplit("/")[-1] for p in made["sheets"]] == ["review-1.csv", "review-2.csv"]
    assert re.fullmatch("[0-9a-f]{64}", made["prompt_sha256"])


def test_a_filled_sheet_is_left_alone(place):
    captions()
    path = place / "out" / "review-1.csv"
    rows = read(path)
    rows[1][rows[0].index("colour kept")] = "yes"
    write(path, rows)
    before = path.read_bytes()
    said = captions()
    assert "no review sheets written: out/review-1.csv is filled in" in said
    assert path.read_bytes() == before and "is filled in" in run("review-sheet", "out", code=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prompt", "openmpr_captoin"], "openmpr_caption"),
        (["--encoder", "onnx:nothing.onnx"], "nothing.onnx"),
        (["--text", "blurb"], "no product has a text called 'blurb'; texts there are: description"),
    ],
)
def test_what_cannot_work_is_said_at_the_door(place, words, said, monkeypatch):
    monkeypatch.setattr(Engine, "SAY", staticmethod(lambda ask, n: pytest.fail("asked")))
    done = CliRunner().invoke(
        skulens, ["curate", "captions", "shop.csv", "--engine", "tiny", "--out", "out", *words]
    )
    assert done.exit_code and said in f"{done.output}{done.exception}"
    assert not (place / "out").exists()


def test_a_batch_is_written_and_nothing_made(place, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    words = ["--engine", "openai:m", "--url", "http://127.0.0.1:9/v1", "--batch", "batch"]
    said = captions(*words)
    assert "4 questions: 0 in the store, 4 written" in said and not (place / "out").exists()
    [requests] = (place / "batch").glob("requests-*.jsonl")
    assert len(requests.read_text().splitlines()) == 4


def test_a_folder_that_is_none_of_captions(place):
    assert "holds no captions.parquet" in run("review-sheet", str(place), code=1)
