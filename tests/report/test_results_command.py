"""`skulens results report` and `figures` on a store."""

import json

import pytest
from click.testing import CliRunner

from skulens.cli import skulens
from skulens.errors import StoreError
from tests.report.boards import record

pytest.importorskip(
    "matplotlib", reason="matplotlib is not installed: pip install 'skulens[report]'"
)


@pytest.fixture
def store(tmp_path):
    for name, value in (("mini", 0.4), ("groceries", 0.6)):
        folder = tmp_path / "results" / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(record(name, value)))
    return tmp_path / "results"


def run(*words):
    return CliRunner().invoke(skulens, ["results", *map(str, words)])


def test_report_says_where_the_page_is(store, tmp_path):
    done = run("report", "--results", store, "--out", tmp_path / "r.html")
    assert done.exit_code == 0 and done.output == f"report of 2 results: {tmp_path / 'r.html'}\n"
    assert "groceries" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_figures_are_files(store, tmp_path, kind):
    done = run("figures", "--results", store, "--out", tmp_path / "f", "--format", kind, "--json")
    files = json.loads(done.output)["figures"]
    assert sorted(files) == sorted(map(str, (tmp_path / "f").glob(f"*.{kind}"))) and len(files) == 1


def test_an_empty_store_says_how_to_fill_it(tmp_path):
    for words in (["report", "--out", tmp_path / "r.html"], ["figures", "--out", tmp_path / "f"]):
        done = run(*words, "--results", tmp_path)
        assert isinstance(done.exception, StoreError) and "skulens bench mpr" in str(done.exception)


def test_a_page_that_cannot_be_written_is_an_error_not_a_traceback(store, tmp_path):
    (tmp_path / "file").write_text("")
    assert isinstance(
        run("report", "--results", store, "--out", tmp_path / "file" / "r.html").exception, OSError
    )
