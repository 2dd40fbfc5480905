"""List and watch one resource of one namespace, in a thread of its own, for ever."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from exporter.adapters.clock import Clock
from exporter.adapters.decode import Resource as Kind
from exporter.adapters.decode import WatchEvent, decode_event
from exporter.adapters.transport import Transport
from exporter.collectors.base import Known, Listing, Resource
from exporter.domain.failures import Failed, Word
from exporter.logs import Transitions, event
from exporter.runtime.backoff import delay
from exporter.runtime.pager import ListLimits, PassReport, pass_over
from exporter.runtime.pulse import Pulse

LOG = logging.getLogger("exporter.feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTimes:
    """Seconds. `silence`: without a byte for so long, the watch is dead; `poll`: between lists where the Role
    lacks watch, which is tried again after `watch_again`; `watch_for`: how long the server is asked to watch."""

    connect: float = 3.0
    silence: float = 150.0
    poll: float = 15.0
    backoff: float = 1.0
    backoff_cap: float = 30.0
    healthy_after: float = 120.0
    watch_for: tuple[int, int] = (300, 600)
    watch_again: float = 600.0


class Sink(Protocol):
    """Where a feed's findings go. Every method is short and never blocks on I/O."""

    def known(self, feed: Feed) -> Known: ...
    def listed(self, feed: Feed, listing: Listing, *, gap: float | None) -> None: ...
    def changed(self, feed: Feed, events: Sequence[WatchEvent]) -> None: ...
    def ran(self, feed: Feed, result: str, *, seconds: float | None, rejects: int) -> None: ...


