"""The suite takes the store of an installed package, and says where it is wrong."""

from pathlib import Path

import pytest

from tests.plugin import install, run_python

ROOT = Path(__file__).parents[3]
FILES = {
    "pyproject.toml": """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "tea-store"
version = "1.0"

[project.entry-points."skulens.stores"]
steeped = "tea_store:Tin"
leaky = "tea_store:Leaky"

[tool.setuptools]
packages = ["tea_store"]
""",
    "tea_store/__init__.py": '''
from skulens.index.stores.engines.memory import Memory


class Tin(Memory):
    """Products in a tin."""


class Leaky(Memory):
    """Loses the first product of each upsert."""

    def upsert(self, documents):
        documents = list(documents)
        super().upsert(documents[1:])
        return len(documents)
''',
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return install(FILES, tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize(("name", "passes"), [("steeped", True), ("leaky", False)])
def test_an_installed_store_runs_through_the_suite(site, name, passes):
    suite = ROOT / "tests" / "index" / "stores" / "test_conformance.py"
    chosen = f"{name} and (count_digests or equal_scores or replaced or closed)"
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ROOT, suite]
    ran = run_python(site, *arguments, "-k", chosen, SKULENS_TEST_LACKS="reopen")
    assert (ran.returncode == 0) == passes, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert ("FAILED" in ran.stdout) != passes
