"""Fused systems, words on photos and filtered probes, from their names to the printed tables."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from skulens.bench.result import Result
from skulens.bench.run import open_system, split_names
from skulens.bench.store import ResultStore, read_run
from skulens.bench.suites.merit import Merit
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.sweep import stored_names
from skulens.bench.task import Tools
from skulens.cli import skulens
from skulens.errors import DataError, SkulensError, UnknownName
from skulens.filters import FilterError
from skulens.protocols import Numerics
from skulens.records import (
    Condition,
    Image,
    Item,
    Reject,
    SystemInfo,
)
from skulens.search.fuse import RankFusion, fuse_runs
from tests.bench.test_mpr import COLOURS, QUIET, ColourEncoder, Shop, png, run
from tests.bench.test_run import ByColour
from tests.encode.fake import FakeEncoder
from tests.search.printed import PixelReader, show

TOOLS = Tools(batching=QUIET, time_probes=False)


class ReversedColour(ColourEncoder):
    """Another encoder: blue for red."""

    def prepare_image(self, picture, role="query"):
        return super().prepare_image(picture, role)[::-1]


def fused(*parts) -> RankFusion:
    return RankFusion(parts)


def measure(*systems, shop=None, tools=TOOLS, **settings) -> list[Result]:
    return list(Mpr(shop or Shop(), MprSettings(**settings), tools=tools).run(systems))


def found(result: Result) -> dict[str, list[tuple[str, float]]]:
    run = read_run(result)
    return {query: list(run.candidates(i)) for i, query in enumerate(run.queries)}


# ----- names ----------------------------------------------------------------------------------


def opened(name: str, tools: Tools = TOOLS):
    return open_system(name, Numerics(), "cpu", tools)


def test_names_joined_by_plus_are_one_system():
    system = opened("mini+groceries")
    assert isinstance(system, RankFusion) and system.name == "mini+groceries"
    assert [part.name for part in system.parts] == ["mini", "groceries"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mini+grocries", "unknown encoder 'grocries'; did you mean 'groceries'"),
        ("bm26+mini", "unknown system 'bm26'; did you mean 'bm25'.*skulens list retrievers"),
        ("selller", "unknown system 'selller'; did you mean 'seller'.*skulens list readers"),
        ("mini+", "unknown encoder ''"),
    ],
)
def test_an_unknown_name_inside_a_fusion_names_the_nearest(name, said):
    with pytest.raises(UnknownName, match=said):
        opened(name)


def test_a_plus_in_the_name_of_a_folder_is_no_fusion(tmp_path):
    (tmp_path / "a+b").mkdir()
    whole = f"local:{tmp_path}/a+b"
    assert split_names(whole) == [whole] and split_names(f"{tmp_path}/a+b") == [f"{tmp_path}/a+b"]
    assert split_names("local:gone+mini") == ["local:gone", "mini"]


def test_a_retriever_gets_of_the_tools_what_it_takes(monkeypatch, tmp_path):
    class Takes(ByColour):
        def __init__(self, name="takes", cache=None, progress=True):
            super().__init__(name)
            self.given = (name, cache, progress)

    monkeypatch.setattr("skulens.bench.run.resolve", lambda kind, name: Takes)
    tools = replace(TOOLS, cache=tmp_path)
    assert opened("bm25", tools).given == ("takes", tmp_path, False)
    assert opened("bm25:mine", tools).given == ("mine", tmp_path, False)
    monkeypatch.setattr("skulens.bench.run.resolve", lambda kind, name: ByColour)
    assert opened("bm25:mine", tools).info.name == "mine"


# ----- ranking --------------------------------------------------------------------------------


@pytest.mark.parametrize("gallery", ["text", "image", "both"])
@pytest.mark.parametrize(
    "other", [ReversedColour("other"), ByColour()], ids=["encoder", "retriever"]
)
def test_a_fusion_is_the_fused_runs_of_its_parts(gallery, other):
    if isinstance(other, ByColour) and gallery != "text":
        pytest.skip("reads texts only")
    one, two, both = (
        measure(*some, gallery=gallery)[0]
        for some in ([ColourEncoder()], [other], [fused(ColourEncoder(), other)])
    )
    expected = fuse_runs([read_run(one), read_run(two)], 4)
    assert found(both) == {q: list(expected.candidates(i)) for i, q in enumerate(expected.queries)}
    assert found(both) != found(one)
    assert both.data == one.data and both.key != one.key
    assert (both.name, both.system.kind) == (f"colour+{other.info.name}", "pipeline")
    assert both.record()["system"]["parts"][0]["name"] == "colour"


ROLES = ("title", "description", "note")


def test_encoders_in_a_fusion_keep_the_shots_of_the_suite():
    orders = set()
    for shots in ("max", "mean", "prototype"):
        encoder = FakeEncoder()
        settings = {"gallery": "text", "texts": ROLES, "shots": shots}
        alone, twice = measure(encoder, fused(encoder, encoder), **settings)
        assert order(twice) == order(alone)
        orders.add(str(order(alone)))
    assert len(orders) > 1, "else this could not fail"


class InPairs(Shop):
    """Each query shows the product and a colour beside it."""

    def queries(self, split):
        aside = list(COLOURS.values())
        for i, query in enumerate(super().queries(split)):
            beside = Image(data=png(aside[i % 4]))
            yield replace(query, item=Item(query.id, (*query.item.parts, beside, "red box")))


@pytest.mark.parametrize("fusion", ["avg", "cat"])
def test_encoders_in_a_fusion_keep_roles_and_the_fusion_of_parts(fusion):
    encoder = FakeEncoder(roles=("query", "document"))
    alone, twice = measure(
        encoder, fused(encoder, encoder), shop=InPairs(), gallery="text", fusion=fusion
    )
    assert order(twice) == order(alone)
    assert alone.data.queries == twice.data.queries


def order(result: Result) -> list[list[str]]:
    return [[product for product, _ in candidates] for candidates in found(result).values()]


def test_the_settings_above_decide_an_order():
    """Else the test above could not fail."""
    orders = {
        str(order(measure(FakeEncoder(roles=r), shop=InPairs(), gallery="text", fusion=f)[0]))
        for r in ((), ("query", "document"))
        for f in ("avg", "cat")
    }
    assert len(orders) == 4


def test_encoders_in_a_fusion_use_the_cache(tmp_path):
    encoder = FakeEncoder()
    tools = replace(TOOLS, cache=tmp_path)
    measure(fused(encoder, ByColour()), gallery="text", tools=tools)
    forwards = encoder.forwards
    assert forwards > 0
    measure(fused(encoder, ByColour()), encoder, gallery="text", tools=tools)
    assert encoder.forwards == forwards


class Blind(ByColour):
    """Answers some queries only, and says of some why."""

    def __init__(self, lost=(), said=()):
        super().__init__()
        self.lost, self.rejects = set(lost), [Reject(q, q, "too dark", "light it") for q in said]

    def rank(self, queries, gallery, depth):
        return super().rank([q for q in queries if q.id not in self.lost], gallery, depth)


def test_queries_that_a_system_does_not_answer_are_left_out_and_named():
    [result] = measure(Blind(["red-1", "blue-0"], ["red-1"]), gallery="text")
    assert result.counts["units"] == 10 and result.counts["rejects"] == 2
    assert {r.item: r.reason for r in result.rejects} == {
        "red-1": "too dark",
        "blue-0": "the system gave no answer to it",
    }
    with pytest.raises(DataError, match="none of the 12 probes could be read: too dark"):
        every = [q.id for q in Shop().queries("test")]
        measure(Blind(every, every), gallery="text")


def test_broken_pictures_leave_the_same_probes_to_a_fusion_and_to_its_encoder():
    alone, together = measure(
        ColourEncoder(), fused(ColourEncoder(), FakeEncoder()), shop=Shop(broken=2), gallery="text"
    )
    assert alone.counts["units"] == together.counts["units"] == 10
    assert alone.data == together.data
    assert together.rejects == alone.rejects
    assert len(together.rejects) == 2, "once, not once for each part"


# ----- refusals -------------------------------------------------------------------------------


class Reads:
    info = SystemInfo(name="seller", kind="reader", identity="seller/1")


class Words(ByColour):
    def __init__(self):
        super().__init__("words")
        object.__setattr__(self.info, "about", {"modalities": ["text"]})


class Eyes(FakeEncoder):
    def __init__(self):
        super().__init__("eyes")
        object.__setattr__(self.info, "modalities", ("image",))


def test_a_fusion_is_checked_part_by_part():
    suite = Mpr(Shop(), MprSettings(), tools=TOOLS)
    with pytest.raises(DataError, match="seller is of kind reader; mpr measures encoders"):
        suite.check(fused(ColourEncoder(), Reads()))
    with pytest.raises(DataError, match="words reads no pictures"):
        suite.check(fused(ColourEncoder(), Words()))
    with pytest.raises(SkulensError, match="eyes cannot encode text"):
        Mpr(Shop(), MprSettings(gallery="text"), tools=TOOLS).check(fused(ColourEncoder(), Eyes()))
    suite.check(fused(ColourEncoder(), Eyes()))
    assert [r.variant["gallery"] for r in suite.run([fused(ColourEncoder(), Eyes())])] == ["image"]


def test_merit_takes_fusions_of_words_and_encoders():
    class Composed(Shop):
        def queries(self, split):
            for query in super().queries("test"):
                parts = (*query.item.parts, query.group)
                condition = Condition("colour", query.group)
                yield replace(query, item=Item(query.id, parts), conditions=(condition,))

    suite = Merit(Composed(), tools=TOOLS)
    system = fused(Words(), ColourEncoder())
    suite.check(system)
    [result] = suite.run([system])
    assert result.variant["gallery"] == "text" and result.metrics["hit_rate@1"].value > 0.9
    with pytest.raises(SkulensError, match="eyes cannot encode text"):
        suite.check(fused(ColourEncoder(), Eyes()))


def test_paper_mode_is_for_encoders():
    suite = Mpr(Shop(), MprSettings(mode="paper"), tools=TOOLS)
    for system in (ByColour(), fused(ColourEncoder(), ColourEncoder())):
        with pytest.raises(DataError, match="paper mode measures encoders"):
            suite.check(system)


# ----- filtered probes ------------------------------------------------------------------------


class Sorted(Shop):
    """The shop with a warm and a cold shelf."""

    def products(self):
        for product in super().products():
            shelf = "warm" if product.id in ("red", "white") else "cold"
            yield replace(product, category=("shop", shelf))


def test_where_keeps_the_probes_of_some_products_and_the_whole_gallery():
    warm = 'category = "warm"'
    [result] = run(Sorted(), where=warm, gallery="text")
    assert result.counts["units"] == 6 and result.counts["gallery"] == 4
    assert {q.split("-")[0] for q in result.scores.units} == {"red", "white"}
    assert result.metrics["hit_rate@1"].value == pytest.approx(5 / 6)
    assert result.variant == {"gallery": "text", "where": warm} and result.settings["where"] == warm
    [few] = run(Sorted(), where='category = "cold"', limit=2, gallery="text")
    assert few.counts["units"] == 2, "the limit counts what is kept"


def test_results_without_a_filter_are_those_of_before():
    [result] = run(Sorted(), gallery="text")
    assert "where" not in result.settings and result.variant == {"gallery": "text"}


def test_stored_results_answer_for_their_own_filter_alone():
    whole, warm = {"gallery": "text"}, {"gallery": "text", "where": 'category = "warm"'}
    [everything], [some] = run(Sorted(), **whole), run(Sorted(), **warm)
    assert stored_names([everything], "mpr", "shop", whole) == {"colour"}
    assert stored_names([some], "mpr", "shop", warm) == {"colour"}
    assert stored_names([everything], "mpr", "shop", warm) == set()
    assert stored_names([some], "mpr", "shop", whole) == set()


def test_a_filter_that_cannot_be_read_or_keeps_nothing_is_refused_at_the_door():
    with pytest.raises(FilterError, match="a comparison after the field 'category'"):
        MprSettings(where="category")
    with pytest.raises(DataError, match="no product of shop satisfies .*to the letter"):
        run(Sorted(), where='category = "Warm"', gallery="text")


# ----- on the command line --------------------------------------------------------------------

NAMES = ["oat drink", "bravo juice", "arla milk", "green tea", "rye bread", "sour cream"]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A catalogue whose photos carry their product's name; "ocr" reads it, "fake" is an encoder."""
    pytest.importorskip("bm25s")
    pytest.importorskip("zxingcpp")
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["id,title,image,split"]
    for i, name in enumerate(NAMES):
        for split, words in (("gallery", f"{name} front"), ("test", name), ("test", f"new {name}")):
            file = f"{i}-{len(lines)}.png"
            (folder / file).write_bytes(show(words).data)
            lines.append(f"p{i},{name},{file},{split}")
    (folder / "products.csv").write_text("\n".join(lines))
    monkeypatch.setattr(
        "skulens.search.systems.ocr.open_text_reader", lambda name: PixelReader(name)
    )
    monkeypatch.setattr("skulens.bench.run.open_encoder", lambda name, **_: FakeEncoder(name))
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return folder


