"""`skulens verify` from the terminal: verdicts of anybody's claims, with a reader of text that
knows what stands in a picture by its width."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.cli import skulens
from skulens.registry import Row
from tests.extract.pictures_with_text import FakeText, line, make_picture
from tests.report.test_page import Balanced

pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed: pip install 'skulens[bars]'")
NET, GTIN, BRAND = "attributes.net_content", "identifiers.gtin", "attributes.brand"


def grams(width):
    return 500 + 100 * (width - 300)


class Fake(FakeText):
    """Every picture says its net content: 300 px wide 500 g, 301 px 600 g ..."""

    def __init__(self):
        super().__init__({w: [line(f"Net Wt {grams(w)} g")] for w in range(300, 340)})

    def read(self, picture, languages=()):
        with Path("reads.txt").open("a") as f:
            f.write(f"{picture.width}\n")
        if os.environ.get("SLOW"):
            time.sleep(0.1)
        return super().read(picture, languages)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(registry.TEXT_READERS, "fake", Row(f"{__name__}:Fake", "a test's"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    rows = ["id,title,image"]
    for i in range(4):
        make_picture(tmp_path / "shop" / f"{i}.png", 300 + i)
        rows.append(f"p{i},box {i},{i}.png")
    (tmp_path / "shop" / "products.csv").write_text("\n".join(rows))
    return tmp_path


def run(*words, code=0):
    words = ("verify", "--catalog", "shop", "--text-reader", "fake", *words)
    done = CliRunner().invoke(skulens, [str(w) for w in words])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done


def claims(text, name="claims.csv"):
    Path(name).write_text(text, encoding="utf-8")
    return name


WORKED = """item,field,value
p0,net_content,500 g
p1,net_content,500 g
p2,net_content,700 g
p0,gtin,123
p1,gtin,
p3,sleeve,long
p0,net_content,500 g
ghost,brand,X
p1,identifiers.nope,X
"""


def table(path="verdicts.parquet"):
    return pq.read_table(path).to_pylist()


def test_every_claim_gets_a_verdict_or_a_reason(place):
    done = run(claims(WORKED))
    rows = {(r["item"], r["field"]): r for r in table()}
    assert {k: r["label"] for k, r in rows.items()} | {("p1", NET): ""} == {
        ("p0", NET): "VC", ("p1", NET): "", ("p2", NET): "VC", ("p0", GTIN): "VI",
        ("p1", GTIN): "U", ("p3", "attributes.sleeve"): "U",
    }  # fmt: skip
    assert rows["p1", NET]["label"] != "VC"
    right = rows["p0", NET]
    assert right["quote"] == "Net Wt 500 g" and len(right["quad"]) == 8 and right["image"]
    assert (right["source"], rows["p0", GTIN]["sub"]) == ("claims.csv:2", "malformed")
    assert rows["p1", GTIN]["value"] is None
    rejects = [json.loads(x) for x in Path("verdicts.rejects.jsonl").read_text().splitlines()]
    assert sorted(r["source"] for r in rejects) == ["claims.csv:10", "claims.csv:8", "claims.csv:9"]
    assert len(rows) + len(rejects) == 9 and all(r["reason"] and r["todo"] for r in rejects)
    last = done.stdout.splitlines()[-1]
    assert last.startswith("6 claims of 4 items (4 pictures): ") and ", 1 not visible;" in last
    assert "3 rejects in verdicts.rejects.jsonl" in last and last.endswith("-> verdicts.parquet")
    assert "3 rejects:" in done.stderr and "claims.csv:8" in done.stderr


def test_json_is_one_object_whose_numbers_add_up(place):
    done = run(claims(WORKED), "--json")
    record = json.loads(done.stdout)
    assert record["rows"] == 9 == record["claims"] + record["rejects"]
    verdicts = record["verdicts"]
    assert sum(verdicts.values()) + record["not_visible"] == record["claims"] == len(table())
    assert sum(f["claims"] for f in record["fields"].values()) == sum(verdicts.values())
    assert all(f["claims"] == f["VC"] + f["VI"] + f["U"] for f in record["fields"].values())
    assert sum(record["subs"].values()) == sum(verdicts.values())
    assert record["not_visible"] == 1 and record["items"] == record["pictures"] == 4
    assert record["out"] == "verdicts.parquet" and record["stopped"] is False
    assert record["rejects_file"] == "verdicts.rejects.jsonl"


def test_fields_with_wrong_claims_come_first(place):
    record = json.loads(run(claims(WORKED), "--json").stdout)
    wrong = [found["VI"] for found in record["fields"].values()]
    assert wrong == sorted(wrong, reverse=True) and wrong[0] > 0


def test_pictures_are_read_once_and_only_of_products_that_are_claimed(place):
    name = claims("item,field,value\np1,brand,X\np1,net_content,600 g\np3,brand,X\n")
    run(name)
    assert Path("reads.txt").read_text().split() == ["301", "303"]
    first = table()
    run(name)
    assert Path("reads.txt").read_text().split() == ["301", "303"] and table() == first


def test_rejects_of_an_earlier_run_do_not_stay(place):
    run(claims(WORKED))
    run(claims("item,field,value\np1,brand,X\n"))
    assert not Path("verdicts.rejects.jsonl").exists()
    assert [p.name for p in place.iterdir() if p.name.startswith(".")] == []


def test_wide_tables_and_mapped_columns(place):
    run(claims("SKU,Inhalt,Marke\np0,500 g,X\np1,600 g,\n"), "--map", "net_content=Inhalt")
    assert [(r["item"], r["field"], r["label"]) for r in table()] == [
        ("p0", NET, "VC"), ("p0", "attributes.marke", "U"), ("p1", NET, "VC"),
    ]  # fmt: skip


def test_a_reading_of_ours_is_not_its_own_witness(place, monkeypatch):
    """Claims that we read, written, and verified against the same reading stay as they were."""
    from skulens.catalog.claims import claims_table
    from skulens.catalog.open import open_catalog
    from skulens.extract.labels import LabelReader

    text = FakeText({w: [line(f"Net Wt {grams(w)} g", confidence=0.5)] for w in range(300, 304)})
    [reading] = LabelReader(text).read_labels(list(open_catalog("shop").products())[:1], (NET,))
    pq.write_table(claims_table(reading.claims), "ours.parquet")
    Path("theirs.csv").write_text("item,field,value\np0,net_content,500 g\n")

    monkeypatch.setitem(registry.TEXT_READERS, "fake", Row(f"{__name__}:Doubtful", "a test's"))
    assert [v.label for v in reading.verdicts] == ["U"]
    run("ours.parquet")
    assert [r["label"] for r in table()] == ["U"]
    run("theirs.csv")
    assert [r["label"] for r in table()] == ["VC"]


class Doubtful(FakeText):
    """The same lines, badly legible."""

    def __init__(self):
        lines = {w: [line(f"Net Wt {grams(w)} g", confidence=0.5)] for w in range(300, 304)}
        super().__init__(lines, "doubtful")


def test_pictures_that_cannot_be_read_are_rejects(place):
    (place / "shop" / "0.png").write_bytes(b"no picture")
    run(claims("item,field,value\np0,brand,X\np1,net_content,600 g\n"))
    [reject] = [json.loads(x) for x in Path("verdicts.rejects.jsonl").read_text().splitlines()]
    assert reject["item"] == "p0" and [r["label"] for r in table()] == ["U", "VC"]


def test_what_cannot_start_says_why(place):
    def refused(*words):
        return str(run(*words, code=1).exception)

    assert "there is no table" in refused("nope.csv")
    assert "no claim of claims.csv can be verified" in refused(
        claims("item,field,value\nghost,brand,X\n")
    )
    assert "no product 'ghost'" in Path("verdicts.rejects.jsonl").read_text()
    assert "holds the claims themselves" in refused("claims.csv", "--out", "claims.csv")
    assert Path("claims.csv").read_text().startswith("item,")


def test_bars_alone(place):
    name = claims("item,field,value\np0,gtin,123\np0,net_content,500 g\n")
    run(name, "--text-reader", "none")
    assert [r["label"] for r in table()] == ["VI", "U"] and not Path("reads.txt").exists()


# ----- page -----------------------------------------------------------------------------------


def page(text):
    run(claims(text), "--html", "page.html")
    return Path("page.html").read_text(encoding="utf-8")


def test_the_page_is_whole_and_has_the_wrong_ones_first(place):
    text = page(WORKED)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == [] and all(a.startswith(("data:", "#")) for a in parser.addresses)
    places = [text.index(f'id="{label}"') for label in ("VI", "U", "VC")]
    assert places == sorted(places)
    assert text.index("123</td>") < text.index('id="U"') < text.index("700 g</div>")
    assert text.count("data:image/jpeg;base64,") == text.count('<div class="shot"><img')
    assert text.count("<img") >= 2 and "Net Wt 500 g" in text


def test_words_of_strangers_cannot_inject_markup(place):
    text = page('item,field,value\np0,<script>x,<script>alert(1)</script>\np0,a,"""><img src=x>"\n')
    assert "<script" not in text and "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert re.search(r"default-src 'none'.*script-src 'none'", html.unescape(text))


