"""What the ledger keeps of one Job."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.domain.jobs import JobState, job_state
from exporter.domain.records import JobRecord
from exporter.domain.search import Search


class Entry:
    """One known Job. `base` is its state without pod evidence; `ran_with` the active count it last ran with;
    `reason` why its last attempt failed, empty when nobody saw one."""

    __slots__ = (
        "active", "base", "batch", "created", "labelled", "name", "namespace", "pods_running", "ran_with", "ready",
        "reason", "role", "search", "shard", "started", "state", "ttl", "waited",
    )  # fmt: skip

    def __init__(self, job: JobRecord) -> None:
        self.namespace = job.namespace
        self.name = job.name
        self.role = job.role
        self.created = job.created
        self.batch = job.batch
        self.shard = job.shard
        self.ttl = job.ttl
        self.labelled = job.evidence == "label"
        self.search: Search | None = None
        self.base: JobState | None = None
        self.state: JobState | None = None
        self.active = self.ready = self.pods_running = 0
        self.started: float | None = None
        self.ran_with: int | None = None
        self.reason = ""
        self.waited = job.failed > 0

    @property
    def live(self) -> bool:
        return self.state is not None and not self.state.terminal

    @property
    def ended(self) -> bool:
        return self.state is not None and self.state.terminal

    def present_state(self, *, with_pods: bool) -> JobState | None:
        """Its state with the evidence of its pods, or of its own past while they are not known."""
        if self.base is None:
            return None
        pods = self.pods_running if with_pods else None
        return job_state(self.base, active=self.active, ready=self.ready, running_pods=pods, ran_with=self.ran_with)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """One warm-up Job: the database and the node that it warms, how it stands, and when it ended."""

    db: str
    node: str
    state: JobState
    ended: float | None
