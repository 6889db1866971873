"""What docs/labels.md shows runs, with a reader that knows the text."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from skulens import registry
from skulens.cli import skulens
from tests.extract.pictures_with_text import FakeText, line, make_picture

TEXT = (Path(__file__).parents[2] / "docs" / "labels.md").read_text(encoding="utf-8")


class Engine(FakeText):
    def __init__(self):
        super().__init__({300: [line("Net weight 250 g")]}, "routed")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Photos, a catalogue and claims under the names that the page uses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    row = registry.Row(f"{__name__}:Engine", "knows the text")
    for name in ("routed", "rapidocr"):
        monkeypatch.setitem(registry.TEXT_READERS, name, row)
    make_picture(tmp_path / "back.jpg", 300)
    (tmp_path / "photos").mkdir()
    make_picture(tmp_path / "photos" / "a.png", 300)
    (tmp_path / "photos.csv").write_text("id,title,image\nSKU-1,Tea,back.jpg\n")
    (tmp_path / "claims.csv").write_text("item,field,value\nSKU-1,Net weight,250 g\n")
    own = tmp_path / "own"
    own.mkdir()
    make_picture(own / "a.png", 300)
    (own / "products.csv").write_text("id,title,image\nSKU-1,Tea,a.png\n")
    (own / "gold.csv").write_text(
        "item,field,values,legible\nSKU-1,attributes.net_content,250 g,yes\n"
    )
    return tmp_path


def commands() -> list[str]:
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", TEXT, re.M | re.S))
    return [row[2:] for row in blocks.splitlines() if row.startswith("$ skulens")]


def test_the_commands_run(here):
    seen = set()
    for typed in commands():
        words = shlex.split(typed.partition(">")[0], comments=True)[1:]
        told = {"packages": "own", "barcodes": "own"}
        words = [told.get(word, word) for word in words]
        seen.add(words[0])
        done = CliRunner().invoke(skulens, words)
        assert done.exit_code == 0, (typed, done.output, done.exception)
    assert seen == {"read-labels", "verify", "bench", "compare"}
    made = {"back.labels.jpg", "labels.html", "boxes", "verdicts.parquet", "verdicts.html"}
    assert made <= {path.name for path in here.iterdir()}


def test_the_python_block_runs(capsys):
    (block,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    exec(compile(block, "docs/labels.md", "exec"), {})
    assert "attributes.net_content 250 g" in capsys.readouterr().out
