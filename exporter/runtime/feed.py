"""List and watch one resource of one namespace, in a thread of its own, for ever."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from exporter.adapters.clock import Clock
from exporter.adapters.decode import ResourceName, WatchEvent, decode_event
from exporter.adapters.transport import Transport
from exporter.collectors.base import Known, Listing, Resource
from exporter.domain.failures import Failed, Word
from exporter.logs import Transitions, event
from exporter.runtime.backoff import delay
from exporter.runtime.pager import ListLimits, PassReport, pass_over
from exporter.runtime.pulse import Pulse

LOG = logging.getLogger("exporter.feed")
_REST = 0.2  # seconds between two looks whether a paused feed may go on
_GO_ON_AFTER = (Word.DNS, Word.CONNECT, Word.TLS, Word.UNAUTHENTICATED, Word.THROTTLED, Word.SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTimes:
    """Seconds. `silence`: without a byte for so long, the watch is dead; `poll`: between lists where the Role
    lacks watch, which is tried again after `watch_again`; `watch_for`: how long the server is asked to watch."""

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
    cluster: str
    transport: Transport
    sink: Sink
    clock: Clock
    times: FeedTimes
    limits: ListLimits
    pulse: Pulse = field(default_factory=Pulse)
    _stop: threading.Event = field(default_factory=threading.Event)
    _paused: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _failures: int = 0
    _told_good: bool = False
    _version: str = ""
    _listed_at: float = float("-inf")
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

    def pause(self) -> None:
        """Ask for nothing until `resume`; what is under way is cut, and its failure is not told."""
        self._paused.set()
        self.transport.interrupt()

    def resume(self) -> None:
        """Start anew with a list."""
        self._paused.clear()

    def join(self, timeout: float) -> None:
        if self._thread is not None:
            self._thread.join(timeout)
        self.transport.close()

    def once(self) -> None:
        """One list pass, in the caller's thread; how it went is in `pulse`."""
        self._attempt(self._list)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self._rest() if self._paused.is_set() else self._step())

    def _rest(self) -> float:
        """Paused: forget where the watch was and what went wrong."""
        self._version = ""
        self._failures = 0
        self.pulse = replace(self.pulse, busy_since=None, word=None, detail="")
        return _REST

    def _step(self) -> float:
        """List or watch, whichever is due; how many seconds to wait afterwards."""
        age = self.pulse.age(self.clock.mono())
        if age is None or age > self.times.silence:
            self._version = ""
        if not self._version:
            return self._attempt(self._list)
        if self.pulse.mode == "poll" and self.clock.mono() < self._watch_again_at:
            self._version = ""
            return self.times.poll
        return self._attempt(self._watch)

    def _attempt(self, action: Callable[[], float]) -> float:
        """Run one list pass or one watch session; a failure is counted, and logged when it is new."""
        began = self.clock.mono()
        try:
            wait = action()
        except Failed as failure:
            return self._failed(failure, began)
        except Exception as error:  # noqa: BLE001 - nothing may end a feed; the word is `bug`, with its trace
            event(LOG, logging.ERROR, "feed_bug", exc=error, resource=self.name)
            return self._failed(Failed(Word.BUG, type(error).__name__), began)
        if self.pulse.mode == "poll" or self._healthy(began):
            self._failures = 0
        return wait

    def _failed(self, failure: Failed, began: float) -> float:
        if self._stop.is_set() or self._paused.is_set():
            return 0.0
        if failure.word not in _GO_ON_AFTER:
            self._version = ""
        heard = self.pulse.heard_at
        if failure.word is Word.CONNECT and heard is not None and heard > began:
            self._failures = 0  # a watch that told something before it was cut
        self.pulse = self.pulse.failed(failure)
        self.sink.ran(self, failure.word, seconds=None, rejects=0)
        self._note(failure)
        wait = self._back_off(began, failure.retry_after)
        if failure.word is Word.GONE:  # what is spared is the list that follows: its wait counts from the last one
            return max(self._listed_at + wait - self.clock.mono(), 0.0)
        return wait

    def _back_off(self, began: float, retry_after: float | None = None) -> float:
        """Seconds to wait after something that came to nothing; a session that lasted starts the count anew."""
        self._failures = 1 if self._healthy(began) else self._failures + 1
        times = self.times
        return delay(self._failures, first=times.backoff, cap=times.backoff_cap, retry_after=retry_after)

    def _healthy(self, began: float) -> bool:
        return self.clock.mono() - began > self.times.healthy_after

    def _note(self, failure: Failed | None) -> None:
        self._told_good = failure is None
        if self._transitions is None:
            return
        fields = self._transitions.note(
            f"{self.name}/{self.namespace}",
            str(failure.word) if failure else "ok",
            cluster=self.cluster or None,
            collector=self.collector,
            detail=failure.detail if failure else None,
        )
        if fields is not None:
            event(LOG, logging.WARNING if failure else logging.INFO, "feed", **fields)

    def _list(self) -> float:
        began = self.clock.mono()
        self.pulse = self.pulse.busy(began)
        report = PassReport()
        pages = pass_over(
            self.transport,
            self._resource_name,
            self.resource.url(self.namespace),
            limits=self.limits,
            clock=self.clock,
            report=report,
        )
        listing = self.resource.listing(pages, self.sink.known(self))
        if self._stop.is_set():
            return 0.0
        now = self.clock.mono()
        self.sink.listed(self, listing, gap=self.pulse.age(now))
        self._version = listing.resource_version
        self._listed_at = now
        self._heard()
        self.pulse = replace(self.pulse, skew=report.skew)
        self.sink.ran(self, "ok", seconds=now - began, rejects=report.rejects)
        return 0.0

    def _watch(self) -> float:
        """One watch session, until the server ends it. Without the right to watch, lists take its place."""
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
            with closing(stream):
                for lines in stream:
                    self._turn(every=0.0)
                    if lines:
                        self._take(lines)
                    else:
                        self.pulse = self.pulse.agreed()
        except Failed as failure:
            if failure.word is not Word.DENIED:
                raise
            self._watch_again_at = self.clock.mono() + self.times.watch_again
            self._turn(every=self.times.poll)
            self.sink.ran(self, failure.word, seconds=None, rejects=0)
            return 0.0
        self._turn(every=0.0)
        self.sink.ran(self, "ok", seconds=None, rejects=0)
        return self._back_off(began) if self.clock.mono() - began < self.times.backoff else 0.0

    def _turn(self, *, every: float) -> None:
        """Go over to lists every so many seconds, or to watching (0), and say so."""
        if every == self.pulse.every:
            return
        self.pulse = replace(self.pulse, every=every)
        what, level = ("watch_denied_polling_instead", logging.WARNING) if every else ("watching", logging.INFO)
        place = {"cluster": self.cluster or None, "resource": self.name, "namespace": self.namespace}
        event(LOG, level, what, exc=None, every_seconds=every or None, **place)

    def _take(self, lines: Sequence[bytes]) -> None:
        """Hand on the events up to the first that is none; it ends the session."""
        events, flaw = self._decoded(lines)
        if events:
            self.sink.changed(self, events)
            self._version = events[-1].resource_version
        rejects = sum(e.rejected for e in events)
        if rejects:
            self.sink.ran(self, "", seconds=None, rejects=rejects)
        if flaw is not None:
            raise Failed(*flaw)
        self._heard()

    def _decoded(self, lines: Sequence[bytes]) -> tuple[list[WatchEvent], tuple[Word, str] | None]:
        events: list[WatchEvent] = []
        for line in lines:
            try:
                change = decode_event(self._resource_name, line)
            except Failed as failure:
                return events, (failure.word, failure.detail)
            if change.type == "ERROR":
                return events, (Word.GONE if change.code == 410 else Word.SERVER, f"watch error {change.code}")
            events.append(change)
        return events, None

    def _heard(self) -> None:
        self.pulse = self.pulse.heard(mono=self.clock.mono(), wall=self.clock.wall())
        if not self._told_good:
            self._note(None)

    @property
    def name(self) -> str:
        """The name of its resource."""
        return self.resource.name

    @property
    def _resource_name(self) -> ResourceName:
        return self.name  # type: ignore[return-value]  # the resources of collectors.ALL are the decodable ones
