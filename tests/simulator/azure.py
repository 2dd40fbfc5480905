"""A simulated Azure with two clusters, and the real SDK clients that talk to it."""

from __future__ import annotations

from typing import Any

from azure.identity import WorkloadIdentityCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.monitor import MonitorManagementClient

from exporter.simulator.arm.model import ManagedCluster, Pool
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = "searches"
ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
CLUSTER_ID = f"{ROOT}/Microsoft.ContainerService/managedClusters/blast"
SCOPE = "https://management.azure.com/.default"


def cluster(name: str = "blast", **given: Any) -> ManagedCluster:
    """A cluster of two pools, as the dashboard makes it."""
    pools = [
        Pool(name="systempool", count=2, mode="System", vm_size="Standard_D2s_v3"),
        Pool(
            name="blastpool",
            count=3,
            minimum=0,
            maximum=10,
            priority="Spot",
            version="1.32.9",
            labels={"workload": "blast"},
            taints=("workload=blast:NoSchedule",),
        ),
    ]
    place = CLUSTER_ID.rpartition("/")[0]
    return ManagedCluster(**{"id": f"{place}/{name}", "pools": pools, "tags": {"app": "elastic-blast"}, **given})


def credential(arm: ArmSimulator) -> WorkloadIdentityCredential:
    """The credential of a pod with a projected token."""
    return WorkloadIdentityCredential(
        tenant_id=TENANT,
        client_id=CLIENT,
        token_file_path=str(arm.token_file),
        authority=arm.url,
        disable_instance_discovery=True,
        connection_verify=str(arm.ca_file),
        retry_total=0,
    )


def _settings(arm: ArmSimulator) -> dict[str, Any]:
    return {
        "base_url": arm.url,
        "credential_scopes": [SCOPE],
        "connection_verify": str(arm.ca_file),
        "retry_total": 0,
    }


def containers(arm: ArmSimulator, who: Any = None) -> ContainerServiceClient:
    return ContainerServiceClient(who or credential(arm), SUBSCRIPTION, **_settings(arm))


def monitor(arm: ArmSimulator, who: Any = None) -> MonitorManagementClient:
    return MonitorManagementClient(who or credential(arm), SUBSCRIPTION, **_settings(arm))
