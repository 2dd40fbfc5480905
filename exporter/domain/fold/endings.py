"""How Jobs end: each ending counted once, by uid, with the reason of its last attempt."""

from __future__ import annotations

from collections import deque

from exporter.domain.fold.counts import Counts
from exporter.domain.fold.entries import Entry
from exporter.domain.fold.search import DURATIONS_KEPT, Search
from exporter.domain.progress import median
from exporter.domain.records import JobRecord, Uid
from exporter.domain.rules import Rules
from exporter.domain.snapshots import Obituary
from exporter.domain.words import JOB_DURATION_BOUNDS

Pair = tuple[str, str]


class Endings:
    """Counts endings, and remembers how long batches of a (program, db) take."""

    def __init__(self, *, rules: Rules, counts: Counts, pairs: int) -> None:
        self._rules = rules
        self._counts = counts
        self._max_pairs = pairs
        self._pairs: set[Pair] = set()
        self._durations: dict[Pair, deque[float]] = {}
        self._unsettled: dict[Uid, tuple[Entry, float]] = {}

    def succeeded(self, job: JobRecord, entry: Entry, *, counting: bool) -> None:
        if counting:
            self._counts.add("jobs_finished_total", (entry.kind.namespace, entry.kind.role, "succeeded", "none"))
        search = entry.search
        if search is None or entry.kind.role != "blast":
            return
        search.ran = True
        search.retried_success |= job.failed > 0
        if job.started is not None and job.ended is not None:
            self._lasted(search, max(job.ended - job.started, 0.0), counting=counting)

    def failed(self, job: JobRecord, entry: Entry, now: float, *, counting: bool) -> None:
        """The counter waits for the exit code, which comes by another watch and may be late."""
        if job.fail_reason == "DeadlineExceeded":
            entry.blame("deadline")
            _bury(entry)
        if counting:
            self._unsettled[job.uid] = (entry, now + self._rules.settle)

    def lost(self, entry: Entry, *, unseen: bool) -> None:
        if entry.search:
            entry.search.ended[entry.kind.role, "expired_unseen" if unseen else "lost"] += 1
        if not unseen:
            self._counts.add("jobs_finished_total", (entry.kind.namespace, entry.kind.role, "lost", "none"))

    def settle(self, now: float) -> None:
        """Count the failed Jobs that have waited long enough for the exit code of their last attempt."""
        for uid, (entry, due) in list(self._unsettled.items()):
            if now >= due:
                del self._unsettled[uid]
                self._count_failed(entry)

    def typical_duration(self, search: Search) -> float | None:
        """Median seconds of a batch of this search, else of its program and database; None if none ever ended."""
        own = search.typical_duration()
        pair = (search.program, search.db)
        return own if own is not None or "unknown" in pair else median(self._durations.get(pair, ()))

    def _lasted(self, search: Search, duration: float, *, counting: bool) -> None:
        pair = (search.program, search.db)
        search.durations.append(duration)
        if len(self._pairs) < self._max_pairs:
            self._pairs.add(pair)
        known = pair if pair in self._pairs else ("other", "other")
        self._durations.setdefault(known, deque(maxlen=DURATIONS_KEPT)).append(duration)
        if counting:
            if known != pair:
                self._counts.replaced("db")
            self._counts.observe("job_duration_seconds", known, duration, JOB_DURATION_BOUNDS)

    def _count_failed(self, entry: Entry) -> None:
        reason = entry.status.reason or "other"
        self._counts.add("jobs_finished_total", (entry.kind.namespace, entry.kind.role, "failed", reason))
        if not entry.status.reason:
            _bury(entry)


def _bury(entry: Entry) -> None:
    """Remember a Job whose last attempt nobody saw."""
    if entry.search:
        entry.search.failures.append(
            Obituary(
                job=entry.name, batch=entry.batch, shard=entry.kind.shard, container="", exit_code=None,
                reason=entry.status.reason or "other", node="", at=None,
            )
        )  # fmt: skip
