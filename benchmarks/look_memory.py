"""Does memory stay flat over 1,000 photos, and what does a photo cost?

The photos are different cuts out of real ones, so that no reading is reused. What limits it is the
recogniser. Resident memory is taken after the first 100 photos, when models and buffers are there,
and at the end.

    python -m benchmarks.look_memory $SKULENS_DATA/packages/images --save
"""

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import report
from skulens import pictures
from skulens.records import Image, Product
from skulens.verify.look import Looker
from skulens.verify.text import open_text_reader

PRODUCTS_OF = 2
"""Pictures of a product."""


def cut_pictures(folder: Path, count: int, side_px: int) -> Iterator[Product]:
    """Products of PRODUCTS_OF cuts each, drawn from the photos of a folder; the seed is fixed."""
    draw = np.random.default_rng(0)
    paths = sorted(folder.glob("*.jpg"))[:12]
    photos = [pictures.load(Image(path=str(path))) for path in paths]
    images: list[Image] = []
    for i in range(count):
        photo = photos[i % len(photos)]
        left = int(draw.integers(0, max(1, photo.width - side_px)))
        top = int(draw.integers(0, max(1, photo.height - side_px)))
        data = io.BytesIO()
        cut = photo.crop((left, top, left + side_px, top + side_px))
        cut.save(data, "JPEG", quality=85, comment=str(i))
        images.append(Image(data=data.getvalue()))
        if len(images) == PRODUCTS_OF:
            yield Product(id=str(i), images=tuple(images))
            images = []


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of JPEG files")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--side-px", type=int, default=160)
    parser.add_argument("--reader", default="routed")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        looker = Looker(open_text_reader(args.reader), cache=Path(folder))
        seen_pictures = lines = 0
        marks = []
        start = time.perf_counter()
        for _, seen, rejects in looker.look(cut_pictures(args.photos, args.count, args.side_px)):
            assert not rejects, rejects
            seen_pictures += len(seen.sizes)
            lines += sum(len(read) for read in seen.lines.values())
            if seen_pictures % 100 == 0:
                marks.append(resident_mb())
                print(seen_pictures, round(marks[-1]), "MB", flush=True)
        seconds = time.perf_counter() - start
    row = {
        "reader": args.reader,
        "photos": seen_pictures,
        "lines": lines,
        "MB after 100": round(marks[0]),
        "MB at the end": round(marks[-1]),
        "most MB": round(max(marks)),
        "ms a photo": round(1000 * seconds / max(1, seen_pictures)),
    }
    report(
        "look_memory", [row], {"side_px": args.side_px, "MB": [round(m) for m in marks]}, args.save
    )


if __name__ == "__main__":
    main()
