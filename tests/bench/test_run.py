"""Systems x suites: refusals, failures, systems that rank by themselves, exclusions, options."""

import json
from dataclasses import MISSING, dataclass, fields, replace

import click
import numpy as np
import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.bench.retrieval import is_encoder, measure
from skulens.bench.run import make_settings, open_system, run_suite
from skulens.bench.store import read_run
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Task, Tools
from skulens.cli import skulens
from skulens.cli.bench import suite_command
from skulens.cli.suite_options import field_sentences
from skulens.errors import DataError, SkulensError, UnknownName
from skulens.protocols import Retriever
from skulens.records import Image, Item, Query, Run, SystemInfo
from tests.bench.test_mpr import COLOURS, QUIET, ColourEncoder, Shop, png

TOOLS = Tools(batching=QUIET)


class ByColour:
    """Ranks products by the mean colour of the query's picture; no encoder, no vectors."""

    def __init__(self, name="by-colour"):
        self.info = SystemInfo(name=name, kind="retriever", identity=f"{name}/1")
        self.asked: list[int] = []

    def rank(self, queries, gallery, depth):
        encoder = ColourEncoder()
        [items] = [[encoder.prepare_text(" ".join(map(str, i.parts))) for i in gallery]]
        scores = {}
        for query in queries:
            seen = encoder.prepare_image(_picture(query.item.parts[0]))
            cosines = [float(seen @ v / np.linalg.norm(seen) / np.linalg.norm(v)) for v in items]
            scores[query.id] = dict(zip((i.id for i in gallery), cosines, strict=True))
        self.asked.append(len(queries))
        return Run.of(scores).cut(depth)


def _picture(image: Image):
    from skulens.pictures import load

    return load(image)


def suite(shop=None, **settings) -> Mpr:
    return Mpr(shop or Shop(), MprSettings(**settings), tools=TOOLS)


@pytest.fixture
def colour(monkeypatch):
    """The encoder "colour" by name, and one that never opens."""

    def open_encoder(name, **_):
        if name != "colour":
            raise UnknownName(f"unknown encoder {name!r}")
        return ColourEncoder()

    monkeypatch.setattr("skulens.bench.run.open_encoder", open_encoder)


def test_an_unknown_suite_setting_or_choice_is_named_before_anything_runs():
    with pytest.raises(UnknownName, match="unknown suite 'mrp'; did you mean 'mpr'"):
        run_suite("mrp", Shop(), ["mini"], {})
    with pytest.raises(UnknownName, match="unknown setting 'galery'; did you mean 'gallery'"):
        run_suite("mpr", Shop(), ["mini"], {"galery": "text"})
    with pytest.raises(DataError, match="unknown gallery 'video', expected one of auto, text"):
        run_suite("mpr", Shop(), ["mini"], {"gallery": "video"})
    with pytest.raises(DataError, match="cut-offs of at least 1"):
        run_suite("mpr", Shop(), ["mini"], {"ks": (0,)})


def test_a_required_setting_is_asked_for():
    @dataclass(frozen=True)
    class Settings:
        prompt: str
        seed: int = 0

    with pytest.raises(DataError, match="needs prompt"):
        make_settings(Settings, {"seed": 1})
    assert make_settings(Settings, {"prompt": "x"}) == Settings("x")


def test_one_of_several_systems_that_cannot_open_does_not_stop_the_others(colour):
    given = {"gallery": "text"}
    measured = run_suite("mpr", Shop(), ["gone", "colour", "colour"], given, tools=TOOLS)
    assert [r.name for r in measured.results] == ["colour"], "asked twice, measured once"
    assert measured.failed == [{"encoder": "gone", "error": "unknown encoder 'gone'"}]
    with pytest.raises(UnknownName, match="'gone'"):
        run_suite("mpr", Shop(), ["gone"], given, tools=TOOLS)


def test_both_modes_are_two_results(colour):
    given = {"gallery": "text", "mode": "both"}
    measured = run_suite("mpr", Shop(), ["colour"], given, tools=TOOLS, data="my shop")
    assert [r.settings["mode"] for r in measured.results] == ["sound", "paper"]
    assert [r.variant for r in measured.results] == [
        {"gallery": "text"},
        {"gallery": "text", "mode": "paper"},
    ]
    assert {r.data.name for r in measured.results} == {"my shop"}


