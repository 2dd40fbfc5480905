"""Tabs of a real browser that note what must not happen: errors, messages, requests to anybody else."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from exporter.domain.snapshots import View
from exporter.web.server import HttpServer
from tests.web.wire import Fixed, listening

Scheme = Literal["light", "dark"]
DESKTOP, PHONE = (1360, 900), (390, 844)
FAST_FORWARD = 3100  # milliseconds: a little more than the page waits between two looks


@dataclass
class Tab:
    """One tab. `wrong` is what its console said and what went elsewhere; `expected` allows what begins so."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.url + path)
        self.page.evaluate("window.stayed = true")
        return self.page

    @property
    def stayed(self) -> bool:
        """Whether the page that was opened is still the same document."""
        return self.page.evaluate("window.stayed === true") is True

    def until(self, predicate: Callable[[], object], timeout: float = 15.0) -> None:
        """Let the page's clock run until something is true. Raises TimeoutError. Needs `page.clock.install()`."""
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutError("the page does not say so")
            self.page.clock.run_for(FAST_FORWARD)
            self.page.wait_for_timeout(100)

    def wait(self, predicate: Callable[[], object], timeout: float = 40.0) -> None:
        """Wait until something is true. Raises TimeoutError. The policy forbids what Playwright would evaluate."""
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutError("the page does not say so")
            self.page.wait_for_timeout(200)

    def sideways(self) -> int:
        """How many pixels the page is wider than the screen."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return wide

    def violations(self) -> list[str]:
        """What axe has against the page: rule and elements."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


@contextmanager
def browsing() -> Iterator[Browser]:
    """The browser of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(
    browser: Browser, url: str, *, scheme: Scheme = "light", size: tuple[int, int] = DESKTOP, script: bool = True
) -> Iterator[Tab]:
    """A tab without a past. Fails at its end if anything went wrong in it that was not expected."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": size[0], "height": size[1]}, java_script_enabled=script
    )
    context.set_default_timeout(15_000)
    try:
        made = Tab(context.new_page(), url)
        made.page.on("console", lambda message: made.wrong.append(f"{message.type}: {message.text}"))
        made.page.on("pageerror", lambda error: made.wrong.append(f"error: {error}"))
        made.page.on("dialog", lambda dialog: made.wrong.append(f"dialog: {dialog.message}"))
        host = urlsplit(url).netloc
        made.page.on("request", lambda asked: _own(made, asked.url, host))
        yield made
        assert [one for one in made.wrong if not one.startswith(made.expected or ("\0",))] == []
    finally:
        context.close()


def _own(made: Tab, asked: str, host: str) -> None:
    if urlsplit(asked).netloc != host:
        made.wrong.append(f"asked elsewhere: {asked}")


@contextmanager
def served(view: View, *, port: int = 0) -> Iterator[tuple[Fixed, HttpServer]]:
    """A listener that shows one view, until it is given another."""
    fixed = Fixed(view=view)
    with listening(fixed.app(), port=port) as server:
        yield fixed, server


def url_of(server: HttpServer) -> str:
    return f"http://127.0.0.1:{server.port}"
