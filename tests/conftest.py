"""What holds for every test."""

import json
import os

import pytest

from skulens.bench import own_process
from skulens.registry import KINDS

# pytest-xdist says 80 to its workers; tables are tested as a pipe has them, or as a test says.
os.environ.pop("COLUMNS", None)


@pytest.fixture(autouse=True)
def registry_as_found():
    """A row that a test leaves behind would fail another test, in some orders only."""
    before = {kind: set(rows) for kind, rows in KINDS.items()}
    yield
    assert {kind: set(rows) for kind, rows in KINDS.items()} == before, "rows left in the registry"


@pytest.fixture(scope="session", autouse=True)
def one_process_per_encoder():
    """Latency and memory are measured once per encoder and worker, not by every test that benches:
    a process of its own imports torch anew. tests/bench/test_cost.py measures each time."""
    run_child, known = own_process.run_child, {}

    def run_once(asked, progress):
        same = {**asked, "images": len(asked["images"]), "by": own_process.CHILD}
        key = json.dumps(same, sort_keys=True, default=str)
        if key not in known:
            known[key] = run_child(asked, progress)
        return dict(known[key])

    run_once.__wrapped__ = run_child
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own_process, "run_child", run_once)
        yield
