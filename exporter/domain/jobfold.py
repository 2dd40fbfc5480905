"""The fold of Jobs: take the old contribution of a Job away, add the new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable
from math import inf
from typing import TypeVar

from exporter.domain.counts import Counts
from exporter.domain.endings import Endings
from exporter.domain.jobentry import Entry, Warm
from exporter.domain.jobs import JobState, base_state
from exporter.domain.nameendings import NameEndings
from exporter.domain.records import SEARCH_ROLES, JobRecord
from exporter.domain.search import Key, Search
from exporter.domain.words import JOB_QUEUE_DURATION_BOUNDS

K = TypeVar("K", bound=Hashable)
_LOSABLE = ("blast", "submit", "finalizer")
_WAITING = (JobState.CREATED, JobState.PENDING, JobState.RETRYING)
_SKEW = 120.0  # seconds by which the API server's clock may be behind ours


class JobFold:
    """Jobs by uid, searches by (namespace, id). `touched` holds the searches that changed since the last tick."""

    def __init__(self, *, endings: Endings, counts: Counts) -> None:
        self.entries: dict[str, Entry] = {}
        self.searches: dict[Key, Search] = {}
        self.live: Counter[tuple[str, str, str]] = Counter()
        self.warm: dict[str, Warm] = {}
        self.loose: dict[str, JobRecord] = {}
        self.setups: dict[str, Entry] = {}
        self.touched: set[Key] = set()
        self.endings = endings
        self._counts = counts
        self._silent = False
        self._news_since: float | None = None
        self._newest: dict[str, float] = {}
        self._pods_known: frozenset[str] | None = None
        self._names = NameEndings()

    def begin_listing(self, namespace: str, now: float, *, gap: float | None) -> None:
        """Before a complete listing is folded. A Job first seen in it already ended is news, and is counted, if it
        ended within `gap` and not before anything known; None: nothing is news, this is the first listing."""
        self._silent = gap is None
        self._news_since = max(self._newest.get(namespace, 0.0), now - (gap or 0.0) - _SKEW)

    def end_listing(self) -> None:
        self._silent = False
        self._news_since = None

    def seen(self, job: JobRecord, now: float) -> list[str]:
        """Fold the present state of a Job; return the uids of earlier Jobs that find their search by it.

        What was once seen succeeded or failed stays so, whatever comes later. A Job that a watch shows for the first
        time when it has ended is older than the listing before it, which left it out: it changes nothing.
        """
        entry = self.entries.get(job.uid)
        news = True
        if entry is None:
            if self._news_since is None and base_state(job).terminal:
                return []
            entry = self.entries[job.uid] = Entry(job)
            news = self._news_since is not None and (job.ended or 0.0) >= self._news_since
        elif entry.ended:
            return []
        self._newest[job.namespace] = max(self._newest.get(job.namespace, 0.0), job.created, job.ended or 0.0)
        searches = len(self.searches)
        self._attribute(job, entry, now)
        self._fold(job, entry, now, counting=news and not self._silent)
        return self._adopt(entry.search.key, now) if entry.search and len(self.searches) > searches else []

    def _fold(self, job: JobRecord, entry: Entry, now: float, *, counting: bool) -> None:
        if entry.search:
            entry.search.learn(job)
            self.touched.add(entry.search.key)
        entry.base, entry.active, entry.ready = base_state(job), job.active, job.ready
        entry.started = entry.started if job.started is None else job.started
        self._move(job.uid, entry)
        if entry.ended:
            self._ended(job, entry, now, counting=counting)
        if entry.state and job.role == "warmup":
            self.warm[job.uid] = Warm(db=job.warm_db, node=job.warm_node, state=entry.state, ended=job.ended)
        if job.role == "setup":
            self.setups[job.uid] = entry

    def gone(self, uid: str, *, gap: float = 0.0) -> None:
        """Fold the disappearance of a Job after `gap` seconds in which nobody looked.

        A live batch, submit or finalizer Job is lost, unless its TTL may have taken it while nobody looked. A live
        setup Job is just gone: the client that made it deletes it.
        """
        entry = self.entries.pop(uid, None)
        self._unloose(uid)
        self.warm.pop(uid, None)
        self.setups.pop(uid, None)
        if entry is None or not entry.live:
            return
        self._leave(uid, entry)
        if entry.role in _LOSABLE:
            self.endings.lost(entry, unseen=gap >= (inf if entry.ttl is None else entry.ttl))

    def unseen_for(self, uid: str, gap: float) -> float:
        """For how long a Job that a listing lacks may have been gone: listings ask for finished Jobs by label, so
        that one without it may have finished at any time."""
        entry = self.entries.get(uid)
        return inf if entry is not None and not entry.labelled else gap

    def missing(self, namespace: str, uids: set[str]) -> list[str]:
        """Known Jobs of a namespace that a complete listing lacks; finished ones of searches need not be listed."""
        return [
            uid
            for uid, entry in self.entries.items()
            if entry.namespace == namespace and uid not in uids and (entry.live or entry.search is None)
        ]

    def pods_running(self, uid: str, by: int) -> None:
        """`by` more (or fewer) pods of a Job have phase Running."""
        entry = self.entries.get(uid)
        if entry is None:
            return
        entry.pods_running += by
        if by > 0 and entry.search and entry.role == "blast":
            entry.search.ran = True  # even if the Job's own status comes when that pod is gone again
        self._move(uid, entry)

    def trust_pods(self, namespaces: Collection[str] | None) -> None:
        """The namespaces whose pods are known (None: all); elsewhere every state rests on Job facts alone."""
        trusted = None if namespaces is None else frozenset(namespaces)
        if trusted != self._pods_known:
            self._pods_known = trusted
            for uid, entry in self.entries.items():
                self._move(uid, entry)

    def first_started(self, uid: str, at: float, *, counting: bool) -> None:
        """The first container of a batch started at `at`; how long it waited is observed once."""
        entry = self.entries.get(uid)
        if entry is None or entry.waited or entry.role != "blast":
            return
        entry.waited = True
        if counting:
            waited = max(at - entry.created, 0.0)
            self._counts.observe("job_queue_duration_seconds", (), waited, JOB_QUEUE_DURATION_BOUNDS)

    def unattributed(self) -> Counter[tuple[str, str]]:
        """Live Jobs of a search's roles without a search id, by (namespace, role)."""
        entries = (self.entries[uid] for uid in self.loose)
        return Counter((entry.namespace, entry.role) for entry in entries if entry.live)

    def forget(self, keys: set[Key]) -> list[str]:
        """Drop searches and what is left of their Jobs; return the uids of those."""
        for key in keys:
            self.searches.pop(key, None)
            self._names.forget(*key)
        self.touched -= keys
        uids = [uid for uid, entry in self.entries.items() if entry.search is not None and entry.search.key in keys]
        for uid in uids:
            del self.entries[uid]
            self.setups.pop(uid, None)
        return uids

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
            self._leave(job.uid, entry)
            entry.state = None
        key = (job.namespace, identity)
        if key not in self.searches:
            self.searches[key] = Search(job.namespace, identity, now)
            self._names.know(job.namespace, identity)
        entry.search = self.searches[key]
        if job.role == "blast":
            entry.search.batch_counted += 1

    def _unloose(self, uid: str) -> None:
        job = self.loose.pop(uid, None)
        if job is not None:
            self._names.leave(job.namespace, job.name, uid)

    def _adopt(self, key: Key, now: float) -> list[str]:
        """Jobs without an id whose names end like that of a new search look for theirs again."""
        adopted = []
        for uid in self._names.waiting_for(*key):
            entry, job = self.entries[uid], self.loose[uid]
            self._attribute(job, entry, now)
            if entry.search:
                self._fold(job, entry, now, counting=False)
                adopted.append(uid)
        return adopted

    def _move(self, uid: str, entry: Entry) -> None:
        with_pods = self._pods_known is None or entry.namespace in self._pods_known
        state = entry.present_state(with_pods=with_pods)
        entry.ran_with = entry.active if state is JobState.RUNNING else None
        if state is entry.state or state is None:
            return
        if entry.live:
            self._leave(uid, entry)
        entry.state = state
        if not state.terminal:
            self._enter(uid, entry, state)

    def _enter(self, uid: str, entry: Entry, state: JobState) -> None:
        self.live[entry.namespace, entry.role, state] += 1
        search = entry.search
        if search is None:
            return
        self.touched.add(search.key)
        search.live[entry.role, state] += 1
        search.live_created[entry.created] += 1
        if entry.role == "blast":
            if state is JobState.RUNNING:
                search.ran = True
                search.running[uid] = entry.created if entry.started is None else entry.started
            elif state in _WAITING and entry.shard is not None:
                search.pending_shards[entry.shard] += 1

    def _leave(self, uid: str, entry: Entry) -> None:
        """Take away what a live Job contributes in its present state."""
        state = entry.state
        if state is None or state.terminal:
            return
        less(self.live, (entry.namespace, entry.role, state))
        search = entry.search
        if search is None:
            return
        self.touched.add(search.key)
        less(search.live, (entry.role, state))
        less(search.live_created, entry.created)
        if entry.role == "blast":
            search.running.pop(uid, None)
            if state in _WAITING and entry.shard is not None:
                less(search.pending_shards, entry.shard)

    def _ended(self, job: JobRecord, entry: Entry, now: float, *, counting: bool) -> None:
        result = "succeeded" if entry.state is JobState.SUCCEEDED else "failed"
        if entry.search:
            entry.search.ended[entry.role, result] += 1
            entry.search.news |= counting
        if result == "succeeded":
            self.endings.succeeded(job, entry, counting=counting)
        else:
            self.endings.failed(job, entry, now, counting=counting)


def less(counter: Counter[K], key: K) -> None:
    """Count one less, and drop what is not there any more."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