def test_a_page_shows_some_and_says_how_many_there_are(place, monkeypatch):
    from skulens.report import verdicts

    monkeypatch.setattr(verdicts, "MOST", {"VI": 2, "U": 2, "VC": 2})
    rows = "".join(f"p0,gtin,{n}\np0,note{n},x\n" for n in range(5))
    text = page(f"item,field,value\n{rows}")
    assert text.count("2 of 5;") == 2


# ----- stopping -------------------------------------------------------------------------------


def test_ctrl_c_leaves_what_is_done_and_says_so(place, monkeypatch):
    from skulens.extract import verifying

    real = verifying.verify_claims

    def stop(claims, seen, *more):
        if seen.item == "p2":
            raise KeyboardInterrupt
        return real(claims, seen, *more)

    monkeypatch.setattr(verifying, "verify_claims", stop)
    name = claims(
        "item,field,value\n" + "".join(f"p{i},net_content,{grams(300 + i)} g\n" for i in range(4))
    )
    done = run(name, "--html", "page.html", code=130)
    assert [r["item"] for r in table()] == ["p0", "p1"]
    last = done.stdout.splitlines()[-1]
    assert last.startswith("stopped after 2 claims of 2 items") and "goes on from here" in last
    assert Path("page.html").is_file() and not Path("verdicts.rejects.jsonl").exists()
    monkeypatch.undo()
    monkeypatch.chdir(place)  # and back again at the end


