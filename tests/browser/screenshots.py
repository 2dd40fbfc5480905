"""Pictures of the pages for the documentation, taken from the demo: `make screenshots`."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.tabs import DESKTOP, PHONE, Scheme, browsing, tab
from tests.process.program import ROOT, Program
from tests.support.controlplane_files import free_port
from tests.support.waiting import wait_for

DOCS = ROOT / "docs"
_LIVES = 75.0  # seconds: until there is something to see


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, browsing() as browser:
        port = free_port()
        program = Program(Path(folder), ["demo", "--port", str(port), "--speed", "8", "--seed", "1"], port=port)
        try:
            wait_for(lambda: program.status("/readyz") == 200, 60.0, "ready")
            time.sleep(_LIVES)
            take(browser, program)
        finally:
            program.close()


def take(browser: Browser, program: Program) -> None:
    """The status page light, dark and on a phone, and one search."""
    picture(browser, program.url, "/", "status.png")
    picture(browser, program.url, "/", "status-dark.png", scheme="dark")
    picture(browser, program.url, "/", "status-phone.png", scheme="dark", size=PHONE)
    picture(browser, program.url, eventful(program), "search.png", whole=True)


def picture(
    browser: Browser,
    url: str,
    path: str,
    name: str,
    *,
    scheme: Scheme = "light",
    size: tuple[int, int] = DESKTOP,
    whole: bool = False,
) -> None:
    with tab(browser, url, scheme=scheme, size=size) as opened:
        opened.open(path).screenshot(path=DOCS / name, full_page=whole)
    sys.stdout.write(f"docs/{name}\n")


def eventful(program: Program) -> str:
    """The page of the search of whose life most was seen."""
    links = re.findall(r'href="(searches/[^"]+)"', program.get("/").text)
    told = {link: program.get(f"/api/v1/{link}".replace("&amp;", "&")).text for link in links}
    return "/" + max(told, key=lambda link: _events(told[link])).replace("&amp;", "&")


def _events(text: str) -> int:
    document = json.loads(text)
    points = (document.get("history") or {}).get("points", [])
    return len({point["ended"] for point in points}) if document.get("search", {}).get("failures") else 0


if __name__ == "__main__":
    main()
