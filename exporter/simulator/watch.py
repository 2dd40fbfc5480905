"""Watch streams: the changes of one resource as JSON lines, as seen through a selector."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from exporter.simulator.errors import ApiError
from exporter.simulator.journal import Change, Entry
from exporter.simulator.kinds import Kind
from exporter.simulator.selectors import Matches
from exporter.simulator.store import Store

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_LAST_BOOKMARK_LEAD = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """What one watch asks for. `since` is None for "begin with what is there"; times are real seconds."""

    resource: str
    namespace: str
    matches: Matches
    since: int | None
    timeout: float
    bookmark_every: float | None
    initial_events: bool = False


class Watch:
    """One stream. It ends at the timeout, after an ERROR event, or when `closing` holds and the store is touched."""

    def __init__(self, store: Store, options: WatchOptions, closing: Callable[[], bool]) -> None:
        self._store = store
        self._kind = store.kind(options.resource)
        self._options = options
        self._closing = closing
        self._rv = options.since or 0
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._woken = False

    async def lines(self) -> AsyncIterator[bytes]:
        """Chunks of whole lines."""
        unsubscribe = self._store.subscribe(self._waken)
        try:
            async for chunk in self._chunks():
                yield chunk
        finally:
            unsubscribe()

    async def _chunks(self) -> AsyncIterator[bytes]:
        deadline = self._loop.time() + self._options.timeout
        bookmark_at = self._next_bookmark(deadline)
        if first := self._first():
            yield first
        while not self._closing():
            self._wake.clear()
            self._woken = False
            try:
                chunk = b"".join(self._news())
            except ApiError as error:
                yield event_line("ERROR", msgspec.json.encode(error.body()))
                return
            if chunk:
                yield chunk
            now = self._loop.time()
            if now >= bookmark_at:
                yield self._bookmark()
                bookmark_at = self._next_bookmark(deadline)
            if now >= deadline:
                return
            await self._sleep(min(deadline, bookmark_at) - now)

    def _first(self) -> bytes:
        if self._options.since is not None and not self._options.initial_events:
            return b""
        self._rv, entries = self._store.snapshot(self._options.resource, self._options.namespace)
        chosen = (entry for entry in entries if self._options.matches(entry.obj))
        added = b"".join(event_line("ADDED", entry.whole(self._kind)) for entry in chosen)
        return added + (self._bookmark({INITIAL_EVENTS_END: "true"}) if self._options.initial_events else b"")

    def _news(self) -> Iterator[bytes]:
        head = self._store.rv
        changes = self._store.changes(self._options.resource, self._rv)
        self._rv = max(self._rv, head, changes[-1].rv if changes else 0)
        for change in changes:
            if self._options.namespace in ("", change.entry.obj["metadata"].get("namespace")):
                yield seen_through(change, self._options.matches, self._kind)

    def _bookmark(self, annotations: dict[str, str] | None = None) -> bytes:
        metadata: dict[str, Any] = {"resourceVersion": str(self._rv)}
        if annotations:
            metadata["annotations"] = annotations
        body: dict[str, Any] = {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": metadata}
        body |= {field: {} for field in self._kind.empty}
        return event_line("BOOKMARK", msgspec.json.encode(body))

    def _next_bookmark(self, deadline: float) -> float:
        if self._options.bookmark_every is None:
            return float("inf")
        now = self._loop.time()
        soon = now + self._options.bookmark_every * random.uniform(1.0, 1.1)  # noqa: S311 - jitter
        last = deadline - min(_LAST_BOOKMARK_LEAD, self._options.timeout / 2)
        return min(soon, last) if now < last else soon

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), max(seconds, 0.0))
        except TimeoutError:
            return

    def _waken(self) -> None:
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._wake.set)


def seen_through(change: Change, matches: Matches, kind: Kind) -> bytes:
    """The event a watcher with that selector gets, or nothing.

    Entering the selector is ADDED. Leaving it is DELETED, with the last content that matched and the new version.
    """
    before = change.previous is not None and matches(change.previous.obj)
    after = change.type != "DELETED" and matches(change.entry.obj)
    if after:
        return event_line("MODIFIED" if before else "ADDED", change.entry.whole(kind))
    if not before or change.previous is None:
        return b""
    if change.type == "DELETED":
        return event_line("DELETED", change.entry.whole(kind))
    metadata = change.previous.obj["metadata"] | {"resourceVersion": str(change.rv)}
    return event_line("DELETED", Entry.of(change.previous.obj | {"metadata": metadata}, change.rv).whole(kind))


def event_line(kind: str, obj: bytes) -> bytes:
    """One line of a watch."""
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), obj)
