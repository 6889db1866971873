"""A real browser on the page, over the fake shop: it must say nothing on its console and ask nobody else."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from skulens.machine import url_of
from skulens.serve.running import open_socket

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="no chromium on the path: make setup installs it"
)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of an application without a store behind it, served while the block runs."""
    sock = open_socket("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([sock],))
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield url_of(sock)
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


@contextmanager
def launched() -> Iterator[Any]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install 'skulens[dev]'"
    )
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, url: str, path: str = "/", width: int = 1280, expected=(), **options):
    """The page, ready. `expected`: texts that its console may say."""
    asked, said = [], []
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url + path)
    page.wait_for_selector(".card, .panel")
    try:
        yield page
    finally:
        context.close()
    assert [line for line in said if not any(text in line for text in expected)] == []
    assert [to for to in asked if not to.startswith((url, "data:", "blob:"))] == []


def titles(page: Any) -> list[str]:
    return page.locator(".card h3").all_inner_texts()


def until(page: Any, script: str, arg: Any = None, wait_s: float = 30) -> None:
    """Wait until a script is true. (What Playwright has for it needs eval, which the page forbids.)"""
    end = time.monotonic() + wait_s
    while not page.evaluate(script, arg):
        assert time.monotonic() < end, f"not true within {wait_s} s: {script} {arg!r}"
        page.wait_for_timeout(20)


def wait_for_count(page: Any, text: str) -> None:
    """Wait until the heading of the results says so."""
    script = "text => document.getElementById('count').innerText === text"
    until(page, script, text)
