"""`skulens serve`: search a store over HTTP, and the page for people."""

import ipaddress
import json
import logging
import os
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skulens.cli.options import json_option
from skulens.cli.search import read_pairs
from skulens.errors import MissingDependency

if TYPE_CHECKING:
    from skulens.search.shop import Shop

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("store")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(min=0, max=65535),
    default=8765,
    show_default=True,
    help="0: a free one.",
)
@click.option("--tokens", type=FILE, metavar="FILE", help="Of `skulens serve-token`: who may read and write.")  # fmt: skip
@click.option("--insecure", is_flag=True, help="Listen beyond this machine without tokens.")
@click.option("--allow-host", "names", multiple=True, metavar="NAME", help="A name that this server is reached by; may be repeated.")  # fmt: skip
@click.option("--allow-urls", "url_hosts", multiple=True, metavar="HOST", help="Fetch pictures from this host when a query gives their address, *.example.com for those below one; may be repeated.")  # fmt: skip
@click.option("--catalog", metavar="DATA", help="What the store was made of: shows its pictures in full size.")  # fmt: skip
@click.option("--photos", type=FOLDER, metavar="DIR", help="Example photos for the page.")
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
@click.option("--log", metavar="FILE", help="A line of JSON for each request; - for stderr.")
@click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="That search; 0: one for each core.",
)
@click.option("--waiting", type=click.IntRange(min=0), default=64, show_default=True, help="Requests that may wait; further ones get 429.")  # fmt: skip
@click.option("--deadline", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True, help="Seconds for an answer, else 503.")  # fmt: skip
@click.option("--encoder", "encoders", multiple=True, callback=read_pairs, metavar="COLUMN=NAME", help="Where the model file of a vector column lies now.")  # fmt: skip
@click.option("--calibration", type=FILE, metavar="FILE", help="Of `skulens calibrate --json`: says whether the product is there at all.")  # fmt: skip
@json_option
def command(store: str, host: str, port: int, as_json: bool, show: bool, **given: Any) -> None:
    """Serve STORE: `/v1/search` and more for programs, a page for people.

    \b
    skulens serve shop.store
    skulens serve shop.store --host 0.0.0.0 --tokens tokens.json
    """
    try:
        from skulens.serve.app import make_app
        from skulens.serve.door.access import Tokens
        from skulens.serve.running import make_server, open_socket
    except ModuleNotFoundError as e:
        raise MissingDependency(f"serve needs {e.name}: pip install 'skulens[serve]'") from e
    from skulens.catalog.open import open_catalog
    from skulens.machine import url_of
    from skulens.serve.settings import Settings

    settings = Settings(
        workers=given["threads"],
        waiting=given["waiting"],
        deadline_s=given["deadline"],
        hosts=names_of(host, given["names"], given["tokens"], given["insecure"]),
        url_hosts=given["url_hosts"],
        photos=given["photos"],
    )
    tokens = Tokens(given["tokens"]) if given["tokens"] else None
    write_log(given["log"])
    sock = open_socket(host, port)
    url = url_of(sock)
    opener = open_shop(store, dict(given["encoders"]), given["calibration"])
    catalog = open_catalog(given["catalog"]) if given["catalog"] else None
    app = make_app(opener, settings, catalog, address=store, tokens=tokens)
    service = app.state.service

    def announce() -> None:
        products = service.shop.store.count()
        said = json.dumps({"url": url, "products": products})
        line = f"{products:,} products of {store} at {url}  (Ctrl-C stops it)"
        click.echo(said if as_json else line)
        sys.stdout.flush()
        if show and has_display():
            webbrowser.open(url)

    service.on_ready = announce
    make_server(app, settings, hard=True).run(sockets=[sock])
    if service.failed is not None:
        raise service.failed


def has_display() -> bool:
    """Whether a browser would have a window; in a terminal one would take the terminal."""
    windows = sys.platform in ("darwin", "win32")
    return windows or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def names_of(
    host: str, more: tuple[str, ...], tokens: Path | None, insecure: bool
) -> tuple[str, ...]:
    """Names that `Host` may have; none: any.

    Raises:
        click.UsageError: an address beyond this machine, and nothing that says who may ask.
    """
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if here:
        own = f"[{host}]" if ":" in host else host
        return tuple(dict.fromkeys((*LOOPBACK, own, *more)))
    if tokens is None and not insecure:
        raise click.UsageError(
            f"--host {host} is reached from other machines, and anybody there could read and change "
            "the store; give --tokens FILE (`skulens serve-token FILE`), or --insecure to allow it"
        )
    return more


def open_shop(
    store: str, encoders: dict[str, str], calibration: Path | None
) -> "Callable[[], Shop]":
    """What opens a store and its encoders, saying so on stderr."""

    def say(what: str) -> None:
        click.echo(f"{what} ...", err=True)

    def make() -> "Shop":
        from skulens.search.shop import open_store
        from skulens.serve.work.warm import warm

        say(f"opening {store}")
        shop = open_store(store, encoders=encoders, calibration=calibration)
        try:
            warm(shop, say)
        except BaseException:
            shop.close()
            raise
        return shop

    return make


def write_log(file: str | None) -> None:
    """Write a line for each request to a file, or to stderr."""
    if not file:
        return
    handler = logging.StreamHandler() if file == "-" else logging.FileHandler(file, delay=False)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("skulens.serve.access")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
