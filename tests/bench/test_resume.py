"""kill -9 in the middle of a benchmark: the next run finishes it with identical results."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

SCRIPT = """
import json, sys
from pathlib import Path
import skulens.encode.batching as batching
from skulens.bench.task import Tools
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.catalog.open import open_catalog
from skulens.encode.memo import Memo
from tests.encode.fake import FakeEncoder

batching.SHARD_ROWS = 8
data, cache, delay = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
encoder = FakeEncoder(delay_s=delay)
how = batching.Batching(batch=4, threads=2, progress=False)
settings = MprSettings(split="test", texts=("title",))
suite = Mpr(open_catalog(data), settings, tools=Tools(cache, Memo(cache), how))
records = [r.record() for r in suite.run([encoder])]
metrics, hashes = ([r[k] for r in records] for k in ("metrics", "data_hash"))
print(json.dumps({"metrics": metrics, "forwards": encoder.forwards, "hash": hashes}))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    draw = np.random.default_rng(0)
    lines = []
    for i in range(120):
        sku, split = i % 12, "gallery" if i < 12 else "test"
        PIL.Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).save(folder / f"{i}.png")
        lines.append(
            json.dumps(
                {"id": f"sku{sku}", "title": f"thing {sku}", "image": f"{i}.png", "split": split}
            )
        )
    (folder / "products.jsonl").write_text("\n".join(lines))
    return folder


def start(shop: Path, cache: Path, delay: float) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SCRIPT, str(shop), str(cache), str(delay)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def finished(process: subprocess.Popen) -> dict:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return json.loads(out.splitlines()[-1])


def test_killed_run_resumes_from_its_shards(shop, tmp_path):
    whole = finished(start(shop, tmp_path / "whole", 0))
    killed = start(shop, tmp_path / "killed", 0.15)
    journal = tmp_path / "killed" / "vectors"
    deadline = time.monotonic() + 50
    while not (shards := list(journal.glob("*/journal.jsonl"))) or shards[0].stat().st_size < 300:
        assert time.monotonic() < deadline and killed.poll() is None, (
            "the run must be alive when it is killed"
        )
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = sum(json.loads(line)["rows"] for line in shards[0].read_text().splitlines())
    assert kept >= 8
    resumed = finished(start(shop, tmp_path / "killed", 0))
    assert resumed["metrics"] == whole["metrics"] and resumed["hash"] == whole["hash"]
    assert resumed["forwards"] == whole["forwards"] - kept


def test_two_runs_at_once_agree(shop, tmp_path):
    both = [start(shop, tmp_path, 0.02) for _ in range(2)]
    one, other = (finished(process) for process in both)
    assert one["metrics"] == other["metrics"]
    assert finished(start(shop, tmp_path, 0))["forwards"] == 0
