"""One generation of the metrics page, and the slot that holds the newest."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from exporter.metrics.family import Sample
from exporter.web.exposition import RenderReport, render
from exporter.web.negotiate import Format

# Level 1, because a page is compressed for a scrape or two only. Of 2,774 series (368 kB) it makes 19 kB in 0.6 ms;
# level 6 makes 16 kB in 1.3 ms, and zlib's time is the HTTP thread's.
_GZIP_LEVEL = 1
_WARM_GENERATIONS = (
    150  # a form that nobody asked for since so many generations (75 s at two a second) is made on demand
)


class Body(NamedTuple):
    """What one request gets: the bytes and their strong entity tag."""

    content: bytes
    etag: str


class Page:
    """One generation. Each body is made on first demand, once, and is the same for ever after.

    `produce` must be a pure function of values that no longer change. `on_errors` is called at most once, with the
    families left out.
    """

    def __init__(
        self,
        number: int,
        produce: Callable[[], Iterable[Sample]],
        *,
        on_errors: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        self.number = number
        self._produce = produce
        self._on_errors = on_errors
        self._lock = threading.Lock()
        self._plain: dict[bool, bytes] = {}
        self._bodies: dict[tuple[str, bool], Body] = {}
        self._asked: dict[tuple[str, bool], tuple[Format, int]] = {}

    def body(self, form: Format, *, compressed: bool) -> Body:
        """The page in one format, gzipped or not. Raises what `produce` raises."""
        with self._lock:
            self._asked[form.key, compressed] = (form, 0)
            return self._body(form, compressed=compressed)

    def warm_like(self, older: Page) -> None:
        """Make every body that was asked of one of the last generations, so that the next scrape finds it ready."""
        with older._lock:
            asked = dict(older._asked)
        with self._lock:
            for (key, compressed), (form, age) in asked.items():
                if age < _WARM_GENERATIONS:
                    self._asked[key, compressed] = (form, age + 1)
                    self._body(form, compressed=compressed)

    def _body(self, form: Format, *, compressed: bool) -> Body:
        key = (form.key, compressed)
        if key not in self._bodies:
            self._bodies[key] = self._make(form, compressed=compressed)
        return self._bodies[key]

    def _make(self, form: Format, *, compressed: bool) -> Body:
        content = self._rendered(openmetrics=form.openmetrics)
        # The digest keeps a tag of an earlier process, which counted the same generations, from matching.
        digest = blake2b(content, digest_size=6).hexdigest()
        if compressed:
            content = gzip.compress(content, _GZIP_LEVEL, mtime=0)
        return Body(content, f'"{self.number}-{form.key}-{"gzip" if compressed else "plain"}-{digest}"')

    def _rendered(self, *, openmetrics: bool) -> bytes:
        if openmetrics not in self._plain:
            report = RenderReport()
            first = not self._plain
            self._plain[openmetrics] = render(self._produce(), openmetrics=openmetrics, report=report)
            if first and report.errors and self._on_errors is not None:
                self._on_errors(report.errors)
        return self._plain[openmetrics]


@dataclass(slots=True)
class PageSlot:
    """The newest page. A tick replaces `current` by one assignment; a scrape reads it once."""

    current: Page = field(default_factory=lambda: Page(0, tuple))
