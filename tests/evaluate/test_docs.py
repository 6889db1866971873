"""docs/metrics.md: its snippet runs, and it names every metric there is."""

import re
from pathlib import Path

import numpy as np

from skulens.evaluate import evaluate
from skulens.records import Qrels, Run

TEXT = (Path(__file__).resolve().parents[2] / "docs/metrics.md").read_text()


def test_snippets_run():
    snippets = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert snippets
    for snippet in snippets:
        exec(snippet, {})


def test_every_metric_is_explained():
    run = Run(
        ("q",),
        tuple(f"p{i:02}" for i in range(12)),
        np.arange(12, dtype=np.int32)[None],
        np.ones((1, 12), np.float32),
    )
    for name in evaluate(run, Qrels({"q": {"p00": 1}})).metrics:
        assert f"`{re.sub('@.*', '@k', name)}`" in TEXT
