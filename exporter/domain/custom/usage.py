"""What nodes and pods use, as metrics.k8s.io says, and who holds the Lease under which searches are submitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from exporter.domain.custom.objects import Kind
from exporter.domain.records import ROLE_OF_APP, Role

OLD_SAMPLE = 300.0  # seconds: an older sample says nothing about now
LEASE_LASTS = 900.0  # seconds, where a Lease does not tell
LEASE_SKEW = 30.0  # seconds that submitters allow for clocks that differ
LEASE_PATH = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/elb-blast-submit-{namespace}"
LEASE_HOLDERS = ("cli", "openapi", "other")

_METRICS = "metrics.k8s.io"
NODE_METRICS = Kind(group=_METRICS, plural="nodes", kind="NodeMetrics", namespaced=False, optional=False, paged=False)
POD_METRICS = Kind(
    group=_METRICS,
    plural="pods",
    kind="PodMetrics",
    optional=False,
    selector=f"app in ({','.join(sorted(ROLE_OF_APP))})",
    paged=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUsage:
    """One node: cores and bytes (working set), sampled at `at` (Unix seconds)."""

    node: str
    cpu: float
    memory: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PodUsage:
    """One pod of a search or beside one: cores and bytes of all its containers, and bytes of its blast container."""

    role: Role
    search: str
    cpu: float
    memory: float
    blast_memory: float
    at: float


@dataclass(frozen=True, slots=True)
class Used:
    """Cores and bytes."""

    cpu: float = 0.0
    memory: float = 0.0

    def plus(self, cpu: float, memory: float) -> Used:
        return Used(self.cpu + cpu, self.memory + memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodsUsed:
    """The pods of one namespace: by role, the largest working set of a blast container by search id, and when the
    oldest sample was taken (None without one)."""

    roles: Mapping[Role, Used] = field(default_factory=dict)
    largest: Mapping[str, float] = field(default_factory=dict)
    oldest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesUsed:
    """The nodes that have a sample, and when the oldest was taken."""

    nodes: tuple[NodeUsage, ...] = ()
    oldest: float | None = None

    def pools(self, pool_of: Callable[[str], str | None]) -> dict[str, Used]:
        """Sums by pool; `pool_of` is None for a node that is not known any more."""
        pools: dict[str, Used] = {}
        for usage in self.nodes:
            pool = pool_of(usage.node)
            if pool is not None:
                pools[pool] = pools.get(pool, Used()).plus(usage.cpu, usage.memory)
        return pools


def nodes_used(samples: Iterable[NodeUsage], now: float) -> NodesUsed:
    """The samples that are not too old at `now` (Unix seconds of the API server)."""
    nodes = tuple(sample for sample in samples if now - sample.at <= OLD_SAMPLE)
    return NodesUsed(nodes=nodes, oldest=min((sample.at for sample in nodes), default=None))


def pods_used(samples: Iterable[PodUsage], now: float) -> PodsUsed:
    """The samples that are not too old, by role and by search."""
    roles: dict[Role, Used] = {}
    largest: dict[str, float] = {}
    times: list[float] = []
    for sample in samples:
        if now - sample.at > OLD_SAMPLE:
            continue
        times.append(sample.at)
        roles[sample.role] = roles.get(sample.role, Used()).plus(sample.cpu, sample.memory)
        if sample.search and sample.blast_memory:
            largest[sample.search] = max(largest.get(sample.search, 0.0), sample.blast_memory)
    return PodsUsed(roles=roles, largest=largest, oldest=min(times, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseView:
    """Who holds the submit Lease: one of LEASE_HOLDERS, empty for nobody; since when (Unix seconds, None if untold)."""

    holder: str = ""
    acquired: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """The Lease as it is stored. `renewed` is None for a time that cannot be read; `stamped`: there is one."""

    holder: str = ""
    acquired: float | None = None
    stamped: bool = False
    renewed: float | None = None
    lasts: float = LEASE_LASTS


def lease_view(lease: LeaseRecord, now: float) -> LeaseView:
    """Who holds the Lease at `now`, by the rule that the submitters themselves go by: it is free without a holder or a
    renewal, and once the last one is too old. A renewal that cannot be read holds it."""
    if not lease.holder or not lease.stamped:
        return LeaseView()
    if lease.renewed is not None and now > lease.renewed + lease.lasts + LEASE_SKEW:
        return LeaseView()
    return LeaseView(holder=holder_of(lease.holder), acquired=lease.acquired)


def holder_of(identity: str) -> str:
    """Which program wrote `<program>-<uuid>`."""
    text = identity.removeprefix("elb-")
    return next((word for word in ("cli", "openapi") if text == word or text.startswith(f"{word}-")), "other")
