"""Each board as a picture: a page in a headless Chromium asks Prometheus and draws with Grafana's libraries."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, sync_playwright

from dashboards.picture.record import ROOT, Recording
from dashboards.picture.subject import Subject, subject

PICTURES = ROOT / "docs" / "boards"
_HERE = Path(__file__).parent
_PAGE = _HERE / "page" / "index.html"
_ICONS = _HERE / "node_modules" / "@grafana" / "ui" / "dist" / "public"
_WIDTH, _TALLEST = 1920, 6000  # tables draw only the rows that can be seen
_OPEN = {"elb-reference": 1}  # of the folded rows
_POINTS, _COLOURS = 160, 96
_CAPTION = (
    "Drawn with Grafana's published libraries from a real Prometheus that scraped the demo. "
    "≈ marks kinds of panel that Grafana does not publish: a simple stand-in."
)


class Drawn(NamedTuple):
    """What came of a board: failed queries, and the titles of the panels that had nothing to show."""

    uid: str
    troubles: list[str]
    empty: list[str]
    size: int


def draw(source: str, recording: Recording, folder: Path, *, only: str = "elb-*", opened: int = 0) -> Iterator[Drawn]:
    """Write a PNG of every board, or of those whose uid fits `only`, from what the Prometheus at `source` knows.

    `opened`: so many of the folded rows are open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shown = subject(source, recording)
    with _page() as page:
        for path in sorted((ROOT / "dashboards").glob(f"{only}.json")):
            page.goto(_PAGE.as_uri())
            board = json.loads(path.read_text(encoding="utf-8"))
            given = {**_given(board, recording, shown), "source": source, "open": opened or _OPEN.get(path.stem, 0)}
            found = page.evaluate("input => draw(input)", given)
            content = _smaller(page, page.locator("#root > div").screenshot())
            (folder / f"{path.stem}.png").write_bytes(content)
            yield Drawn(path.stem, found["troubles"], found["empty"], len(content))


def _given(board: dict[str, Any], recording: Recording, shown: Subject) -> dict[str, Any]:
    """What the page must know: the board, the time, the choices at its top, and what to write above and below."""
    one = any(variable["name"] == "search" for variable in board["templating"]["list"])
    begin, end = (shown.begin, shown.end) if one else (recording.begin, recording.end)
    step = max(round((end - begin) / _POINTS), 1)
    return {
        "board": board,
        "range": {"begin": begin // step * step, "end": end // step * step, "step": step},
        "chosen": {"search": shown.search} if one else {},
        "span": f"{(end - begin) / 60:.0f} minutes of a world {recording.speed:g} times faster",
        "caption": _CAPTION,
    }


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _TALLEST}, timezone_id="UTC")
        page.route("**/public/build/**", lambda route: route.fulfill(path=_icon(route.request.url)))
        yield page
        browser.close()


def _icon(url: str) -> Path:
    return _ICONS / url.split("/public/build/", 1)[1]


def _smaller(page: Page, png: bytes) -> bytes:
    """The same picture in fewer colours."""
    coded: str = page.evaluate(f"png => fewerColours(png, {_COLOURS})", base64.b64encode(png).decode())
    return base64.b64decode(coded)
