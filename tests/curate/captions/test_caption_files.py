"""What is written is a catalogue that can be measured, and says how it was made."""

import json

import pytest

from skulens.catalog.own import OwnCatalog
from skulens.curate.captions.captioner import Attempt, Captioned
from skulens.curate.captions.checks import Check, Source
from skulens.curate.captions.files import Plan, read_captions, read_record, text_of
from skulens.curate.captions.make import Work, make_captions
from skulens.curate.captions.sources import Settings
from skulens.errors import DataError, StoreError
from skulens.prompts.load import load_prompt
from skulens.records import DatasetInfo, Image
from tests.curate.captions.asked import Scripted

PROMPT = load_prompt("openmpr_caption")
COUNTERS = {"words": (lambda text: len(text.split()), 10)}
GOOD = "The product is soup in a red can."
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcff"
    "ff3f030005fe02fea735c1b90000000049454e44ae426082"
)


@pytest.fixture
def shop(tmp_path):
    """Three products with a gallery picture and a probe each; "empty" has no description."""
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["id,description,image,split"]
    for name in ("soup", "milk", "empty"):
        for split in ("gallery", "test"):
            (folder / f"{name}-{split}.png").write_bytes(PIXEL + name.encode() + split.encode())
            text = "" if name == "empty" else f"A {name} in a red can which everybody likes a lot"
            lines.append(f"{name},{text},{name}-{split}.png,{split}")
    (folder / "products.csv").write_text("\n".join(lines))
    return OwnCatalog(folder)


def make(catalog, out, say=lambda ask, n: GOOD, plan=Plan(), settings=Settings(), **more):
    chat = Scripted(say)
    counts = make_captions(Work(catalog, PROMPT, COUNTERS, settings, plan, **more), chat, out)
    return counts, chat


def test_a_catalogue_with_a_new_text(shop, tmp_path):
    out = tmp_path / "out"
    counts, _ = make(shop, out)
    assert counts.states == {"pass": 2} and counts.equal == 2 and counts.asked == 2
    made = OwnCatalog(out, allow_outside=True)
    products = {p.id: p for p in made.products()}
    assert products["soup"].texts["refined"] == GOOD
    assert products["soup"].texts["description"].startswith("A soup")
    assert made.info.gallery_text == ("refined",) and made.info.name == "shop"
    before, after = (list(c.queries("test")) for c in (shop, made))
    assert [q.id for q in after] == [q.id for q in before if "empty" not in q.id]
    assert [q.item.parts[0].sha256() for q in after] == [
        q.item.parts[0].sha256() for q in before if "empty" not in q.id
    ]
    assert not (out / "images").exists()
    # the rejected product stays in the catalogue without the text, so that bench names it
    assert "refined" not in products["empty"].texts
    [reject] = [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]
    assert reject["item"] == "empty" and "no text" in reject["reason"]


def test_pictures_are_not_read_from_elsewhere_unless_one_says_so(shop, tmp_path):
    make(shop, tmp_path / "out")
    with pytest.raises(DataError, match="--allow-outside"):
        list(OwnCatalog(tmp_path / "out").products())


def test_copied_pictures_move_with_the_folder(shop, tmp_path):
    make(shop, tmp_path / "out", plan=Plan(pictures="copy"))
    (tmp_path / "out").rename(tmp_path / "moved")
    made = OwnCatalog(tmp_path / "moved")
    assert all(p.images[0].read() for p in made.products())
    assert all(q.item.parts[0].read() for q in made.queries("test"))


def test_every_attempt_is_told(shop, tmp_path):
    said = ["The product is a blue soup can.", GOOD]
    make(shop, tmp_path / "out", lambda ask, n: said[n] if ask.id == "soup" else ("refused", "no"))
    rows = {r["product_id"]: r for r in read_captions(tmp_path / "out")}
    soup, milk = rows["soup"], rows["milk"]
    assert soup["state"] == "pass" and soup["text"] == soup["caption"] == GOOD
    assert [a["failed"] for a in soup["attempts"]] == [["kept colour", "invented colour"], []]
    assert len({a["key"] for a in soup["attempts"]}) == 2
    assert soup["tokens"] == [{"encoder": "words", "before": 11, "after": 8, "limit": 10}]
    assert soup["engine"] == "scripted" and soup["prompt_sha256"] == PROMPT.sha256
    assert milk["state"] == "failed" and milk["error"] == "refused" and milk["caption"] == ""
    assert milk["text_from"] == "source" and milk["text"].startswith("A milk")
    record = read_record(tmp_path / "out")
    assert record["finished"] and record["passed_at_attempt"] == {"2": 1}
    assert record["states"] == {"pass": 1, "marked": 0, "failed": 1, "short": 0}
    assert record["checks"]["kept colour"] == {"pass": 1}
    assert record["checks_of_first_attempts"]["kept colour"] == {"fail": 1}
    assert record["errors"] == {"refused": 1} and record["limits"] == {"words": 10}
    assert (
        "captions.parquet" in json.loads((tmp_path / "out" / "manifest.json").read_text())["rows"]
    )


