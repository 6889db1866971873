"""What docs/ask.md shows runs, against a stub."""

import re
import shlex
from pathlib import Path

import PIL.Image
import pytest
from click.testing import CliRunner

from skulens.chat.failures import CLASSES
from skulens.chat.stub.running import running_stub
from skulens.cli import skulens

TEXT = (Path(__file__).parents[2] / "docs" / "ask.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def url():
    with running_stub() as url:
        yield url


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))


def test_the_python_block_runs(url, tmp_path, capsys):
    (block,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    (tmp_path / "photos").mkdir()
    for colour in ("red", "blue"):
        PIL.Image.new("RGB", (40, 30), colour).save(tmp_path / "photos" / f"{colour}.jpg")
    code = block.replace("openai:MODEL", "openai:stub").replace("http://localhost:8000/v1", url)
    exec(compile(code, "docs/ask.md", "exec"), {})
    said = capsys.readouterr().out
    assert len(said.splitlines()) >= 2 and {"red", "blue"} <= {
        s.split()[0] for s in said.split("\n") if s
    }
    assert (tmp_path / "replies" / "replies.sqlite").exists()


def test_the_commands_run(url, tmp_path):
    table = tmp_path / "photos.csv"
    table.write_text("id,title,description\nSKU-17,Red tin,A red tin of soup\n")
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", TEXT, re.M | re.S))
    lines = [line[2:] for line in blocks.splitlines() if line.startswith("$ ")]
    seen = set()
    for line in lines:
        words = shlex.split(line, comments=True)
        told = {"openai:MODEL": "openai:stub", "http://localhost:8000/v1": url,
                "http://127.0.0.1:8000/v1": url, "groceries": str(table)}  # fmt: skip
        words = [told.get(w, w) for w in words[1:]]
        if words[0] == "chat-stub":  # it would not end
            continue
        seen.add(words[0])
        done = CliRunner().invoke(skulens, words)
        assert done.exit_code == 0, (line, done.output, done.exception)
    assert seen == {"chat", "curate", "replies"}


def test_every_error_class_is_explained():
    assert set(re.findall(r"^\| `(\w+)` \| .* \| .* \|$", TEXT, re.M)) >= set(CLASSES)
