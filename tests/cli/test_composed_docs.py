"""What docs/composed.md shows runs, on a small shop."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from skulens.cli import skulens

TEXT = (Path(__file__).parents[2] / "docs" / "composed.md").read_text(encoding="utf-8")
SMALLER = {
    "35000": "300",
    "2=1000,3=1000,4=1000": "2=16,3=3",
    "balanced": "sound",
    "photos.csv": "shop",
}
"""What the page says -> what is run here: a small shop has no room for the balanced design."""
APART = ("curate import-cards", "curate review-import", "curate cards photos.csv")
"""Commands that need what nobody made here: MERIT's files, what people said, a reader's claims."""


def commands() -> list[list[str]]:
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", TEXT, re.M | re.S))
    lines = blocks.replace("\\\n", " ").splitlines()
    return [shlex.split(line[2:])[1:] for line in lines if line.startswith("$ skulens")]


def parse_only(words: list[str]) -> None:
    """The options exist and take these values; nothing is run."""
    command, left = skulens, words
    while hasattr(command, "get_command"):
        found = command.get_command(command.make_context("skulens", ["--help"], resilient_parsing=True), left[0])  # fmt: skip
        command, left = found, left[1:]
    command.make_context("skulens", list(left), resilient_parsing=True)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder in which the page's commands were run, in order, and what they said."""
    place = tmp_path_factory.mktemp("composed")
    said = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("SKULENS_CACHE", str(place / "cache"))
        other = ["world", "make", "other-shop", "--skus", "120", "--seed", "8"]
        assert run([*other, "--px", "96", "--views", "front", "--photos", "0"]).exit_code == 0
        for words in commands():
            if "--engine" in words or " ".join(words).startswith(APART):
                parse_only(words)
                continue
            words = [SMALLER.get(word, word) for word in words]
            name = " ".join(words[:2])
            said.setdefault(name, []).append(run(words))
    return place, said


def run(words: list[str]):
    return CliRunner().invoke(skulens, words)


def test_the_commands_run(here):
    place, said = here
    for name, done in said.items():
        for each in done:
            gate = name == "curate gate"  # so small a shop gives too much away
            assert each.exit_code in ((0, 1) if gate else (0,)), (name, each.output, each.exception)
    made = {"cards", "composed", "annotated", "pictures", "tasks", "merit-files", "queries.html"}
    assert made <= {path.name for path in place.iterdir()}
    assert (place / "stats" / "index.html").is_file()


def test_every_command_of_the_room_is_shown():
    from skulens.cli.curate import COMMANDS

    shown = {words[1] for words in commands() if words[0] == "curate"}
    assert set(COMMANDS) - {"captions", "review-sheet", "reviewed"} <= shown


def test_what_is_measured_is_what_was_composed(here):
    place, _ = here
    record = json.loads((place / "composed" / "composition.json").read_text())
    assert record["profile"]["name"] == "sound" and record["queries_sha256"]
