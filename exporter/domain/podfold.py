"""The fold of pods: what each one contributes to its Job, its search, its node and the counts of its role."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from exporter.domain.attempts import Attempt, new_attempts
from exporter.domain.counts import Counts
from exporter.domain.jobfold import JobFold, less
from exporter.domain.nodefold import NodeFold
from exporter.domain.pods import block_reason, export_waits_since, first_start, pod_state
from exporter.domain.records import PodRecord, Role
from exporter.domain.rules import Rules
from exporter.domain.search import Search
from exporter.domain.snapshots import Obituary
from exporter.domain.words import DISRUPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one state of a pod contributes; equal shares need no change."""

    state: str | None = None
    blocked: str | None = None
    unschedulable: bool = False
    running: bool = False
    busy: bool = False
    node: str = ""
    cpu: float = 0.0
    export_since: float | None = None


class PodEntry:
    """What is kept of one pod. `attempts` holds the failed attempts of a pod whose Job is not known yet; `news`: its
    start was seen and not found by the first listing."""

    __slots__ = (
        "attempts", "bound", "counted", "created", "disrupted", "namespace", "news", "owner", "role",
        "search", "share", "slots", "started",
    )  # fmt: skip

    def __init__(self, pod: PodRecord) -> None:
        self.namespace = pod.namespace
        self.role: Role = pod.role
        self.owner = pod.owner
        self.created = pod.created
        self.share = Share()
        self.counted: dict[str, int] = {}
        self.attempts: list[tuple[PodRecord, Attempt]] = []
        self.disrupted = False
        self.bound = False
        self.search: Search | None = None
        self.started: float | None = None
        self.news = False
        self.slots: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """An exit 137 that waits until `due` for the event that explains it."""

    pod: PodRecord
    entry: PodEntry
    attempt: Attempt
    counting: bool
    due: float


