"""One browser and one demo for this folder. The browser ends with it: its loop would be in the way of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial

import pytest
from playwright.sync_api import Browser

from tests.browser.tabs import Tab, browsing, tab
from tests.process.pages import searches
from tests.process.program import Program
from tests.support.controlplane_files import free_port
from tests.support.waiting import wait_for

Open = Callable[..., Tab]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that shows eight searches at least."""
    port = free_port()
    program = Program(tmp_path_factory.mktemp("demo"), ["demo", "--port", str(port), "--speed", "40"], port=port)
    try:
        wait_for(lambda: program.status("/readyz") == 200, what="ready")
        program.await_page(lambda page: len(searches(page)) >= 8, 30.0, what="eight searches")
        yield program
    finally:
        program.close()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Open]:
    """Opens tabs that are closed when the test ends, whichever way."""
    with ExitStack() as stack:
        one: Callable[..., AbstractContextManager[Tab]] = partial(tab, browser)
        yield lambda url, **options: stack.enter_context(one(url, **options))
