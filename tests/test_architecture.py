"""docs/architecture.md: what it tells a newcomer to write runs, and every tool takes it."""

import ast
import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

import skulens
from skulens import registry
from skulens.bench.run import run_suite
from skulens.bench.store import ResultStore
from skulens.claims import Claim
from skulens.cli import skulens as command
from skulens.encode.embed import Embedder
from skulens.evaluate import metric
from skulens.records import Image, Product, Reject
from skulens.verify.chain import verify_claims
from skulens.verify.look import Looker

DOCUMENT = Path(__file__).parents[1] / "docs" / "architecture.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
COLOURS = {"red": (200, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 200)}


@pytest.fixture(scope="module")
def snippets(tmp_path_factory):
    """The document's Python blocks as one module, in order."""
    place = tmp_path_factory.mktemp("snippets")
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    (place / "architecture_snippets.py").write_text("\n\n".join(blocks), encoding="utf-8")
    before = dict(metric.METRICS)
    sys.path.insert(0, str(place))
    yield vars(importlib.import_module("architecture_snippets"))
    sys.path.remove(str(place))
    del sys.modules["architecture_snippets"]
    metric.METRICS.clear()
    metric.METRICS.update(before)


@pytest.fixture
def rows(snippets, monkeypatch):
    """The snippets' classes as registered names."""
    for kind, name, target in (
        ("encoder", "brightness", "Brightness"),
        ("dataset", "swatches", "Swatches"),
        ("suite", "titles", "Titles"),
        ("reader", "first-word", "FirstWord"),
    ):
        row = registry.Row(f"architecture_snippets:{target}", f"example {name}")
        monkeypatch.setitem(registry.KINDS[kind], name, row)


@pytest.fixture
def folder(tmp_path):
    for sku, colour in COLOURS.items():
        for n, split in enumerate(("gallery", "test")):
            shade = tuple(min(255, c + 9 * n) for c in colour)
            PIL.Image.new("RGB", (12, 12), shade).save(tmp_path / f"{sku}_{split}.png")
    return tmp_path


def test_the_encoder_embeds(snippets, folder):
    encoder = snippets["Brightness"]()
    catalog = snippets["Swatches"](folder)
    items = [q.item for q in catalog.queries("test")]
    [found] = Embedder([encoder]).embed_items(items)
    assert found.vectors.shape == (3, 3) and np.allclose(np.linalg.norm(found.vectors, axis=1), 1)


def test_encoder_and_dataset_go_through_bench(rows, snippets, folder, tmp_path):
    catalog = snippets["Swatches"](folder)
    found = run_suite("mpr", catalog, ["brightness"], {}, data="swatches")
    [result] = found.results
    assert result.metrics["hit_rate@1"].value == 1 and result.variant == {"gallery": "image"}


def test_the_suite_is_a_command_and_every_tool_takes_its_results(rows, tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    table = tmp_path / "shop.csv"
    table.write_text("id,title\na,red chair\nb,a very long title indeed\nc,blue cup\n")

    def run(*words):
        done = CliRunner().invoke(command, [*words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    store = str(tmp_path / "results")
    bench = ("bench", "titles", str(table), "--results", store)
    answer = json.loads(run(*bench, "--longest", "12", "--json"))
    [record] = answer["results"]
    assert record["metrics"]["short_enough"]["value"] == pytest.approx(2 / 3)
    assert "Characters that a title may have." in run("bench", "titles", "--help")
    run(*bench, "--longest", "40")
    short, long = sorted(
        ResultStore(Path(store)).results(), key=lambda r: r.metrics["short_enough"].value
    )
    assert "short_enough" in run("results", "show", "--results", store)
    assert "short_enough" in run("compare", str(short.folder), str(long.folder))
    chosen = json.loads(run("choose", "--on", store, "--json"))["choices"]
    assert chosen[0]["constraints"]["metric"] == "short_enough"
    assert "short_enough" in run("leaderboard", "--on", store)
    page = tmp_path / "report.html"
    run("results", "report", "--results", store, "--out", str(page))
    assert "short_enough" in page.read_text(encoding="utf-8")


def test_the_verifier_takes_its_place_in_the_chain(snippets, tmp_path):
    PIL.Image.new("RGB", (40, 20), "white").save(tmp_path / "a.png")
    seen, rejects = Looker(snippets["Caption"](), bars=False).look_at(
        Product("a", images=(Image(path=str(tmp_path / "a.png")),))
    )
    claims = [Claim("a", "free.slogan", value) for value in ("Sale", "New")]
    verdicts = verify_claims(claims, seen, [snippets["Shouting"]()])
    assert [(v.label, v.confident) for v in verdicts] == [("VC", True), ("U", False)]
    assert not rejects


def test_the_reader_claims_and_rejects(snippets):
    answers = list(snippets["FirstWord"]().read([Product("a", title="Acme mug"), Product("b")]))
    assert isinstance(answers[0], Claim) and answers[0].value == "Acme"
    assert isinstance(answers[1], Reject)


def test_the_metric_is_known(snippets):
    assert metric.find_metric("returns").direction == "lower"


def test_the_page_draws_every_room():
    from tests.test_house import FIRST_ROW_ORDER, ROWS

    drawn = TEXT.partition("```\n")[2].partition("```")[0]
    root = Path(skulens.__file__).parent
    rooms = {p.name for p in root.iterdir() if (p / "__init__.py").is_file()} - {"__pycache__"}
    for room in rooms - set(FIRST_ROW_ORDER):
        assert re.search(rf"^{room}/", drawn, re.M), f"{room}/ is not drawn"
    for row, below in zip(ROWS[1:], ROWS[2:], strict=False):
        here = [drawn.find(f"\n{r}/") for r in row & rooms]
        next_ones = [drawn.find(f"\n{r}/") for r in below & rooms]
        assert not here or not next_ones or max(here) < min(next_ones)


def test_the_snippets_are_python():
    for block in re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S):
        ast.parse(block)


def test_datasets_are_found_by_name(rows, folder):
    catalog = registry.resolve("dataset", "swatches")(folder)
    assert [p.id for p in catalog.products()] == ["blue", "green", "red"]
