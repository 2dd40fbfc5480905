"""The fold of Jobs: take the old contribution of a Job away, add the new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable
from math import inf
from typing import TypeVar

from exporter.domain.cancel import OWN_SETUP
from exporter.domain.fold.counts import Counts
from exporter.domain.fold.endings import Endings
from exporter.domain.fold.entries import Entry, PodEntry, Warm, added, each, without
from exporter.domain.fold.nameendings import NameEndings
from exporter.domain.fold.search import Key, Search
from exporter.domain.jobs import JobState, base_state, job_state
from exporter.domain.records import SEARCH_ROLES, JobRecord, Uid
from exporter.domain.words import JOB_QUEUE_DURATION_BOUNDS

K = TypeVar("K", bound=Hashable)
_LOSABLE = ("blast", "submit", "finalizer")
_CANCELS_REMEMBERED = 1000
_WAITING = (JobState.CREATED, JobState.PENDING, JobState.RETRYING)
_SKEW = 120.0  # seconds by which the API server's clock may be behind ours


class JobFold:
    """Jobs by uid, searches by (namespace, id). `touched` holds the searches that changed since the last tick."""

    def __init__(self, *, endings: Endings, counts: Counts) -> None:
        self.entries: dict[Uid, Entry] = {}
        self.searches: dict[Key, Search] = {}
        self.live: Counter[tuple[str, str, str]] = Counter()
        self.warm: dict[Uid, Warm] = {}
        self.loose: dict[Uid, JobRecord] = {}
        self.setups: dict[Uid, Entry] = {}
        self.touched: set[Key] = set()
        self.endings = endings
        self._counts = counts
        self._silent = False
        self._news_since: float | None = None
        self._newest: dict[str, float] = {}
        self._pods_known: frozenset[str] | None = None
        self._names = NameEndings()
        self._cancels: dict[Key, bool] = {}  # of searches not known yet; whether it still runs

    def news_since(self, namespace: str, now: float, *, gap: float | None) -> float:
        """Unix seconds: a Job first seen in a listing already ended is news, and is counted, if it ended since then:
        within `gap`, and not before anything known. Asked once, before the listing is folded."""
        return max(self._newest.get(namespace, 0.0), now - (gap or 0.0) - _SKEW)

    def begin_listing(self, *, since: float, silent: bool) -> None:
        """Before a part of a complete listing is folded; `silent`: it is the first one, in which nothing is news."""
        self._silent = silent
        self._news_since = since

    def end_listing(self) -> None:
        self._silent = False
        self._news_since = None

    def seen(self, job: JobRecord, now: float) -> list[Uid]:
        """Fold the present state of a Job; return the uids of earlier Jobs that find their search by it.

        What was once seen succeeded or failed stays so, whatever comes later. A Job that a watch shows for the first
        time when it has ended is older than the listing before it, which left it out: it changes nothing.
        """
        entry = self.entries.get(job.uid)
        news = True
        base = base_state(job)
        if entry is None:
            if self._news_since is None and base.terminal:
                return []
            entry = self.entries[job.uid] = Entry(job)
            news = self._news_since is not None and (job.ended or 0.0) >= self._news_since
        elif entry.ended:
            return []
        newest = max(job.created, job.ended or 0.0)
        if newest > self._newest.get(job.namespace, 0.0):
            self._newest[job.namespace] = newest
        searches = len(self.searches)
        ran_with = entry.ran_with
        self._attribute(job, entry, now)
        self._fold(job, entry, base, now, ran_with=ran_with, counting=news and not self._silent)
        return self._adopt(entry.search.key, now) if entry.search and len(self.searches) > searches else []

    def _fold(
        self, job: JobRecord, entry: Entry, base: JobState, now: float, *, ran_with: int | None, counting: bool
    ) -> None:
        if entry.search:
            entry.search.learn(job)
            self.touched.add(entry.search.key)
        entry.tell(job)
        self._move(entry, base, ran_with)
        if entry.ended:
            self._ended(job, entry, now, counting=counting)
        if entry.state and job.role == "warmup":
            self.warm[job.uid] = Warm(db=job.warm_db, node=job.warm_node, state=entry.state, ended=job.ended)
        if job.role == "setup":
            self.setups[job.uid] = entry

    def gone(self, uid: Uid, *, gap: float = 0.0) -> Entry | None:
        """Fold the disappearance of a Job after `gap` seconds in which nobody looked; return it if it was known.

        A live batch, submit or finalizer Job is lost, unless its TTL may have taken it while nobody looked. A live
        setup Job is just gone: the client that made it deletes it.
        """
        entry = self.entries.pop(uid, None)
        self._unloose(uid)
        self.warm.pop(uid, None)
        self.setups.pop(uid, None)
        if entry is None or not entry.live:
            return entry
        self._leave(entry)
        if entry.search:
            entry.search.strays.discard(uid)
        kind = entry.kind
        if kind.role in _LOSABLE:
            self.endings.lost(entry, unseen=gap >= (inf if kind.ttl is None else kind.ttl))
        return entry

    def unseen_for(self, uid: Uid, gap: float) -> float:
        """For how long a Job that a listing lacks may have been gone: listings ask for finished Jobs by label, so
        that one without it may have finished at any time."""
        entry = self.entries.get(uid)
        return inf if entry is not None and not entry.kind.labelled else gap

    def missing(self, namespace: str, uids: set[Uid]) -> list[Uid]:
        """Known Jobs of a namespace that a complete listing lacks; finished ones of searches need not be listed."""
        return [
            uid
            for uid, entry in self.entries.items()
            if entry.kind.namespace == namespace and uid not in uids and (entry.live or entry.search is None)
        ]

    def pod_joined(self, entry: Entry, pod: PodEntry) -> None:
        entry.pods = added(entry.pods, pod)

    def pod_left(self, entry: Entry, pod: PodEntry) -> None:
        entry.pods = without(entry.pods, pod)

    def pod_turned(self, entry: Entry, *, running: bool) -> None:
        """One of its pods came to, or left, phase Running."""
        if running and entry.search and entry.kind.role == "blast":
            entry.search.ran = True  # even if the Job's own status comes when that pod is gone again
        self._move_again(entry)

    def trust_pods(self, namespaces: Collection[str] | None) -> None:
        """The namespaces whose pods are known (None: all); elsewhere every state rests on Job facts alone."""
        trusted = None if namespaces is None else frozenset(namespaces)
        if trusted != self._pods_known:
            self._pods_known = trusted
            for entry in self.entries.values():
                self._move_again(entry)

    def first_started(self, entry: Entry, at: float, *, counting: bool) -> None:
        """The first container of a batch started at `at`; how long it waited is observed once."""
        if entry.status.waited or entry.kind.role != "blast":
            return
        entry.stop_waiting()
        if counting:
            waited = max(at - entry.created, 0.0)
            self._counts.observe("job_queue_duration_seconds", (), waited, JOB_QUEUE_DURATION_BOUNDS)

    def cancel(self, key: Key) -> None:
        """Somebody asked to cancel a search. Of those that are not known yet the newest 1,000 are remembered."""
        search = self.searches.get(key)
        if search is not None:
            search.cancel_requested = search.cancel_runs = True
            self.touched.add(key)
            return
        self._cancels[key] = True
        if len(self._cancels) > _CANCELS_REMEMBERED:
            del self._cancels[next(iter(self._cancels))]

    def withdraw_cancel(self, key: Key) -> None:
        """A cancel that was asked for took nothing away: the search goes on. One that was done stands."""
        self._cancels.pop(key, None)
        search = self.searches.get(key)
        if search is not None and search.cancelled_at is None:
            search.cancel_requested = False
            self.touched.add(key)

    def end_cancel(self, key: Key) -> None:
        """A cancel deletes nothing more: what is created from now on comes after it."""
        if key in self._cancels:
            self._cancels[key] = False
        search = self.searches.get(key)
        if search is not None:
            search.cancel_runs = False
            if search.cancelled_at is not None:
                search.cancelled_at = search.newest

    def unattributed(self) -> Counter[tuple[str, str]]:
        """Live Jobs of a search's roles without a search id, by (namespace, role)."""
        entries = (self.entries[uid] for uid in self.loose)
        return Counter((entry.kind.namespace, entry.kind.role) for entry in entries if entry.live)

    def forget(self, keys: set[Key]) -> list[Entry]:
        """Drop searches and what is left of their Jobs; return those."""
        for key in keys:
            self.searches.pop(key, None)
            self._names.forget(*key)
        self.touched -= keys
        dropped = [entry for entry in self.entries.values() if entry.search is not None and entry.search.key in keys]
        for entry in dropped:
            del self.entries[entry.uid]
            self.setups.pop(entry.uid, None)
        return dropped

    def _attribute(self, job: JobRecord, entry: Entry, now: float) -> None:
        if entry.search is not None or job.role not in SEARCH_ROLES:
            return
        identity = job.search or self._names.match(job.namespace, job.name)
        if not identity:
            self.loose[job.uid] = job
            self._names.wait(job.namespace, job.name, job.uid)
            return
        self._unloose(job.uid)
        if entry.state is not None:
            self._leave(entry)
            entry.turn(None)
        key = (job.namespace, identity)
        if key not in self.searches:
            self.searches[key] = Search(job.namespace, identity, now)
            self._names.know(job.namespace, identity)
            self.searches[key].cancel_requested = key in self._cancels
            self.searches[key].cancel_runs = self._cancels.pop(key, False)
        entry.search = search = self.searches[key]
        if job.role == "blast":
            search.batch_counted += 1
        if search.cancelled_at is not None and not search.cancel_runs and job.created >= search.cancelled_at:
            search.strays.add(job.uid)
            self._counts.add("jobs_after_cancel_total", (job.namespace, job.role))

    def _unloose(self, uid: Uid) -> None:
        job = self.loose.pop(uid, None)
        if job is not None:
            self._names.leave(job.namespace, job.name, uid)

    def _adopt(self, key: Key, now: float) -> list[Uid]:
        """Jobs without an id whose names end like that of a new search look for theirs again."""
        adopted: list[Uid] = []
        for uid in self._names.waiting_for(*key):
            entry, job = self.entries[uid], self.loose[uid]
            ran_with = entry.ran_with
            self._attribute(job, entry, now)
            if entry.search:
                self._fold(job, entry, base_state(job), now, ran_with=ran_with, counting=False)
                adopted.append(uid)
        return adopted

    def _move_again(self, entry: Entry) -> None:
        """What is known of its pods changed; nothing was heard of the Job itself."""
        if entry.state is JobState.RUNNING or entry.state is JobState.PENDING:
            self._move(entry, JobState.PENDING, entry.ran_with)

    def _move(self, entry: Entry, base: JobState, ran_with: int | None) -> None:
        """Bring it to its state with the evidence of its pods, or of its own past while they are not known."""
        state = base
        if base is JobState.PENDING:
            with_pods = self._pods_known is None or entry.kind.namespace in self._pods_known
            running = sum(pod.share.running for pod in each(entry.pods)) if with_pods else None
            status = entry.status
            state = job_state(base, active=status.active, ready=status.ready, running_pods=running, ran_with=ran_with)
        if state is entry.state:
            return
        if entry.live:
            self._leave(entry)
        entry.turn(state)
        if not state.terminal:
            self._enter(entry, state)

    def _enter(self, entry: Entry, state: JobState) -> None:
        kind = entry.kind
        self.live[kind.namespace, kind.role, state] += 1
        search = entry.search
        if search is None:
            return
        self.touched.add(search.key)
        search.live[kind.role, state] += 1
        search.live_created[entry.created] += 1
        search.setup_shared += _shared(entry)
        if kind.role == "blast":
            if state is JobState.RUNNING:
                search.ran = True
                started = entry.status.started
                search.running[entry.uid] = entry.created if started is None else started
            elif state in _WAITING and kind.shard is not None:
                search.pending_shards[kind.shard] += 1

    def _leave(self, entry: Entry) -> None:
        """Take away what a live Job contributes in its present state."""
        state, kind = entry.state, entry.kind
        if state is None or state.terminal:
            return
        less(self.live, (kind.namespace, kind.role, state))
        search = entry.search
        if search is None:
            return
        self.touched.add(search.key)
        less(search.live, (kind.role, state))
        less(search.live_created, entry.created)
        search.setup_shared -= _shared(entry)
        if kind.role == "blast":
            search.running.pop(entry.uid, None)
            if state in _WAITING and kind.shard is not None:
                less(search.pending_shards, kind.shard)

    def _ended(self, job: JobRecord, entry: Entry, now: float, *, counting: bool) -> None:
        result = "succeeded" if entry.state is JobState.SUCCEEDED else "failed"
        if entry.search:
            entry.search.ended[entry.kind.role, result] += 1
            entry.search.news |= counting
            entry.search.strays.discard(job.uid)
        if result == "succeeded":
            self.endings.succeeded(job, entry, counting=counting)
        else:
            self.endings.failed(job, entry, now, counting=counting)


def _shared(entry: Entry) -> bool:
    """A setup Job that a cancel spares: what it sets up serves other searches too."""
    return entry.kind.role == "setup" and not entry.name.startswith(OWN_SETUP)


def less(counter: Counter[K], key: K) -> None:
    """Count one less, and drop what is not there any more."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
