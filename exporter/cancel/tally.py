"""What is counted of cancels, and which run now."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import replace

from exporter.domain.cancel import Refusal, Result
from exporter.domain.snapshots import CancelCounts, ClusterCancels, RunningCancel
from exporter.domain.snapshots import Tally as Histogram
from exporter.domain.words import CANCEL_DURATION_BOUNDS


class Tally:
    """Counts of every cluster since the process began. Thread-safe; nobody waits for I/O here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: Counter[str] = Counter()
        self._auth_failures: Counter[str] = Counter()
        self._audit_failures = 0
        self._clusters: dict[str, _Cluster] = {}

    def refused(self, why: Refusal) -> None:
        """A cancel was refused before it began."""
        with self._lock:
            self._refused[why.value] += 1

    def began(self, cluster: str, namespace: str, identity: str, at: float) -> None:
        """A cancel of a search begins; it was asked for at `at`, Unix seconds."""
        with self._lock:
            running = self._of(cluster).running
            running[namespace, identity] = RunningCancel(namespace=namespace, id=identity, since=at)

    def stage(self, cluster: str, namespace: str, identity: str, stage: str) -> None:
        """The cancel works at this stage now."""
        with self._lock:
            running = self._of(cluster).running
            if (namespace, identity) in running:
                running[namespace, identity] = replace(running[namespace, identity], stage=stage)

    def ended(self, cluster: str, result: Result) -> None:
        """A cancel has ended: count its result, what it deleted, and how long it took until the last pod was gone."""
        with self._lock:
            of = self._of(cluster)
            running = of.running.pop((result.plan.namespace, result.plan.search), None)
            of.results[result.outcome.value] += 1
            of.deleted.update(one.target.role or "other" for one in result.objects if one.result == "deleted")
            if result.last_pod_gone is not None:
                of.observe(result.last_pod_gone - (running.since if running else result.began))

    def auth_failed(self, reason: str) -> None:
        """A caller was not let in, for one of the reasons `AUTH_FAILURES`."""
        with self._lock:
            self._auth_failures[reason] += 1

    def audit_failed(self) -> None:
        """An audit record could not be written."""
        with self._lock:
            self._audit_failures += 1

    def freeze(self) -> CancelCounts:
        """All of it at this moment."""
        with self._lock:
            return CancelCounts(
                clusters={name: of.freeze() for name, of in self._clusters.items()},
                refused=dict(self._refused),
                auth_failures=dict(self._auth_failures),
                audit_failures=self._audit_failures,
            )

    def _of(self, cluster: str) -> _Cluster:
        return self._clusters.setdefault(cluster, _Cluster())


class _Cluster:
    """The counts of one cluster, guarded by the lock of the tally."""

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()
        self.running: dict[tuple[str, str], RunningCancel] = {}
        self._buckets = [0] * (len(CANCEL_DURATION_BOUNDS) + 1)
        self._seconds = 0.0

    def observe(self, seconds: float) -> None:
        lasted = max(seconds, 0.0)
        self._buckets[bisect_left(CANCEL_DURATION_BOUNDS, lasted)] += 1
        self._seconds += lasted

    def freeze(self) -> ClusterCancels:
        return ClusterCancels(
            results=dict(self.results),
            deleted=dict(self.deleted),
            durations=Histogram(tuple(self._buckets), self._seconds),
            running=tuple(self.running.values()),
        )
