"""One cluster: its feeds, its ledger under one lock, and what may be said of it now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.adapters.clock import Clock
from exporter.adapters.decode import WatchEvent
from exporter.collectors.base import Collector, Known, Listing
from exporter.domain.azure.arm import ArmSnapshot, ClusterFacts, freeze_arm
from exporter.domain.azure.credential import CredentialFacts
from exporter.domain.azure.gate import ArmState, Gate
from exporter.domain.custom.view import CustomSnapshot, freeze_custom
from exporter.domain.failures import Word
from exporter.domain.fold.counts import Counts
from exporter.domain.fold.evaluate import Change, evaluate
from exporter.domain.fold.freeze import freeze_batch, freeze_core
from exporter.domain.fold.ledger import Ledger, Limits
from exporter.domain.fold.search import Key
from exporter.domain.freshness import Holds, State
from exporter.domain.histories import recorded
from exporter.domain.history import History
from exporter.domain.rules import Rules
from exporter.domain.snapshots import BatchSnapshot, ClusterView, CoreSnapshot, ResourceHealth
from exporter.domain.words import COLLECTOR_DURATION_BOUNDS
from exporter.logs import event
from exporter.metrics.born import initial_tallies, initial_totals, resource_totals
from exporter.runtime.aside import Aside
from exporter.runtime.feed import Feed
from exporter.runtime.phaselog import tell
from exporter.runtime.poller import Poller
from exporter.runtime.pulse import NO_BARRIER, Barrier, Look, look

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
        self.credentials: list[Callable[[], CredentialFacts | None]] = []
        self.arm_aside = Aside()
        self.generation = 0
        self._clock = clock
        self._since = clock.wall()
        self._lock = threading.Lock()
        self._whole = threading.Lock()  # held while a listing is folded and while a tick freezes; taken before `_lock`
        resources = [(c.name, name) for c in collectors for name in c.names()]
        totals = initial_totals(settings.namespaces, resources, cancels=settings.cancels)
        self._counts = Counts(totals, initial_tallies(resources))
        self._ledger = Ledger(rules=settings.rules, limits=settings.limits, counts=self._counts)
        self._dirty = {c.name: True for c in collectors}
        self._shown: frozenset[Key] = frozenset()
        self._histories: Mapping[Key, History] = {}
        self._charged_at: float | None = None
        self._batch: BatchSnapshot | None = None
        self._core: CoreSnapshot | None = None
        self._custom: CustomSnapshot | None = None
        self._arm: ArmSnapshot | None = None
        self._answers: dict[tuple[str, str], object] = {}
        self._barrier = NO_BARRIER
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
        """Ask for one polled document, unless the cluster is off and it is not ARM that is asked."""
        if self._barrier.paused and poller.collector != "arm":
            return
        began = self._clock.mono()
        result, answer = poller.attempt()
        if poller.pulse.silent:
            return
        seconds = self._clock.mono() - began if result == "ok" else None
        if poller.optional:
            self._bear(poller)
        self.count_run(poller.collector, poller.name, result, seconds=seconds)
        if answer is not None:
            with self._lock:
                self._answers[poller.name, poller.namespace] = answer
                self._dirty[poller.collector] = True

    def _bear(self, poller: Poller) -> None:
        """What is optional has its counters from when it is found."""
        with self._lock:
            self._counts.bear(resource_totals([(poller.collector, poller.name)]))

    # Called by the keeper of the gate, from its thread.

    @property
    def paused(self) -> bool:
        """Whether nothing is asked of the cluster's API, because the cluster is off."""
        return bool(self._barrier.paused)

    def arm_state(self) -> ArmState | None:
        """What ARM says of the cluster; None while that is not known, or too old to be relied on."""
        poller = next((p for p in self.pollers if p.collector == "arm" and p.name == "managed_cluster"), None)
        if poller is None:
            return None
        pulse = poller.pulse
        if pulse.word is Word.ABSENT:
            return ArmState(exists=False)
        with self._lock:
            facts = self._answers.get((poller.name, poller.namespace))
        if not isinstance(facts, ClusterFacts) or not pulse.recent(self._clock.mono(), self.settings.holds):
            return None
        return ArmState(power=facts.power, provisioning=facts.provisioning)

    def turn(self, gate: Gate) -> None:
        """The gate's new state: shut, everything read from the API is hidden at once, and no feed asks anything."""
        mono = self._clock.mono()
        paused = gate if gate == "stopped" or gate == "absent" else ""
        with self._lock:
            since = mono if paused or self._barrier.paused else self._barrier.since
            self._barrier = Barrier(paused=paused, since=since)
            self._dirty = dict.fromkeys(self._dirty, True)
        for feed in self.feeds:
            if paused:
                feed.pause()
            else:
                feed.resume()
        event(LOG, logging.INFO, "cluster_gate", cluster=self.settings.name or None, state=gate)

    # Called by the cancel, from its threads.

    def cancel(self, step: Literal["requested", "withdrawn", "ended"], namespace: str, identity: str) -> None:
        """A step of the cancel of a search. `requested`: it is about to delete its first Job, and the search is
        cancelling until nothing lives that a cancel takes away; remembered if the search is not known yet. `withdrawn`:
        it has deleted nothing, and the phase goes by its Jobs again. `ended`: it deletes nothing more."""
        with self._lock:
            jobs = self._ledger.jobs
            steps = {"requested": jobs.cancel, "withdrawn": jobs.withdraw_cancel, "ended": jobs.end_cancel}
            steps[step]((namespace, identity))
            self._dirty = dict.fromkeys(self._dirty, True)

    # Called by ticks and by the page.

    def tick(self, collector: str, *, idle_after: float) -> None:
        """Publish a new snapshot of one collector if anything changed, or `idle_after` seconds have passed."""
        if collector not in self._dirty:
            return
        mono = self._clock.mono()
        seen = look([*self.feeds, *self.pollers], mono, self.settings.holds, self._barrier)
        standing = seen.standing()
        with self._whole, self._lock:
            if collector == "core":
                self._charge(seen)
            recent = mono - self._frozen_at.get(collector, float("-inf")) < idle_after
            if recent and not self._dirty[collector] and standing == self._standing.get(collector):
                return
            self._dirty[collector] = False
            self._standing[collector] = standing
            self.generation += 1
            self._frozen_at[collector] = mono
            self._health[collector] = seen.health(collector)
            if collector == "core":
                self._core = self._freeze_core(self._clock.wall(), seen)
            elif collector == "arm":
                self._arm = self._freeze_arm(seen)
            elif collector == "custom":
                self._custom = self._freeze_custom(seen)
            else:
                self._batch = self._freeze_batch(self._clock.wall(), seen)
            changes, self._changes = self._changes, []
        for change in changes:
            tell(self.settings.name, change)

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
                clock_skew=self._skews(),
                node_seconds=self._node_seconds(),
                custom=self._custom,
                arm=self._arm,
                arm_left=self.arm_aside.left(),
                credentials=tuple(known for credential in self.credentials if (known := credential())),
                histories=self._histories,
                since=self._since,
            )

    def _skews(self) -> dict[str, float]:
        said = [*((f.collector, f.pulse.skew) for f in self.feeds), ("arm", self.arm_aside.skew)]
        return {collector: skew for collector, skew in said if skew is not None}

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
        snapshot = self._shown_searches(now, seen, pods_known) if seen.shown("jobs") else None
        known = self._ledger.jobs.searches
        self._histories = recorded(self._histories, snapshot, now, known=known, stale=stale)
        return snapshot

    def _shown_searches(self, now: float, seen: Look, pods_known: frozenset[str]) -> BatchSnapshot:
        stored = self._told(seen, "jobs_stored")
        snapshot = freeze_batch(
            self._ledger,
            now,
            namespaces=seen.shown("jobs"),
            shown_before=self._shown,
            pods_known=pods_known,
            nodes_known=bool(seen.shown("nodes")),
            stored={namespace: number for (_, namespace), number in stored.items() if isinstance(number, int)},
        )
        self._shown = frozenset((s.namespace, s.id) for s in snapshot.searches)
        return snapshot

    def _told(self, seen: Look, *names: str) -> dict[tuple[str, str], object]:
        """The newest answers of these polls that may be shown, by poll and namespace."""
        shown = ((name, namespace) for name in names for namespace in seen.shown(name))
        return {key: self._answers[key] for key in shown if key in self._answers}

    def _freeze_custom(self, seen: Look) -> CustomSnapshot:
        names = dict.fromkeys(poller.name for poller in self.pollers if poller.collector == "custom")
        nodes, searches = self._ledger.nodes, self._ledger.jobs.searches
        known = bool(seen.shown("nodes"))
        shown = ((key, searches.get(key)) for key in self._shown)
        return freeze_custom(
            ((namespace, answer) for (_, namespace), answer in self._told(seen, *names).items()),
            pool_of=lambda name: nodes.pool_of(name) if known and nodes.by_name(name) else None,
            limits={key: search.memory_limit for key, search in shown if search and search.memory_limit},
        )

    def _freeze_arm(self, seen: Look) -> ArmSnapshot | None:
        pollers = [poller for poller in self.pollers if poller.collector == "arm"]
        gone = any(poller.name == "managed_cluster" and seen.state(poller) == "absent" for poller in pollers)
        told = self._told(seen, *(poller.name for poller in pollers))
        return freeze_arm(told, pools=self.settings.limits.pools, gone=gone)

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
