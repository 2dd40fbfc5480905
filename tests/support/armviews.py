"""What ARM may say, for the tests of pages: everything at the limits, and one ordinary afternoon."""

from __future__ import annotations

from exporter.domain.azure.arm import (
    ArmSnapshot,
    AzureResource,
    ClusterFacts,
    PoolFacts,
    Usage,
)
from exporter.domain.azure.platform import AUTOSCALER_FLAGS, CONTROL_PLANE, NODE_RESOURCES, RESPONSES, Point

PLAIN = ("inflight_requests", "unschedulable_pods", "unneeded_nodes")


def facts(*pools: PoolFacts) -> ClusterFacts:
    """A cluster with these pools, about which ARM says everything."""
    return ClusterFacts(
        name="blast",
        resource_group="searches",
        location="westeurope",
        version="1.33.5",
        tier="Standard",
        power="Running",
        provisioning="Succeeded",
        upgrade_channel="patch",
        private=False,
        local_accounts=False,
        pools=pools,
    )


def pool(name: str, **changes: object) -> PoolFacts:
    """A Spot pool with autoscaler, one minor version behind."""
    given: dict[str, object] = {
        "mode": "User",
        "vm_size": "Standard_E16s_v5",
        "priority": "Spot",
        "version": "1.32.9",
        "provisioning": "Succeeded",
        "power": "Running",
        "count": 10,
        "minimum": 0,
        "maximum": 20,
        "skew": 1,
    }
    return PoolFacts(name=name, **{**given, **changes})  # type: ignore[arg-type] # as given by name


def account(name: str, points: tuple[Point, ...]) -> AzureResource:
    return AzureResource(
        kind="storage_account",
        name=name,
        location="westeurope",
        sku="Standard_LRS",
        provisioning="Succeeded",
        public_access="Disabled",
        points=points,
    )


def full_arm(pools: tuple[str, ...], at: float) -> ArmSnapshot:
    """As many pools, every metric, ten quotas, and twelve storage accounts, which have the most series."""
    words = (*CONTROL_PLANE, *PLAIN, *AUTOSCALER_FLAGS)
    load = [Point(word=word, value=0.5, at=at) for word in words]
    load += [Point(word=word, value=0.5, at=at, split=name) for word in NODE_RESOURCES for name in pools]
    stored = [Point(word=word, value=0.5, at=at) for word in ("used_bytes", "availability")]
    stored += [Point(word="transactions", value=0.5, at=at, split=word) for word in RESPONSES]
    return ArmSnapshot(
        cluster=facts(*(pool(name) for name in pools)),
        points=tuple(load),
        usages=tuple(Usage(family=f"family{n}", used=1, limit=100) for n in range(10)),
        resources=tuple(account(f"account{n}", tuple(stored)) for n in range(12)),
    )


def an_afternoon(at: float) -> ArmSnapshot:
    """Two pools, a quota near its end, a busy API server, a storage account that throttles, a machine, a registry."""
    return ArmSnapshot(
        cluster=facts(
            pool("blastpool"),
            pool(
                "systempool",
                mode="System",
                vm_size="Standard_D4s_v5",
                priority="Regular",
                version="1.33.5",
                count=1,
                minimum=None,
                maximum=None,
                skew=0,
            ),
        ),
        points=(
            Point(word="apiserver_memory", value=0.93, at=at - 180),
            Point(word="unneeded_nodes", value=0.0, at=at - 300),
            Point(word="safe_to_autoscale", value=1.0, at=at - 300),
            Point(word="cpu", value=0.99, at=at - 180, split="blastpool"),
        ),
        usages=(Usage(family="cores", used=164, limit=350), Usage(family="standardESv5Family", used=160, limit=160)),
        resources=(
            account(
                "elbresults",
                (
                    Point(word="used_bytes", value=5e12, at=at - 3600),
                    Point(word="transactions", value=212.5, at=at - 120, split="Success"),
                    Point(word="transactions", value=3.25, at=at - 60, split="ClientAccountRequestThrottlingError"),
                ),
            ),
            AzureResource(
                kind="virtual_machine",
                name="submit",
                location="westeurope",
                sku="Standard_D4s_v5",
                provisioning="Succeeded",
                public_access="unknown",
                power="running",
                points=(Point(word="cpu", value=0.125, at=at - 240),),
            ),
            AzureResource(
                kind="registry",
                name="elbimages",
                location="westeurope",
                sku="Premium",
                provisioning="Updating",
                public_access="Enabled",
                points=(Point(word="pulls", value=0.5, at=at - 600),),
            ),
        ),
    )
