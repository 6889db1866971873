"""`skulens curate stats` from the terminal."""

import json

import pytest
from click.testing import CliRunner

from skulens.cli import skulens
from skulens.cli.curate.stats import read_funnel
from tests.report.small_data import make_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("data") / "small")


def run(*words):
    return CliRunner().invoke(skulens, ["curate", "stats", *map(str, words)])


def test_page_and_tables_are_written_and_replaced(folder, tmp_path):
    for _ in range(2):
        done = run(folder, "--out", tmp_path)
        assert done.exit_code == 0, done.output
    last = done.output.strip().splitlines()[-1]
    assert last.startswith("5 queries over 6 products with 2 attribute keys: 8 tables in ")
    assert "1  queries without an answer" in done.output
    assert (tmp_path / "index.html").exists() and (tmp_path / "keys.csv").exists()


def test_json_is_one_object_and_splits_are_chosen(folder, tmp_path):
    done = run(folder, "--out", tmp_path, "--split", "train", "--json")
    record = json.loads(done.stdout)
    assert record["splits"] == ["train"] and record["numbers"]["queries"] == 4
    assert len(record["files"]) == 17


def test_an_unknown_split_is_named(folder, tmp_path):
    done = run(folder, "--out", tmp_path, "--split", "nix")
    assert done.exit_code and "nix" in str(done.exception or done.output)


def test_the_funnel_beside_a_composed_folder_is_drawn(folder, tmp_path):
    assert read_funnel(str(folder)) == {} == read_funnel(str(tmp_path / "nowhere"))
    (folder / "composition.json").write_text('{"funnel": {"cu": {"proposed": 9, "accepted": 9}}}')
    assert read_funnel(str(folder)) == {"cu": {"proposed": 9, "accepted": 9}}
    assert run(folder, "--out", tmp_path).exit_code == 0
    assert "Proposals of cu" in (tmp_path / "index.html").read_text()
    (folder / "composition.json").write_text('["\\ud800"')
    assert read_funnel(str(folder)) == {}