def say(*words) -> str:
    done = CliRunner().invoke(skulens, [str(w) for w in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_words_alone_and_fused_from_the_command_line_to_compare(shop, tmp_path):
    results = ("--results", tmp_path / "r")
    systems = ("-s", "ocr", "-s", "fake", "-s", "ocr+fake", "--gallery", "text")
    made = json.loads(say("bench", "mpr", shop, *systems, *results, "--json"))
    rates = {r["encoder"]: r["metrics"]["hit_rate@1"]["value"] for r in made["results"]}
    assert rates["ocr"] == 1 and rates["fake"] < 1 and set(rates) == {"ocr", "fake", "ocr+fake"}
    [found] = json.loads(say("compare", "ocr+fake", "fake", *results, "--json"))["comparisons"]
    gain = rates["ocr+fake"] - rates["fake"]
    assert found["difference"]["value"] == pytest.approx(gain)
    assert "ocr+fake" in say("compare", "ocr+fake", "fake", *results)
    for command in (("results", "show", *results), ("leaderboard", tmp_path / "r")):
        shown = say(*command)
        assert "ocr+fake" in shown and "ocr" in shown
    assert say("results", "report", *results)


def test_a_second_run_reads_no_photo_again(shop, tmp_path, monkeypatch):
    say("bench", "mpr", shop, "-s", "ocr", "--results", tmp_path / "r", "--gallery", "text")

    def read(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(PixelReader, "read", read)
    again = json.loads(
        say(
            "bench",
            "mpr",
            shop,
            "-s",
            "ocr",
            "--results",
            tmp_path / "r",
            "--json",
            "--gallery",
            "text",
        )
    )
    [result] = again["results"]
    assert result["metrics"]["hit_rate@1"]["value"] == 1 and "images_per_s" not in result["speed"]
    assert len(ResultStore(tmp_path / "r").places()) == 1


def test_words_on_gallery_pictures_are_read_too(shop, tmp_path):
    made = json.loads(say("bench", "mpr", shop, "-s", "ocr", "--results", tmp_path / "r", "--json"))
    rates = {r["gallery"]: r["metrics"]["hit_rate@1"]["value"] for r in made["results"]}
    assert rates == {"text": 1, "image": 1}
