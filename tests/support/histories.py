"""A small model of a cluster: Jobs and pods of several searches live and die, and a watcher is told in any order.

Each object keeps its own order of states; the objects mix freely, so that a pod may be seen before its Job.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.jobs import base_state
from exporter.domain.pods import pod_state
from exporter.domain.records import JobRecord, NodeRecord, PodRecord, Record, Role
from tests.support.records import NAMESPACE, START, A, B, container, ended, job, node, pod

GONE = "gone"
JOB_LIVES = (
    ("created", "pending", "running", "tail", "succeeded"),
    ("created", "pending", "tail", "running", "failing", "failed"),
    ("pending", "running", "retrying", "pending", "running", "finishing", "succeeded"),
    ("pending", "running", "suspended", "pending", "tail", "deleting"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("deleting",),
)
POD_LIVES = (
    ("unschedulable", "pending", "running", "ready", "exporting", "Succeeded"),
    ("pending", "image", "running", "crashed", "restarted", "deleting"),
    ("running", "restarted", "evicted"),
    ("pending", "ready"),
)
ROLES: tuple[Role, ...] = ("blast", "blast", "blast", "setup", "submit", "finalizer")
NODES = [node(name, name=name, ordinal=n, pool=f"pool-{name}") for n, name in enumerate(("n0", "n1"))]
EXPORT = container("results-export", running_since=START)
BLAST = container(running_since=START)
POD_LOOKS: dict[str, dict[str, Any]] = {
    "unschedulable": {"phase": "Pending", "unschedulable": "0/2 nodes are available: 2 Insufficient cpu.", "node": ""},
    "pending": {"phase": "Pending"},
    "image": {"phase": "Pending", "containers": (container(waiting="ImagePullBackOff"),)},
    "running": {"containers": (BLAST, EXPORT)},
    "ready": {"ready": True, "containers": (BLAST, EXPORT)},
    "exporting": {"containers": (container(ended=ended(0)), EXPORT)},
    "crashed": {"containers": (container(ended=ended(2)), EXPORT)},
    "restarted": {"containers": (replace(BLAST, restarts=1, last=ended(2)), EXPORT)},
    "deleting": {"deleting": True, "containers": (container(restarts=1, ended=ended(143), last=ended(2)), EXPORT)},
    "evicted": {"phase": "Failed", "status_reason": "Evicted", "disruption": "TerminationByKubelet"},
    "Succeeded": {"phase": "Succeeded", "containers": (container(ended=ended(0)),)},
}


@dataclass(frozen=True)
class Step:
    """One thing that a watch tells: the state of an object, or (`gone`) its deletion with its last state."""

    record: JobRecord | PodRecord
    gone: bool
    at: float


@st.composite
def histories(
    draw: st.DrawFn, *, jobs: int = 5, deletions: bool = True, pods: int = 2, loose: bool = True, waits: bool = False
) -> list[Step]:
    """What a watch tells about a few searches. Times rise from step to step, with `waits` sometimes by hours."""
    lives: list[tuple[JobRecord | PodRecord, tuple[str, ...]]] = []
    for number in range(draw(st.integers(1, jobs))):
        lives.append(draw(_job_lives(number, deletions=deletions, loose=loose)))
        lives += [draw(_pod_lives(f"p{number}{n}", f"j{number}")) for n in range(draw(st.integers(0, pods)))]
    order = draw(st.permutations([index for index, (_, life) in enumerate(lives) for _ in life]))
    pauses = st.sampled_from([1, 2, 3, 150, 1000, 8000]) if waits else st.integers(1, 3)
    at, places, known, steps = START, dict.fromkeys(range(len(lives)), 0), dict[str, Any](), []
    for index in order:
        first, life = lives[index]
        at += draw(pauses)
        look, places[index] = life[places[index]], places[index] + 1
        record = known[first.uid] = _look(known.get(first.uid, first), look, at)
        steps.append(Step(record, gone=look == GONE, at=at))
    return steps


@st.composite
def _job_lives(draw: st.DrawFn, number: int, *, deletions: bool, loose: bool) -> tuple[JobRecord, tuple[str, ...]]:
    role = draw(st.sampled_from(ROLES))
    search = draw(st.sampled_from([A, A, B, ""] if loose else [A, A, B]))
    batch = {"batch": number, "shard": number % 2} if role == "blast" else {}
    life = draw(_prefixes(JOB_LIVES))
    if not deletions:
        life = tuple(look for look in life if look != "deleting") or ("created",)
    elif draw(st.booleans()):
        life = (*life, GONE)
    return job(f"j{number}", role=role, search=search, created=0.0, **batch), life


@st.composite
def _pod_lives(draw: st.DrawFn, uid: str, owner: str) -> tuple[PodRecord, tuple[str, ...]]:
    life = draw(_prefixes(POD_LIVES))
    if draw(st.booleans()):
        life = (*life, GONE)
    where, cpu = draw(st.sampled_from(["n0", "n1"])), draw(st.sampled_from([0.1, 0.7, 3.0]))
    return pod(uid, owner, phase="Pending", created=0.0, node=where, cpu=cpu), life


def _prefixes(lives: tuple[tuple[str, ...], ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from([life[:length] for life in lives for length in range(1, len(life) + 1)])


def _look(before: Any, look: str, at: float) -> Any:
    """The same object with another look; its own times are those of the steps that made them."""
    if look == GONE:
        return before
    created = before.created or at
    if isinstance(before, PodRecord):
        fresh = pod(before.uid, before.owner, created=created, node=before.node, cpu=before.cpu)
        return replace(fresh, **POD_LOOKS[look])
    same = {"role": before.role, "search": before.search, "batch": before.batch, "shard": before.shard}
    found = job(before.uid, "pending" if look == "tail" else look, created=created, **same)
    started = (before.started or at) if found.started is not None else before.started
    return replace(found, started=started, ended=at if base_state(found).terminal else None)


def tell(ledger: Ledger, steps: Iterable[Step], *, judged: bool = False) -> None:
    """Fold what a watch tells; `judged`: with a tick after each step."""
    for step in steps:
        (ledger.gone if step.gone else ledger.seen)(step.record, step.at)
        if judged:
            evaluate(ledger, step.at, stale=frozenset())


def present(steps: Iterable[Step]) -> dict[str, JobRecord | PodRecord]:
    """The objects that are there in the end, by uid."""
    there: dict[str, JobRecord | PodRecord] = {}
    for step in steps:
        there[step.record.uid] = step.record
        if step.gone:
            del there[step.record.uid]
    return there


def relist(ledger: Ledger, there: Iterable[Record], now: float, *, gap: float | None, ended_too: bool = True) -> None:
    """List living pods, and Jobs that live or have a living pod; `ended_too`: also those that have ended."""
    known = list(there)
    pods = [r for r in known if isinstance(r, PodRecord) and pod_state(r) is not None]
    owners = {r.owner for r in pods}
    jobs = [r for r in known if isinstance(r, JobRecord)]
    jobs = [r for r in jobs if ended_too or r.uid in owners or not base_state(r).terminal]
    ledger.listed("jobs", NAMESPACE, jobs, now, gap=gap)
    ledger.listed("pods", NAMESPACE, pods, now, gap=gap)


def with_nodes(ledger: Ledger) -> Ledger:
    nodes: list[NodeRecord] = NODES
    ledger.listed("nodes", "", nodes, START, gap=None)
    return ledger
