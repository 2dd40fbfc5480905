"""core/v1 Pods."""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType, field
from msgspec.json import Decoder

from exporter.adapters.decode_parts import (
    Amount,
    Condition,
    Count,
    Env,
    Int32,
    Metadata,
    Owner,
    created,
    decimal,
    quantity,
    seconds,
    shared_identifier,
    shared_text,
    unique,
)
from exporter.domain.records import ROLE_OF_APP, ContainerRecord, Ending, PodRecord, Uid
from exporter.domain.text import clean

_PHASES = frozenset({"Pending", "Running", "Succeeded", "Failed", "Unknown"})
_MESSAGE_LENGTH = 256
_BLAST = "blast"
_MAX_ACTIVE = "MAX_ACTIVE_SUBMISSIONS"


class _Labels(Struct, gc=False):
    app: str = ""


class _Metadata(Metadata, gc=False, rename="camel"):
    labels: _Labels | None = None
    owner_references: list[Owner] | None = None


class _Requests(Struct, gc=False):
    cpu: Amount | UnsetType = UNSET


class _Limits(Struct, gc=False):
    memory: Amount | UnsetType = UNSET


class _Resources(Struct, gc=False):
    requests: _Requests | None = None
    limits: _Limits | None = None


class _Container(Struct, gc=False, rename="camel"):
    name: str = ""
    env: Raw = Raw(b"null")  # of the OpenAPI pods alone it is read
    resources: _Resources | None = None
    restart_policy: str | None = None


class _Spec(Struct, gc=False, rename="camel"):
    node_name: str | None = None
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    overhead: _Requests | None = None
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


_NO_STATE = _State()
_ENV: Decoder[list[Env] | None] = Decoder(list[Env] | None)


class Pod(Struct, gc=False):
    """The fields of a Pod that are read."""

    metadata: _Metadata
    kind: str = "Pod"
    spec: _Spec = field(default_factory=_Spec)
    status: _Status = field(default_factory=_Status)


def pod_record(pod: Pod) -> PodRecord | None:
    """Return the record of a Pod, None for one that is not ElasticBLAST's. Raises ValueError for one that is broken."""
    metadata, spec, status = pod.metadata, pod.spec, pod.status
    role = ROLE_OF_APP.get(metadata.labels.app) if metadata.labels else None
    if role is None:
        return None
    conditions = {item.type: item for item in status.conditions or ()}
    scheduled = conditions.get("PodScheduled")
    disrupted = _true(conditions.get("DisruptionTarget"))
    blocked = scheduled is not None and scheduled.status == "False" and scheduled.reason == "Unschedulable"
    return PodRecord(
        uid=unique(metadata.uid, "uid"),
        namespace=shared_identifier(metadata.namespace, "namespace"),
        name=clean(metadata.name),
        role=role,
        owner=_owner(metadata.owner_references),
        created=created(metadata),
        phase=status.phase if status.phase in _PHASES else "Unknown",
        ready=_true(conditions.get("Ready")) is not None,
        deleting=metadata.deletion_timestamp is not None,
        node=shared_text(spec.node_name or ""),
        status_reason=shared_text(status.reason or ""),
        unschedulable=clean(scheduled.message or "", _MESSAGE_LENGTH) if scheduled and blocked else None,
        disruption=shared_text(disrupted.reason or "") if disrupted else "",
        cpu=_cpu(spec),
        memory_limit=_memory_limit(spec) if role == "blast" else 0.0,
        containers=(
            *[_container(item, init=True) for item in status.init_container_statuses or ()],
            *[_container(item, init=False) for item in status.container_statuses or ()],
        ),
        max_active=_max_active(spec) if role == "openapi" else None,
    )


def _owner(owners: list[Owner] | None) -> Uid:
    for owner in owners or ():
        if owner.controller and owner.kind == "Job":
            return unique(owner.uid, "owner uid")
    return ""


def _true(found: Condition | None) -> Condition | None:
    return found if found is not None and found.status == "True" else None


def _container(item: _ContainerStatus, *, init: bool) -> ContainerRecord:
    state, last = item.state or _NO_STATE, item.last_state or _NO_STATE
    return ContainerRecord(
        name=shared_identifier(item.name, "container name"),
        init=init,
        restarts=item.restart_count,
        running_since=seconds(state.running.started_at) if state.running else None,
        waiting=shared_text(state.waiting.reason or "") if state.waiting else "",
        ended=_ending(state.terminated) if state.terminated else None,
        last=_ending(last.terminated) if last.terminated else None,
    )


def _ending(end: _Terminated) -> Ending:
    return Ending(
        exit_code=end.exit_code,
        reason=shared_text(end.reason or ""),
        at=seconds(end.finished_at),
        began=seconds(end.started_at),
    )


def _cpu(spec: _Spec) -> float:
    """Return what the scheduler reserves: the larger of the running containers' sum and any moment of the start."""
    overhead = _amount(spec.overhead)
    own = spec.resources.requests if spec.resources else None
    if own and own.cpu is not UNSET:
        return _amount(own) + overhead
    sidecars = start = running = 0.0
    for container in spec.init_containers or ():
        wanted = _wanted(container.resources)
        if container.restart_policy == "Always":
            sidecars += wanted
            wanted = 0.0
        start = max(start, sidecars + wanted)
    for container in spec.containers or ():
        running += _wanted(container.resources)
    return max(start, running + sidecars) + overhead


def _memory_limit(spec: _Spec) -> float:
    """Return the limit of the container that searches, 0 without one."""
    limits = next((one.resources.limits for one in spec.containers or () if one.name == _BLAST and one.resources), None)
    return quantity(limits.memory) if limits and limits.memory is not UNSET else 0.0


def _wanted(resources: _Resources | None) -> float:
    return _amount(resources.requests) if resources else 0.0


def _amount(requests: _Requests | None) -> float:
    return quantity(requests.cpu) if requests and requests.cpu is not UNSET else 0.0


def _max_active(spec: _Spec) -> int | None:
    for container in spec.containers or ():
        for item in _ENV.decode(container.env) or ():
            if item.name == _MAX_ACTIVE:
                return decimal(item.value)
    return None
