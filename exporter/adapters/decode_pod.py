"""core/v1 Pods."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from exporter.adapters.decode_parts import (
    Amounts,
    Condition,
    Count,
    Env,
    Int32,
    Metadata,
    Owner,
    condition,
    created,
    decimal,
    identifier,
    seconds,
    shared_text,
    true_condition,
)
from exporter.domain.quantities import parse_quantity
from exporter.domain.records import ROLE_OF_APP, ContainerRecord, Ending, PodRecord
from exporter.domain.text import clean

_PHASES = frozenset({"Pending", "Running", "Succeeded", "Failed", "Unknown"})
_MESSAGE_LENGTH = 256
_MAX_ACTIVE = "MAX_ACTIVE_SUBMISSIONS"


class PodMetadata(Metadata, gc=False, rename="camel"):
    owner_references: list[Owner] | None = None


class _Resources(Struct, gc=False):
    requests: Amounts | None = None


class _Container(Struct, gc=False, rename="camel"):
    env: list[Env] | None = None
    resources: _Resources | None = None
    restart_policy: str | None = None


class _Spec(Struct, gc=False, rename="camel"):
    node_name: str | None = None
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    overhead: Amounts | None = None
    resources: _Resources | None = None


class _Running(Struct, gc=False, rename="camel"):
    started_at: str | None = None


class _Waiting(Struct, gc=False):
    reason: str | None = None


class _Terminated(Struct, gc=False, rename="camel"):
    exit_code: Int32 = 0
    reason: str | None = None
    started_at: str | None = None
    finished_at: str | None = None


class _State(Struct, gc=False):
    running: _Running | None = None
    waiting: _Waiting | None = None
    terminated: _Terminated | None = None


class _ContainerStatus(Struct, gc=False, rename="camel"):
    name: str = ""
    restart_count: Count = 0
    state: _State | None = None
    last_state: _State | None = None


class _Status(Struct, gc=False, rename="camel"):
    phase: str = ""
    reason: str | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[_ContainerStatus] | None = None
    init_container_statuses: list[_ContainerStatus] | None = None


class Pod(Struct, gc=False):
    """The fields of a Pod that are read."""

    metadata: PodMetadata
    kind: str = "Pod"
    spec: _Spec = field(default_factory=_Spec)
    status: _Status = field(default_factory=_Status)


def pod_record(pod: Pod) -> PodRecord | None:
    """Return the record of a Pod, None for one that is not ElasticBLAST's. Raises ValueError for one that is broken."""
    metadata, spec, status = pod.metadata, pod.spec, pod.status
    role = ROLE_OF_APP.get((metadata.labels or {}).get("app", ""))
    if role is None:
        return None
    scheduled = condition(status.conditions, "PodScheduled")
    disrupted = true_condition(status.conditions, "DisruptionTarget")
    blocked = scheduled is not None and scheduled.status == "False" and scheduled.reason == "Unschedulable"
    return PodRecord(
        uid=identifier(metadata.uid, "uid"),
        namespace=shared_text(identifier(metadata.namespace, "namespace")),
        name=clean(metadata.name),
        role=role,
        owner=_owner(metadata.owner_references),
        created=created(metadata),
        phase=status.phase if status.phase in _PHASES else "Unknown",
        ready=true_condition(status.conditions, "Ready") is not None,
        deleting=metadata.deletion_timestamp is not None,
        node=shared_text(spec.node_name or ""),
        status_reason=shared_text(status.reason or ""),
        unschedulable=clean(scheduled.message or "", _MESSAGE_LENGTH) if scheduled and blocked else None,
        disruption=shared_text(disrupted.reason or "") if disrupted else "",
        disrupted_at=seconds(disrupted.last_transition_time) if disrupted else None,
        cpu=_request(spec, "cpu"),
        memory=_request(spec, "memory"),
        containers=tuple(_containers(status)),
        max_active=_max_active(spec) if role == "openapi" else None,
    )


def _owner(owners: list[Owner] | None) -> str:
    for owner in owners or ():
        if owner.controller and owner.kind == "Job":
            return identifier(owner.uid, "owner uid")
    return ""


def _containers(status: _Status) -> Iterator[ContainerRecord]:
    for init, statuses in ((True, status.init_container_statuses), (False, status.container_statuses)):
        for item in statuses or ():
            yield _container(item, init=init)


def _container(item: _ContainerStatus, *, init: bool) -> ContainerRecord:
    state, last = item.state, item.last_state
    return ContainerRecord(
        name=shared_text(identifier(item.name, "container name")),
        init=init,
        restarts=item.restart_count,
        running_since=seconds(state.running.started_at) if state and state.running else None,
        waiting=shared_text(state.waiting.reason or "") if state and state.waiting else "",
        ended=_ending(state),
        last=_ending(last),
    )


def _ending(state: _State | None) -> Ending | None:
    if state is None or (end := state.terminated) is None:
        return None
    return Ending(
        exit_code=end.exit_code,
        reason=shared_text(end.reason or ""),
        at=seconds(end.finished_at),
        began=seconds(end.started_at),
    )


def _request(spec: _Spec, resource: str) -> float:
    """Return what the scheduler reserves: the larger of the running containers' sum and any moment of the start."""
    overhead = amount(spec.overhead, resource)
    if spec.resources and resource in (spec.resources.requests or {}):
        return amount(spec.resources.requests, resource) + overhead
    sidecars = start = 0.0
    for container in spec.init_containers or ():
        wanted = _wanted(container, resource)
        if container.restart_policy == "Always":
            sidecars += wanted
            wanted = 0.0
        start = max(start, sidecars + wanted)
    running = sum(_wanted(container, resource) for container in spec.containers or ())
    return max(start, running + sidecars) + overhead


def _wanted(container: _Container, resource: str) -> float:
    return amount(container.resources.requests, resource) if container.resources else 0.0


def amount(amounts: Amounts | None, resource: str) -> float:
    """Return the amount of a resource in cores or bytes, 0 without one. Raises ValueError for a bad quantity."""
    if not amounts or (raw := amounts.get(resource)) is None:
        return 0.0
    value = parse_quantity(raw if isinstance(raw, str) else repr(raw))
    if value is None:
        raise ValueError("quantity")
    return value


def _max_active(spec: _Spec) -> int | None:
    for container in spec.containers or ():
        for item in container.env or ():
            if item.name == _MAX_ACTIVE:
                return decimal(item.value)
    return None
