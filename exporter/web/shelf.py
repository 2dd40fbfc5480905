"""Pages made of a view: each is made once, kept with its compressed form, and given to everybody who asks."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import NamedTuple

from exporter.domain.snapshots import View

MOST = 16  # pages: all of them as HTML and JSON, and some of one search
_AT_MOST_EVERY = 1.0  # seconds: nobody reads faster
_GZIP_LEVEL = 1


class Kept(NamedTuple):
    """The bytes, plain and compressed, and the digest of what they say."""

    plain: bytes
    packed: bytes
    digest: str


class Shelf:
    """Holds some pages of one view: those that were asked for last. `now` is Unix seconds; a clock that is set back
    makes them anew."""

    def __init__(self, newest: Callable[[], View | None], now: Callable[[], float]) -> None:
        self._newest = newest
        self._now = now
        self._lock = threading.Lock()
        self._view: View | None = None
        self._since = 0.0
        self._kept: dict[Hashable, Kept] = {}

    def view(self) -> View | None:
        """What pages are made of now: the newest view, or one that was it less than a second ago."""
        newest, now = self._newest(), self._now()
        with self._lock:
            if newest is not self._view and not 0 <= now - self._since < _AT_MOST_EVERY:
                self._view, self._since, self._kept = newest, now, {}
            return self._view

    def page(self, view: View, key: Hashable, make: Callable[[], bytes]) -> Kept:
        """The page of this view with this key."""
        with self._lock:
            if view is not self._view:
                return _kept(make())
            self._kept[key] = kept = self._kept.pop(key, None) or _kept(make())
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
            return kept


def _kept(content: bytes) -> Kept:
    digest = blake2b(content, digest_size=9).hexdigest()
    return Kept(content, gzip.compress(content, _GZIP_LEVEL, mtime=0), digest)