def test_a_registered_retriever_opens_by_name(monkeypatch):
    row = registry.Row(f"{__name__}:ByColour", "by colour")
    monkeypatch.setattr(
        registry, "rows", lambda kind, rows=registry.rows: rows(kind) | _more(kind, row)
    )
    monkeypatch.setattr("skulens.bench.run.rows", registry.rows)
    monkeypatch.setattr("skulens.bench.run.resolve", lambda kind, name: ByColour)
    assert open_system("by-colour", None, "cpu", TOOLS).info.name == "by-colour"
    assert open_system("by-colour:mine", None, "cpu", TOOLS).info.name == "mine"


def _more(kind: str, row) -> dict:
    return {"by-colour": row} if kind == "retriever" else {}


def test_a_system_that_ranks_by_itself_stands_beside_an_encoder():
    mine, encoder = ByColour(), ColourEncoder()
    assert isinstance(mine, Retriever) and not is_encoder(mine) and is_encoder(encoder)
    theirs, result = suite(gallery="text").run([mine, encoder])
    if theirs.name != "colour":
        theirs, result = result, theirs
    assert (result.name, result.system.kind, mine.asked) == ("by-colour", "retriever", [12])
    assert result.data.fingerprint == theirs.data.fingerprint
    assert result.data.queries == theirs.data.queries and result.key != theirs.key
    assert result.metrics["hit_rate@1"] == theirs.metrics["hit_rate@1"]
    assert result.metrics["hit_rate@1"].value == pytest.approx(11 / 12)
    one, other = read_run(result), read_run(theirs)
    found = {q: [p for p, _ in one.candidates(i)] for i, q in enumerate(one.queries)}
    for i, query in enumerate(other.queries):
        assert found[query] == [p for p, _ in other.candidates(i)]
    assert (
        result.record()["encoder_info"] == {} and result.record()["system"]["kind"] == "retriever"
    )
    assert result.cost["queries_per_s"] > 0


class Leaking(Shop):
    """One probe is a gallery picture."""

    def queries(self, split):
        yield from super().queries(split)
        copy = Image(data=png(COLOURS["red"]))
        yield Query("copy", Item("copy", (copy,)), {"red": 1}, group="red")


class Shown(ByColour):
    """Reads the pictures of the gallery instead of its texts."""

    def rank(self, queries, gallery, depth):
        encoder = ColourEncoder()
        shown = [encoder.prepare_image(_picture(i.parts[0])) for i in gallery]
        self.asked.append(len(queries))
        scores = {}
        for q in queries:
            seen = encoder.prepare_image(_picture(q.item.parts[0]))
            near = [-float(((seen - v) ** 2).sum()) for v in shown]
            scores[q.id] = dict(zip((i.id for i in gallery), near, strict=True))
        return Run.of(scores)


def test_leakage_is_taken_out_for_any_system():
    system = Shown()
    [result] = suite(Leaking(), gallery="image").run([system])
    assert system.asked == [12] and result.counts["units"] == 12
    assert result.counts["probe_is_gallery_picture"] == 1

    class Own(Shop):
        def queries(self, split):
            for p in self.products():
                yield Query(p.id, Item(p.id, p.images[:1]), {p.id: 1})

    with pytest.raises(DataError, match="identical to gallery images"):
        list(suite(Own(), gallery="image").run([Shown()]))


