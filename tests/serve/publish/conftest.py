"""A browser, and a published site on a port of this machine."""

import functools
import http.server
import shutil
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from skulens.errors import MissingFile
from skulens.serve.publish.runtime import find_runtime

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


UNPACKED = Path(sys.prefix) / "runtime" / "package" / "dist"


class Address(str):
    """Of a server, and the paths that it was asked for."""

    asked: list[str]


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        self.server.asked.append(self.path.split("?")[0])
        super().do_GET()


@contextmanager
def serve(folder):
    """The address of a folder, as `python -m http.server` serves it."""
    handler = functools.partial(Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        address = Address(f"http://127.0.0.1:{server.server_port}")
        server.asked = address.asked = []
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def runtime():
    """The files of onnxruntime-web, where they are on this machine or `make runtime` put them."""
    try:
        return find_runtime(UNPACKED if UNPACKED.is_dir() else None)
    except MissingFile as e:
        pytest.skip(str(e))


@pytest.fixture(scope="module")  # playwright has an event loop as long as it lives
def chromium():
    if not CHROMIUM:
        pytest.skip("no chromium on the path: make setup installs it")
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install 'skulens[dev]'"
    )
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, runtime):
    """The drawn shop as a site, in a subfolder of what is served."""
    pytest.importorskip("torch", reason="needs the encoder that ships: pip install 'skulens[clip]'")
    from skulens.serve.publish.site import Options, publish
    from tests.serve.publish.shop import make_shop

    folder = tmp_path_factory.mktemp("published") / "some where"
    publish(make_shop().store, folder, Options(progress=False))
    return folder


@contextmanager
def opened(chromium, url):
    """A page of its own whose `backend` is that of the site; it may say nothing on the console."""
    context = chromium.new_context()
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    try:
        page.goto(url)
        load(page)
        yield page
        assert page.said == []
    finally:
        context.close()


def load(page):
    page.evaluate("async () => { globalThis.backend = (await import('./page/local.js')).backend; }")
