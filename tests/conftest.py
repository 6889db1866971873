"""What holds for every test."""

import gc
import json
import os
from pathlib import Path

import pytest

from skulens.bench import own_process
from skulens.machine import count_cores
from skulens.registry import KINDS

# pytest-xdist says 80 to its workers; tables are tested as a pipe has them, or as a test says.
os.environ.pop("COLUMNS", None)

# Real data beside the checkout, unless it is said to lie elsewhere.
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if BESIDE.is_dir():
    os.environ.setdefault("SKULENS_DATA", str(BESIDE))


SLOWEST = (
    "test_benchmarks.py", "test_docs.py", "cli/test_bench.py", "test_installed.py",
    "bench/test_golden.py", "cli/test_choosing.py", "cli/test_composed_docs.py",
    "hostile/test_hostile.py", "report/test_browser.py", "serve/test_page_axe.py",
    "cli/test_first_day.py", "chat/test_smollm2.py", "api/test_python_docs.py",
)  # fmt: skip
"""Files that take half a minute and more. They begin first, so that no worker waits for one at the end;
the others keep their random order."""


def pytest_xdist_auto_num_workers(config) -> int:
    """One more than there are cores: tests of servers and browsers wait a third of the time."""
    return count_cores() + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    place = {str(Path(__file__).parent / name): n for n, name in enumerate(SLOWEST)}
    if gone := [path for path in place if not Path(path).is_file()]:
        raise pytest.UsageError(f"SLOWEST names {gone}, which are not there")
    items.sort(key=lambda item: place.get(str(item.path), len(place)))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """A sixth of a worker's time went into collecting 1.5 million objects of imported modules and
    collected tests again and again; they stay anyway."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


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
