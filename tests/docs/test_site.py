"""The documents as a site: built strictly, and a browser that reads it asks no other host for anything."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.docs.pages import ROOT

HARMLESS = (("a", "href"), ("svg", "xmlns"))  # a plain link, and a name that nobody follows


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make site` builds it, with every Python warning an error."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-W", "error", "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ran = subprocess.run(build, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return folder


class References(HTMLParser):
    """What a page makes a browser ask for, and what it links to: (tag, attribute, value)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value) for name, value in attrs if value]


def test_every_page_of_the_documents_is_built(site: Path) -> None:
    for source in (ROOT / "docs").rglob("*.md"):
        path = source.relative_to(ROOT / "docs")
        name = "index.html" if source.name == "README.md" else f"{source.stem}.html"
        assert (site / path.parent / name).exists(), path


def test_nothing_but_plain_links_names_another_host(site: Path) -> None:
    seen = 0
    for page in site.rglob("*.html"):
        for tag, name, value in References(page.read_text("utf-8")).found:
            seen += 1
            assert (tag, name) in HARMLESS or not re.search(r"(?:https?:)?//[\w-]+\.", value), (page.name, tag, value)
    assert seen > 1000


def test_no_style_names_another_host(site: Path) -> None:
    styles = list(site.rglob("*.css"))
    assert styles
    assert not [
        path for path in styles if re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text("utf-8"))
    ]


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is that of the base class
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_browser_finds_a_word_and_asks_no_other_host(address: str) -> None:
    asked: list[str] = []
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address}/cancel.html", wait_until="networkidle")
        page.goto(f"{address}/index.html", wait_until="networkidle")
        page.locator("input.md-search__input").first.press_sequentially("marker")
        page.locator(".md-search-result__link").first.wait_for(timeout=20_000)
        browser.close()
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith((f"{address}/", "data:", "blob:"))] == []
    assert problems == []
