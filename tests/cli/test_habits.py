"""What all commands have in common: --json, ranges of numbers, nearest names, Ctrl-C, --quiet."""

import io
import os
import signal
import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner

from skulens import progress
from skulens.bench.store import ResultStore
from skulens.catalog.rejects import group_rejects, list_rejects
from skulens.cli import skulens
from skulens.cli.lazy import GOES_ON, PATH, describe_stop
from skulens.errors import nearest
from skulens.records import Reject
from tests.report.boards import stored


def commands(command: click.Command = skulens, path: tuple[str, ...] = ()):
    """(path, command) of all of them."""
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None, (*path, name)
            yield from commands(inner, (*path, name))
    else:
        yield path, command


EVERY = list(commands())


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(p) for p, _ in EVERY])
def test_every_command_has_json_and_refuses_nonsense(path, command):
    options = {name for p in command.params for name in p.opts}
    assert "--json" in options
    ranges = (click.IntRange, click.FloatRange)
    for p in command.params:
        if isinstance(p.type, click.types.IntParamType | click.types.FloatParamType):
            anything = p.opts[0] == "--min-recall"  # of any metric, some of which have no range
            assert isinstance(p.type, ranges) or anything, f"{p.opts[0]}: give it a range"


def test_what_is_measured_is_called_data_everywhere():
    for path, command in EVERY:
        for p in command.params:
            if isinstance(p, click.Argument) and p.name in ("data", "catalog"):
                assert p.make_metavar(click.Context(command)).startswith("DATA"), path


def run(*words: str) -> tuple[int, str]:
    """(exit status, stderr) of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "skulens.cli", *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bnch"], "No such command 'bnch'. Did you mean 'bench'?"),
        (
            ["bench", "mpr", "x", "--spilt", "y"],
            "No such option '--spilt'. Did you mean '--split'?",
        ),
        (["bench", "mpr", "x", "--limit", "-5"], "-5 is not in the range x>=0"),
        (["choose", "--max-params", "200"], "200M is 200 million"),
    ],
)
def test_typing_errors_name_what_was_meant(words, said):
    status, stderr = run(*words)
    assert status == 2 and said in stderr


def test_groups_name_the_nearest_command():
    for words, near in ((["index", "buld"], "build"), (["list", "encodrs"], "encoders")):
        done = CliRunner().invoke(skulens, words)
        assert f"Did you mean '{near}'" in done.output and done.exit_code == 2


def test_a_part_of_a_name_is_near():
    known = ["open_clip:ViT-L-14/openai", "open_clip:ViT-L-14-336/openai", "mini"]
    assert nearest("vit-l-14", known) == known[:2]
    assert nearest("mni", known) == ["mini"]
    assert nearest("zz", known) == []


def test_names_in_tables_are_accepted(tmp_path):
    from skulens.bench.naming import find_results

    store = ResultStore(tmp_path)
    store.add(stored("onnx:/models/net_v1", gallery="image", settings={"gallery": "image"}))
    store.add(stored("onnx:/models/net_v1", gallery="text", settings={"gallery": "text"}))
    assert len(find_results("onnx:net_v1", tmp_path)) == 2
    (found,) = find_results("onnx:net_v1 (gallery text)", tmp_path)
    assert found.variant["gallery"] == "text"
    (found,) = find_results("onnx:net_v1@image", tmp_path)
    assert found.variant["gallery"] == "image"


def test_ctrl_c_ends_with_130_in_a_line():
    started = "import skulens.cli as c, skulens.catalog.open as o, time\n"
    waiting = (
        "def wait(*a, **k): print('ready', flush=True); time.sleep(60)\no.open_catalog = wait\n"
    )
    call = "import sys; sys.argv = ['skulens', *sys.argv[1:]]; c.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", started + waiting + call, "audit", "groceries-sample"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.strip()) == (130, "interrupted")


@pytest.mark.parametrize(
    ("path", "on"),
    [
        (["bench", "mpr"], True),
        (["world", "make"], True),
        (["world", "show"], False),
        (["audit"], False),
        (["curate", "captions"], True),
    ],
)
def test_only_what_goes_on_says_so(path, on, monkeypatch):
    ctx = click.Context(skulens)
    ctx.meta[PATH] = path
    monkeypatch.setattr(sys, "argv", ["skulens", *path])
    assert describe_stop(skulens, ctx).endswith("goes on where it stopped") == on
    monkeypatch.setattr(sys, "argv", ["skulens", *path, "--no-cache"])
    assert describe_stop(skulens, ctx) == "interrupted"


def test_commands_that_go_on_exist():
    paths = {path[: len(known)] for path, _ in EVERY for known in GOES_ON}
    assert set(GOES_ON) <= paths


def draw_bar(terminal: bool, **options) -> str:
    """What a bar of three steps writes."""
    file = io.StringIO()
    file.isatty = lambda: terminal  # type: ignore[method-assign]
    with progress.Bar(total=3, desc="encode", unit=" photos", file=file, **options) as bar:
        for _ in range(3):
            bar.update()
    return file.getvalue()


def test_a_log_gets_whole_lines_and_only_of_what_takes_long(monkeypatch):
    assert draw_bar(False) == ""
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    said = draw_bar(False)
    assert "\r" not in said and "\x1b" not in said
    assert said.splitlines()[-1].startswith("encode: 3 of 3 photos, ")
    assert "\r" in draw_bar(True, mininterval=0)


def test_quiet_silences_progress_and_notes_but_no_error(monkeypatch):
    from skulens.cli.progress import note

    monkeypatch.setenv(progress.QUIET, "1")
    assert draw_bar(True, mininterval=0) == ""
    monkeypatch.delenv(progress.QUIET)

    @click.command()
    def talk() -> None:
        note("worth knowing")
        click.echo("the result")
        raise click.UsageError("wrong")

    monkeypatch.setattr(skulens, "get_command", lambda _ctx, _name: talk)
    assert "note: worth knowing" in CliRunner().invoke(skulens, ["talk"]).output
    for option in ("--quiet", "-q"):
        quiet = CliRunner().invoke(skulens, [option, "talk"])
        assert "worth knowing" not in quiet.output
        assert "the result" in quiet.output and "wrong" in quiet.output
        assert not progress.is_quiet(), "until the command ends"


def test_rejects_are_grouped_with_a_count_and_one_example():
    rejects = [
        Reject("own.csv:2", "p1", "there is no file 'a/1.jpg'", "put it there"),
        Reject("own.csv:3", "p2", "'12,50,1' is not a number", "write 12.50"),
        Reject("own.csv:4", "", "there is no file 'b.jpg'", "put it there"),
    ]
    assert [g.count for g in group_rejects(rejects)] == [2, 1]
    assert list_rejects(rejects) == [
        "  2 x there is no file 'a/1.jpg', such as own.csv:2 (p1)",
        "    -> put it there",
        "  '12,50,1' is not a number: own.csv:3 (p2)",
        "    -> write 12.50",
    ]
    assert list_rejects(rejects[2:])[0].endswith(": own.csv:4"), "no empty brackets"


def test_bench_counts_its_own_results_and_those_of_the_folder(tmp_path):
    from skulens.cli.bench import say_kept

    store = ResultStore(tmp_path)
    store.add(stored("mini"))
    assert say_kept(1, tmp_path) == f"1 result of this run in {tmp_path}"
    store.add(stored("groceries"))
    assert say_kept(1, tmp_path) == f"1 result of this run in {tmp_path}, which holds 2"
