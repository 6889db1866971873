"""Second run of `skulens bench mpr` from the embedding cache: 20,565 probes x 409 SKUs.

Seconds are those of the whole command, Python's start and all metrics with intervals included;
what limits it is start-up, one stat per photo and the ranking. The photos are small generated
pictures (only their number matters here), so no quality is reported. Text forwards over distinct
texts are counted in the cold run, with each caption given to two SKUs.

    python -m benchmarks.warm_cache --encoder mini
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL.Image

from benchmarks.common import report, spread


def write_catalogue(folder: Path, probes: int, skus: int) -> Path:
    """products.jsonl with `probes` small distinct JPEGs of `skus` SKUs; captions repeat once."""
    draw = np.random.default_rng(0)
    (folder / "photos").mkdir(parents=True)
    with (folder / "products.jsonl").open("w") as f:
        for sku in range(skus):
            f.write(
                json.dumps({"id": f"{sku:04d}", "title": f"product {sku // 2}", "split": "gallery"})
                + "\n"
            )
        for i in range(probes):
            name = f"photos/{i}.jpg"
            PIL.Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).resize((32, 32)).save(
                folder / name, quality=60
            )
            f.write(json.dumps({"id": f"{i % skus:04d}", "image": name, "split": "test"}) + "\n")
    return folder


def run(catalogue: Path, encoder: str, environment: dict, results: Path) -> tuple[float, dict]:
    command = [
        sys.executable,
        "-m",
        "skulens.cli",
        "bench",
        "mpr",
        str(catalogue),
        "--encoder",
        encoder,
        "--gallery",
        "text",
        "--text",
        "title",
        "--results",
        str(results),
        "--json",
    ]
    start = time.perf_counter()
    out = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return time.perf_counter() - start, json.loads(out)["results"][0]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="mini")
    parser.add_argument("--probes", type=int, default=20565)
    parser.add_argument("--skus", type=int, default=409)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        catalogue = write_catalogue(folder / "shop", args.probes, args.skus)
        environment = os.environ | {"SKULENS_CACHE": str(folder / "cache")}
        cold_s, cold = run(catalogue, args.encoder, environment, folder / "results")
        warm = [
            run(catalogue, args.encoder, environment, folder / "results")
            for _ in range(args.repeats)
        ]
        same = all(result["metrics"] == cold["metrics"] for _, result in warm)
    texts = (args.skus + 1) // 2
    row = {
        "encoder": args.encoder,
        "cold, s": round(cold_s, 2),
        "warm, s": spread([s for s, _ in warm]),
        "forwards when warm": max(r["counts"]["forwards"] for _, r in warm),
        "same metrics": same,
        "text forwards / distinct texts": round(
            (cold["counts"]["forwards"] - args.probes) / texts, 3
        ),
    }
    report("warm_cache", [row], vars(args), args.save)


if __name__ == "__main__":
    main()
