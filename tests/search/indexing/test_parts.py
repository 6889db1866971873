"""Documents, the rejects' file and the writing thread."""

import json
import threading

import pytest

from skulens.documents import Schema
from skulens.errors import StoreError
from skulens.index.stores.fields import infer
from skulens.records import Attribute, Image, Product, Reject, batches
from skulens.search.indexing.documents import DocumentMaker, read_pictures, text_of, words_of
from skulens.search.indexing.rejects import RejectFile
from skulens.search.indexing.writer import Writer
from tests.search.indexing.conftest import png

FULL = Product(
    "A-1",
    title="Red shoe",
    texts={"description": "Light. ", "caption": "a red shoe", "care": "wash cold", "empty": ""},
    category=("Shoes", "Red shoe"),
    attributes=(Attribute("Color", "crimson"),),
    gtin="4006381333931",
)


def test_texts_to_embed_are_title_caption_and_description():
    assert text_of(FULL) == "Red shoe. a red shoe. Light."
    assert text_of(Product("1")) == "" and text_of(Product("1", title=" ")) == ""
    assert text_of(Product("1", title="a", texts={"description": "a"})) == "a"


def test_words_hold_each_text_once():
    assert words_of(FULL).split("\n") == [
        "Red shoe", "Light. ", "a red shoe", "wash cold", "Shoes", "crimson", "4006381333931", "A-1",
    ]  # fmt: skip
    assert words_of(Product("1", title="\ud800")) == "\\ud800\n1"


def test_pictures_are_hashed_and_the_unreadable_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png("red"))
    images = (Image(path=str(path)), Image(path=str(tmp_path / "no.png")), Image(data=png("red")))
    [one] = read_pictures([Product("1", images=images)], None)
    file, held = one.images
    assert file.known == held.known and file.held is None and held.held == png("red")
    assert file.read() == held.read() and file.own_file is None
    [reject] = one.rejects
    assert reject.item == "1" and "no such file" in reject.reason.lower()
    assert one.let_go().held_bytes == 0 and one.let_go().hashes == one.hashes


def test_documents_hold_what_fits(tmp_path):
    maker = DocumentMaker(Schema(fields=infer([FULL])), ())
    [one] = read_pictures([FULL], None)
    document, rejects = maker.make(one, {}, b"")
    assert document.fields["attributes.color"] == ("crimson",) and rejects == []
    assert (
        document.digest
        == maker.digest(one)
        != DocumentMaker(Schema(), ()).digest(read_pictures([Product("A-1")], None)[0])
    )


def reject(n):
    return Reject("file", str(n), f"reason {n}", "todo")


def test_a_cut_line_of_an_earlier_run_does_no_harm(tmp_path):
    path = tmp_path / "deep" / "rejects.jsonl"
    path.parent.mkdir()
    kept = json.dumps({"source": "s", "item": "1", "reason": "r", "todo": "t", "stage": "index"})
    path.write_text(f'{kept}\n{{"source": "cut')
    file = RejectFile(path)
    file.start({"1"}, [reject(2)])
    file.add([reject(3)])
    file.finish()
    assert [json.loads(line)["item"] for line in path.read_text().splitlines()] == ["1", "2", "3"]
    assert file.count == 3


def test_rejects_without_a_file_are_counted(tmp_path):
    file = RejectFile(None)
    file.start(set(), [])
    file.add([reject(n) for n in range(9)])
    file.finish()
    assert file.count == 9 and len(file.first) == 5


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    file = RejectFile(tmp_path / "file" / "rejects.jsonl")
    with pytest.raises(StoreError, match="cannot be written.*same command again"):
        file.start(set(), [reject(1)])


def test_the_writer_writes_in_order_in_another_thread():
    seen = []
    with Writer(lambda n: seen.append((n, threading.get_ident()))) as writer:
        for n in range(20):
            writer.put(n)
    assert [n for n, _ in seen] == list(range(20))
    assert {t for _, t in seen} != {threading.get_ident()}


def test_what_the_writer_raises_reaches_the_caller_and_nothing_more_is_written():
    seen, waiting = [], threading.Event()

    def write(n):
        seen.append(n)
        if n == 1:
            waiting.wait(10)
            raise StoreError("full")

    with pytest.raises(StoreError, match="full"), Writer(write) as writer:
        for n in (0, 1, 2):  # 2 waits when 1 fails
            writer.put(n)
        waiting.set()
        while True:
            writer.put(3)
    assert seen == [0, 1]


def test_the_last_error_is_not_lost():
    def write(_):
        raise StoreError("full")

    with pytest.raises(StoreError, match="full"), Writer(write) as writer:
        writer.put(1)


def test_after_an_error_of_the_caller_what_waits_is_written():
    seen = []
    with pytest.raises(ValueError), Writer(seen.append) as writer:
        writer.put(1)
        writer.put(2)
        raise ValueError
    assert seen == [1, 2]


def test_batches_draw_as_needed():
    drawn = []
    rows = batches((drawn.append(n) or n for n in range(10)), 3)
    assert next(rows) == [0, 1, 2] and drawn == [0, 1, 2]
    assert list(rows) == [[3, 4, 5], [6, 7, 8], [9]]
