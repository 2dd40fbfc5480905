"""The rows of the board Nodes and Azure that come from Azure."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.links import PORTAL
from dashboards.generator.panels import bars, lines, timeline
from dashboards.generator.promql import coded, one, total
from dashboards.generator.tables import Column, rows_of
from exporter.domain.azure.arm import PROVISIONING_STATES, VM_POWER_STATES

_RESOURCE = "{{cluster}} {{kind}} {{name}}"


def cluster() -> list[Panel]:
    """The managed cluster itself."""
    return [
        rows_of(
            Card(
                "Clusters",
                shows="Each managed cluster by Azure. A click on a name opens the list of clusters in the portal.",
                good="A supported version; tier Standard where many searches run.",
                act="Tier Free with many Jobs: the API server is slow. An old version: upgrade between searches.",
                w=12,
                h=6,
                empty="Azure not read",
            ),
            [one("aks_info")],
            [
                Column("cluster", "Cluster"),
                Column("name", "Name", link=PORTAL),
                Column("resource_group", "Resource group"),
                Column("location", "Location"),
                Column("kubernetes_version", "Kubernetes"),
                Column("sku_tier", "Tier"),
            ],
            by="Name",
            rising=True,
        ),
        rows_of(
            Card(
                "Settings",
                shows="Whether the API server is private, local accounts are allowed, upgrades come by themselves.",
                good="What you decided.",
                act="auto_upgrade: an upgrade drains nodes under running searches; set a maintenance window.",
                w=12,
                h=6,
                empty="Azure not read",
            ),
            [one("aks_flag")],
            [Column("cluster", "Cluster"), Column("flag", "Setting"), Column("A", "On", unit="bool_yes_no")],
            by="Cluster",
            rising=True,
        ),
        lines(
            Card(
                "Control plane",
                many=True,
                shows="Highest use of a limit of the control plane, by Azure Monitor.",
                good="Below 85 %.",
                act="etcd_database: delete finished Jobs. apiserver: fewer Jobs at once, or a higher tier.",
                w=8,
                unit="percentunit",
                least=0,
                most=1,
                base="transparent",
                steps=[(0.85, "yellow"), (0.95, "red")],
                empty="Azure Monitor not read",
            ),
            (one("aks_control_plane_usage_ratio"), "{{cluster}} {{resource}}"),
            limits=True,
        ),
        lines(
            Card(
                "Requests in flight",
                shows="Requests in flight in the API server, by Azure Monitor.",
                good="Tens.",
                act="Hundreds for long: something lists all Jobs in a loop; fewer Jobs, or a higher tier.",
                w=8,
                empty="Azure Monitor not read",
            ),
            (one("aks_apiserver_inflight_requests"), "{{cluster}} requests"),
        ),
        lines(
            Card(
                "Cluster autoscaler",
                shows="Pods that it cannot place, and nodes that it is about to remove, by Azure Monitor.",
                good="0 pods, and nodes only when searches end.",
                act="Pods that stay: the pool is at its maximum, or no pool fits them.",
                w=8,
                empty="no autoscaler, or Azure Monitor not read",
            ),
            (one("aks_autoscaler_unschedulable_pods"), "{{cluster}} pods without a place"),
            (one("aks_autoscaler_unneeded_nodes"), "{{cluster}} nodes not needed"),
        ),
        bars(
            Card(
                "Autoscaler settings now",
                shows="Whether the autoscaler may act, and whether it waits after a scale-down.",
                good="safe_to_autoscale Yes.",
                act="safe_to_autoscale No: too many nodes are not ready, it does nothing until they are.",
                w=12,
                h=6,
                unit="bool_yes_no",
                empty="no autoscaler, or Azure Monitor not read",
            ),
            one("aks_autoscaler_flag"),
            "{{cluster}} {{flag}}",
        ),
        lines(
            Card(
                "Age of Azure Monitor's points",
                shows="Age of the newest point of Azure Monitor with a value, the oldest by kind of resource.",
                good="Minutes; hours for used bytes.",
                act="Older: Azure Monitor lags, or the cluster does not run.",
                w=12,
                h=6,
                unit="s",
                empty="Azure Monitor not read",
            ),
            (f"time() - min by (kind) ({one('azure_metric_timestamp_seconds')})", "{{kind}}"),
        ),
    ]


def beside() -> list[Panel]:
    """Storage accounts, registries, virtual machines and scale sets that are configured."""
    none = "no resources configured, or Azure not read"
    return [
        rows_of(
            Card(
                "Resources",
                shows="Configured storage accounts, registries, virtual machines and scale sets.",
                good="All that searches need.",
                act="Public access Disabled: pods reach it through a private endpoint only.",
                h=6,
                empty=none,
            ),
            [one("azure_resource_info")],
            [
                Column("kind", "Kind"),
                Column("name", "Name"),
                Column("location", "Location"),
                Column("sku", "SKU"),
                Column("public_access", "Public access"),
            ],
            by="Name",
            rising=True,
        ),
        timeline(
            Card(
                "Resources: provisioning",
                shows="What Azure does with each resource.",
                good="Succeeded.",
                act="Failed: its error is in the portal.",
                h=6,
                words=PROVISIONING_STATES,
                empty=none,
            ),
            coded("azure_resource_provisioning_state", "state", PROVISIONING_STATES),
            _RESOURCE,
        ),
        lines(
            Card(
                "Storage: availability",
                shows="Share of the billable requests that each storage account answered in the newest hour.",
                good="Above 99.9 %.",
                act="Lower: results and databases cannot be copied; see the requests beside.",
                w=8,
                unit="percentunit",
                least=0,
                most=1,
                decimals=2,
                empty=none,
            ),
            (one("azure_storage_availability_ratio"), "{{name}}"),
        ),
        lines(
            Card(
                "Storage: requests per second",
                shows="Requests to storage accounts by how they were answered.",
                good="Success.",
                act="Throttling, ServerBusyError: fewer Jobs at once. AuthorizationError: a right or the firewall.",
                w=8,
                decimals=1,
                empty=none,
            ),
            (total(one("azure_storage_transactions_per_second"), "name", "response"), "{{name}} {{response}}"),
        ),
        lines(
            Card(
                "Bytes kept",
                shows="What storage accounts and registries keep.",
                good="It grows with results only.",
                act="It grows without end: delete old results or images.",
                w=8,
                unit="bytes",
                empty=none,
            ),
            (one("azure_used_bytes"), _RESOURCE),
        ),
        lines(
            Card(
                "Registry: pulls per second",
                shows="Image pulls in the newest hour.",
                good="A burst when nodes come.",
                act="Steady pulls: images are not cached on the nodes, or pods restart.",
                w=8,
                decimals=2,
                empty=none,
            ),
            (one("azure_registry_pulls_per_second"), "{{name}}"),
        ),
        lines(
            Card(
                "Machines: CPU",
                shows="Average use of the CPUs of virtual machines and scale sets, by Azure Monitor.",
                good="High while they work.",
                act="Low for long: deallocate them.",
                w=8,
                unit="percentunit",
                least=0,
                most=1,
                empty=none,
            ),
            (one("azure_cpu_usage_ratio"), _RESOURCE),
        ),
        lines(
            Card(
                "Scale sets: instances",
                shows="Instances that each scale set is to have, and its machines by state.",
                good="What the work needs, and as many as the target.",
                act="Instances without work cost: scale them in.",
                w=8,
                empty=none,
            ),
            (one("azure_scale_set_instances"), "{{name}} target"),
            (total(one("azure_scale_set_vms"), "name", "state"), "{{name}} {{state}}"),
        ),
        timeline(
            Card(
                "Machines: power",
                shows="Power state of each virtual machine.",
                good="running while it has work, deallocated otherwise.",
                act="stopped still costs: deallocate it.",
                w=24,
                h=6,
                words=VM_POWER_STATES,
                empty=none,
            ),
            coded("azure_vm_power_state", "state", VM_POWER_STATES),
            "{{cluster}} {{name}}",
        ),
    ]
