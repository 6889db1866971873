"""The published hits per SKU of OpenMPR, or a skip."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
HITS = (
    Path(os.environ.get("SKULENS_DATA", ROOT.parent / "shared/data"))
    / "openmpr/per_sku_hits.json.gz"
)


def published_hits() -> tuple[np.ndarray, np.ndarray]:
    """Photos (skus,) and hits at 1 (skus, models)."""
    if not HITS.exists():
        pytest.skip(
            "needs openmpr/per_sku_hits.json.gz; set SKULENS_DATA to the folder that holds openmpr/"
        )
    data = json.loads(gzip.decompress(HITS.read_bytes()))
    hits = np.array([m["sku_hits"]["1"] for m in data["models"]], float).T
    return np.array(data["num_images"], float), hits