class PodFold:
    """Pods by uid."""

    def __init__(self, *, jobs: JobFold, nodes: NodeFold, counts: Counts, rules: Rules) -> None:
        self.entries: dict[str, PodEntry] = {}
        self.states: Counter[tuple[str, str, str]] = Counter()
        self.blocked: Counter[tuple[str, str, str]] = Counter()
        self.pending: dict[tuple[str, str], dict[str, float]] = {}
        self._killed: list[Killed] = []
        self._listing = False
        self._silent = False
        self._by_owner: dict[str, set[str]] = {}
        self._jobs = jobs
        self._nodes = nodes
        self._counts = counts
        self._rules = rules

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
            self._by_owner.setdefault(pod.owner, set()).add(pod.uid)
            self._join(pod.uid, entry)
        if pod.max_active is not None:
            entry.slots = pod.max_active
        self._count_attempts(pod, entry, now)
        self._count_disruption(pod, entry)
        self._give(pod.uid, entry, self._share(pod))
        self._observe_start(pod, entry)

    def gone(self, uid: str) -> None:
        entry = self.entries.pop(uid, None)
        if entry is None:
            return
        self._take(uid, entry)
        owned = self._by_owner.get(entry.owner, set())
        owned.discard(uid)
        if not owned:
            self._by_owner.pop(entry.owner, None)

    def bind(self, job_uid: str) -> None:
        """The pods of a Job that came before it find it now."""
        for uid in self._by_owner.get(job_uid, ()):
            entry = self.entries[uid]
            job = self._jobs.entries.get(job_uid)
            if job is not None and (not entry.bound or entry.search is not job.search):
                share = entry.share
                self._take(uid, entry)
                self._join(uid, entry)
                self._give(uid, entry, share)

    def orphan(self, job_uid: str) -> None:
        """A Job is gone: its pods contribute to nothing but the counts of their role."""
        for uid in self._by_owner.get(job_uid, ()):
            entry = self.entries[uid]
            share = entry.share
            self._take(uid, entry)
            entry.bound, entry.search = False, None
            entry.attempts.clear()
            self._give(uid, entry, share)

    def missing(self, namespace: str, uids: set[str]) -> list[str]:
        return [uid for uid, entry in self.entries.items() if entry.namespace == namespace and uid not in uids]

    def release(self, job_uid: str) -> None:
        """A Job is forgotten, and with it its ended pods; living ones contribute to nothing but their role."""
        for uid in [u for u in self._by_owner.get(job_uid, ()) if self.entries[u].share.state is None]:
            self.gone(uid)
        self.orphan(job_uid)

    def run_slots(self) -> dict[str, int]:
        """MAX_ACTIVE_SUBMISSIONS of the OpenAPI pods, by namespace: the largest that a living pod carries."""
        slots: dict[str, int] = {}
        for entry in self.entries.values():
            if entry.slots is not None and entry.share.state:
                slots[entry.namespace] = max(slots.get(entry.namespace, 0), entry.slots)
        return slots

    def _join(self, uid: str, entry: PodEntry) -> None:
        job = self._jobs.entries.get(entry.owner)
        if job is None:
            return
        entry.bound, entry.search = True, job.search
        for pod, attempt in entry.attempts:
            self._remember(pod, entry, attempt)
        entry.attempts.clear()
        if entry.started is not None:
            self._jobs.first_started(entry.owner, entry.started, counting=entry.news)

    def _share(self, pod: PodRecord) -> Share:
        state = pod_state(pod)
        running = pod.phase == "Running" and state is not None
        return Share(
            state=state,
            blocked=block_reason(pod),
            unschedulable=pod.unschedulable is not None and state == "pending",
            running=running,
            busy=running and pod.role in ("setup", "blast"),
            node=pod.node if state is not None else "",
            cpu=pod.cpu,
            export_since=export_waits_since(pod),
        )

    def _give(self, uid: str, entry: PodEntry, share: Share) -> None:
        if share == entry.share:
            return
        self._take(uid, entry)
        entry.share = share
        group = (entry.namespace, entry.role)
        if share.state:
            self.states[*group, share.state] += 1
        if share.state == "pending":
            self.pending.setdefault(group, {})[uid] = entry.created
        if share.blocked:
            self.blocked[*group, share.blocked] += 1
        if share.node:
            self._nodes.occupy(share.node, cpu=share.cpu, busy=share.busy, key=_key(entry.search))
        if entry.bound and share.running:
            self._jobs.pods_running(entry.owner, 1)
        if entry.search:
            self._give_to_search(uid, entry.search, share)

    def _give_to_search(self, uid: str, search: Search, share: Share) -> None:
        self._jobs.touched.add(search.key)
        if share.blocked:
            search.blocked[share.blocked] += 1
        search.unschedulable += share.unschedulable
        if share.export_since is not None:
            search.export_waits[uid] = share.export_since

    def _take(self, uid: str, entry: PodEntry) -> None:
        share, entry.share = entry.share, Share()
        group = (entry.namespace, entry.role)
        if share.state:
            less(self.states, (*group, share.state))
        if share.state == "pending":
            self.pending[group].pop(uid, None)
        if share.blocked:
            less(self.blocked, (*group, share.blocked))
        if share.node:
            self._nodes.vacate(share.node, cpu=share.cpu, busy=share.busy, key=_key(entry.search))
        if entry.bound and share.running:
            self._jobs.pods_running(entry.owner, -1)
        if entry.search:
            self._jobs.touched.add(entry.search.key)
            if share.blocked:
                less(entry.search.blocked, share.blocked)
            entry.search.unschedulable -= share.unschedulable
            entry.search.export_waits.pop(uid, None)

    def settle(self, now: float) -> None:
        """Count the exits 137 that an event has explained by now, or that have waited for one long enough."""
        waiting, self._killed = self._killed, []
        for killed in waiting:
            self._count_killed(killed, now)

    def _count_attempts(self, pod: PodRecord, entry: PodEntry, now: float) -> None:
        for attempt in new_attempts(pod, entry.counted):
            if attempt.reason == "killed":
                self._killed_now(pod, entry, attempt, now)
            else:
                self._count(pod, entry, attempt, counting=not self._silent)

    def _killed_now(self, pod: PodRecord, entry: PodEntry, attempt: Attempt, now: float) -> None:
        """The event that explains it comes by another watch and may be late. It is waited for unless this is old, or
        its Job, which waits for the reason of its last attempt, has ended already."""
        job = self._jobs.entries.get(entry.owner)
        wait = 0.0 if self._silent or (job is not None and job.ended) else self._rules.settle
        killed = Killed(pod=pod, entry=entry, attempt=attempt, counting=not self._silent, due=now + wait)
        self._count_killed(killed, now)

    def _count_killed(self, killed: Killed, now: float) -> None:
        attempt, ending = killed.attempt, killed.attempt.ending
        at = ending.at if ending else None
        if at is not None and self._nodes.oom_near(killed.pod.node, at, self._rules.oom_window):
            attempt = replace(attempt, reason="memory")
        elif now < killed.due:
            self._killed.append(killed)
            return
        self._count(killed.pod, killed.entry, attempt, counting=killed.counting)

    def _count(self, pod: PodRecord, entry: PodEntry, attempt: Attempt, *, counting: bool) -> None:
        if counting:
            self._counts.add("attempts_failed_total", (pod.role, attempt.reason), attempt.times)
        if entry.bound:
            self._remember(pod, entry, attempt)
        else:
            entry.attempts.append((pod, attempt))

    def _remember(self, pod: PodRecord, entry: PodEntry, attempt: Attempt) -> None:
        job = self._jobs.entries.get(entry.owner)
        if job is None:
            return
        job.reason = attempt.reason
        if entry.search is None:
            return
        self._jobs.touched.add(entry.search.key)
        entry.search.attempts[attempt.reason] += attempt.times
        ending = attempt.ending
        entry.search.failures.append(
            Obituary(
                job=job.name,
                batch=job.batch,
                shard=job.shard,
                container=attempt.container,
                exit_code=ending.exit_code if ending else None,
                reason=attempt.reason,
                node=pod.node,
                at=ending.at if ending else None,
            )
        )

    def _count_disruption(self, pod: PodRecord, entry: PodEntry) -> None:
        word = pod.disruption or (pod.status_reason if pod.status_reason in ("Evicted", "NodeLost") else "")
        if not word or entry.disrupted:
            return
        entry.disrupted = True
        if not self._silent:
            reason = word if word in DISRUPTIONS else "other"
            if reason != word:
                self._counts.replaced("reason")
            self._counts.add("pod_disruptions_total", (self._nodes.pool_of(pod.node), reason))

    def _observe_start(self, pod: PodRecord, entry: PodEntry) -> None:
        if entry.started is not None:
            return
        entry.started, entry.news = first_start(pod), not self._silent
        if entry.started is not None and entry.bound:
            self._jobs.first_started(entry.owner, entry.started, counting=entry.news)


def _key(search: Search | None) -> tuple[str, str] | None:
    return search.key if search else None
