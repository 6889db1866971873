"""What holds for every test."""

import os

import pytest

from skulens.registry import KINDS

# pytest-xdist says 80 to its workers; tables are tested as a pipe has them, or as a test says.
os.environ.pop("COLUMNS", None)


@pytest.fixture(autouse=True)
def registry_as_found():
    """A row that a test leaves behind would fail another test, in some orders only."""
    before = {kind: set(rows) for kind, rows in KINDS.items()}
    yield
    assert {kind: set(rows) for kind, rows in KINDS.items()} == before, "rows left in the registry"
