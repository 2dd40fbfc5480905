"""What lies in the simulated subscriptions: clusters with their pools, other resources, quota and metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CLUSTERS = "Microsoft.ContainerService/managedClusters"


@dataclass(slots=True, kw_only=True)
class Pool:
    """One agent pool; `minimum` and `maximum` are those of the autoscaler, None without one."""

    name: str
    count: int
    mode: str = "User"
    vm_size: str = "Standard_E16s_v5"
    minimum: int | None = None
    maximum: int | None = None
    priority: str = "Regular"
    version: str = "1.33.5"
    provisioning: str = "Succeeded"
    power: str = "Running"
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()

    def properties(self) -> dict[str, Any]:
        """As ARM shows them, without nulls."""
        given = {
            "count": self.count,
            "mode": self.mode,
            "vmSize": self.vm_size,
            "osType": "Linux",
            "osSKU": "Ubuntu",
            "type": "VirtualMachineScaleSets",
            "enableAutoScaling": self.maximum is not None,
            "minCount": self.minimum,
            "maxCount": self.maximum,
            "scaleSetPriority": self.priority if self.priority != "Regular" else None,
            "orchestratorVersion": self.version,
            "currentOrchestratorVersion": self.version,
            "provisioningState": self.provisioning,
            "powerState": {"code": self.power},
            "nodeLabels": self.labels or None,
            "nodeTaints": list(self.taints) or None,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(slots=True, kw_only=True)
class ManagedCluster:
    """One AKS cluster. `server` and `ca_pem` are those of its Kubernetes API.

    A pair `client` (certificate, key; PEM) makes it a cluster of local accounts: its user credential holds them.
    """

    id: str
    location: str = "westeurope"
    version: str = "1.33.5"
    tier: str = "Standard"
    power: str = "Running"
    provisioning: str = "Succeeded"
    pools: list[Pool] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    private: bool = False
    upgrade_channel: str = "patch"
    server: str = ""
    ca_pem: str = ""
    client: tuple[str, str] | None = None
    fresh_properties: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    def body(self) -> dict[str, Any]:
        """The managed cluster as ARM shows it; `fresh_properties` are laid over its properties."""
        properties: dict[str, Any] = {
            "provisioningState": self.provisioning,
            "powerState": {"code": self.power},
            "kubernetesVersion": self.version,
            "currentKubernetesVersion": self.version,
            "fqdn": self.server.partition("//")[2] or f"{self.name}.hcp.{self.location}.azmk8s.io",
            "agentPoolProfiles": [{"name": pool.name, **pool.properties()} for pool in self.pools],
            "nodeResourceGroup": f"MC_{self.name}",
            "disableLocalAccounts": self.client is None,
            "apiServerAccessProfile": {"enablePrivateCluster": self.private},
            "autoUpgradeProfile": {"upgradeChannel": self.upgrade_channel},
        }
        if self.client is None:
            properties["aadProfile"] = {"managed": True, "enableAzureRBAC": True}
        return {
            "id": self.id,
            "name": self.name,
            "type": CLUSTERS,
            "location": self.location,
            "tags": self.tags,
            "sku": {"name": "Base", "tier": self.tier},
            "properties": properties | self.fresh_properties,
        }


@dataclass(slots=True, kw_only=True)
class Resource:
    """Any other resource, as ARM shows it. `expanded` joins the properties where an instance view is asked for;
    `instances` are the power states of a scale set's virtual machines."""

    id: str
    location: str = "westeurope"
    sku: dict[str, Any] = field(default_factory=dict)
    kind: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    expanded: dict[str, Any] = field(default_factory=dict)
    instances: tuple[str, ...] = ()

    def machines(self) -> list[dict[str, Any]]:
        """The virtual machines of a scale set, with their instance views."""
        return [
            {
                "instanceId": str(number),
                "name": f"{self.id.rpartition('/')[2]}_{number}",
                "properties": {
                    "instanceView": {
                        "statuses": [{"code": "ProvisioningState/succeeded"}, {"code": f"PowerState/{power}"}]
                    }
                },
            }
            for number, power in enumerate(self.instances)
        ]

    def body(self, *, expand: bool) -> dict[str, Any]:
        provider, kind, name = self.id.split("/")[-3:]
        shown = {"id": self.id, "name": name, "type": f"{provider}/{kind}", "location": self.location}
        if self.sku:
            shown["sku"] = self.sku  # type: ignore[assignment] # the literal above is all text
        if self.kind:
            shown["kind"] = self.kind
        return {**shown, "properties": {**self.properties, **(self.expanded if expand else {})}}


@dataclass(slots=True, kw_only=True)
class Series:
    """Points of one time series, the newest last; the newest is `lag` seconds old. None: the point is not there yet."""

    values: list[float | None]
    dimensions: dict[str, str] = field(default_factory=dict)
    lag: float = 60.0


@dataclass(slots=True, kw_only=True)
class Metric:
    """One platform metric of a resource; `grain` is its finest in minutes, `aggregation` the one that it answers."""

    name: str
    aggregation: str = "Average"
    unit: str = "Percent"
    grain: int = 1
    dimensions: tuple[str, ...] = ()
    series: list[Series] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What of a quota is used in one region: `name` as Microsoft.Compute writes it, e.g. standardESv5Family."""

    name: str
    used: int
    limit: int
    text: str = ""


@dataclass(slots=True, kw_only=True)
class Estate:
    """All of it. Keys are ARM ids in lower case, as ARM compares them; usages are by (subscription, region)."""

    clusters: dict[str, ManagedCluster] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    usages: dict[tuple[str, str], list[Usage]] = field(default_factory=dict)
    metrics: dict[str, list[Metric]] = field(default_factory=dict)

    def add(self, *things: ManagedCluster | Resource) -> None:
        """Put clusters and resources in, by their ids."""
        for thing in things:
            if isinstance(thing, ManagedCluster):
                self.clusters[thing.id.lower()] = thing
            else:
                self.resources[thing.id.lower()] = thing

    def measure(self, resource_id: str, *metrics: Metric) -> None:
        """Set the platform metrics of a resource."""
        self.metrics[resource_id.lower()] = list(metrics)
