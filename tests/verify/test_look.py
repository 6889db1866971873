"""Pictures are read once, in order, one ahead, whatever is broken on the way."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import PIL.Image
import pytest

pytest.importorskip("zxingcpp", reason="bars need zxing-cpp: pip install 'skulens[bars]'")

from skulens import pictures
from skulens.claims import Line
from skulens.records import Image, Product, SystemInfo
from skulens.verify.look import AHEAD, Looker, key_of, languages_of

QUAD = (1.0, 1.0, 9.0, 1.0, 9.0, 5.0, 1.0, 5.0)


def encode(width: int) -> bytes:
    data = io.BytesIO()
    PIL.Image.new("RGB", (width, 20), "white").save(data, "PNG")
    return data.getvalue()


def product(name: str, *widths: int, **more) -> Product:
    return Product(id=name, images=tuple(Image(data=encode(w)) for w in widths), **more)


class FakeReader:
    """Says how wide a picture is; raises at a width of 13."""

    languages = ("en",)

    def __init__(self) -> None:
        self.info = SystemInfo(name="fake", kind="reader", identity="fake/1")
        self.widths: list[int] = []

    def read(self, picture, languages=()):
        self.widths.append(picture.width)
        if picture.width == 13:
            raise RuntimeError("the engine choked")
        return [Line(f"{picture.width} {' '.join(languages)}".strip(), QUAD, 0.9, "fake")]

    def read_boxes(self, picture, quads, languages=()):
        return [("", 0.0)] * len(quads)


def texts(seen) -> list[str]:
    return [line.text for lines in seen.lines.values() for line in lines]


def test_products_come_in_order_with_all_their_pictures():
    given = [product("a", 30, 31), product("b"), product("c", 32)]
    looked = list(Looker(FakeReader(), bars=False).look(given))
    assert [(p.id, texts(s), len(r)) for p, s, r in looked] == [
        ("a", ["30", "31"], 0), ("b", [], 1), ("c", ["32"], 0),
    ]  # fmt: skip
    assert looked[1][2][0].reason == "has no picture"
    assert list(looked[0][1].sizes.values()) == [(30, 20), (31, 20)]


def test_no_more_pictures_are_decoded_ahead_than_said(monkeypatch):
    decoded, decode = [], pictures.decode
    monkeypatch.setattr(pictures, "decode", lambda data: decoded.append(1) or decode(data))
    reader, most = FakeReader(), 0
    read = reader.read

    def watch(picture, languages=()):
        nonlocal most
        time.sleep(0.02)  # the decoder would run on if nothing held it
        most = max(most, len(decoded) - len(reader.widths))
        return read(picture, languages)

    reader.read = watch
    list(Looker(reader, bars=False).look([product("a", *range(30, 50))]))
    assert len(decoded) == 20 and most <= AHEAD + 1


def test_products_are_drawn_as_they_are_needed():
    drawn = []

    def stream():
        for i in range(100):
            drawn.append(i)
            yield product(str(i), 30 + i)

    looks = Looker(FakeReader(), bars=False).look(stream())
    next(looks)
    assert len(drawn) <= AHEAD + 2
    looks.close()


def test_a_picture_of_several_products_is_read_once():
    reader = FakeReader()
    read = reader.read
    reader.read = lambda *given: time.sleep(0.05) or read(*given)  # the next one is decoded by then
    looked = list(Looker(reader, bars=False).look([product("a", 30, 30), product("b", 30)]))
    assert reader.widths == [30]
    assert [texts(s) for _, s, _ in looked] == [["30"], ["30"]]


def test_the_same_picture_of_another_language_is_read_again():
    reader = FakeReader()
    given = [product("a", 30, language="en"), product("b", 30, language="th")]
    looked = list(Looker(reader, bars=False).look(given))
    assert [texts(s) for _, s, _ in looked] == [["30 en"], ["30 th"]]


def test_nothing_is_read_twice_over_runs(tmp_path):
    given, again = [product("a", 30), product("b", 31)], FakeReader()
    first = list(Looker(FakeReader(), cache=tmp_path).look(given))
    second = list(Looker(again, cache=tmp_path).look(given))
    assert again.widths == []
    assert [(s.lines, s.sizes, s.bars) for _, s, _ in first] == [
        (s.lines, s.sizes, s.bars) for _, s, _ in second
    ]


def test_bars_alone_are_kept_when_the_reader_changes(tmp_path, monkeypatch):
    list(Looker(None, cache=tmp_path).look([product("a", 30)]))
    monkeypatch.setattr(
        "skulens.verify.bars.ladder.decode_bars", lambda picture: pytest.fail("decoded again")
    )
    seen, rejects = Looker(FakeReader(), cache=tmp_path).look_at(product("a", 30))
    assert texts(seen) == ["30"] and not rejects


def test_a_torn_row_is_read_again(tmp_path):
    looker = Looker(FakeReader(), bars=False, cache=tmp_path)
    seen, _ = looker.look_at(product("a", 30))
    sha = next(iter(seen.lines))
    assert looker._lines is not None
    looker._lines.put(key_of(sha, ()), {"size": [30, 20], "lines": [["30", [1, 2]]]})
    reader = FakeReader()
    seen, _ = Looker(reader, bars=False, cache=tmp_path).look_at(product("a", 30))
    assert reader.widths == [30] and texts(seen) == ["30"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (encode(400)[:60], "cannot be decoded"),
        (b"<html>gone</html>", "web page"),
        (encode(1), "too small"),
        (encode(29_999), "too narrow"),
    ],
)
def test_a_broken_picture_is_a_reject_and_the_others_are_read(data, words, tmp_path):
    broken = Product(id="x", images=(Image(data=data), Image(data=encode(33))))
    looker = Looker(FakeReader(), bars=False, cache=tmp_path)
    (_, seen, rejects), (_, after, _) = looker.look([broken, product("y", 34)])
    assert len(rejects) == 1 and words in rejects[0].reason and rejects[0].item == "x"
    assert texts(seen) == ["33"] and texts(after) == ["34"]


def test_a_missing_file_is_a_reject_by_its_path(tmp_path):
    gone = Product(id="x", images=(Image(path=str(tmp_path / "gone.jpg")),))
    _, rejects = Looker(FakeReader(), bars=False).look_at(gone)
    assert rejects[0].source.endswith("gone.jpg") and "no such file" in rejects[0].reason


def test_a_reader_that_fails_costs_its_picture_alone(tmp_path):
    looker = Looker(FakeReader(), cache=tmp_path)
    (_, seen, rejects), (_, after, _) = looker.look([product("x", 13, 33), product("y", 34)])
    assert [r.reason for r in rejects] == ["text cannot be read, RuntimeError: the engine choked"]
    assert texts(seen) == ["33"] and texts(after) == ["34"]
    again = FakeReader()
    _, rejects = Looker(again, cache=tmp_path).look_at(product("x", 13, 33))
    assert again.widths == [13] and len(rejects) == 1  # a failure is not kept as an empty page


def test_ctrl_c_keeps_what_was_read(tmp_path):
    class Interrupted(FakeReader):
        def read(self, picture, languages=()):
            if picture.width == 32:
                raise KeyboardInterrupt
            return super().read(picture, languages)

    given = [product("a", 30, 31), product("b", 32), product("c", 33)]
    with pytest.raises(KeyboardInterrupt):
        list(Looker(Interrupted(), bars=False, cache=tmp_path).look(given))
    reader = FakeReader()
    list(Looker(reader, bars=False, cache=tmp_path).look(given))
    assert reader.widths == [32, 33]


def test_languages_are_those_of_the_product_and_its_extras():
    told = product("a", language="en", extras={"languages": ["ru", "en", None, 3]})
    assert languages_of(told) == ["en", "ru"]


# ----- a killed run, two runs at once -----------------------------------------------------------

SCRIPT = """
import sys, time
from pathlib import Path
from tests.verify.test_look import FakeReader, product
from skulens.verify.look import Looker
folder, pause = Path(sys.argv[1]), float(sys.argv[2])
class Slow(FakeReader):
    def read(self, picture, languages=()):
        time.sleep(pause)
        return super().read(picture, languages)
reader = Slow()
for done, _, _ in Looker(reader, bars=False, cache=folder).look(product(str(w), w) for w in range(30, 60)):
    print(done.id, flush=True)
print("read", len(reader.widths), flush=True)
"""


def start(folder: Path, pause: float) -> subprocess.Popen:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    first = start(tmp_path, 0.05)
    assert first.stdout is not None
    done = [first.stdout.readline().strip() for _ in range(5)]
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert done == ["30", "31", "32", "33", "34"]
    reader = FakeReader()
    given = [product(str(w), w) for w in range(30, 60)]
    list(Looker(reader, bars=False, cache=tmp_path).look(given))
    assert reader.widths and min(reader.widths) >= 35  # what was given out is never read again


def test_two_runs_share_a_cache(tmp_path):
    runs = [start(tmp_path, 0.01), start(tmp_path, 0.01)]
    ends = [run.communicate()[0].splitlines() for run in runs]
    assert all(
        run.returncode == 0 and len(lines) == 31 for run, lines in zip(runs, ends, strict=True)
    )
    reader = FakeReader()
    list(Looker(reader, bars=False, cache=tmp_path).look(product(str(w), w) for w in range(30, 60)))
    assert reader.widths == []
