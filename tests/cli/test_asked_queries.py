"""`skulens curate expand`, `rewrite` and `filter` from the terminal, with an engine and without."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image as PIL

from skulens import registry
from skulens.catalog.folder import write_catalog
from skulens.catalog.open import open_catalog
from skulens.cli import skulens
from skulens.records import Attribute, Image, Product
from tests.curate.asked import engine

WORDS = {"Find": "I want", "I am looking for": "I want", "Show me": "I want"}


class Tiny(engine.Engine):
    """Rewrites by replacing the head; says yes to every principle; picks the first of a list."""

    ASKED: list[str] = []

    def __init__(self):
        super().__init__(self.answer)

    @classmethod
    def answer(cls, ask):
        text = engine.text_of(ask)
        cls.ASKED.append(text)
        if "Statement: " in text.rpartition("Examples:")[2]:
            statement = text.rpartition("Statement: ")[2].strip()
            for head, new in WORDS.items():
                statement = statement.replace(head, new, 1)
            return {"query": statement}
        if "Answer three questions" in text:
            names = ("non_omission", "vision_centric", "accuracy")
            return dict.fromkeys(names, True) | {f"{n}_reason": "seen" for n in names}
        return "no"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A shop of 48 chairs, each of another colour of picture, all attributes known."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(registry.CHATS, "tiny", registry.Row(f"{__name__}:Tiny", "a test's"))
    monkeypatch.setattr(Tiny, "ASKED", [])
    monkeypatch.chdir(tmp_path)
    products = []
    for number in range(48):
        color, shape, legs = number % 3, number // 3 % 4, number // 12
        picture = tmp_path / f"{number}.png"
        PIL.new("RGB", (16, 16), (80 * color, 60 * shape, 60 * legs)).save(picture)
        told = {"color": f"hue{color}", "shape": f"form{shape}", "legs": f"kind{legs}"}
        attributes = tuple(Attribute(k, v, "visual") for k, v in told.items())
        products.append(
            Product(f"p{number:02}", f"Seat {number}", images=(Image(path=str(picture)),),
                    category=("chair",), attributes=attributes, language="en")
        )  # fmt: skip
    write_catalog(tmp_path / "shop", products, pictures="copy")
    (tmp_path / "wide.yaml").write_text("base: sound\nmost_share: 0.5\n")
    return tmp_path


def run(*words, code=0):
    done = CliRunner().invoke(skulens, ["curate", *words])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done.stdout if code == 0 else f"{done.output}{done.exception}"


def expand(*more, out="made"):
    words = ("expand", "shop", "--quota", "2=4", "--least", "-1", "--profile", "wide.yaml")
    return run(*words, "--out", out, *more)


def queries(folder):
    return {q.id: q for q in open_catalog(folder, allow_outside=True).queries("composed")}


def test_from_similar_pairs_to_filtered_natural_queries(place):
    said = expand().splitlines()
    assert re.fullmatch(r" +4  accepted", said[-3]) and said[-2].startswith("nobody was asked")
    assert said[-1].startswith(
        "4 queries over 48 products: made; next: skulens curate rewrite made"
    )
    made = queries("made")
    assert {q.tags["judgements"] for q in made.values()} == {"complete"}
    assert {q.tags["method"] for q in made.values()} == {"cold-start"}

    rewrite = ("rewrite", "made", "--allow-outside", "--engine", "tiny")
    said = run(*rewrite, "--out", "natural").splitlines()
    assert said[-1].startswith("4 of 4 queries rewritten: natural; next: skulens curate filter")
    assert said[-2].startswith("4 questions: 4 answered;") and len(Tiny.ASKED) == 4
    assert all(q.item.parts[0].startswith("I want a chair") for q in queries("natural").values())
    assert {i: q.relevant for i, q in queries("natural").items()} == {
        i: q.relevant for i, q in made.items()
    }

    said = run("filter", "natural", "--allow-outside", "--out", "kept").splitlines()
    assert (
        said[-1].startswith("4 of 4 queries kept: kept; next: ")
        and queries("kept").keys() == made.keys()
    )
    assert pq.read_metadata("kept/composition.parquet").num_rows == 4


def test_nothing_is_asked_twice(place):
    expand()
    for out in ("one", "two"):
        run("rewrite", "made", "--allow-outside", "--engine", "tiny", "--out", out)
    assert len(Tiny.ASKED) == 4
    assert queries("one") == queries("two")


def test_agreement_of_model_and_catalogue_is_said(place):
    expand()
    words = ("filter", "made", "--allow-outside", "--engine", "tiny", "--ask-all")
    said = run(*words, "--out", "kept")
    assert (
        "accuracy: model and catalogue agree on 100.0%" in said
        and "of 4; the model finds none" in said
    )
    told = json.loads(run(*words, "--json", "--out", "again"))
    assert told["agreement"]["accuracy"]["counts"] == {"holds/holds": 4}
    assert told["asking"]["answered"] == 4 and told["states"]["kept"] == 4 and len(Tiny.ASKED) == 4


def test_json_is_one_object(place):
    made = json.loads(expand("--json", "--tell", "words"))
    assert made["queries"] == 4 and made["funnel"]["cold-start: accepted"] == 4
    assert all(len(q.references) == 1 for q in queries("made").values())
    words = ("rewrite", "made", "--allow-outside", "--engine", "tiny", "--json", "--out", "natural")
    told = json.loads(run(*words))
    assert told["states"] == {"rewritten": 4} and told["passed_at_attempt"] == {"1": 4}
    assert re.fullmatch("[0-9a-f]{64}", told["prompt_sha256"])


def test_a_batch_is_written_and_nothing_made(place, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    expand()
    engine_ = ("--engine", "openai:m", "--url", "http://127.0.0.1:9/v1", "--batch", "batch")
    said = run("rewrite", "made", "--allow-outside", *engine_, "--out", "natural")
    assert "4 questions: 0 in the store, 4 written" in said
    assert not Path("natural/products.parquet").exists()
    [requests] = Path("batch").glob("requests-*.jsonl")
    assert len(requests.read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("expand", "shop", "--out", "x", "--instruct"), "--instruct asks a model"),
        (("expand", "shop", "--out", "x", "--quota", "2=3/language=th"), "numbers of conditions alone"),
        (("expand", "shop", "--out", "x", "--encoder", "nothing"), "unknown encoder 'nothing'"),
        (("rewrite", "shop", "--out", "x"), "Missing option '--engine'"),
        (("rewrite", "shop", "--out", "x", "--engine", "tiny"), "has no queries with conditions"),
        (("rewrite", "shop", "--out", "shop", "--engine", "tiny"), "holds a catalogue already"),
        (("filter", "shop", "--out", "x", "--ask-all"), "--ask-all asks a model"),
        (("filter", "shop", "--out", "x"), "has no queries with conditions"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_said_at_the_door(place, words, said):
    done = CliRunner().invoke(skulens, ["curate", *words])
    assert done.exit_code and said in f"{done.output}{done.stderr}{done.exception}"
    assert not Tiny.ASKED
