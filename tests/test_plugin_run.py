"""A package made of the snippets of docs/architecture.md is installed, and every tool takes it."""

import json
import re
from pathlib import Path

import PIL.Image
import pytest

from tests.plugin import install, run_python

DOCUMENT = Path(__file__).parents[1] / "docs" / "architecture.md"
PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "architecture-snippets"
version = "1.0"

[project.entry-points."skulens.encoders"]
brightness = "architecture_package:Brightness"

[project.entry-points."skulens.datasets"]
swatches = "architecture_package:Swatches"

[project.entry-points."skulens.suites"]
titles = "architecture_package:Titles"

[project.entry-points."skulens.readers"]
first-word = "architecture_package:FirstWord"

[tool.setuptools]
py-modules = ["architecture_package"]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`skulens` with the package installed as pip installs it."""
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.M | re.S)
    files = {"architecture_package.py": "\n\n".join(blocks), "pyproject.toml": PYPROJECT}
    site = install(files, tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site"))
    cache = str(tmp_path_factory.mktemp("cache"))

    def run(*words: object) -> str:
        done = run_python(site, "-m", "skulens.cli", *words, SKULENS_CACHE=cache)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_an_installed_encoder_and_dataset_are_measured(run, tmp_path):
    for sku, colour in {
        "red": (200, 20, 20),
        "green": (20, 200, 20),
        "blue": (20, 20, 200),
    }.items():
        PIL.Image.new("RGB", (12, 12), colour).save(tmp_path / f"{sku}_gallery.png")
        lighter = tuple(c + 9 for c in colour)
        PIL.Image.new("RGB", (12, 12), lighter).save(tmp_path / f"{sku}_test.png")
    words = (
        "bench",
        "mpr",
        f"swatches:{tmp_path}",
        "--encoder",
        "brightness",
        "--gallery",
        "image",
    )
    [record] = json.loads(run(*words, "--results", tmp_path / "results", "--json"))["results"]
    assert record["metrics"]["hit_rate@1"]["value"] == 1


def test_an_installed_suite_and_reader_are_measured_compared_and_shown(run, tmp_path):
    shop, store = tmp_path / "shop.csv", tmp_path / "results"
    shop.write_text("id,title\na,red chair\nb,a very long title indeed\nc,blue cup\n")
    bench = ("bench", "titles", shop, "--results", store, "--longest", 12)
    [word] = json.loads(run(*bench, "--system", "first-word", "--json"))["results"]
    [seller] = json.loads(run(*bench, "--json"))["results"]
    assert word["metrics"]["short_enough"]["value"] == 1 and seller["system"]["name"] == "seller"
    assert "short_enough" in run("compare", "first-word", "seller", "--results", store)
    assert "short_enough" in run("choose", "--on", store)
    run("results", "report", "--results", store, "--out", tmp_path / "report.html")
    assert "short_enough" in (tmp_path / "report.html").read_text("utf-8")
