"""What the documents promise runs: every bash block, in order; and every command is documented."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from skulens.cli import skulens

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SMALL = {"--skus 300": "--skus 12", "--skus 2000": "--skus 12", "--photos 4": "--photos 2"}
"""The same commands on a shop of a size for tests."""


def commands_of(document: Path) -> list[str]:
    blocks = re.findall(r"^```bash\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if commands_of(d)], ids=lambda d: d.name)
def test_bash_blocks_run(document, tmp_path, monkeypatch):
    """In this process: starting Python and torch for each command took most of the time."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for line in commands_of(document):
        for big, small in SMALL.items():
            line = line.replace(big, small)
        words = shlex.split(line)
        assert words[0] == "skulens", (
            f"{document.name}: only skulens commands belong in bash blocks, got {line!r}"
        )
        done = CliRunner().invoke(skulens, words[1:])
        assert done.exit_code == 0, (
            f"{document.name}: {line}\n{done.output[-2000:]}\n{done.exception!r}"
        )


def leaves(command: click.Command, path: tuple[str, ...] = ()):
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from leaves(command.get_command(None, name), (*path, name))
    else:
        yield path, command


LEAVES = list(leaves(skulens))


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(p) for p, _ in LEAVES])
def test_every_command_is_documented_and_its_options_explained(path, command):
    texts = "\n".join(d.read_text(encoding="utf-8") for d in DOCUMENTS)
    assert f"skulens {' '.join(path)}" in texts
    assert command.help
    silent = [o.name for o in command.params if isinstance(o, click.Option) and not o.help]
    assert silent == []


def test_no_document_links_to_a_missing_file():
    for document in DOCUMENTS:
        for target in re.findall(
            r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")
        ):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
