"""What the ledger keeps of one pod, and how few or many pods of one Job are held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from exporter.domain.attempts import NONE_COUNTED, Counted
from exporter.domain.jobentry import Entry
from exporter.domain.pods import block_reason, export_waits_since, pod_state
from exporter.domain.records import PodRecord, Role, Uid
from exporter.domain.search import Key, Search

Group = tuple[str, Role]


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
