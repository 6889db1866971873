"""Suite `labels` on a small shop with gold of its own, and through every tool."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.bench.naming import find_result
from skulens.bench.run import run_suite
from skulens.bench.store import ResultStore
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.claims import Claim, Evidence
from skulens.cli import skulens as command
from skulens.encode.batching import Batching
from skulens.errors import DataError
from skulens.records import SystemInfo
from skulens.registry import Row
from tests.extract.pictures_with_text import FakeText, line, make_picture

pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed: pip install 'skulens[bars]'")
from skulens.extract.labels import LabelReader

NET, BRAND, NOTE = "attributes.net_content", "attributes.brand", "free.note"
GOLD = f"""item,field,values,legible,group
p0,{NET},500 g,yes,
p1,{NET},600 g,yes,
p2,{NET},,not pictured,
p3,{NET},800 g,yes,
p0,{BRAND},Acme,yes,
p1,{BRAND},Acme,yes,
"""


class Pages(FakeText):
    """Pictures 300 px wide and more say their net content; `read_now` counts over all readers."""

    read_now = 0

    def __init__(self):
        super().__init__(
            {300 + i: [line(f"Net Wt {500 + 100 * i} g"), line("ACME", 1)] for i in range(4)}
        )

    def read(self, picture, languages=()):
        type(self).read_now += 1
        return super().read(picture, languages)


class Printed(LabelReader):
    """The reader of labels on pages that we know."""

    def __init__(self, argument=""):
        super().__init__(Pages())
        self.info = replace(self.info, name="printed")


class Told:
    """A reader that looks at nothing: right, wrong, malformed, invented and silent claims."""

    info = SystemInfo(name="told", kind="reader", identity="told/1")

    def __init__(self):
        self.products = []

    def read(self, products, fields=()):
        for product in products:
            self.products.append(product)
            value = {"p0": "500 g", "p1": "777 g", "p2": "700 g", "p3": None}[product.id]
            yield Claim(product.id, NET, value)
            yield Claim(product.id, BRAND, "Akme", evidence=(Evidence("", "seller", "Akme"),))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Four boxes with gold, a reader of what is printed on them and one that makes things up."""
    for name in ("printed", "told"):
        row = Row(f"{__name__}:{name.capitalize()}", "a test's")
        monkeypatch.setitem(registry.READERS, name, row)
    monkeypatch.setitem(registry.TEXT_READERS, "fake", Row(f"{__name__}:Pages", "a test's"))
    monkeypatch.setattr(Pages, "read_now", 0)
    folder = tmp_path / "shop"
    folder.mkdir()
    rows = ["id,title,image,language"]
    for i in range(4):
        make_picture(folder / f"{i}.png", 300 + i)
        rows.append(f"p{i},box {i},{i}.png,{'en' if i < 2 else 'vi'}")
    (folder / "products.csv").write_text("\n".join(rows))
    (folder / "gold.csv").write_text(GOLD)
    return open_catalog(str(folder))


def tools(cache=None):
    return Tools(cache=cache, batching=Batching(threads=1, progress=False), time_probes=False)


def measure(shop, *names, cache=None, **settings):
    asked = {"text": "fake", "least": 1} | settings
    return run_suite("labels", shop, names, asked, tools=tools(cache)).results


def value(result, name):
    return result.metrics[name].value


def test_a_reader_that_looks_is_measured_on_its_own_verdicts(shop):
    [result] = measure(shop, "printed", fields=(NET,))
    assert value(result, "vc") == 1.0 and value(result, "vc_precision") == 3 / 4
    assert value(result, "invented") == value(result, "invented_vc") == 1.0  # of p2, says gold
    assert value(result, "recall") == 1.0 and value(result, "precision") == 3 / 4
    assert value(result, "vc_per_item") == value(result, "claims_per_item") == 1.0
    assert result.counts["invented_VC"] == 1 and result.counts["pictures"] == 4
    assert result.tables["verdicts"].num_rows == result.counts["claims"] == 4


def test_a_reader_with_an_argument_keeps_the_name_that_was_typed(shop):
    plain, other = measure(shop, "printed", "printed:x")
    assert (plain.name, other.name) == ("printed", "printed:x")


def test_claims_of_others_are_verified_against_the_pictures(shop):
    [result] = measure(shop, "told")
    labels = {
        (i, f): label
        for i, f, label in zip(
            *(result.tables["verdicts"][c].to_pylist() for c in ("item", "field", "label")),
            strict=True,
        )
    }
    assert labels["p0", NET] == "VC" and labels["p1", NET] != "VC" and labels["p3", NET] == "U"
    assert value(result, "invented_vc") == 1.0  # the picture shows what gold says is not there
    assert value(result, "claims_per_item") == 7 / 4
    assert result.counts["claims_without_gold"] == 2  # brands of p2 and p3
    assert value(result, "cer") == pytest.approx(2 / 8)
    assert sum(result.counts[label] for label in ("VC", "VI", "U")) == 7


def test_claims_without_gold_count_as_claims_alone(shop):
    [told] = measure(shop, "told")
    scores = told.scores
    rest = scores.units.index("p2#")
    assert scores.top["claims_per_item"][rest] == 1 and scores.bottom["precision"][rest] == 0
    assert "" not in told.slices["field"] and set(told.slices["language"]) == {"en", "vi"}


