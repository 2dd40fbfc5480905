"""What one tick froze: immutable values whose size is that of the searches shown, never of the Jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.domain.azure.arm import ArmSnapshot
from exporter.domain.azure.credential import CredentialFacts
from exporter.domain.custom.view import CustomSnapshot
from exporter.domain.history import History
from exporter.domain.phase import Phase, Reason
from exporter.domain.words import CANCEL_DURATION_BOUNDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Obituary:
    """One failed attempt of a search, kept for people. `at` is Unix seconds."""

    job: str
    batch: int | None
    shard: int | None
    container: str
    exit_code: int | None
    reason: str
    node: str
    at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchView:
    """One search as it may be shown. Times are Unix seconds of the API server; None is unknown and stays absent.

    `jobs` has the five states pending running succeeded failed lost of its blast Jobs; `roles` the live Jobs by
    (role, state); `attempts` failed attempts by failure reason; `blocked` pods by block reason; `flags` 0 or 1.
    """

    namespace: str
    id: str
    phase: Phase
    reason: Reason
    phase_since: float
    created: float
    last_progress: float
    terminal: bool
    jobs: Mapping[str, int]
    roles: Mapping[tuple[str, str], int]
    attempts: Mapping[str, int]
    blocked: Mapping[str, int]
    flags: Mapping[str, bool]
    evidence: str = "unknown"
    program: str = "unknown"
    db: str = "unknown"
    mode: str = "unknown"
    shards: int | None = None
    client_version: str = "unknown"
    openapi_id: str = ""
    expected: int | None = None
    expected_min: int | None = None
    eta: float | None = None
    failures: tuple[Obituary, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSnapshot:
    """The batch boundary at one moment, of the namespaces that may be shown: Jobs and the searches made of them."""

    namespaces: tuple[str, ...] = ()
    searches: tuple[SearchView, ...] = ()
    hidden: int = 0
    live_phases: Mapping[tuple[str, str], int] = field(default_factory=dict)
    jobs: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    unattributed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    stored: Mapping[str, int] = field(default_factory=dict)
    warmup: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """One node pool: nodes by state and by pressure; cores and bytes of its ready, uncordoned nodes."""

    pool: str
    nodes: Mapping[str, int]
    pressure: Mapping[str, int]
    cpu_allocatable: float
    cpu_requested: float | None
    memory_allocatable: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSnapshot:
    """The core boundary at one moment. A part is None while its resource may not be shown; pods are those of
    `pod_namespaces`."""

    pod_namespaces: tuple[str, ...] = ()
    pods: Mapping[tuple[str, str, str], int] | None = None
    blocked: Mapping[tuple[str, str, str], int] | None = None
    oldest_pending: Mapping[tuple[str, str], float] | None = None
    run_slots: Mapping[str, int] | None = None
    pools: tuple[PoolView, ...] | None = None
    claims: Mapping[tuple[str, str], str] | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """A histogram so far: observations per bucket (one more than the bounds, not cumulative) and their sum."""

    counts: tuple[int, ...]
    sum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsSnapshot:
    """Every counter and histogram of one cluster, by (family name without prefix, label values)."""

    totals: Mapping[tuple[str, tuple[str, ...]], float] = field(default_factory=dict)
    tallies: Mapping[tuple[str, tuple[str, ...]], Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceHealth:
    """How one resource of a collector fares, the worst of its namespaces.

    `mode` is watch or poll; `state` one of fresh stale expired denied absent stopped never; `last_success` Unix
    seconds, None before the first; `word` the failure word of the last attempt, empty when it was good.
    """

    collector: str
    resource: str
    mode: str
    state: str
    last_success: float | None = None
    word: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """Everything one cluster may say at one moment. `name` is empty for a single unnamed cluster; `node_seconds` are by
    namespace, search id and pool, of the searches last shown: a counter stays when its search may not be shown.
    `arm_left` is what ARM still allows, by (scope, operation); `histories` are by namespace and search id;
    `since` is when it was first looked at, Unix seconds."""

    name: str
    namespaces: tuple[str, ...]
    batch: BatchSnapshot | None
    core: CoreSnapshot | None
    counts: CountsSnapshot
    health: tuple[ResourceHealth, ...]
    clock_skew: Mapping[str, float] = field(default_factory=dict)
    node_seconds: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    custom: CustomSnapshot | None = None
    arm: ArmSnapshot | None = None
    arm_left: Mapping[tuple[str, str], int] = field(default_factory=dict)
    credentials: tuple[CredentialFacts, ...] = ()
    histories: Mapping[tuple[str, str], History] = field(default_factory=dict)
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessView:
    """The exporter about itself. Times are Unix seconds, memory in bytes."""

    version: str
    revision: str
    python_version: str
    cpu_seconds: float | None
    resident_bytes: int | None
    start_time: float
    open_fds: int | None
    http_requests: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCancel:
    """A cancel of one search that runs, asked for at `since`, Unix seconds; `stage` is empty until it has looked."""

    namespace: str
    id: str
    since: float
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCancels:
    """Cancels of one cluster: how many by result, Jobs deleted by role, seconds to the last pod, and those that run."""

    results: Mapping[str, int] = field(default_factory=dict)
    deleted: Mapping[str, int] = field(default_factory=dict)
    durations: Tally = Tally((0,) * (len(CANCEL_DURATION_BOUNDS) + 1), 0.0)
    running: tuple[RunningCancel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelCounts:
    """Cancels by name of the cluster, where there were any; callers and requests that were refused, by reason."""

    clusters: Mapping[str, ClusterCancels] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    auth_failures: Mapping[str, int] = field(default_factory=dict)
    audit_failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one page says: every cluster and the process, frozen together. `at` is Unix seconds; `cancels` is None while
    nobody can cancel."""

    at: float
    clusters: tuple[ClusterView, ...]
    process: ProcessView
    prices: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    cancels: CancelCounts | None = None
