"""Jobs and pods as a cancel reads them: one broken object spoils the answer, for it may be the one that lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from msgspec import Struct, field
from msgspec.json import Decoder

from exporter.adapters.decode_job import Job, job_record
from exporter.adapters.decode_parts import Owner, created, identifier
from exporter.domain.cancel import LivePod, Target
from exporter.domain.failures import Failed, Word
from exporter.domain.text import clean

Item = TypeVar("Item")
_ENDED_JOB = ("Complete", "Failed")
_ENDED_POD = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """One page: what it holds, and the token of the next one, empty on the last."""

    items: list[Item]
    token: str


class _ListMetadata(Struct, gc=False):
    token: str = field(name="continue", default="")


class _ListOf(Struct, Generic[Item], gc=False):
    kind: str
    metadata: _ListMetadata
    items: list[Item] | None


class _PodMetadata(Struct, gc=False, rename="camel"):
    name: str
    owner_references: list[Owner] | None = None


class _PodStatus(Struct, gc=False):
    phase: str = ""


class _Pod(Struct, gc=False):
    metadata: _PodMetadata
    status: _PodStatus = field(default_factory=_PodStatus)


_JOB = Decoder(Job)
_JOBS = Decoder(_ListOf[Job])
_PODS = Decoder(_ListOf[_Pod])


def decode_target(body: bytes) -> Target:
    """Return the Job that `body` is. Raises Failed."""
    try:
        job = _JOB.decode(body)
        if job.kind != "Job":
            raise ValueError(job.kind)
        return _target(job)
    except (ValueError, RecursionError):
        raise Failed(Word.GARBLED, "not a Job") from None


def decode_targets(body: bytes) -> Part[Target]:
    """Return one page of Jobs. Raises Failed."""
    page = _page(_JOBS, "JobList", body)
    try:
        return Part([_target(job) for job in page.items or ()], page.metadata.token)
    except ValueError:
        raise Failed(Word.GARBLED, "a Job is broken") from None


def decode_living_pods(body: bytes) -> Part[LivePod]:
    """Return the pods of one page whose phase is not final. Raises Failed."""
    page = _page(_PODS, "PodList", body)
    living = (pod for pod in page.items or () if pod.status.phase not in _ENDED_POD)
    return Part([LivePod(name=clean(pod.metadata.name), owner=_owner(pod)) for pod in living], page.metadata.token)


def _page(decoder: Decoder[_ListOf[Item]], kind: str, body: bytes) -> _ListOf[Item]:
    try:
        page = decoder.decode(body)
    except (ValueError, RecursionError):
        raise Failed(Word.GARBLED, f"not a {kind}") from None
    if page.kind != kind:
        raise Failed(Word.GARBLED, f"not a {kind}")
    return page


def _target(job: Job) -> Target:
    metadata = job.metadata
    app, label = (metadata.labels.app, metadata.labels.search) if metadata.labels else ("", "")
    record = job_record(job)
    conditions: Sequence[tuple[str, str]] = [(one.type, one.status) for one in job.status.conditions or ()]
    return Target(
        uid=identifier(metadata.uid, "uid"),
        name=identifier(metadata.name, "name"),
        namespace=identifier(metadata.namespace, "namespace"),
        version=identifier(metadata.resource_version, "version"),
        role=record.role if record else None,
        app=clean(app),
        search=record.search if record else label,
        evidence=record.evidence if record else ("label" if label else ""),
        created=created(metadata),
        terminal=any(kind in _ENDED_JOB and status == "True" for kind, status in conditions),
        deleting=metadata.deletion_timestamp is not None,
    )


def _owner(pod: _Pod) -> str:
    return next((owner.uid for owner in pod.metadata.owner_references or () if owner.controller), "")
