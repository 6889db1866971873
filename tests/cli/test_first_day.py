"""The five tasks of docs/first_day.md: short, and right as they stand."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs skulens[clip]")

PAGE = Path(__file__).parents[2] / "docs/first_day.md"
TEXT = PAGE.read_text(encoding="utf-8")
TASKS = dict(re.findall(r"^## (\d\. .*?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
MOST_COMMANDS, MOST_LINES = 3, 5


def commands_of(text: str) -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


def python_of(text: str) -> str:
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))


def call(folder: Path, words: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout[-800:]}\n{done.stderr[-1500:]}"
    return done.stdout


def test_there_are_five_tasks_and_each_is_short():
    assert len(TASKS) == 5
    for name, text in TASKS.items():
        commands, lines = commands_of(text), [x for x in python_of(text).splitlines() if x.strip()]
        assert bool(commands) != bool(lines), name
        assert len(commands) <= MOST_COMMANDS and len(lines) <= MOST_LINES, name


def test_the_tasks_run_as_they_stand(tmp_path):
    said = {}
    for command in commands_of(TEXT):
        words = shlex.split(command)
        if words[0] == "pip":
            continue
        assert words[0] == "skulens", command
        said[command] = call(tmp_path, ["-m", "skulens.cli", *words[1:]])
    assert len(said) == 7
    found = call(tmp_path, ["-c", python_of(TASKS["4. Embed and find in Python"])])
    photos = sorted((tmp_path / "photos/test/Conference").iterdir())
    assert len(photos) == 2 and all(photo.name in found for photo in photos)

    choice = json.loads(call(tmp_path, ["-m", "skulens.cli", "choose", "--across", "--json"]))
    [best, *_] = choice["choices"][0]["best"]
    assert best in said["skulens choose --across"].splitlines()[-1]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert best in page and str(tmp_path) not in page
    for name in ("compare.html", "conference.html"):
        assert "data:image/webp" in (tmp_path / name).read_text(encoding="utf-8")
    compared = said["skulens compare groceries@image groceries@text --html compare.html"]
    assert "gallery image" in compared and "gallery text" in compared
    why = said["skulens confusion groceries@image --sku Conference --html conference.html"]
    assert why.splitlines()[-1].startswith("Conference: found first by")
