"""Shell completion: names of encoders, data, boards and stored results."""

import click
import pytest
from click.shell_completion import ShellComplete

from skulens.bench.store import ResultStore
from skulens.cli import skulens
from tests.report.boards import stored


def complete(*typed: str) -> list[str]:
    *before, last = typed
    shell = ShellComplete(skulens, {}, "skulens", "_SKULENS_COMPLETE")
    return [item.value for item in shell.get_completions(list(before), last)]


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder of results of two galleries, in the current folder."""
    monkeypatch.chdir(tmp_path)
    store = ResultStore(tmp_path / "results")
    for name, gallery in (("mini", "image"), ("mini", "text"), ("groceries", "image")):
        store.add(stored(name, gallery=gallery, settings={"gallery": gallery}))
    return tmp_path / "results"


def test_commands_and_suites_are_completed():
    assert complete("be") == ["bench"]
    assert complete("bench", "m") == ["mpr", "merit"]


@pytest.mark.parametrize("command", [["bench", "mpr", "shop"], ["audit", "shop"]])
def test_encoders_are_completed(command):
    assert complete(*command, "--encoder", "groc") == ["groceries"]
    assert "open_clip:RN50/openai" in complete(*command, "--encoder", "open_clip:RN50/")


@pytest.mark.parametrize("command", [["bench", "mpr"], ["audit"], ["index", "build"], ["curate", "stats"]])  # fmt: skip
def test_data_are_completed_and_files_are_as_good(command):
    found = complete(*command, "groc")
    assert "groceries" in found
    assert found[-1] == "groc", "the shell completes files of that"


def test_words_for_results_are_completed(results):
    assert complete("compare", "gr")[:1] == ["groceries"]
    assert {"mini", "mini@image", "mini@text"} <= set(complete("confusion", "mi"))
    assert complete("confusion", "--results", str(results / "none"), "mi") == ["mi"]


def test_systems_of_a_board_are_completed(monkeypatch):
    monkeypatch.setattr("skulens.cli.completion.board_words", lambda board: [(f"{board}-x", "")])
    assert complete("compare", "--board", "openmpr", "open")[0] == "openmpr-x"


def test_folders_of_results_come_first(results):
    (results.parent / "rest").mkdir()
    assert complete("results", "show", "--results", "res") == ["results"]
    assert complete("results", "show", "--results", "nothing") == ["nothing"]


def test_every_command_that_takes_data_or_an_encoder_completes_it():
    plain = []

    def walk(command: click.Command, path: list[str], ctx: click.Context) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                inner = command.get_command(ctx, name)
                assert inner is not None, name
                walk(inner, [*path, name], click.Context(inner, parent=ctx))
            return
        for p in command.params:
            named = p.opts[0] in ("--encoder", "--system", "--board", "data")
            if named and p.metavar != "COLUMN=NAME" and type(p.type) is click.types.StringParamType:
                plain.append((*path, p.opts[0]))

    walk(skulens, [], click.Context(skulens))
    assert not plain, "give these a type of skulens.cli.completion"
