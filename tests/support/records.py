"""Records with sensible defaults, and a ledger to fold them into. Times are seconds after an arbitrary start."""

from __future__ import annotations

from typing import Any

from exporter.domain.fold.counts import Counts
from exporter.domain.fold.freeze import freeze_batch, freeze_core
from exporter.domain.fold.ledger import Ledger, Limits
from exporter.domain.fold.search import Search
from exporter.domain.records import (
    ClaimRecord,
    ContainerRecord,
    Ending,
    EventRecord,
    JobRecord,
    NodeRecord,
    PodRecord,
    Record,
    Role,
)
from exporter.domain.rules import Rules
from exporter.domain.snapshots import BatchSnapshot, CoreSnapshot, SearchView

START = 1_000_000.0
NAMESPACE = "default"
A = "job-" + "a" * 32
B = "job-" + "b" * 32
TTL = 1800.0

LOOKS: dict[str, dict[str, Any]] = {
    "created": {},
    "pending": {"active": 1, "started": START + 1},
    "running": {"active": 1, "ready": 1, "started": START + 1},
    "retrying": {"failed": 1, "started": START + 1},
    "suspended": {"suspended": True},
    "finishing": {"active": 1, "started": START + 1, "conditions": frozenset({"SuccessCriteriaMet"})},
    "failing": {"started": START + 1, "conditions": frozenset({"FailureTarget"})},
    "deleting": {"active": 1, "started": START + 1, "deleting": True},
    "succeeded": {
        "started": START + 1,
        "ended": START + 60,
        "conditions": frozenset({"SuccessCriteriaMet", "Complete"}),
    },
    "failed": {
        "started": START + 1,
        "ended": START + 60,
        "failed": 1,
        "conditions": frozenset({"FailureTarget", "Failed"}),
        "fail_reason": "BackoffLimitExceeded",
    },
}


def job(uid: str = "j", look: str = "created", *, role: Role = "blast", search: str = A, **fields: Any) -> JobRecord:
    """A labelled Job of a search (unlabelled if `search` is empty) that looks as one of LOOKS."""
    known: dict[str, Any] = {
        "namespace": NAMESPACE,
        "name": f"{role}-{uid}",
        "created": START,
        "evidence": "label" if search else "",
        "ttl": TTL if role in ("blast", "submit") else None,
    }
    return JobRecord(uid=uid, role=role, search=search, **{**known, **LOOKS[look], **fields})


def container(name: str = "blast", **fields: Any) -> ContainerRecord:
    return ContainerRecord(name=name, **fields)


def ended(code: int, reason: str = "", at: float = START + 50) -> Ending:
    return Ending(exit_code=code, reason=reason or ("Completed" if code == 0 else "Error"), at=at)


def pod(uid: str = "p", owner: str = "j", phase: str = "Running", **fields: Any) -> PodRecord:
    """A pod of a blast Job."""
    known: dict[str, Any] = {"namespace": NAMESPACE, "name": f"pod-{uid}", "role": "blast", "created": START}
    return PodRecord(uid=uid, owner=owner, phase=phase, **{**known, **fields})


def node(uid: str = "n", **fields: Any) -> NodeRecord:
    known: dict[str, Any] = {"name": f"node-{uid}", "pool": "blast", "created": START - 999, "ready": True, "cpu": 16.0}
    return NodeRecord(uid=uid, **{**known, **fields})


def event(uid: str = "e", count: int = 1, **fields: Any) -> EventRecord:
    known: dict[str, Any] = {"kind": "Pod", "reason": "BackOff", "namespace": NAMESPACE}
    return EventRecord(uid=uid, count=count, **{**known, **fields})


def claim(uid: str = "c", **fields: Any) -> ClaimRecord:
    known: dict[str, Any] = {"namespace": NAMESPACE, "name": "blast-dbs-pvc-rwm", "phase": "Bound"}
    return ClaimRecord(uid=uid, **{**known, **fields})


def new_ledger(*, rules: Rules | None = None, synced: bool = True, **limits: int) -> Ledger:
    """A ledger; `synced`: its first listings, of nothing, are behind it."""
    ledger = Ledger(rules=rules or Rules(), limits=Limits(**limits), counts=Counts())
    if synced:
        for resource in ("jobs", "pods", "events", "nodes"):
            ledger.listed(resource, "" if resource == "nodes" else NAMESPACE, [], START - 500, gap=None)
    return ledger


def see(ledger: Ledger, *records: Record, now: float = START + 100) -> None:
    for record in records:
        ledger.seen(record, now)


def search_of(ledger: Ledger, identity: str = A, namespace: str = NAMESPACE) -> Search:
    return ledger.jobs.searches[namespace, identity]


def total(ledger: Ledger, name: str, *labels: str) -> float:
    """The sum of a counter's series whose first label values are `labels`."""
    totals = ledger.counts.freeze().totals
    return sum(n for (family, values), n in totals.items() if family == name and values[: len(labels)] == labels)


def observations(ledger: Ledger, name: str) -> int:
    """How many values a histogram has taken."""
    return sum(sum(tally.counts) for (family, _), tally in ledger.counts.freeze().tallies.items() if family == name)


def batch_of(ledger: Ledger, now: float = START + 100, **changes: Any) -> BatchSnapshot:
    known: dict[str, Any] = {
        "namespaces": [NAMESPACE],
        "shown_before": frozenset(),
        "pods_known": [NAMESPACE],
        "nodes_known": True,
        "stored": {},
    }
    return freeze_batch(ledger, now, **{**known, **changes})


def view_of(ledger: Ledger, now: float = START + 100, identity: str = A, **changes: Any) -> SearchView:
    return next(view for view in batch_of(ledger, now, **changes).searches if view.id == identity)


def core_of(ledger: Ledger, now: float = START + 100, **changes: Any) -> CoreSnapshot:
    known: dict[str, Any] = {"pod_namespaces": [NAMESPACE], "claim_namespaces": [NAMESPACE], "nodes_known": True}
    return freeze_core(ledger, now, **{**known, **changes})