@pytest.mark.parametrize("system", [ByColour(), ColourEncoder()], ids=["retriever", "encoder"])
def test_excluded_products_are_those_of_a_naive_ranking(system):
    """Each query may not be answered with its neighbour in the alphabet, nor with unknown ids."""
    names = sorted(COLOURS)

    def exclude(query: Query) -> tuple[str, ...]:
        return names[(names.index(query.group) + 1) % 4], "not in the gallery"

    task = suite(gallery="text").task(["text"])
    [plain] = measure(task, [(system, "text")], TOOLS)
    [cut] = measure(replace(task, exclude=exclude), [(system, "text")], TOOLS)
    groups = {q.id: q for q in Shop().queries("test")}
    one, other = read_run(plain), read_run(cut)
    assert one.queries == other.queries and other.depth == 3
    for i, query in enumerate(one.queries):
        out = exclude(groups[query])
        naive = [c for c in one.candidates(i) if c[0] not in out]
        assert list(other.candidates(i)) == naive and len(naive) == 3
    right = np.mean(
        [
            next(p for p, _ in one.candidates(i) if p not in exclude(groups[q])) == groups[q].group
            for i, q in enumerate(one.queries)
        ]
    )
    assert cut.metrics["hit_rate@1"].value == pytest.approx(right)
    assert plain.data.fingerprint == cut.data.fingerprint


def test_slices_of_a_task_are_tags_of_its_queries():
    class Tagged(Shop):
        def queries(self, split):
            for query in super().queries(split):
                yield replace(query, tags={"warm": str(query.group in ("red", "white"))})

    task: Task = replace(suite(Tagged(), gallery="text").task(["text"]), slices=("warm",))
    [result] = measure(task, [(ColourEncoder(), "text")], TOOLS)
    assert set(result.slices["warm"]) == {"True", "False"}
    assert result.slices["warm"]["True"]["hit_rate@1"].value == pytest.approx(5 / 6)
    assert result.slices["warm"]["False"]["hit_rate@1"].value == 1
    assert result.scores.slices["warm"].tolist().count("True") == 6


@pytest.mark.parametrize("name", list(registry.rows("suite")))
def test_every_setting_of_a_suite_is_an_option_with_a_sentence_and_its_default(name):
    settings = registry.resolve("suite", name).Settings
    command = suite_command(name, registry.resolve("suite", name))
    options = {p.name: p for p in command.params if isinstance(p, click.Option)}
    for f in fields(settings):
        option = options[f.name]
        assert option.help and option.help == field_sentences(settings)[f.name], f.name
        assert f.default is MISSING or option.default == f.default, f.name
        several = isinstance(f.default, tuple)
        name_of_one = f.name.removesuffix("s") if several else f.name
        flag = f"--{name_of_one.replace('_', '-')}"
        assert flag in option.opts and option.multiple == several
    made = settings(**{f.name: options[f.name].default for f in fields(settings)})
    assert made == settings(), "options left alone are the defaults"
    help_text = CliRunner().invoke(skulens, ["bench", name, "--help"]).output
    for f in fields(settings):
        assert field_sentences(settings)[f.name].split()[0] in help_text


def test_an_unknown_suite_on_the_command_line_names_the_nearest():
    done = CliRunner().invoke(skulens, ["bench", "mprr", "shop"])
    assert isinstance(done.exception, SkulensError)
    assert "unknown suite 'mprr'; did you mean 'mpr'?" in str(done.exception)
    done = CliRunner().invoke(skulens, ["bench", "nosuch", "shop"])
    assert "unknown suite 'nosuch'" in str(done.exception) and "skulens list" in str(done.exception)


def test_options_reach_the_settings(colour, tmp_path):
    shop = tmp_path / "shop"
    shop.mkdir()
    lines = ["id,title,image,split"]
    for name, rgb in COLOURS.items():
        for split, light in (("gallery", 0), ("test", 9)):
            file = f"{name}-{split}.png"
            (shop / file).write_bytes(png(np.clip(np.array(rgb) + light, 0, 255)))
            lines.append(f"{name},a {name} box,{file},{split}")
    (shop / "products.csv").write_text("\n".join(lines))
    words = ["bench", "mpr", str(shop), "-e", "colour", "--k", "2", "--k", "4", "--gallery", "text"]
    words += ["--text", "title", "--no-cache", "--json"]
    done = CliRunner().invoke(skulens, [*words, "--results", str(tmp_path / "r")])
    assert done.exit_code == 0, done.output
    [record] = json.loads(done.stdout)["results"]
    for key, value in {"ks": [2, 4], "texts": ["title"]}.items():
        assert record["settings"][key] == value
    assert {"hit_rate@2", "hit_rate@4"} <= set(record["metrics"])
    assert "hit_rate@1" not in record["metrics"]
