"""batch/v1 Jobs."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct, field

from exporter.adapters.decode_parts import (
    Condition,
    Count,
    Env,
    Metadata,
    created,
    decimal,
    identifier,
    seconds,
    shared_text,
)
from exporter.domain import names
from exporter.domain.identity import ID_LABEL, Identity, identify
from exporter.domain.records import ROLE_OF_APP, BlastFacts, JobRecord

_ENV_LENGTH = 1024
_TYPE_LENGTH = 128
_NO_LABELS: dict[str, str] = {}
_READ_ENV = ("BLAST_ELB_JOB_ID", "ELB_RESULTS", "ELB_BLAST_PROGRAM", "ELB_DB", "BLAST_ELB_VERSION")


class _Container(Struct, gc=False):
    env: list[Env] | None = None


class _Claim(Struct, gc=False):
    pass


class _Volume(Struct, gc=False, rename="camel"):
    persistent_volume_claim: _Claim | None = None
    host_path: _Claim | None = None


class _PodSpec(Struct, gc=False, rename="camel"):
    node_name: str | None = None
    init_containers: list[_Container] | None = None
    containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None


class _TemplateMetadata(Struct, gc=False):
    labels: dict[str, str] | None = None


class _Template(Struct, gc=False):
    metadata: _TemplateMetadata | None = None
    spec: _PodSpec = field(default_factory=_PodSpec)


class _Spec(Struct, gc=False, rename="camel"):
    suspend: bool | None = None
    ttl_seconds_after_finished: Count | None = None
    template: _Template = field(default_factory=_Template)


class _Status(Struct, gc=False, rename="camel"):
    active: Count | None = None
    ready: Count | None = None
    failed: Count | None = None
    start_time: str | None = None
    completion_time: str | None = None
    conditions: list[Condition] | None = None


class Job(Struct, gc=False):
    """The fields of a Job that are read."""

    metadata: Metadata
    kind: str = "Job"
    spec: _Spec = field(default_factory=_Spec)
    status: _Status = field(default_factory=_Status)


def job_record(job: Job) -> JobRecord | None:
    """Return the record of a Job, None for one that is not ElasticBLAST's. Raises ValueError for one that is broken."""
    metadata, spec, status = job.metadata, job.spec, job.status
    labels = metadata.labels or _NO_LABELS
    role = ROLE_OF_APP.get(labels.get("app", ""))
    if role is None or role == "openapi":
        return None
    pod = spec.template.spec
    env = _environment(pod)
    identity = _identity(spec.template, labels, env)
    results = env.get("ELB_RESULTS", "")
    true, reason, verdict_at = _conditions(status)
    warm = role == "warmup"
    return JobRecord(
        uid=identifier(metadata.uid, "uid"),
        namespace=shared_text(identifier(metadata.namespace, "namespace")),
        name=identifier(metadata.name, "name"),
        role=role,
        search=shared_text(identity.search),
        evidence=identity.evidence,
        created=created(metadata),
        started=seconds(status.start_time),
        ended=seconds(status.completion_time) or verdict_at,
        active=status.active or 0,
        ready=status.ready or 0,
        failed=status.failed or 0,
        conditions=true,
        fail_reason=reason,
        suspended=bool(spec.suspend),
        deleting=metadata.deletion_timestamp is not None,
        ttl=spec.ttl_seconds_after_finished,
        batch=names.batch_number(metadata.name) if role == "blast" else None,
        shard=decimal(labels.get("shard")),
        facts=_facts(metadata.name, labels, env, pod) if role == "blast" else None,
        openapi_id=_openapi_id(results) if results else "",
        warm_db=shared_text(labels.get("db", "")) if warm else "",
        warm_node=shared_text(pod.node_name or "") if warm else "",
    )


def _identity(template: _Template, labels: dict[str, str], env: dict[str, str]) -> Identity:
    identifier(labels.get(ID_LABEL, ""), "search id", empty=True)
    return identify(
        labels=labels,
        template_labels=(template.metadata.labels if template.metadata else None) or _NO_LABELS,
        env=env,
        results_path=env.get("ELB_RESULTS", ""),
    )


def _environment(pod: _PodSpec) -> dict[str, str]:
    """The variables that are read, of any container; where several have one, the first that is no init container."""
    found: dict[str, str] = {}
    for container in (*(pod.containers or ()), *(pod.init_containers or ())):
        for item in container.env or ():
            if item.value and item.name in _READ_ENV:
                found.setdefault(item.name, item.value[:_ENV_LENGTH])
    return found


def _conditions(status: _Status) -> tuple[frozenset[str], str, float | None]:
    """Return the types that are the case, why the Job failed, and when its verdict fell."""
    if not status.conditions:
        return frozenset(), "", None
    true = {item.type[:_TYPE_LENGTH]: item for item in status.conditions if item.status == "True"}
    failed = true.get("Failed") or true.get("FailureTarget")
    verdict = true.get("Failed") or true.get("Complete")
    return (
        _type_set(tuple(sorted(true))),
        shared_text(failed.reason or "") if failed else "",
        seconds(verdict.last_transition_time) if verdict else None,
    )


@lru_cache(maxsize=256)
def _type_set(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset(shared_text(name) for name in types)


@lru_cache(maxsize=1024)
def _openapi_id(results: str) -> str:
    return names.openapi_id(results)


def _facts(name: str, labels: dict[str, str], env: dict[str, str], pod: _PodSpec) -> BlastFacts:
    prefix = name.partition("-batch-")[0] if "-batch-" in name else ""
    program = env.get("ELB_BLAST_PROGRAM", "")
    return _shared_facts(prefix, program, env.get("ELB_DB", ""), _mode(labels, pod), env.get("BLAST_ELB_VERSION", ""))


@lru_cache(maxsize=1024)
def _shared_facts(prefix: str, program: str, db: str, mode: str, version: str) -> BlastFacts:
    return BlastFacts(
        program=names.program_of(f"{prefix}-batch-" if prefix else "", program),
        db=names.db_name(db),
        mode=mode,
        client_version=shared_text(version),
    )


def _mode(labels: dict[str, str], pod: _PodSpec) -> str:
    if "shard" in labels:
        return "sharded"
    if names.is_partition(labels.get("db", "")):
        return "partitioned"
    volumes = pod.volumes or ()
    if any(volume.persistent_volume_claim for volume in volumes):
        return "pv"
    return "ssd" if any(volume.host_path for volume in volumes) else "unknown"
