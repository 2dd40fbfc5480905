"""batch/v1 Jobs."""

from __future__ import annotations

from functools import lru_cache

from msgspec import UNSET, Struct, UnsetType, field

from exporter.adapters.decode_parts import (
    Condition,
    Count,
    Env,
    Metadata,
    created,
    decimal,
    identifier,
    seconds,
    shared_identifier,
    shared_text,
    unique,
)
from exporter.domain import names
from exporter.domain.identity import ID_ENV, ID_LABEL, identify
from exporter.domain.records import ROLE_OF_APP, BlastFacts, JobRecord

_ENV_LENGTH = 1024
_TYPE_LENGTH = 128
_READ_ENV = frozenset({"BLAST_ELB_JOB_ID", "ELB_RESULTS", "ELB_BLAST_PROGRAM", "ELB_DB", "BLAST_ELB_VERSION"})


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


class _Labels(Struct, gc=False):
    app: str = ""
    db: str = ""
    shard: str | UnsetType = UNSET
    search: str = field(name=ID_LABEL, default="")


class _Metadata(Metadata, gc=False, rename="camel"):
    labels: _Labels | None = None


_NO_LABELS = _Labels()


class _TemplateMetadata(Struct, gc=False):
    labels: _Labels | None = None


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

    metadata: _Metadata
    kind: str = "Job"
    spec: _Spec = field(default_factory=_Spec)
    status: _Status = field(default_factory=_Status)


def job_record(job: Job) -> JobRecord | None:
    """Return the record of a Job, None for one that is not ElasticBLAST's. Raises ValueError for one that is broken."""
    metadata, spec, status = job.metadata, job.spec, job.status
    labels = metadata.labels or _NO_LABELS
    role = ROLE_OF_APP.get(labels.app)
    if role is None or role == "openapi":
        return None
    pod = spec.template.spec
    env = _environment(pod)
    results = env.get("ELB_RESULTS", "")
    template = (spec.template.metadata.labels if spec.template.metadata else None) or _NO_LABELS
    identity = identify(
        app=labels.app,
        label=identifier(labels.search, "search id", empty=True),
        template=template.search,
        env=env.get(ID_ENV, ""),
        results_path=results,
    )
    true, reason, verdict_at = _conditions(status)
    blast, warm = role == "blast", role == "warmup"
    name = identifier(metadata.name, "name")
    return JobRecord(
        uid=unique(metadata.uid, "uid"),
        namespace=shared_identifier(metadata.namespace, "namespace"),
        name=name,
        role=role,
        search=identity.search,
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
        batch=names.batch_number(name) if blast else None,
        shard=decimal(labels.shard or None),
        facts=_facts(name, labels, env, pod) if blast else None,
        openapi_id=_openapi_id(results) if results else "",
        warm_db=shared_text(labels.db) if warm else "",
        warm_node=shared_text(pod.node_name or "") if warm else "",
    )


def _environment(pod: _PodSpec) -> dict[str, str]:
    """The variables that are read, of any container; where several have one, the first that is no init container."""
    found: dict[str, str] = {}
    for container in (*(pod.containers or ()), *(pod.init_containers or ())):
        for item in container.env or ():
            if item.name in _READ_ENV and item.value:
                found.setdefault(item.name, item.value[:_ENV_LENGTH])
        if len(found) == len(_READ_ENV):
            break
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


def _facts(name: str, labels: _Labels, env: dict[str, str], pod: _PodSpec) -> BlastFacts:
    prefix, found, _ = name.partition("-batch-")
    version = env.get("BLAST_ELB_VERSION", "")
    program, db = env.get("ELB_BLAST_PROGRAM", ""), env.get("ELB_DB", "")
    return _shared_facts(prefix if found else "", program, db, _mode(labels, pod), version)


@lru_cache(maxsize=1024)
def _shared_facts(prefix: str, program: str, db: str, mode: str, version: str) -> BlastFacts:
    return BlastFacts(
        program=names.program_of(f"{prefix}-batch-" if prefix else "", program),
        db=names.db_name(db),
        mode=mode,
        client_version=shared_text(version),
    )


def _mode(labels: _Labels, pod: _PodSpec) -> str:
    if labels.shard is not UNSET:
        return "sharded"
    if labels.db and names.is_partition(labels.db):
        return "partitioned"
    mode = "unknown"
    for volume in pod.volumes or ():
        if volume.persistent_volume_claim:
            return "pv"
        if volume.host_path:
            mode = "ssd"
    return mode
