"""Cards, annotation and pictures from the terminal."""

import json

import PIL.Image
import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.catalog.own import OwnCatalog
from skulens.cli import skulens
from skulens.protocols import Reply
from skulens.records import SystemInfo
from tests.curate.pictures.test_scores import thing


class Engine:
    """Answers every question of this file; counts them over all commands."""

    asked = 0

    def __init__(self):
        self.info = SystemInfo(name="tiny", kind="chat", identity="tiny/1")

    def ask(self, questions):
        for ask in questions:
            type(self).asked += 1
            wanted = ask.schema["properties"]
            if ask.stage == "annotate":
                value = {key: said["enum"][0] for key, said in wanted.items()}
            elif ask.stage == "extract":
                value = {"attributes": [{"name": "Fit", "values": ["Slim"]}]}
            elif "attributes" in wanted:
                answer = {"given": "Colour", "name": "color", "keep": True, "reason": ""}
                keys = wanted["attributes"]["items"]["properties"]
                value = {"attributes": [{k: v for k, v in answer.items() if k in keys}]}
            else:
                value = dict.fromkeys(wanted, ["red"])
            yield Reply(ask.id, text=json.dumps(value), value=value, system="tiny/1")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(registry.CHATS, "tiny", registry.Row(f"{__name__}:Engine", "a test's"))
    monkeypatch.chdir(tmp_path)
    rows = []
    for i, color in enumerate(["Red", "red", "blue", "green", "red", "none"]):
        thing(i).save(tmp_path / f"p{i}.png")
        attributes = {"Colour": color, "pattern/print": "Dots", "isbn": f"978{i}"}
        row = {"id": f"p{i}", "category": "hat", "image": f"p{i}.png", "attributes": attributes}
        rows.append(row)
    rows.append({"id": "p9", "title": "Tie", "category": "tie", "attributes": {"colour": "red"}})
    (tmp_path / "shop.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.asked = 0
    return tmp_path


def run(*words, code=0):
    done = CliRunner().invoke(skulens, ["curate", *words])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done.stdout if code == 0 else str(done.exception) + done.output


def last(*words):
    return run(*words).splitlines()[-1]


def test_from_a_table_to_a_catalogue_on_cards(place):
    assert last("cards", "shop.jsonl", "--out", "cards") == (
        "2 cards over 7 products, 1 keys refused, 1 rejects: cards; edit them, then "
        "skulens curate lint-cards cards"
    )
    assert "an identifier" in run("cards", "shop.jsonl", "--out", "again")
    said = last("annotate", "shop.jsonl", "--cards", "cards", "--out", "made", "--seen-once", "0")
    assert said == (
        "7 products, 0 without an attribute, 1 rejects: made; next: skulens curate compose made "
        "--allow-outside --out QUERIES"
    )
    made = list(OwnCatalog(place / "made", allow_outside=True).products())
    assert {(a.key, a.value) for a in made[0].attributes} == {
        ("colour", "red"),
        ("pattern/print", "dots"),
    }
    record = json.loads((place / "made" / "annotation.json").read_text())
    given, new, none = record["funnel"]["steps"][:3]
    assert new["gone"] == {"key not on the card": 6} and none["gone"] == {"no answer": 1}
    page = (place / "made" / "funnel.html").read_text()
    assert "new attributes" in page and "key not on the card" in page


def test_json(place):
    told = json.loads(run("cards", "shop.jsonl", "--out", "cards", "--json"))
    assert told["cards"]["hat"] == {"keys": 2, "values": 4} and told["refused"][0]["key"] == "isbn"
    told = json.loads(run("annotate", "shop.jsonl", "--cards", "cards", "--out", "made", "--json",
                          "--profile", "merit"))  # fmt: skip
    assert told["settings"]["filters"]["most_frequent_value"] == "exact" and told["products"] == 0
    told = json.loads(run("lint-cards", "cards", "--json"))
    assert {p["rule"] for p in told["problems"]} <= {"size", "modality"}


def test_filters_from_the_terminal(place):
    run("cards", "shop.jsonl", "--out", "cards")
    told = json.loads(run(
        "annotate", "shop.jsonl", "--cards", "cards", "--out", "made", "--json", "--new-attributes", "keys",
        "--most-frequent-value", "share>=0.9", "--rare-values", "20%", "--keys-of-few-values", "1",
        "--drop-empty", "--no-none-skip",
    ))  # fmt: skip
    filters = told["settings"]["filters"]
    assert filters["rare_values"] == {"count": 0, "share": 0.2} and filters["drop_empty"] is True
    assert filters["none_skip"] is False and filters["keys_of_few_values"] == 1
    gone = {s["name"]: s["gone"] for s in told["funnel"]["steps"]}
    assert gone["most-frequent-value"] == {"most frequent value": 7}, (
        "every dots, and the tie's red"
    )
    assert "expected a count" in run(
        "annotate", "shop.jsonl", "--cards", "cards", "--out", "x", "--seen-once", "few", code=1
    )
    assert "unknown profile" in run(
        "annotate", "shop.jsonl", "--cards", "cards", "--out", "x", "--profile", "strict", code=1
    )


def test_nothing_is_overwritten(place):
    run("cards", "shop.jsonl", "--out", "cards")
    assert "holds attribute cards already" in run("cards", "shop.jsonl", "--out", "cards", code=1)
    run("annotate", "shop.jsonl", "--cards", "cards", "--out", "made")
    again = run("annotate", "shop.jsonl", "--cards", "cards", "--out", "made", code=1)
    assert "holds a catalogue already" in again
    assert "no folder" in run("annotate", "shop.jsonl", "--cards", "nowhere", "--out", "x", code=1)


def test_with_a_model_and_again_without_asking(place):
    run("cards", "shop.jsonl", "--out", "cards", "--engine", "tiny")
    asked = Engine.asked
    assert asked == 6, "two classes: check, choose keys, choose values"
    run("cards", "shop.jsonl", "--out", "cards2", "--engine", "tiny")
    assert Engine.asked == asked, "all from the store"
    text = (place / "cards" / "hat.yaml").read_text()
    assert "color:" in text and "synonyms: [colour]" in text and "red: []  # 3" in text
    assert "green" not in text
    said = run("annotate", "shop.jsonl", "--cards", "cards", "--out", "made", "--engine", "tiny")
    assert "6 products, 0 without an attribute, 2 rejects: made" in said.splitlines()[-1]
    assert Engine.asked == asked + 6
    made = list(OwnCatalog(place / "made", allow_outside=True).products())
    assert [p.id for p in made] == [f"p{i}" for i in range(6)], "in the order of the catalogue"
    assert {(a.key, a.value, a.source) for p in made for a in p.attributes} == {
        ("color", "red", "tiny")
    }


def test_open_set_by_a_model(place):
    said = run("cards", "shop.jsonl", "--out", "cards", "--engine", "tiny", "--open")
    assert (
        "1 cards over 6 products" in said and "fit:" in (place / "cards" / "hat.yaml").read_text()
    )
    rejects = (place / "cards" / "rejects.jsonl").read_text()
    assert '"p9"' in rejects and "it has no picture" in rejects


def test_options_of_a_model_need_one(place):
    assert "give --engine too" in run("cards", "shop.jsonl", "--out", "c", "--open", code=2)
    assert "--temperature is for a model" in run(
        "cards", "shop.jsonl", "--out", "c", "--temperature", "1", code=2
    )


def test_claims(place):
    (place / "claims.csv").write_text("item,field,value\np0,free.neckline,V-Neck\np7,brand,Acme\n")
    run("cards", "shop.jsonl", "--out", "cards", "--claims", "claims.csv")
    assert "neckline:" in (place / "cards" / "hat.yaml").read_text()
    assert not (place / "cards" / "tie.yaml").exists()
    assert '"p7"' in (place / "cards" / "rejects.jsonl").read_text()


def test_lint_and_import(place):
    (place / "merit").mkdir()
    (place / "merit" / "v2_hat_dict.json").write_text(
        json.dumps({"Color": ["Red", "red", "blue"], "brim": [], "size": ["20L", "30L"]})
    )
    said = run("lint-cards", "merit", "--no-notes", "--strict", code=1)
    assert "error   v2_hat_dict.json:brim: the list of values is empty" in said
    assert "v2_hat_dict.json:Color: 'Red', 'red' are one value [same-value]" in said
    assert "'20L', expected '20l' [case]" in said
    assert last("import-cards", "merit", "--out", "yaml") == (
        "1 cards, 4 values (1 duplicates joined): yaml; next: skulens curate lint-cards yaml"
    )
    assert "0 errors, 0 warnings" in last("lint-cards", "yaml", "--strict")
    assert "holds no attribute card" in run("lint-cards", ".", code=1)


def test_pictures(place):
    said = run("pictures", "shop.jsonl", "--out", "chosen", "--limit", "watermark=1", "--limit", "blur=1",
               "--limit", "text=1")  # fmt: skip
    assert said.splitlines()[-1] == (
        "6 pictures of 6 products, of which 6 have one that passes; 2 rejects: chosen"
    )
    assert "text                0 fail  (limit 1)" in said
    PIL.Image.new("RGB", (20, 20)).save(place / "p0.png")
    told = json.loads(run("pictures", "shop.jsonl", "--out", "other", "--json", "--score", "size"))
    assert told["products_that_pass"] == 5 and told["scores"][0]["failed"] == 1
    assert "expected SCORE=NUMBER" in run(
        "pictures", "shop.jsonl", "--out", "x", "--limit", "blur", code=2
    )
    assert "unknown picture score" in run(
        "pictures", "shop.jsonl", "--out", "x", "--score", "bloor", code=1
    )


def test_calibrate_pictures(place, tmp_path):
    assert "has 6 products with a picture" in run(
        "calibrate-pictures", "shop.jsonl", "shop.jsonl", code=1
    )
    rows = ["id,image"]
    for i in range(20):
        thing(i, side=64).save(tmp_path / f"q{i}.png")
        rows.append(f"q{i},q{i}.png")
    (tmp_path / "many.csv").write_text("\n".join(rows) + "\n")
    told = json.loads(
        run("calibrate-pictures", "many.csv", "many.csv", "--score", "blur", "--json")
    )
    found = {j["fault"]: j for j in told["judged"]}
    assert set(found) == {"blur", "clutter", "text", "watermark"}
    assert found["blur"]["recall"]["hits"] > 15 and found["blur"]["false_alarms"]["hits"] <= 1
    said = run("calibrate-pictures", "many.csv", "many.csv", "--score", "blur")
    assert said.splitlines()[-1].startswith("4 pairs of score and fault judged on many.csv")
