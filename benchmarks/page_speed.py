"""How soon does the page show something, and how soon does a dropped photo show its hits?

What limits it: starting a tab's scripts, one round trip, decoding and reducing the photo on the server,
and the encoder; browser and server share the cores here. Each repeat is a new browser context, so
that nothing is cached. From drop to hits: from the moment the file is given to the page until a card
of an answer to the photo is painted, by the page's own clock.

    python -m benchmarks.page_speed STORE --photo PHOTO --save
"""

import argparse
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import PIL.Image

from benchmarks.common import report

SIZES = {"as it is": None, "2 Mpx": (1632, 1224), "16 Mpx": (4608, 3456)}
TARGETS_MS = {"first paint": 500, "as it is": 1000, "2 Mpx": 1000, "16 Mpx": 2000}
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FOUND = (
    "[...document.querySelectorAll('article')].some(a => a.textContent.includes('looks like A'))"
)
WATCH = f"""() => {{ window.found = new Promise(done => {{
  const look = () => ({FOUND}) ? requestAnimationFrame(() => done(performance.now())) : 0;
  new MutationObserver(look).observe(document.body, {{childList: true, subtree: true, characterData: true}});
}}); }}"""


@contextmanager
def serve(store: str) -> Iterator[str]:
    """The address of `skulens serve`, once its encoders are open."""
    server = subprocess.Popen(
        [sys.executable, "-m", "skulens.cli", "serve", store, "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.terminate()
        server.wait()


def make_photos(photo: Path, folder: Path) -> dict[str, Path]:
    """Size -> the photo in that size, as a JPEG."""
    made = {}
    for name, size in SIZES.items():
        made[name] = folder / f"{name}.jpg"
        if size is None:
            shutil.copy(photo, made[name])
            continue
        out = io.BytesIO()
        with PIL.Image.open(photo) as picture:
            picture.convert("RGB").resize(size).save(out, "JPEG", quality=90)
        made[name].write_bytes(out.getvalue())
    return made


def measure_once(browser, url: str, photo: Path) -> tuple[float, float]:
    """(ms to the first paint, ms from a dropped photo to its hits)."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("article")
    page.wait_for_function(f"{PAINT} !== undefined")
    painted = page.evaluate(PAINT)
    page.evaluate(WATCH)
    began = page.evaluate("performance.now()")
    page.set_input_files("input[type=file]", photo)
    took = page.evaluate("window.found") - began
    context.close()
    return painted, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store")
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    times: dict[str, list[float]] = {"first paint": []} | {name: [] for name in SIZES}
    with tempfile.TemporaryDirectory() as folder, serve(args.store) as url, sync_playwright() as p:
        photos = make_photos(args.photo, Path(folder))
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measure_once(browser, url, photos["as it is"])  # warm
        for _ in range(args.repeats):
            for name, photo in photos.items():
                painted, took = measure_once(browser, url, photo)
                times["first paint"].append(painted)
                times[name].append(took)
        browser.close()
    rows = [
        {
            "what": name if name == "first paint" else f"drop to hits, {name}",
            "median ms": round(statistics.median(found)),
            "least to most": f"{min(found):.0f} to {max(found):.0f}",
            "target": f"<= {TARGETS_MS[name]} ms",
            "met": "yes" if statistics.median(found) <= TARGETS_MS[name] else "no",
        }
        for name, found in times.items()
    ]
    report("page_speed", rows, {"repeats": args.repeats}, args.save)


if __name__ == "__main__":
    main()