def captioned(*attempts):
    return Captioned(Source("a", "the source"), attempts)


BAD = Attempt("a caption", (Check("start", "fail", "no"),))


@pytest.mark.parametrize(
    ("keep", "marked", "failed"),
    [
        ("source", ("the source", "source"), ("the source", "source")),
        ("best", ("a caption", "caption"), ("the source", "source")),
        ("none", ("", ""), ("", "")),
    ],
)
def test_what_stands_for_a_product_whose_captions_fail(keep, marked, failed):
    assert text_of(captioned(BAD), keep) == marked
    assert text_of(captioned(Attempt("", error="refused")), keep) == failed
    assert text_of(captioned(Attempt("a caption")), keep) == ("a caption", "caption")
    assert text_of(captioned(), keep) == ("the source", "source")


def test_a_product_without_text_is_left_out_of_the_gallery(shop, tmp_path):
    make(shop, tmp_path / "out", lambda ask, n: "blue", Plan(keep="none"), Settings(retries=0))
    made = OwnCatalog(tmp_path / "out", allow_outside=True)
    assert all("refined" not in p.texts for p in made.products())


def test_the_folder_may_be_made_again_of_the_same_data_only(shop, tmp_path):
    out = tmp_path / "out"
    make(shop, out)
    make(shop, out, lambda ask, n: GOOD + " Nice.")
    assert {r["caption"] for r in read_captions(out)} == {GOOD + " Nice."}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "products.csv").write_text("id,description\na,A red can\n")
    with pytest.raises(StoreError, match="holds captions of shop"):
        make(OwnCatalog(tmp_path / "other"), out)
    with pytest.raises(StoreError, match="holds a catalogue already"):
        (out / "captions.json").unlink()  # then it is anybody's catalogue
        make(shop, out)


def test_nothing_is_asked_where_the_folder_is_refused(shop, tmp_path):
    (tmp_path / "file").write_text("x")
    asked = []
    with pytest.raises(StoreError, match="is a file"):
        make(shop, tmp_path / "file", lambda ask, n: asked.append(ask) or GOOD)
    assert asked == []


def test_an_engine_that_dies_leaves_an_unfinished_folder(shop, tmp_path):
    def die(ask, n):
        if ask.id == "milk":
            raise KeyboardInterrupt
        return GOOD

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        make(shop, out, die)
    assert not read_record(out)["finished"] and not (out / "products.parquet").exists()
    with pytest.raises(DataError, match="holds no captions.parquet"):
        read_captions(out)
    counts, _ = make(shop, out)
    assert counts.states == {"pass": 2} and read_record(out)["finished"]


def test_a_sample_is_drawn_by_its_seed(shop, tmp_path):
    _, chat = make(shop, tmp_path / "out", sample=1, seed=3)
    _, again = make(shop, tmp_path / "out2", sample=1, seed=3)
    assert [a.id for a in chat.asked] == [a.id for a in again.asked] and len(chat.asked) <= 1
    made = OwnCatalog(tmp_path / "out", allow_outside=True)
    assert len(list(made.products())) == 1


def test_pictures_in_memory_cannot_be_referred_to(shop, tmp_path):
    class Held:
        info, rejects = shop.info, []

        def products(self):
            from dataclasses import replace

            return (replace(p, images=(Image(data=PIXEL),)) for p in shop.products())

        def queries(self, split):
            return iter(())

    with pytest.raises(DataError, match="--pictures copy"):
        make(Held(), tmp_path / "out")
    counts, _ = make(Held(), tmp_path / "out", plan=Plan(pictures="copy"))
    assert counts.carried_queries == 0 and counts.states["pass"] == 2


def test_queries_that_cannot_be_read_are_said(shop, tmp_path):
    class Lost:
        info, rejects, products = shop.info, [], shop.products

        def queries(self, split):
            raise DataError("the photos are gone")

    counts, _ = make(Lost(), tmp_path / "out")
    assert counts.no_queries == "the photos are gone"
    assert not (tmp_path / "out" / "queries.parquet").exists()


def test_an_empty_catalogue(tmp_path):
    class Empty:
        info, rejects = DatasetInfo("empty", "Empty"), []

        def products(self):
            return iter(())

    with pytest.raises(DataError, match="no products"):
        make(Empty(), tmp_path / "out")
