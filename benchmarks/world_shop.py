"""How fast does the procedural shop draw, and does its memory grow with its size?

What limits it: rasterising. A picture is one SVG scene, drawn by resvg and encoded; each kind's
rate stands beside the rate at which resvg draws and encodes an empty scene of that size (the
engine's floor); "scene written before" is what is left when our Python costs nothing. One process,
one thread, CPU seconds, so that the rates are per core. Records (all tables, no pictures) are made
at two sizes in fresh processes; the peak of resident memory says whether it grows.

    python -m benchmarks.world_shop                     # a minute
    python -m benchmarks.world_shop --skus 400 --records 8192 65536 --repeats 5 --save
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.common import report, spread
from skulens.world.canvas.svg import Canvas, render
from skulens.world.config import WorldConfig
from skulens.world.render.photo import clean_scene, photo
from skulens.world.render.views import shots
from skulens.world.truth.products import Variant, variants

RECORDS = """
import json, resource, sys, tempfile, time
from pathlib import Path
from skulens.world.config import WorldConfig
from skulens.world.make import make
start = time.process_time()
with tempfile.TemporaryDirectory() as folder:
    config = WorldConfig(skus=int(sys.argv[1]), views=(), photos=0)
    make(Path(folder) / "shop", config, workers=1, progress=False)
seconds = time.process_time() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skus", type=int, default=100, help="SKUs drawn per repeat")
    parser.add_argument(
        "--records",
        type=int,
        nargs=2,
        default=[2048, 8192],
        help="two sizes of shops without pictures",
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    rows = pictures(args.skus, args.repeats) + records(args.records)
    report("world_shop", rows, vars(args) | {"save": None}, args.save)


def pictures(skus: int, repeats: int) -> list[dict]:
    """Pictures per CPU second of each kind and size; every repeat draws other SKUs."""
    config = WorldConfig(skus=skus * repeats)
    found = [list(variants(config, start, start + skus)) for start in range(0, config.skus, skus)]
    rows = []
    for px in (64, 224):
        rows.append(row("front", px, found, partial(draw_front, px=px)))
        written = [[clean_scene(v, px).svg() for v in part] for part in found]
        rows.append(row("front, scene written before", px, written, partial(render, px=px)))
        rows.append(row("photo", px, found, partial(photo, number=0, px=px)))
    for view, px in (("back", 224), ("side", 224), ("use", 224), ("label", 384)):
        only = replace(config, views=(view,), photos=0)
        rows.append(
            row(
                view,
                px,
                [[shot for v in part for shot in shots(only, v)] for part in found],
                lambda shot: shot.draw(),
            )
        )
    return rows


def draw_front(variant: Variant, px: int) -> bytes:
    return render(clean_scene(variant, px).svg(), px)


def row(what: str, px: int, parts: list[list], draw: Callable[[Any], object]) -> dict:
    empty = Canvas(px).svg()
    ours = [rate(part, draw) for part in parts]
    floor = [rate(part, lambda _: render(empty, px)) for part in parts]
    return {
        "what": f"{what}, {px} px",
        "per CPU second": spread(ours),
        "an empty scene": spread(floor),
        "peak MiB": "",
    }


def rate(items: list, draw: Callable[[Any], object]) -> float:
    """Calls per CPU second."""
    start = time.process_time()
    for item in items:
        draw(item)
    return len(items) / (time.process_time() - start)


def records(sizes: list[int]) -> list[dict]:
    """Records per second of one process, and its peak of resident memory."""
    rows = []
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-c", RECORDS, str(size)], capture_output=True, text=True, check=True
        )
        seconds, peak = json.loads(done.stdout)
        rows.append(
            {
                "what": f"{size} records, no pictures",
                "per CPU second": round(size / seconds),
                "an empty scene": "",
                "peak MiB": round(peak),
            }
        )
    return rows


if __name__ == "__main__":
    main()
