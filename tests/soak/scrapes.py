"""A scraper that reads a daemon's page hundreds of times a second and looks at every one that is new."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable

from tests.support.daemon import PREFIX
from tests.support.waiting import wait_for

Lines = dict[str, str]
_RISING = re.compile(r"\w+(_total|_bucket|_count|_sum)(\{| |$)")
_LASTING = (f"{PREFIX}search_phase{{", f"{PREFIX}search_jobs{{", f"{PREFIX}jobs{{", f"{PREFIX}pods{{")
_TALLY = re.compile(r'\w+search_jobs\{.*state="(succeeded|failed|lost)"\}')
_ID = re.compile(r'elb_job_id="([^"]+)"')
_OVER = ("succeeded", "failed", "cancelled", "vanished", "completed_unverified")
_PATIENCE = 10.0
_MAY_GO = f"{PREFIX}search_node_seconds_total"


class Scraper:
    """Runs in a thread until `stop()`, over one connection that is kept, with `pause` seconds between two reads.

    `also` says what else is wrong with a page, or nothing.

    `stop()` and `await_count()` raise AssertionError for the first page that was wrong.
    """

    def __init__(self, url: str, *, pause: float = 0.004, also: Callable[[Lines], str] = lambda _: "") -> None:
        self.count = 0
        self._http = http.client.HTTPConnection(url.rpartition("/")[2], timeout=_PATIENCE)
        self._pause = pause
        self._also = also
        self._wrong = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def await_count(self, count: int, timeout: float = 120.0) -> None:
        """Wait until `count` pages were read."""
        wait_for(lambda: self.count >= count or self._wrong, timeout, lambda: f"{count} scrapes, now {self.count}")
        assert not self._wrong, self._wrong

    def stop(self) -> int:
        """How many pages were read."""
        self._stop.set()
        self._thread.join(2 * _PATIENCE)
        self._http.close()
        assert not self._wrong, self._wrong
        return self.count

    def _run(self) -> None:
        before: Lines = {}
        text = b""
        while not self._stop.wait(self._pause) and not self._wrong:
            try:
                self._http.request("GET", "/metrics", headers={"Accept": "text/plain"})
                answer = self._http.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._wrong = f"the daemon did not answer: {error!r}"
                return
            self.count += 1
            if answer.status != 200:
                self._wrong = f"the daemon answered {answer.status}"
            elif body != text:
                text = body
                before = self._look(before, text.decode())

    def _look(self, before: Lines, text: str) -> Lines:
        rows = [line.rpartition(" ")[::2] for line in text.splitlines() if not line.startswith("#")]
        page = dict(rows)
        self._wrong = "a series is there twice" if len(page) != len(rows) else flaw(before, page) or self._also(page)
        return page


def flaw(before: Lines, page: Lines) -> str:
    """What is wrong with a page after the one before it: a fall, a hole, a search with no phase or two. Else empty."""
    ended = _ended(before)
    expired = any('state="expired"' in key and number == "1.0" for key, number in page.items())
    for key, old in before.items():
        new = page.get(key)
        if _TALLY.match(key) or (_RISING.match(key) and not key.startswith(_MAY_GO)):
            if new is not None and float(new) < float(old):
                return f"{key} fell from {old} to {new}"
            if new is None and _RISING.match(key):
                return f"{key} went away"
        if new is None and key.startswith(_LASTING) and not expired and _id(key) not in ended:
            return f"{key} is missing"
    phases: dict[str, float] = {}
    for key, number in page.items():
        if key.startswith(_LASTING[0]):
            phases[_id(key)] = phases.get(_id(key), 0.0) + float(number)
    return next((f"{search} has {total:g} phases" for search, total in phases.items() if total != 1), "")


def _ended(page: Lines) -> set[str]:
    """The searches whose phase is terminal: they leave the page after a while."""
    words = tuple(f'phase="{word}"' for word in _OVER)
    chosen = (key for key, number in page.items() if key.startswith(_LASTING[0]) and number == "1.0")
    return {_id(key) for key in chosen if any(word in key for word in words)}


def _id(key: str) -> str:
    found = _ID.search(key)
    return found.group(1) if found else ""
