"""The fold of pods: what each one contributes to its Job, its search, its node and the counts of its role."""

from __future__ import annotations

from collections import Counter

from exporter.domain.fold.attempts import AttemptFold
from exporter.domain.fold.counts import Counts
from exporter.domain.fold.entries import NOTHING, Entry, PodEntry, Pods, Share, added, each, share_of, without
from exporter.domain.fold.jobs import JobFold, less
from exporter.domain.fold.nodes import NodeFold
from exporter.domain.fold.search import Search
from exporter.domain.pods import first_start, pod_state
from exporter.domain.records import PodRecord, Uid
from exporter.domain.rules import Rules


class PodFold:
    """Pods by uid. `pending` counts those of a group by when they were created."""

    def __init__(self, *, jobs: JobFold, nodes: NodeFold, counts: Counts, rules: Rules) -> None:
        self.entries: dict[Uid, PodEntry] = {}
        self.states: Counter[tuple[str, str, str]] = Counter()
        self.blocked: Counter[tuple[str, str, str]] = Counter()
        self.pending: dict[tuple[str, str], Counter[float]] = {}
        self._listing = False
        self._silent = False
        self._waiting: dict[Uid, Pods] = {}
        self._slots: dict[Uid, int] = {}
        self._attempts = AttemptFold(jobs=jobs, nodes=nodes, counts=counts, rules=rules)
        self._jobs = jobs
        self._nodes = nodes

    def begin_listing(self, *, silent: bool) -> None:
        """Before a complete listing is folded; `silent`: it is the first one and moves no counter."""
        self._listing, self._silent = True, silent

    def end_listing(self) -> None:
        self._listing = self._silent = False

    def seen(self, pod: PodRecord, now: float) -> None:
        """Fold the present state of a pod. One that a watch shows for the first time when it has ended is older than
        the listing before it, which left it out: it changes nothing."""
        entry = self.entries.get(pod.uid)
        if entry is None:
            if pod_state(pod) is None and not self._listing:
                return
            entry = self.entries[pod.uid] = PodEntry(pod)
            self._wait(entry, pod.owner)
            self.bind(pod.owner)
        if pod.max_active is not None:
            self._slots[pod.uid] = pod.max_active
        self._attempts.seen(pod, entry, now, silent=self._silent)
        share = share_of(pod)
        if share is not entry.share and share != entry.share:
            self._take(entry)
            self._give(entry, share)
        if entry.started is None:
            self._observe_start(pod, entry)

    def gone(self, uid: Uid) -> None:
        entry = self.entries.pop(uid, None)
        if entry is None:
            return
        self._take(entry)
        self._slots.pop(uid, None)
        self._attempts.gone(entry)
        if isinstance(entry.owner, Entry):
            self._jobs.pod_left(entry.owner, entry)
        else:
            self._wait_no_more(entry, entry.owner)
            entry.owner = ""

    def bind(self, job_uid: Uid) -> None:
        """The pods of a Job that came before it find it now, and all of them the search that it found."""
        job = self._jobs.entries.get(job_uid)
        if job is None:
            return
        if job_uid in self._waiting:
            for entry in each(self._waiting.pop(job_uid)):
                self._jobs.pod_joined(job, entry)
                self._join(entry, job)
        for entry in each(job.pods):
            if entry.search is not job.search:
                self._join(entry, job)

    def orphan(self, job: Entry) -> None:
        """A Job is gone: its pods contribute to nothing but the counts of their role."""
        for entry in each(job.pods):
            entry.owner = job.uid
            share = entry.share
            self._take(entry)
            entry.search = None
            self._give(entry, share)
            self._attempts.orphaned(entry)
            self._wait(entry, job.uid)
        job.pods = None

    def release(self, job: Entry) -> None:
        """A Job is forgotten, and with it its ended pods; living ones contribute to nothing but their role."""
        for entry in each(job.pods):
            if entry.share.state is None:
                self.gone(entry.uid)
        self.orphan(job)

    def missing(self, namespace: str, uids: set[Uid]) -> list[Uid]:
        return [uid for uid, entry in self.entries.items() if entry.group[0] == namespace and uid not in uids]

    def settle(self, now: float) -> None:
        """Count the exits 137 that an event has explained by now, or that have waited for one long enough."""
        self._attempts.settle(now)

    def run_slots(self) -> dict[str, int]:
        """MAX_ACTIVE_SUBMISSIONS of the OpenAPI pods, by namespace: the largest that a living pod carries."""
        slots: dict[str, int] = {}
        for uid, carried in self._slots.items():
            entry = self.entries[uid]
            if entry.share.state:
                namespace = entry.group[0]
                slots[namespace] = max(slots.get(namespace, 0), carried)
        return slots

    def _wait(self, entry: PodEntry, job_uid: Uid) -> None:
        if job_uid:
            self._waiting[job_uid] = added(self._waiting.get(job_uid), entry)

    def _wait_no_more(self, entry: PodEntry, job_uid: Uid) -> None:
        left = without(self._waiting.pop(job_uid, None), entry)
        if left is not None:
            self._waiting[job_uid] = left

    def _join(self, entry: PodEntry, job: Entry) -> None:
        """A pod contributes from now on to its Job, and to the search of that."""
        share = entry.share
        self._take(entry)
        entry.owner, entry.search = job, job.search
        self._attempts.joined(entry)
        if entry.started is not None:
            self._jobs.first_started(job, entry.started, counting=entry.news)
        self._give(entry, share)

    def _observe_start(self, pod: PodRecord, entry: PodEntry) -> None:
        entry.started, entry.news = first_start(pod), not self._silent
        if entry.started is not None and isinstance(entry.owner, Entry):
            self._jobs.first_started(entry.owner, entry.started, counting=entry.news)

    def _give(self, entry: PodEntry, share: Share) -> None:
        entry.share = share
        if share is NOTHING:
            return
        group, search = entry.group, entry.search
        if share.state:
            self.states[*group, share.state] += 1
        if share.state == "pending":
            self.pending.setdefault(group, Counter())[entry.created] += 1
        if share.blocked:
            self.blocked[*group, share.blocked] += 1
        if share.node:
            self._nodes.occupy(share.node, cpu=share.cpu, busy=share.busy, key=entry.search_key)
        if share.running and isinstance(entry.owner, Entry):
            self._jobs.pod_turned(entry.owner, running=True)
        if search:
            self._give_to_search(entry.uid, search, share)

    def _give_to_search(self, uid: Uid, search: Search, share: Share) -> None:
        self._jobs.touched.add(search.key)
        if share.blocked:
            search.blocked[share.blocked] += 1
        search.unschedulable += share.unschedulable
        if share.export_since is not None:
            search.export_waits[uid] = share.export_since
        search.memory_limit = max(search.memory_limit, share.memory_limit)

    def _take(self, entry: PodEntry) -> None:
        share, entry.share = entry.share, NOTHING
        if share is NOTHING:
            return
        group, search = entry.group, entry.search
        if share.state:
            less(self.states, (*group, share.state))
        if share.state == "pending":
            less(self.pending[group], entry.created)
        if share.blocked:
            less(self.blocked, (*group, share.blocked))
        if share.node:
            self._nodes.vacate(share.node, cpu=share.cpu, busy=share.busy, key=entry.search_key)
        if share.running and isinstance(entry.owner, Entry):
            self._jobs.pod_turned(entry.owner, running=False)
        if search:
            self._take_from_search(entry.uid, search, share)

    def _take_from_search(self, uid: Uid, search: Search, share: Share) -> None:
        self._jobs.touched.add(search.key)
        if share.blocked:
            less(search.blocked, share.blocked)
        search.unschedulable -= share.unschedulable
        search.export_waits.pop(uid, None)
