"""The fold of what goes wrong with pods: failed attempts, and disruptions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exporter.domain.attempts import Attempt, new_attempts
from exporter.domain.fold.counts import Counts
from exporter.domain.fold.entries import Entry, PodEntry
from exporter.domain.fold.jobs import JobFold
from exporter.domain.fold.nodes import NodeFold
from exporter.domain.records import PodRecord
from exporter.domain.rules import Rules
from exporter.domain.snapshots import Obituary
from exporter.domain.words import DISRUPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """An exit 137 that waits until `due` for the event that explains it."""

    pod: PodRecord
    entry: PodEntry
    attempt: Attempt
    counting: bool
    due: float


class AttemptFold:
    """Failed attempts, each counted once and remembered by its search. Those of a pod whose Job is not known yet wait
    for it."""

    def __init__(self, *, jobs: JobFold, nodes: NodeFold, counts: Counts, rules: Rules) -> None:
        self._killed: list[Killed] = []
        self._untold: dict[PodEntry, list[tuple[PodRecord, Attempt]]] = {}
        self._disrupted: set[PodEntry] = set()
        self._jobs = jobs
        self._nodes = nodes
        self._counts = counts
        self._rules = rules

    def seen(self, pod: PodRecord, entry: PodEntry, now: float, *, silent: bool) -> None:
        """Fold what went wrong by this state of a pod; `silent`: no counter moves."""
        attempts, entry.counted = new_attempts(pod, entry.counted)
        for attempt in attempts:
            if attempt.reason == "killed":
                self._killed_now(pod, entry, attempt, now, silent=silent)
            else:
                self._count(pod, entry, attempt, counting=not silent)
        word = pod.disruption or (pod.status_reason if pod.status_reason in ("Evicted", "NodeLost") else "")
        if word and entry not in self._disrupted:
            self._disrupted.add(entry)
            self._count_disruption(pod, word, counting=not silent)

    def joined(self, entry: PodEntry) -> None:
        """A pod found its Job: tell it what waited."""
        for pod, attempt in self._untold.pop(entry, ()):
            self._remember(pod, entry, attempt)

    def orphaned(self, entry: PodEntry) -> None:
        """The Job of a pod is gone, and nobody is left to tell."""
        self._untold.pop(entry, None)

    def gone(self, entry: PodEntry) -> None:
        self._untold.pop(entry, None)
        self._disrupted.discard(entry)

    def settle(self, now: float) -> None:
        """Count the exits 137 that an event has explained by now, or that have waited for one long enough."""
        waiting, self._killed = self._killed, []
        for killed in waiting:
            self._count_killed(killed, now)

    def _killed_now(self, pod: PodRecord, entry: PodEntry, attempt: Attempt, now: float, *, silent: bool) -> None:
        """The event that explains it comes by another watch and may be late. It is waited for unless this is old, or
        its Job, which waits for the reason of its last attempt, has ended already."""
        job_ended = isinstance(entry.owner, Entry) and entry.owner.ended
        wait = 0.0 if silent or job_ended else self._rules.settle
        killed = Killed(pod=pod, entry=entry, attempt=attempt, counting=not silent, due=now + wait)
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
        if isinstance(entry.owner, Entry):
            self._remember(pod, entry, attempt)
        elif entry.owner:
            self._untold.setdefault(entry, []).append((pod, attempt))

    def _remember(self, pod: PodRecord, entry: PodEntry, attempt: Attempt) -> None:
        """Tell the Job of a pod and its search; a pod that is gone may have outlived them."""
        job = self._jobs.entries.get(entry.owner.uid) if isinstance(entry.owner, Entry) else None
        if job is None:
            return
        job.blame(attempt.reason)
        if entry.search is None:
            return
        self._jobs.touched.add(entry.search.key)
        entry.search.attempts[attempt.reason] += attempt.times
        ending = attempt.ending
        entry.search.failures.append(
            Obituary(
                job=job.name,
                batch=job.batch,
                shard=job.kind.shard,
                container=attempt.container,
                exit_code=ending.exit_code if ending else None,
                reason=attempt.reason,
                node=pod.node,
                at=ending.at if ending else None,
            )
        )

    def _count_disruption(self, pod: PodRecord, word: str, *, counting: bool) -> None:
        if not counting:
            return
        reason = word if word in DISRUPTIONS else "other"
        if reason != word:
            self._counts.replaced("reason")
        self._counts.add("pod_disruptions_total", (self._nodes.pool_of(pod.node), reason))
