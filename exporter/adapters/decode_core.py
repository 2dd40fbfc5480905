"""core/v1 Nodes, PersistentVolumeClaims and Events."""

from __future__ import annotations

from msgspec import Struct, field

from exporter.adapters.decode_parts import (
    Amount,
    Condition,
    Count,
    Metadata,
    condition,
    created,
    decimal,
    identifier,
    quantity,
    seconds,
    shared_text,
    unique,
)
from exporter.domain.records import ClaimRecord, EventRecord, NodeRecord
from exporter.domain.text import clean

_PRESSURES = {
    "MemoryPressure": "memory",
    "DiskPressure": "disk",
    "PIDPressure": "pid",
    "NetworkUnavailable": "network",
}
_POOL_LABELS = ("agentpool", "kubernetes.azure.com/agentpool")
_READY = {"True": True, "False": False}
_REPELLING = ("NoSchedule", "NoExecute")


class _Taint(Struct, gc=False):
    key: str = ""
    effect: str = ""


class _NodeSpec(Struct, gc=False):
    unschedulable: bool | None = None
    taints: list[_Taint] | None = None


class _NodeStatus(Struct, gc=False):
    allocatable: dict[str, Amount] | None = None
    conditions: list[Condition] | None = None


class _NodeMetadata(Metadata, gc=False, rename="camel"):
    labels: dict[str, str] | None = None


class Node(Struct, gc=False):
    """The fields of a Node that are read."""

    metadata: _NodeMetadata
    kind: str = "Node"
    spec: _NodeSpec = field(default_factory=_NodeSpec)
    status: _NodeStatus = field(default_factory=_NodeStatus)


class _ClaimStatus(Struct, gc=False):
    phase: str = ""


class Claim(Struct, gc=False):
    """The fields of a PersistentVolumeClaim that are read."""

    metadata: Metadata
    kind: str = "PersistentVolumeClaim"
    status: _ClaimStatus = field(default_factory=_ClaimStatus)


class _Involved(Struct, gc=False):
    kind: str = ""
    name: str = ""


class _Series(Struct, gc=False, rename="camel"):
    count: Count | None = None
    last_observed_time: str | None = None


class Event(Struct, gc=False, rename="camel"):
    """The fields of an Event that are read."""

    metadata: Metadata
    kind: str = "Event"
    type: str | None = None
    reason: str | None = None
    count: Count | None = None
    series: _Series | None = None
    event_time: str | None = None
    last_timestamp: str | None = None
    involved_object: _Involved = field(default_factory=_Involved)


def node_record(node: Node) -> NodeRecord:
    """Return the record of a Node. Raises ValueError for one that is broken."""
    metadata, status = node.metadata, node.status
    labels = metadata.labels or {}
    ready = condition(status.conditions, "Ready")
    allocatable = status.allocatable or {}
    return NodeRecord(
        uid=unique(metadata.uid, "uid"),
        name=clean(metadata.name),
        pool=next((shared_text(labels[key]) for key in _POOL_LABELS if labels.get(key)), "other"),
        created=created(metadata),
        ready=_READY.get(ready.status) if ready else None,
        cordoned=bool(node.spec.unschedulable),
        pressures=frozenset(
            _PRESSURES[item.type]
            for item in status.conditions or ()
            if item.status == "True" and item.type in _PRESSURES
        ),
        cpu=quantity(allocatable.get("cpu", 0)),
        memory=quantity(allocatable.get("memory", 0)),
        ordinal=decimal(labels.get("ordinal")),
        reserved=any(t.effect in _REPELLING and t.key != "workload" for t in node.spec.taints or ()),
    )


def claim_record(claim: Claim) -> ClaimRecord:
    """Return the record of a claim. Raises ValueError for one that is broken."""
    metadata = claim.metadata
    return ClaimRecord(
        uid=unique(metadata.uid, "uid"),
        namespace=shared_text(identifier(metadata.namespace, "namespace")),
        name=clean(metadata.name),
        phase=shared_text(claim.status.phase),
    )


def event_record(event: Event) -> EventRecord | None:
    """Return the record of a Warning, None for other Events. Raises ValueError for one that is broken."""
    if event.type != "Warning":
        return None
    series = event.series or _Series()
    return EventRecord(
        uid=unique(event.metadata.uid, "uid"),
        namespace=shared_text(event.metadata.namespace),
        kind=shared_text(event.involved_object.kind),
        reason=shared_text(event.reason or ""),
        count=max(event.count or 1, series.count or 1),
        subject=clean(event.involved_object.name),
        at=_latest(series.last_observed_time, event.last_timestamp, event.event_time),
    )


def _latest(*times: str | None) -> float | None:
    """An Event tells its time in one of three fields, by the age of the API that wrote it."""
    return max((at for text in times if (at := seconds(text)) is not None), default=None)
