"""Photos for the page in a browser, and ways to hand them to it."""

import base64
import hashlib
import io
from contextlib import contextmanager
from urllib.parse import urlsplit

from PIL import Image

from tests.serve import browser as browsing

FILES = "#tray input[type=file] >> nth=0"
SIZE = (400, 300)
"""Of photos."""
GIVE = """async (files) => {
    const data = new DataTransfer();
    for (const { name, type, text } of files)
        data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, { type }));
    return data;
}"""
"""Files for the clipboard, or for a drop."""


@contextmanager
def opened(browser, url, width=1280, told=(), **context):
    """The page with its tray; see `browser.opened`."""
    there = urlsplit(url)
    path = url.removeprefix(f"{there.scheme}://{there.netloc}")
    with browsing.opened(browser, url.removesuffix(path), path, width, told, **context) as page:
        page.wait_for_selector("#tray .add")
        yield page


def make_photo(colour="red", kind="JPEG", size=SIZE, **options) -> bytes:
    picture = Image.new("RGB", size, colour)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def upload(name: str, data: bytes, kind="image/jpeg") -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


def as_given(*files: tuple[str, str, bytes]) -> list[dict]:
    return [{"name": n, "type": t, "text": base64.b64encode(d).decode()} for n, t, d in files]


def id_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def add(page, *photos: bytes) -> None:
    """Choose photos as files, and wait for the answer."""
    before = page.locator("#tray .part").count()
    with page.expect_response("**/v1/search"):
        page.set_input_files(FILES, [upload(f"photo-{i}.jpg", p) for i, p in enumerate(photos)])
    page.wait_for_selector(f"#tray .part >> nth={before + len(photos) - 1}")


def bytes_of(part: dict) -> bytes:
    return base64.b64decode(part["image"].partition("base64,")[2])


def wait_until(page, holds) -> None:
    """For what the server is asked: the browser's events come meanwhile."""
    for _ in range(1200):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not happen within 30 seconds")
