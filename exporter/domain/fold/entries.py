"""What the ledger keeps of one Job and of one pod, and how few or many pods of one Job are held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from exporter.domain.attempts import NONE_COUNTED, Counted
from exporter.domain.fold.search import Key, Search
from exporter.domain.jobs import JobState
from exporter.domain.names import cast, mould_of
from exporter.domain.pods import block_reason, export_waits_since, pod_state
from exporter.domain.records import JobRecord, PodRecord, Role, Uid

Group = tuple[str, Role]


@dataclass(frozen=True, slots=True)
class Kind:
    """What never changes of a Job and is the same for most Jobs of a search; `mould` is their name, without number."""

    namespace: str
    role: Role
    ttl: float | None
    labelled: bool
    shard: int | None
    mould: str


@dataclass(frozen=True, slots=True)
class Status:
    """How a Job stands, the same for many: its state, how many of its pods it says are active and ready, when it
    started, why its last attempt failed (empty: nobody saw one), and whether it is known how long it waited for its
    first container."""

    state: JobState | None = None
    active: int = 0
    ready: int = 0
    started: float | None = None
    reason: str = ""
    waited: bool = False


_kind = lru_cache(maxsize=1024)(Kind)
_status = lru_cache(maxsize=4096)(Status)


class Entry:
    """One known Job. What it has in common with others is one object; `pods` are those of its pods that found it."""

    __slots__ = ("batch", "created", "kind", "pods", "search", "status", "uid")

    def __init__(self, job: JobRecord) -> None:
        self.uid = job.uid
        self.kind = _kind(
            job.namespace, job.role, job.ttl, job.evidence == "label", job.shard, mould_of(job.name, job.batch)
        )
        self.batch = job.batch
        self.created = job.created
        self.search: Search | None = None
        self.status = _status(waited=job.failed > 0)
        self.pods: Pods = None

    @property
    def name(self) -> str:
        return cast(self.kind.mould, self.batch)

    @property
    def state(self) -> JobState | None:
        return self.status.state

    @property
    def live(self) -> bool:
        state = self.status.state
        return state is not None and not state.terminal

    @property
    def ended(self) -> bool:
        state = self.status.state
        return state is not None and state.terminal

    @property
    def ran_with(self) -> int | None:
        """The active count that it runs with; None while it does not."""
        return self.status.active if self.status.state is JobState.RUNNING else None

    def tell(self, job: JobRecord) -> None:
        """Take over what the Job says. Where it lacks the start, the one before counts."""
        now = self.status
        started = now.started if job.started is None else job.started
        if (job.active, job.ready, started) != (now.active, now.ready, now.started):
            self.status = _status(now.state, job.active, job.ready, started, now.reason, now.waited)

    def turn(self, state: JobState | None) -> None:
        """Come to a state. What only the living are asked for is dropped when it ends."""
        now = self.status
        if state is not None and state.terminal:
            self.status = _status(state, reason=now.reason, waited=now.waited)
        else:
            self.status = _status(state, now.active, now.ready, now.started, now.reason, now.waited)

    def blame(self, reason: str) -> None:
        now = self.status
        self.status = _status(now.state, now.active, now.ready, now.started, reason, now.waited)

    def stop_waiting(self) -> None:
        now = self.status
        self.status = _status(now.state, now.active, now.ready, now.started, now.reason, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """One warm-up Job: the database and the node that it warms, how it stands, and when it ended."""

    db: str
    node: str
    state: JobState
    ended: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one state of a pod contributes; equal shares need no change, and most are one object."""

    state: str | None = None
    blocked: str | None = None
    unschedulable: bool = False
    running: bool = False
    busy: bool = False
    node: str = ""
    cpu: float = 0.0
    export_since: float | None = None
    memory_limit: float = 0.0


_share = lru_cache(maxsize=4096)(Share)
NOTHING = Share()


class PodEntry:
    """What is kept of one pod. `owner` is its Job once that is known, before that the Job's uid; `counted` are the
    runs of its containers that were looked at; `news`: its start was seen and not found by the first listing."""

    __slots__ = ("counted", "created", "group", "news", "owner", "search", "share", "started", "uid")

    def __init__(self, pod: PodRecord) -> None:
        self.uid = pod.uid
        self.group = _group(pod.namespace, pod.role)
        self.owner: Entry | Uid = pod.owner
        self.created = pod.created
        self.share = NOTHING
        self.counted: Counted = NONE_COUNTED
        self.search: Search | None = None
        self.started: float | None = None
        self.news = False

    @property
    def search_key(self) -> Key | None:
        return self.search.key if self.search else None


Pods = PodEntry | dict[PodEntry, None] | None
"""The pods of one Job: most have one, which then needs no table."""


def each(pods: Pods) -> Iterable[PodEntry]:
    if pods is None:
        return ()
    return (pods,) if isinstance(pods, PodEntry) else tuple(pods)


def added(pods: Pods, pod: PodEntry) -> Pods:
    """They and one more. A table is changed in its place."""
    if pods is None or pods is pod:
        return pod
    if isinstance(pods, PodEntry):
        return {pods: None, pod: None}
    pods[pod] = None
    return pods


def without(pods: Pods, pod: PodEntry) -> Pods:
    """They but for one. A table is changed in its place."""
    if isinstance(pods, dict):
        pods.pop(pod, None)
        return pods or None
    return None if pods is pod else pods


def share_of(pod: PodRecord) -> Share:
    """What this state of the pod contributes."""
    state = pod_state(pod)
    if state is None:
        return NOTHING
    running = pod.phase == "Running"
    return _share(
        state,
        block_reason(pod),
        pod.unschedulable is not None and state == "pending",
        running,
        running and pod.role in ("setup", "blast"),
        pod.node,
        pod.cpu,
        export_waits_since(pod),
        pod.memory_limit,
    )


@lru_cache(maxsize=1024)
def _group(namespace: str, role: Role) -> Group:
    return (namespace, role)
