"""What an API said about one object, cleaned and reduced to the fields that the rules read.

Times are Unix seconds of the API server's clock; None means that the API did not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar, dataclass_transform

T = TypeVar("T")
Uid = str | bytes
"""What `metadata.uid` says: the 16 bytes of a UUID in its usual form, any other text as it is."""

Role = Literal["setup", "submit", "blast", "finalizer", "warmup", "prepare_db", "openapi"]
SEARCH_ROLES: tuple[Role, ...] = ("setup", "submit", "blast", "finalizer")
JOB_ROLES: tuple[Role, ...] = (*SEARCH_ROLES, "warmup", "prepare_db")
POD_ROLES: tuple[Role, ...] = (*JOB_ROLES, "openapi")
ROLE_OF_APP: dict[str, Role] = {
    "setup": "setup",
    "submit": "submit",
    "blast": "blast",
    "finalizer": "finalizer",
    "elb-db-warmup": "warmup",
    "elb-prepare-db": "prepare_db",
    "elb-openapi": "openapi",
}

Evidence = Literal["label", "template", "env", "path", "suffix", ""]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value_class(cls: type[T]) -> type[T]:
    """A value that nobody changes. Only the type checker holds that: at run time it doubles the cost of making one."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)


@value_class
class BlastFacts:
    """What a blast Job tells about its search. Empty text: it does not tell."""

    program: str = ""
    db: str = ""
    mode: str = ""
    client_version: str = ""


@value_class
class JobRecord:
    """One batch/v1 Job."""

    uid: Uid
    namespace: str
    name: str
    role: Role
    search: str = ""
    evidence: Evidence = ""
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    active: int = 0
    ready: int = 0
    failed: int = 0
    conditions: frozenset[str] = frozenset()
    fail_reason: str = ""
    suspended: bool = False
    deleting: bool = False
    ttl: float | None = None
    batch: int | None = None
    shard: int | None = None
    facts: BlastFacts | None = None
    openapi_id: str = ""
    warm_db: str = ""
    warm_node: str = ""


@value_class
class Ending:
    """How one run of a container ended; it had begun at `began`."""

    exit_code: int
    reason: str = ""
    at: float | None = None
    began: float | None = None


@value_class
class ContainerRecord:
    """One container of a pod: what it does now and how its previous run ended."""

    name: str
    init: bool = False
    restarts: int = 0
    running_since: float | None = None
    waiting: str = ""
    ended: Ending | None = None
    last: Ending | None = None


@value_class
class PodRecord:
    """One pod. `owner` is the uid of its controlling Job, empty without one; `cpu` what it requests, in cores;
    `memory_limit` that of its blast container in bytes, 0 without one."""

    uid: Uid
    namespace: str
    name: str
    role: Role
    owner: Uid = ""
    created: float = 0.0
    phase: str = "Unknown"
    ready: bool = False
    deleting: bool = False
    node: str = ""
    status_reason: str = ""
    unschedulable: str | None = None
    disruption: str = ""
    cpu: float = 0.0
    memory_limit: float = 0.0
    containers: tuple[ContainerRecord, ...] = field(default=())
    max_active: int | None = None


@value_class
class NodeRecord:
    """One node. `pool` is its agent pool; allocatable is in cores and bytes; `reserved`: it has a taint that
    ElasticBLAST's pods do not tolerate."""

    uid: Uid
    name: str
    pool: str
    created: float = 0.0
    ready: bool | None = None
    cordoned: bool = False
    pressures: frozenset[str] = frozenset()
    cpu: float = 0.0
    memory: float = 0.0
    ordinal: int | None = None
    reserved: bool = False


@value_class
class ClaimRecord:
    """One PersistentVolumeClaim."""

    uid: Uid
    namespace: str
    name: str
    phase: str


@value_class
class EventRecord:
    """One Warning event; `count` is how often the API server has seen it, `at` when it last happened."""

    uid: Uid
    namespace: str = ""
    kind: str
    reason: str
    count: int = 1
    subject: str = ""
    at: float | None = None


Record = JobRecord | PodRecord | NodeRecord | ClaimRecord | EventRecord