def test_an_error_on_the_way_leaves_the_earlier_files_and_no_others(place, monkeypatch):
    run(claims(WORKED))
    before = {p.name: p.read_bytes() for p in place.iterdir() if p.is_file()}

    def fail(*_):
        raise RuntimeError("a verifier of somebody else")

    monkeypatch.setattr("skulens.extract.verifying.verify_claims", fail)
    run("claims.csv", code=1)
    assert {p.name: p.read_bytes() for p in place.iterdir() if p.is_file()} == before


KILLED = """
import sys
from skulens import registry
from skulens.registry import Row
from skulens.verify import cache
registry.TEXT_READERS["fake"] = Row("tests.cli.test_verify:Fake", "a test's")
cache.SECONDS = 0.0
from skulens.cli import skulens
skulens(["verify", "claims.csv", "--catalog", "shop", "--text-reader", "fake"])
"""


def test_a_killed_run_goes_on_without_reading_again(place):
    rows = ["id,title,image"]
    for i in range(20):
        make_picture(place / "shop" / f"{i}.png", 300 + i)
        rows.append(f"p{i},box {i},{i}.png")
    (place / "shop" / "products.csv").write_text("\n".join(rows))
    claims(
        "item,field,value\n" + "".join(f"p{i},net_content,{grams(300 + i)} g\n" for i in range(20))
    )
    root = Path(__file__).parents[2]
    more = {"PYTHONPATH": str(root), "SLOW": "1"}
    started = subprocess.Popen([sys.executable, "-c", KILLED], env=os.environ | more, cwd=place)
    reads = Path("reads.txt")
    until = time.monotonic() + 60
    while time.monotonic() < until and (not reads.exists() or len(reads.read_text().split()) < 4):
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.wait()
    before = reads.read_text().split()
    assert 4 <= len(before) < 20 and not Path("verdicts.parquet").exists()
    run("claims.csv")
    assert {r["label"] for r in table()} == {"VC"} and len(table()) == 20
    again = [w for w in before if reads.read_text().split().count(w) > 1]
    assert len(again) <= 2, "only what was being read when it was killed is read again"
