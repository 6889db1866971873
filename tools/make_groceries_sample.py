"""Makes the data set `groceries-sample` from the data set `groceries`:

    python tools/make_groceries_sample.py GROCERIES

All products with their iconic pictures and texts, byte for byte, and of each product's test photos
two: the first, and the one in the middle of its list, since neighbours are often of one burst.
Photos are reduced to SIDE_PX at their longer side. Needs half a minute.
"""

import argparse
import io
import shutil
from collections import defaultdict
from pathlib import Path

import PIL.Image

from skulens.catalog.groceries import SAMPLE

SIDE_PX = 256
QUALITY = 80
TEXTS = "iconic-images-and-descriptions"


def choose_photos(lines: list[str]) -> list[str]:
    """Two lines "path, class id, coarse id" of each class."""
    of_class: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        of_class[line.split(",")[1].strip()].append(line)
    return [found[n] for found in of_class.values() for n in sorted({0, len(found) // 2})]


def reduce_photo(path: Path) -> bytes:
    with PIL.Image.open(path) as photo:
        small = photo.convert("RGB")
    small.thumbnail((SIDE_PX, SIDE_PX), PIL.Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groceries", type=Path, help="folder with classes.csv")
    source = parser.parse_args().groceries
    own = {
        name: (SAMPLE / name).read_bytes() for name in ("README.md",) if (SAMPLE / name).exists()
    }
    shutil.rmtree(SAMPLE, ignore_errors=True)
    shutil.copytree(source / TEXTS, SAMPLE / TEXTS)
    for name in ("classes.csv", "LICENSE"):
        shutil.copy(source / name, SAMPLE / name)
    for name, content in own.items():
        (SAMPLE / name).write_bytes(content)
    lines = choose_photos((source / "test.txt").read_text(encoding="utf-8").splitlines())
    (SAMPLE / "test.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for line in lines:
        path = line.split(",")[0].strip()
        (SAMPLE / path).parent.mkdir(parents=True, exist_ok=True)
        (SAMPLE / path).write_bytes(reduce_photo(source / path))
    size = sum(f.stat().st_size for f in SAMPLE.rglob("*") if f.is_file())
    print(f"{SAMPLE}: {len(lines)} photos, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