def test_readers_that_share_a_text_reader_read_each_picture_once(shop, tmp_path):
    printed, told = measure(shop, "printed", "told")
    assert Pages.read_now == 4 and printed.name != told.name
    cache = tmp_path / "cache"
    first = measure(shop, "printed", cache=cache)[0]
    assert Pages.read_now == 8
    again = measure(shop, "printed", "told", cache=cache)[0]
    assert Pages.read_now == 8 and {k: i.value for k, i in again.metrics.items()} == pytest.approx(
        {k: i.value for k, i in first.metrics.items()}, nan_ok=True
    )


def test_what_a_picture_costs_is_of_pictures_read_now(shop, tmp_path):
    [first] = measure(shop, "printed", cache=tmp_path)
    assert first.cost["pictures_timed"] == 4 and first.cost["ms_per_picture"] > 0
    assert first.cost["text_ms_per_picture"] < first.cost["ms_per_picture"]
    [again] = measure(shop, "printed", cache=tmp_path)
    assert "ms_per_picture" not in again.cost


def test_pictures_that_cannot_be_read_are_rejects_of_any_reader(shop):
    (shop.root / "1.png").write_bytes(b"no picture")
    for result in measure(shop, "printed", "told"):
        assert [r.item for r in result.rejects] == ["p1"]


def test_bars_alone_read_no_text(shop):
    [result] = measure(shop, "told", text="none")
    assert Pages.read_now == 0 and value(result, "vc") == 0 and value(result, "u") == 1


def test_slices_by_field_have_nothing_per_item(shop):
    [result] = measure(shop, "printed")
    found = result.slices["field"][NET]
    assert "vc" in found and not {"claims_per_item", "vc_per_item", "vi_per_100_items"} & set(found)
    assert found["invented"].value == 1.0
    assert "vc_per_item" in result.slices["language"]["en"]


def test_printed_lines_are_recalled_where_the_data_has_them(shop, monkeypatch):
    printed = {"p0": ("Net Wt 500 g", "Best before"), "p1": ("ACME",), "ghost": ("x",)}
    monkeypatch.setattr(type(shop), "lines", lambda self: printed, raising=False)
    looked, told = measure(shop, "printed", "told")
    assert value(looked, "line_recall") == pytest.approx(2 / 3)
    assert "line_recall" not in told.metrics


def test_readers_see_the_listings_and_only_products_with_gold(shop, monkeypatch):
    spy = Told()
    monkeypatch.setattr("skulens.bench.run.open_system", lambda *_: spy)
    measure(shop, "told", limit=2)
    assert [(p.id, p.title) for p in spy.products] == [("p0", "box 0"), ("p1", "box 1")]


def test_what_does_not_fit_is_refused(shop, tmp_path):
    (tmp_path / "bare.csv").write_text("id,title\na,red chair\n")
    with pytest.raises(DataError, match="has no gold.*gold.parquet"):
        measure(open_catalog(str(tmp_path / "bare.csv")), "told")
    with pytest.raises(DataError, match="no gold of attributes.nope"):
        measure(shop, "told", fields=("attributes.nope",))
    with pytest.raises(DataError, match="this suite measures readers"):
        measure(shop, "mini")


# ----- every tool -----------------------------------------------------------------------------


@pytest.fixture
def store(shop, tmp_path):
    folder = tmp_path / "results"
    for result in measure(shop, "printed", "told"):
        ResultStore(folder).add(result)
    return folder


def say(*words):
    done = CliRunner().invoke(command, [str(w) for w in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_two_readers_are_compared_on_any_metric(store):
    for metric in ("f1", "vc", "vc_per_item", "vi_per_100_items", "reference_gap"):
        said = say("compare", "printed", "told", "--results", store, "--metric", metric, "--json")
        [found] = json.loads(said)["comparisons"]
        assert found["difference"]["value"] == pytest.approx(found["mean_a"] - found["mean_b"])
        assert found["difference"]["groups"] == 4


def test_a_metric_that_one_reader_does_not_have_is_refused_or_passed_over(shop, store):
    [silent] = measure(shop, "told", text="none")  # confirms nothing, so has no vc_precision
    ResultStore(store / "more").add(silent)
    [loud] = measure(shop, "printed")
    ResultStore(store / "more").add(loud)
    done = CliRunner().invoke(
        command,
        [
            "compare",
            "printed",
            "told",
            "--results",
            str(store / "more"),
            "--metric",
            "vc_precision",
        ],
    )
    assert isinstance(done.exception, DataError) and "told has no vc_precision" in str(
        done.exception
    )


def test_leaderboard_tables_page_and_files(store, tmp_path):
    boards = json.loads(say("leaderboard", "--on", store, "--json"))
    assert {e["name"] for e in boards["board"]["entries"]} == {"printed", "told"}
    assert "vc_precision" in say("results", "show", "--results", store)
    say("results", "report", "--results", store, "--out", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "vc_precision" in page and "By field" in page
    result = find_result("told", store, suite="labels")
    assert pq.read_table(Path(result.folder) / "verdicts.parquet").num_rows == 8
