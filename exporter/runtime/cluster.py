"""One cluster: its feeds, its ledger under one lock, and what may be said of it now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.adapters.clock import Clock
from exporter.adapters.decode import WatchEvent
from exporter.collectors.base import Collector, Known, Listing
from exporter.domain.counts import Counts
from exporter.domain.evaluate import Change, evaluate
from exporter.domain.freeze import freeze_batch, freeze_core
from exporter.domain.freshness import Holds, State
from exporter.domain.ledger import Ledger, Limits
from exporter.domain.phase import Phase
from exporter.domain.rules import Rules
from exporter.domain.search import Key
from exporter.domain.snapshots import BatchSnapshot, ClusterView, CoreSnapshot, ResourceHealth
from exporter.domain.words import COLLECTOR_DURATION_BOUNDS
from exporter.logs import event
from exporter.metrics.born import initial_tallies, initial_totals
from exporter.runtime.feed import Feed
from exporter.runtime.poller import Poller
from exporter.runtime.pulse import Look, look

LOG = logging.getLogger("exporter.searches")
_EVENTS_PER_LOCK = 200
_LET_OTHERS = 0.0002  # seconds between two parts of a listing: whoever waits for the lock gets it
_LONGEST_CHARGE = 30.0  # seconds; a longer pause between two ticks is not charged to anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """What a cluster is told: its name (may be empty), namespaces, rules, limits and holds; `cancels`: whether searches
    may be cancelled here."""

    name: str
    namespaces: tuple[str, ...]
    rules: Rules
    limits: Limits
    holds: Holds
    cancels: bool = False


class Cluster:
    """The owner of one ledger. Feeds write to it under its lock; a tick freezes it; a page reads what was frozen.

    A listing is folded in parts, each under the lock. While one is under way no tick looks: it would see half of it.
    """

    def __init__(self, settings: ClusterSettings, *, collectors: Sequence[Collector], clock: Clock) -> None:
        self.settings = settings
        self.feeds: list[Feed] = []
        self.pollers: list[Poller] = []
        self.generation = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._whole = threading.Lock()  # held while a listing is folded and while a tick freezes; taken before `_lock`
        resources = [(c.name, name) for c in collectors for name in c.names()]
        totals = initial_totals(settings.namespaces, resources, cancels=settings.cancels)
        self._counts = Counts(totals, initial_tallies(resources))
        self._ledger = Ledger(rules=settings.rules, limits=settings.limits, counts=self._counts)
        self._dirty = {c.name: True for c in collectors}
        self._shown: frozenset[Key] = frozenset()
        self._charged_at: float | None = None
        self._batch: BatchSnapshot | None = None
        self._core: CoreSnapshot | None = None
        self._stored: dict[str, int] = {}
        self._frozen_at: dict[str, float] = {}
        self._changes: list[Change] = []
        self._standing: dict[str, tuple[tuple[State, bool], ...]] = {}
        self._health: dict[str, tuple[ResourceHealth, ...]] = {}

    # Called by feeds and polls, from their threads.

    def known(self, feed: Feed) -> Known:
        with self._lock:
            searches = self._ledger.jobs.searches.values()
            own = (s for s in searches if s.namespace == feed.namespace and s.evidence == "label")
            ids = {s.id for s in own if s.moving or s.live_created}
        return Known(ids=ids, now=self._clock.wall(), retention=self.settings.rules.shown_for)

    def listed(self, feed: Feed, listing: Listing, *, gap: float | None) -> None:
        """Fold a listing, a part at a time, so that nobody else waits for the whole of it, except the ticks."""
        name, namespace = feed.resource.name, feed.namespace
        with self._whole:
            parts = self._ledger.listing(name, namespace, listing.records, self._clock.wall(), gap=gap)
            while self._folds_on(parts):
                time.sleep(_LET_OTHERS)
            with self._lock:
                self._dirty = dict.fromkeys(self._dirty, True)

    def _folds_on(self, parts: Iterator[None]) -> bool:
        with self._lock:
            return next(parts, self) is not self

    def changed(self, feed: Feed, events: Sequence[WatchEvent]) -> None:
        for start in range(0, len(events), _EVENTS_PER_LOCK):
            with self._lock:
                now = self._clock.wall()
                for change in events[start : start + _EVENTS_PER_LOCK]:
                    self._fold(change, now)
                self._dirty = dict.fromkeys(self._dirty, True)

    def _fold(self, change: WatchEvent, now: float) -> None:
        if change.type != "DELETED":
            if change.record is not None:
                self._ledger.seen(change.record, now)
        elif change.record is not None:
            self._ledger.gone(change.record, now)
        else:
            self._ledger.drop(change.uid)

    def ran(self, feed: Feed, result: str, *, seconds: float | None, rejects: int) -> None:
        self.count_run(feed.collector, feed.resource.name, result, seconds=seconds, rejects=rejects)

    def count_run(
        self, collector: str, resource: str, result: str, *, seconds: float | None = None, rejects: int = 0
    ) -> None:
        """Count one attempt by its result (empty: only rejects are to be told) and how long it took."""
        with self._lock:
            if result:
                self._counts.add("exporter_collector_runs_total", (collector, resource, result))
            if rejects:
                self._counts.add("exporter_records_rejected_total", (resource,), rejects)
            if seconds is not None:
                name = "exporter_collector_duration_seconds"
                self._counts.observe(name, (collector,), seconds, COLLECTOR_DURATION_BOUNDS)

    def count_request(self, collector: str, verb: str, code: str) -> None:
        with self._lock:
            self._counts.add("exporter_api_requests_total", (collector, verb, code))

    def poll(self, poller: Poller) -> None:
        """Ask for one polled number."""
        began = self._clock.mono()
        result, number = poller.attempt()
        seconds = self._clock.mono() - began if result == "ok" else None
        self.count_run(poller.collector, poller.name, result, seconds=seconds)
        if number is not None:
            with self._lock:
                self._stored[poller.namespace] = number
                self._dirty[poller.collector] = True

    # Called by the cancel, from its threads.

    def cancel_requested(self, namespace: str, identity: str) -> None:
        """A cancel of the search is about to delete its first Job: from now on it is cancelling, until nothing lives
        that a cancel takes away. It is remembered if the search is not known yet."""
        with self._lock:
            self._ledger.jobs.cancel((namespace, identity))
            self._dirty = dict.fromkeys(self._dirty, True)

    def cancel_withdrawn(self, namespace: str, identity: str) -> None:
        """The cancel of the search has deleted nothing: its phase goes by its Jobs again."""
        with self._lock:
            self._ledger.jobs.withdraw_cancel((namespace, identity))
            self._dirty = dict.fromkeys(self._dirty, True)

    # Called by ticks and by the page.

    def tick(self, collector: str, *, idle_after: float) -> None:
        """Publish a new snapshot of one collector if anything changed, or `idle_after` seconds have passed."""
        mono = self._clock.mono()
        seen = look([*self.feeds, *self.pollers], mono, self.settings.holds)
        standing = seen.standing()
        with self._whole, self._lock:
            if collector == "core":
                self._charge(seen)
            recent = mono - self._frozen_at.get(collector, float("-inf")) < idle_after
            if recent and not self._dirty.get(collector, True) and standing == self._standing.get(collector):
                return
            self._dirty[collector] = False
            self._standing[collector] = standing
            self.generation += 1
            self._frozen_at[collector] = mono
            self._health[collector] = seen.health(collector)
            if collector == "core":
                self._core = self._freeze_core(self._clock.wall(), seen)
            else:
                self._batch = self._freeze_batch(self._clock.wall(), seen)
            changes, self._changes = self._changes, []
        for change in changes:
            _tell(self.settings.name, change)

    def view(self) -> ClusterView:
        """What may be said of the cluster now: snapshots and states of the last ticks, counters of this moment."""
        with self._lock:
            return ClusterView(
                name=self.settings.name,
                namespaces=self.settings.namespaces,
                batch=self._batch,
                core=self._core,
                counts=self._counts.freeze(),
                health=tuple(line for lines in self._health.values() for line in lines),
                clock_skew={f.collector: f.pulse.skew for f in self.feeds if f.pulse.skew is not None},
                node_seconds=self._node_seconds(),
            )

    def _charge(self, seen: Look) -> None:
        """Charge the nodes' time since the last tick; it stands still while nodes or pods are not fresh."""
        last, self._charged_at = self._charged_at, seen.mono
        fresh = all(seen.state(f) == "fresh" for f in self.feeds if f.name in ("nodes", "pods"))
        if last is not None and seen.mono - last <= _LONGEST_CHARGE and fresh:
            self._ledger.nodes.charge(seen.mono - last, self._ledger.jobs.searches)

    def _freeze_batch(self, now: float, seen: Look) -> BatchSnapshot | None:
        pods_known = frozenset(seen.shown("pods"))
        self._ledger.jobs.trust_pods(pods_known)
        stale = frozenset(f.namespace for f in self.feeds if f.name == "jobs" and seen.state(f) != "fresh")
        self._changes += evaluate(self._ledger, now, stale=stale, pods_known=pods_known)
        shown, stored = seen.shown("jobs"), seen.shown("jobs_stored")
        if not shown:
            return None
        snapshot = freeze_batch(
            self._ledger,
            now,
            namespaces=shown,
            shown_before=self._shown,
            pods_known=pods_known,
            nodes_known=bool(seen.shown("nodes")),
            stored={namespace: number for namespace, number in self._stored.items() if namespace in stored},
        )
        self._shown = frozenset((s.namespace, s.id) for s in snapshot.searches)
        return snapshot

    def _node_seconds(self) -> dict[tuple[str, str, str], float]:
        known = ((key, self._ledger.jobs.searches.get(key)) for key in self._shown)
        return {(*key, pool): n for key, search in known if search for pool, n in search.node_seconds.items()}

    def _freeze_core(self, now: float, seen: Look) -> CoreSnapshot:
        return freeze_core(
            self._ledger,
            now,
            pod_namespaces=seen.shown("pods"),
            claim_namespaces=seen.shown("persistentvolumeclaims"),
            nodes_known=bool(seen.shown("nodes")),
        )


def _tell(cluster: str, change: Change) -> None:
    """One line for a phase that a search enters, with the newest of its failures where it goes wrong."""
    bad = change.phase in (Phase.FAILING, Phase.FAILED, Phase.VANISHED)
    failure = change.failure if bad else None
    event(
        LOG,
        logging.WARNING if bad else logging.INFO,
        "search_phase",
        cluster=cluster or None,
        namespace=change.namespace,
        elb_job_id=change.id,
        phase=change.phase.value,
        reason=change.reason.value,
        previous=change.previous.value if change.previous else None,
        batch=failure.batch if failure else None,
        shard=failure.shard if failure else None,
        container=failure.container if failure else None,
        exit_code=failure.exit_code if failure else None,
        failure=failure.reason if failure else None,
        node=failure.node if failure else None,
    )
