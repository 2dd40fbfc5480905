"""One search as the fold keeps it: tallies that events move, never a list of its Jobs."""

from __future__ import annotations

from collections import Counter, deque

from exporter.domain.jobs import JobState
from exporter.domain.phase import Facts, Fate, Memory
from exporter.domain.progress import expected_jobs, median
from exporter.domain.records import JobRecord, Uid
from exporter.domain.snapshots import Obituary
from exporter.domain.words import VIEW_OF_STATE

Key = tuple[str, str]
DURATIONS_KEPT = 200
FAILURES_KEPT = 5
_EVIDENCE = ("label", "template", "env", "path", "unknown")  # the strongest of its Jobs counts


class Search:
    """Tallies of one (namespace, id). Only the fold changes it, under its owner's lock.

    `live` and `ended` count Jobs by (role, state) and (role, result); `newest` is the newest server time that any
    of its objects carried, `newest_judged` what it was when the phase was last judged; `running` maps the uid of a
    running blast Job to its start; `memory_limit` is the largest of its blast containers in bytes, 0 without one;
    `news`: one of its Jobs ended while somebody looked. `setup_shared` counts the live setup Jobs that a cancel spares;
    `cancel_runs`: a cancel may still delete; `cancelled_at` is what `newest` was when a cancel that was asked for was
    done, `strays` are the live Jobs that came later.
    """

    __slots__ = (
        "attempts", "batch_counted", "blocked", "cancel_requested", "cancel_runs", "cancelled_at", "client_version",
        "created", "db",
        "durations", "ended", "evidence", "export_waits", "failures", "finalizer_created", "first_seen",
        "highest_batch", "id", "last_progress", "live", "live_created", "memory", "memory_limit", "mode", "namespace",
        "newest", "newest_judged", "news", "node_seconds", "openapi_id", "pending_shards", "phase_since", "program",
        "ran", "reopened", "retried_success", "running", "seen_live", "setup_seen", "setup_shared", "shards",
        "shortest_ttl", "strays", "told_since", "unschedulable",
    )  # fmt: skip

    def __init__(self, namespace: str, identity: str, now: float) -> None:
        self.namespace = namespace
        self.id = identity
        self.evidence = "unknown"
        self.first_seen = now
        self.created = now
        self.newest = 0.0
        self.newest_judged = 0.0
        self.news = False
        self.last_progress = 0.0
        self.live: Counter[tuple[str, JobState]] = Counter()
        self.ended: Counter[tuple[str, str]] = Counter()
        self.batch_counted = 0
        self.live_created: Counter[float] = Counter()
        self.finalizer_created = 0.0
        self.setup_seen = False
        self.setup_shared = 0
        self.ran = False
        self.retried_success = False
        self.highest_batch: int | None = None
        self.shards: set[int] = set()
        self.pending_shards: Counter[int] = Counter()
        self.shortest_ttl: float | None = None
        self.running: dict[Uid, float] = {}
        self.durations: deque[float] = deque(maxlen=DURATIONS_KEPT)
        self.program = self.db = self.mode = self.client_version = "unknown"
        self.openapi_id = ""
        self.attempts: Counter[str] = Counter()
        self.blocked: Counter[str] = Counter()
        self.unschedulable = 0
        self.memory_limit = 0.0
        self.export_waits: dict[Uid, float] = {}
        self.failures: deque[Obituary] = deque(maxlen=FAILURES_KEPT)
        self.node_seconds: dict[str, float] = {}
        self.memory = Memory()
        self.phase_since = 0.0
        self.told_since = 0.0
        self.seen_live = False
        self.reopened = False
        self.cancel_requested = False
        self.cancel_runs = False
        self.cancelled_at: float | None = None
        self.strays: set[Uid] = set()

    @property
    def key(self) -> Key:
        return (self.namespace, self.id)

    @property
    def moving(self) -> bool:
        """Whether its phase may still change by time alone: it is not terminal."""
        return self.memory.phase is None or not self.memory.phase.terminal

    def learn(self, job: JobRecord) -> None:
        """Take the facts that one of its Jobs carries; of contradicting ones the first is believed."""
        if job.created:
            self.created = min(self.created, job.created) if self.newest else job.created
        self.newest = max(self.newest, job.created, job.started or 0.0, job.ended or 0.0)
        if job.evidence in _EVIDENCE:
            self.evidence = min(self.evidence, job.evidence, key=_EVIDENCE.index)
        self.openapi_id = self.openapi_id or job.openapi_id
        if job.ttl is not None:
            self.shortest_ttl = job.ttl if self.shortest_ttl is None else min(self.shortest_ttl, job.ttl)
        if job.role == "setup":
            self.setup_seen = True
        if job.role == "finalizer":
            self.finalizer_created = max(self.finalizer_created, job.created)
        if job.role == "blast":
            self._learn_batch(job)

    def _learn_batch(self, job: JobRecord) -> None:
        self.last_progress = max(self.last_progress, job.created, job.ended or 0.0)
        if job.batch is not None:
            self.highest_batch = job.batch if self.highest_batch is None else max(self.highest_batch, job.batch)
        if job.shard is not None:
            self.shards.add(job.shard)
        facts = job.facts
        if facts is not None and self.program == "unknown":
            self.program = facts.program or "unknown"
            self.db = facts.db or "unknown"
            self.mode = facts.mode or "unknown"
            self.client_version = facts.client_version or "unknown"

    def blast_live(self) -> dict[JobState, int]:
        return {state: n for (role, state), n in self.live.items() if role == "blast" and n}

    def live_of(self, role: str) -> int:
        return sum(n for (r, _), n in self.live.items() if r == role)

    def fate(self, role: str) -> Fate:
        """The worst that is known of its Jobs of a role: live, failed, succeeded, lost; never seen."""
        if self.live_of(role):
            return "live"
        results: tuple[Fate, ...] = ("failed", "succeeded", "lost")
        return next((result for result in results if self.ended[role, result]), "never")

    def facts(self, *, stale: bool = False, pods_known: bool = True) -> Facts:
        blast = self.blast_live()
        return Facts(
            blast=blast,
            submit_live={state: n for (role, state), n in self.live.items() if role == "submit" and n},
            setup_live=self.live_of("setup"),
            setup_shared=self.setup_shared,
            setup_seen=self.setup_seen,
            setup_failed=self.ended["setup", "failed"] > 0,
            submit=self.fate("submit"),
            finalizer=self.fate("finalizer"),
            finalizer_created=self.finalizer_created,
            succeeded=self.ended["blast", "succeeded"],
            failed=self.ended["blast", "failed"],
            lost=self.ended["blast", "lost"],
            expired_unseen=sum(n for (_, result), n in self.ended.items() if result == "expired_unseen"),
            retried_success=self.retried_success,
            ever_ran=self.ran,
            unschedulable=pods_known and self.unschedulable > 0,
            newest=self.newest,
            newest_live_created=max(self.live_created, default=None),
            cancel_requested=self.cancel_requested,
            stale=stale,
        )

    def five_states(self) -> dict[str, int]:
        """Its blast Jobs by the five states of the view; their sum is every blast Job that it is known to have had."""
        view = {"pending": 0, "running": 0}
        for state, n in self.blast_live().items():
            view[VIEW_OF_STATE[state]] += n
        for result in ("succeeded", "failed", "lost"):
            view[result] = self.ended["blast", result]
        return view

    def submission_closed(self) -> bool:
        return self.fate("finalizer") != "never" and self.fate("submit") != "live"

    def expected(self) -> int | None:
        """Blast Jobs it will have had in the end; None while more may be submitted."""
        return self.expected_min() if self.submission_closed() else None

    def expected_min(self) -> int | None:
        return expected_jobs(self.highest_batch, len(self.shards))

    def typical_duration(self) -> float | None:
        return median(self.durations)

    def history_incomplete(self) -> bool:
        """Whether batches may have come and gone before the first look: then the tallies are lower bounds."""
        return self.shortest_ttl is not None and self.first_seen - self.created >= self.shortest_ttl