@dataclass(slots=True, eq=False)
class Feed:
    """One resource of one namespace. `pulse` is replaced whole by the feed's thread and read by anybody."""

    resource: Resource
    namespace: str
    collector: str
    transport: Transport
    sink: Sink
    clock: Clock
    times: FeedTimes
    limits: ListLimits
    pulse: Pulse = field(default_factory=Pulse)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _failures: int = 0
    _version: str = ""
    _watch_again_at: float = 0.0
    _transitions: Transitions | None = None

    def start(self) -> None:
        name = f"feed-{self.name}-{self.namespace or 'all'}"
        self._transitions = Transitions(self.clock.mono)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; its blocking read is cut."""
        self._stop.set()
        self.transport.abort()

    def join(self, timeout: float) -> None:
        if self._thread is not None:
            self._thread.join(timeout)
        self.transport.close()

    def once(self) -> None:
        """One list pass, in the caller's thread; how it went is in `pulse`."""
        try:
            self._list()
        except Failed as failure:
            self.pulse = self.pulse.failed(failure)
            self.sink.ran(self, failure.word, seconds=None, rejects=0)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._version and not self._attempt(self._list):
                continue
            if self.pulse.mode == "poll":
                self._poll()
            else:
                self._attempt(self._watch)

    def _poll(self) -> None:
        """Wait for the next list; now and then see whether the right to watch is there by now."""
        self._stop.wait(self.times.poll)
        if self.clock.mono() >= self._watch_again_at:
            self.pulse = replace(self.pulse, mode="watch")
        else:
            self._version = ""

    def _attempt(self, action: Callable[[], None]) -> bool:
        """Run one list pass or one watch session; a failure is counted, logged once, and waited out."""
        began = self.clock.mono()
        try:
            action()
        except Failed as failure:
            return self._failed(failure, began)
        except Exception as error:  # noqa: BLE001 - nothing may end a feed; the word is `bug`, with its trace
            event(LOG, logging.ERROR, "feed_bug", exc=error, resource=self.name)
            return self._failed(Failed(Word.BUG, type(error).__name__), began)
        self._note(None)
        return True

    def _failed(self, failure: Failed, began: float) -> bool:
        if self._stop.is_set():
            return False
        now = self.clock.mono()
        self._failures = 1 if now - began > self.times.healthy_after else self._failures + 1
        self.pulse = self.pulse.failed(failure)
        self.sink.ran(self, failure.word, seconds=None, rejects=0)
        self._note(failure)
        wait = delay(
            self._failures,
            first=self.times.backoff,
            cap=self.times.backoff_cap,
            retry_after=failure.retry_after,
        )
        self._stop.wait(wait)
        return False

    def _note(self, failure: Failed | None) -> None:
        if self._transitions is None:
            return
        fields = self._transitions.note(
            f"{self.name}/{self.namespace}",
            str(failure.word) if failure else "ok",
            collector=self.collector,
            detail=failure.detail if failure else None,
        )
        if fields is not None:
            event(LOG, logging.WARNING if failure else logging.INFO, "feed", **fields)

    def _list(self) -> None:
        began = self.clock.mono()
        self.pulse = self.pulse.busy(began)
        report = PassReport()
        pages = pass_over(
            self.transport,
            self._kind,
            self.resource.url(self.namespace),
            limits=self.limits,
            clock=self.clock,
            report=report,
        )
        listing = self.resource.listing(pages, self.sink.known(self))
        if self._stop.is_set():
            return
        now, heard = self.clock.mono(), self.pulse.heard_at
        self.sink.listed(self, listing, gap=None if heard is None else began - heard)
        self._version = listing.resource_version
        skew = None if report.date is None else report.date - self.clock.wall()
        self._heard()
        self.pulse = replace(self.pulse, skew=skew)
        self.sink.ran(self, "ok", seconds=now - began, rejects=report.rejects)

    def _watch(self) -> None:
        """One watch session. It ends when the server ends it; a version that is gone means: list again."""
        began = self.clock.mono()
        params = {
            **self.resource.watch.params(),
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(random.randint(*self.times.watch_for)),  # noqa: S311 - spreads load, no secret
        }
        stream = self.transport.stream(
            self.resource.url(self.namespace),
            params,
            connect_budget=self.limits.deadline,
            silence=self.times.silence,
            line_cap=self.limits.page_bytes,
        )
        try:
            for lines in stream:
                self._take(lines)
        except Failed as failure:
            self._after_watch(failure)
            raise
        self.sink.ran(self, "ok", seconds=None, rejects=0)
        if self.clock.mono() - began < self.times.backoff:
            self._stop.wait(self.times.backoff)  # a server that ends every watch at once is not hammered

    def _after_watch(self, failure: Failed) -> None:
        """What a failed watch means for the next step."""
        if failure.word in (Word.GONE, Word.TIMEOUT, Word.GARBLED):
            self._version = ""
        if failure.word is Word.DENIED and self.pulse.mode == "watch":
            self.pulse = replace(self.pulse, mode="poll")
            self._watch_again_at = self.clock.mono() + self.times.watch_again
            event(
                LOG,
                logging.WARNING,
                "watch_denied_polling_instead",
                resource=self.name,
                namespace=self.namespace,
                every_seconds=self.times.poll,
            )

    def _take(self, lines: Sequence[bytes]) -> None:
        events = [decode_event(self._kind, line) for line in lines]
        error = next((e for e in events if e.type == "ERROR"), None)
        good = events[: events.index(error)] if error else events
        if good:
            self.sink.changed(self, good)
            self._version = next((e.resource_version for e in reversed(good) if e.resource_version), self._version)
        rejects = sum(e.rejected for e in good)
        if rejects:
            self.sink.ran(self, "", seconds=None, rejects=rejects)
        if error is not None:
            raise Failed(Word.GONE if error.code == 410 else Word.SERVER, f"watch error {error.code}")
        self._heard()

    def _heard(self) -> None:
        self.pulse = self.pulse.heard(mono=self.clock.mono(), wall=self.clock.wall())

    @property
    def name(self) -> str:
        """The name of its resource."""
        return self.resource.name

    @property
    def _kind(self) -> Kind:
        return self.name  # type: ignore[return-value]  # the resources of collectors.ALL are the decodable ones
