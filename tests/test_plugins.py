"""An installed package adds encoders, datasets and suites; a broken one breaks nothing."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.plugin import install, run_python

PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "tea-shop"
version = "1.0"

[project.entry-points."skulens.encoders"]
grey = "tea_shop.vectors:Grey"
mini = "tea_shop.vectors:Grey"
broken = "tea_shop.damaged:Encoder"
helper = "tea_shop.vectors:helper"

[project.entry-points."skulens.datasets"]
teas = "tea_shop.rows:TEAS"

[project.entry-points."skulens.suites"]
tasting = "tea_shop.rows:TASTING"

[project.entry-points."skulens.verifiers"]
strength = "tea_shop.vectors:Strength"

[tool.setuptools]
packages = ["tea_shop"]
"""

ROWS = """
from skulens.registry import Row, Sign

TEAS = Row("tea_shop.teas:Teas", "a tin of teas", signs=(Sign(("teas.txt",)),))
TASTING = Row("tea_shop.tasting:Tasting", "how well it tastes", extra="spoon")
"""

VECTORS = '''
import numpy as np

from skulens.records import EncoderInfo


class Grey:
    """Mean brightness as a vector.

    More than one line.
    """

    def __init__(self, argument="", *args, **settings):
        self.device = "cpu"
        self.info = EncoderInfo(name="grey", identity="grey/1", dim=1, modalities=("text",))

    def prepare_text(self, text, role="query"):
        return text

    def encode_batch(self, modality, batch):
        return np.array([[len(text)] for text in batch], np.float32)


class Strength:
    """Reads how strong a tea is."""


def helper():
    pass
'''

TEAS = """
from skulens.catalog.reader import Reader
from skulens.records import DatasetInfo, Product


class Teas(Reader):
    info = DatasetInfo(name="teas", title="Teas")

    def _products(self):
        for line in (self.root / "teas.txt").read_text().splitlines():
            yield Product(line)
"""

FILES = {
    "pyproject.toml": PYPROJECT,
    "tea_shop/__init__.py": "",
    "tea_shop/rows.py": ROWS,
    "tea_shop/vectors.py": VECTORS,
    "tea_shop/teas.py": TEAS,
    "tea_shop/tasting.py": "import spoon_of_silver\n",
    "tea_shop/damaged.py": "raise RuntimeError('the tin is empty')\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder into which the plug-in is installed as pip installs it."""
    return install(FILES, tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site"))


def run(site: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_python(site, "-c", code, *arguments)


COMMAND = "from skulens.cli import main; main()"


@pytest.mark.parametrize(
    ("kind", "key", "name", "about"),
    [
        ("encoders", "families", "grey", "Mean brightness as a vector."),
        ("datasets", "datasets", "teas", "a tin of teas"),
        ("suites", "suites", "tasting", "how well it tastes"),
        ("verifiers", "verifiers", "strength", "Reads how strong a tea is."),
    ],
)
def test_list_shows_what_a_plugin_brings_after_our_own(site, kind, key, name, about):
    done = run(site, COMMAND, "list", kind, "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)[key]}
    assert rows[name]["about"] == about and rows[name]["package"] == "tea-shop"
    assert "package" not in rows.get("mini", {}) and "package" not in rows.get("own", {})


def test_a_broken_plugin_breaks_nothing_and_says_so(site):
    assert run(site, COMMAND, "--help").returncode == 0
    done = run(site, COMMAND, "list", "encoders", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)["families"]}
    assert "RuntimeError: the tin is empty" in rows["broken"]["about"]
    assert "is a function, expected a class or a skulens.registry.Row" in rows["helper"]["about"]
    assert "tea-shop offers encoder 'mini', a name that skulens has already" in done.stderr
    assert rows["mini"]["about"].startswith("small encoder that ships with skulens")


def test_what_a_plugin_brings_opens(site, tmp_path):
    (tmp_path / "teas.txt").write_text("assam\ngreen\n")
    code = """
import sys, warnings
warnings.simplefilter("ignore")
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder
for data in (sys.argv[1], "teas:" + sys.argv[1]):
    assert [p.id for p in open_catalog(data).products()] == ["assam", "green"]
encoder = open_encoder("grey")
assert encoder.info.identity == "grey/1" and encoder.encode_batch("text", ["abc"]) == [[3]]
"""
    done = run(site, code, str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_errors_name_the_package(site):
    code = """
import warnings
warnings.simplefilter("ignore")
from skulens.errors import SkulensError
from skulens.registry import resolve
for kind, name in (("encoder", "broken"), ("suite", "tasting"), ("encoder", "gray")):
    try:
        resolve(kind, name)
    except SkulensError as e:
        print(type(e).__name__, e)
"""
    broken, needy, unknown = run(site, code).stdout.splitlines()
    assert "'broken' of the package tea-shop: cannot be loaded (RuntimeError" in broken
    assert needy.startswith("MissingDependency") and "pip install 'tea-shop[spoon]'" in needy
    assert "did you mean 'grey'" in unknown
