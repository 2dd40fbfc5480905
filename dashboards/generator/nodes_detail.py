"""The middle rows of the board Nodes and Azure."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.panels import lines
from dashboards.generator.promql import increase, one, rate, total
from dashboards.generator.shared import POOL, per_minute

_NAMED = "{{cluster}} {{pool}}"
_NODE = 'kind="Node"'


def room() -> list[Panel]:
    """What the nodes have, and what is asked and used of it."""
    return [
        lines(
            Card(
                "CPU",
                shows="Cores that the ready nodes offer, that search pods ask for, and that are in use.",
                good="Requested near allocatable while Jobs wait, used near requested.",
                act="Used far below requested: Jobs wait for the disk or the network, see the busiest nodes.",
                w=8,
                decimals=1,
                empty="nodes not read",
            ),
            (total(one("pool_cpu_allocatable_cores", POOL)), "allocatable"),
            (total(one("pool_cpu_requested_cores", POOL)), "requested"),
            (total(one("pool_cpu_usage_cores", POOL)), "used"),
        ),
        lines(
            Card(
                "Memory",
                shows="Memory that the ready nodes offer, and the working set on them.",
                good="Used below allocatable, with room for the database.",
                act="Used near allocatable: pods are killed or evicted next. Larger nodes, or fewer Jobs on each.",
                w=8,
                unit="bytes",
                empty="nodes not read",
            ),
            (total(one("pool_memory_allocatable_bytes", POOL)), "allocatable"),
            (total(one("pool_memory_usage_bytes", POOL)), "used"),
        ),
        lines(
            Card(
                "Busiest node of each pool",
                shows="Use of CPU, memory and disk of the busiest node of each pool, by Azure Monitor.",
                good="Disk below 80 %; CPU and memory as high as they stay.",
                act="disk near 100 %: the database does not fit with the results; take larger disks.",
                w=8,
                unit="percentunit",
                least=0,
                most=1,
                empty="Azure Monitor not read",
            ),
            (one("pool_node_usage_max_ratio", POOL), "{{cluster}} {{pool}} {{resource}}"),
        ),
        lines(
            Card(
                "Nodes at work and idle",
                shows="Nodes by use: busy nodes run a setup or blast pod.",
                good="Busy while searches run; idle ones go soon after.",
                act="Idle for hours: scale the pool to zero, or stop the cluster.",
                w=8,
                decimals=1,
                empty="nodes or pods not read",
                colours={"busy": "blue", "idle": "yellow"},
            ),
            (total(rate("node_seconds_total", POOL), "use"), "{{use}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Quota of cores",
                many=True,
                shows="Share of each quota in use, whoever in the subscription uses it.",
                good="Below 90 %.",
                act="At 100 % a pool stays below its target: ask for quota, or take another VM family.",
                w=8,
                unit="percentunit",
                base="transparent",
                steps=[(0.9, "yellow"), (0.99, "red")],
                empty="quota not read",
            ),
            (f"{one('quota_used_cores')} / ({one('quota_limit_cores')} > 0)", "{{cluster}} {{family}}"),
            limits=True,
        ),
        lines(
            Card(
                "Age of usage samples",
                many=True,
                shows="Age of the oldest sample of metrics.k8s.io that usage is made of.",
                good="Below two minutes.",
                act="Older than five minutes are left out: metrics-server is slow or down.",
                w=8,
                unit="s",
                base="transparent",
                steps=[(300, "red")],
                empty="no usage metrics",
            ),
            (f"time() - {one('usage_sample_oldest_timestamp_seconds')}", "{{cluster}} {{resource}}"),
            limits=True,
        ),
    ]


def trouble() -> list[Panel]:
    """Nodes lost, drained, under pressure."""
    taken = total(increase("pod_disruptions_total", POOL, over="1h"), "pool", "reason")
    return [
        lines(
            Card(
                "Pods taken off their node",
                many=True,
                shows="Pods that were evicted, preempted or lost in the last hour, by pool and reason.",
                good="None, or those of Spot nodes.",
                act="TerminationByKubelet, Evicted: disk or memory of a node. NodeLost: Spot eviction, broken node.",
                w=8,
                decimals=0,
                empty="no pod was taken off its node",
            ),
            (f"{taken} > 0", "{{pool}} {{reason}}"),
        ),
        lines(
            Card(
                "Nodes removed",
                many=True,
                shows="Node objects that went away in the last hour, by pool.",
                good="Only after searches end.",
                act="While searches run: Spot evictions. Take regular nodes for long searches.",
                w=8,
                decimals=0,
                empty="nodes not read",
            ),
            (increase("nodes_removed_total", POOL, over="1h"), _NAMED),
        ),
        lines(
            Card(
                "Nodes under pressure",
                many=True,
                shows="Nodes with a pressure condition.",
                good="0.",
                act="memory, disk: pods are evicted next. pid: too many processes. network: the node is not wired.",
                w=8,
                empty="nodes not read",
            ),
            (total(one("pool_nodes_pressure", POOL), "pool", "condition"), "{{pool}} {{condition}}"),
        ),
        lines(
            Card(
                "Warning events of nodes per minute",
                shows="Warnings of Kubernetes on nodes, by reason.",
                good="None.",
                act="OOMKilling, SystemOOM: memory. FreeDiskSpaceFailed: disk. PreemptScheduled: a Spot node goes.",
                w=24,
                h=6,
                decimals=1,
                empty="no event of a node has been seen",
            ),
            (f"{per_minute(total(rate('events_total', _NODE), 'reason'))} > 0", "{{reason}}"),
        ),
    ]
