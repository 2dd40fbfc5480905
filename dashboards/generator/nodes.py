"""ElasticBLAST / Nodes and Azure: is there capacity, does Azure do what it is asked?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator import nodes_azure, nodes_detail
from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.panels import lines, stats, timeline
from dashboards.generator.promql import coded, increase, one, rate, total, zero
from dashboards.generator.shared import POOL
from dashboards.generator.tables import Column, rows_of
from dashboards.generator.variables import pool
from dashboards.generator.words import colours
from exporter.domain.azure.arm import POWER_STATES, PROVISIONING_STATES
from exporter.domain.words import NODE_STATES


def board() -> Board:
    """Nodes, pools, the cluster and what is beside it in Azure."""
    return Board(
        uid="elb-nodes",
        title="Nodes and Azure",
        tag="operator",
        serves="the person who runs the cluster",
        asks="Is there capacity, and does Azure do what it is asked?",
        since="now-24h",
        marks=("Alert: critical",),
        variables=(pool(),),
        rows=(
            Row(title="", panels=[*_now(), *_cluster(), _pools(), *_nodes()]),
            Row(title="Room on the nodes", panels=nodes_detail.room()),
            Row(title="Nodes that go or suffer", panels=nodes_detail.trouble()),
            Row(title="Azure: the cluster", panels=nodes_azure.cluster()),
            Row(title="Azure: storage, registries and machines", panels=nodes_azure.beside(), folded=True),
        ),
    )


def _now() -> list[Panel]:
    held = total(one("pool_nodes", f'state=~"ready|cordoned", {POOL}'), "cluster", "pool")
    aim = one("pool_nodes_target", POOL)
    return [
        stats(
            Card(
                "Clusters running",
                shows="Clusters whose power is on, by Azure.",
                good="Those with work.",
                act="On without work: stop it, it costs. Off with searches waiting: start it.",
                w=3,
                h=4,
                empty="Azure not read",
            ),
            total(one("aks_power_state", 'state="Running"')),
        ),
        stats(
            Card(
                "Nodes ready",
                shows="Nodes of the pools chosen that are ready and take pods.",
                good="As many as the target while searches run.",
                act="Fewer: see Nodes missing and the table Pools.",
                w=3,
                h=4,
                empty="nodes not read",
            ),
            total(one("pool_nodes", f'state="ready", {POOL}')),
        ),
        stats(
            Card(
                "Nodes missing",
                shows="Nodes that pools are to have by Azure's count and have not.",
                good="0, or some for minutes while a pool grows.",
                act="Over 20 minutes: quota (beside), or no capacity of this size in the region.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "yellow")],
                empty="Azure not read",
            ),
            f"sum(clamp_min({aim} - ({held} or 0 * {aim}), 0))",
        ),
        stats(
            Card(
                "Nodes not ready",
                shows="Nodes that are there and cannot run pods.",
                good="0.",
                act="Describe the node; if it stays, delete it and let the pool replace it.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "red")],
                empty="nodes not read",
            ),
            total(one("pool_nodes", f'state=~"not_ready|unknown", {POOL}')),
        ),
        stats(
            Card(
                "Quota used",
                shows="Largest share of a quota of cores in use, of the VM families that the pools are of.",
                good="Below 90 %.",
                act="Near 100 %: a pool cannot grow. Ask for more quota, or take another VM family.",
                w=3,
                h=4,
                unit="percentunit",
                base="green",
                steps=[(0.9, "yellow"), (0.99, "red")],
                empty="quota not read",
            ),
            f"max({one('quota_used_cores')} / ({one('quota_limit_cores')} > 0))",
        ),
        stats(
            Card(
                "Pods without room",
                shows="Blast pods that wait for CPU or memory of a node.",
                good="0, or falling.",
                act="It stays while pools are at their largest size: raise the maximum, or let searches queue.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "yellow")],
                empty="pods not read",
            ),
            total(one("pods_blocked", 'role="blast", reason=~"cpu|memory"')),
        ),
        stats(
            Card(
                "Idle nodes",
                shows="Nodes of the pools chosen that run no setup or blast pod, on average of the last minutes.",
                good="Only those of system pools, when nothing runs.",
                act="Idle blast nodes: scale the pool to zero, or stop the cluster.",
                w=3,
                h=4,
                decimals=1,
                empty="nodes or pods not read",
            ),
            total(rate("node_seconds_total", f'use="idle", {POOL}')),
        ),
        stats(
            Card(
                "Nodes lost",
                shows="Node objects that went away in the time shown, for whatever reason.",
                good="Those of a pool that was scaled down.",
                act="While searches run: evictions of Spot nodes or drains, see row Nodes that go or suffer.",
                w=3,
                h=4,
                decimals=0,
                empty="nodes not read",
            ),
            zero(total(increase("nodes_removed_total", POOL)), one("pool_nodes")),
        ),
    ]


def _cluster() -> list[Panel]:
    return [
        timeline(
            Card(
                "Cluster: provisioning",
                shows="What Azure does with each cluster. A stopped cluster keeps Succeeded.",
                good="Succeeded.",
                act="Failed: read the operation's error in the portal, then reconcile. Others over an hour: it hangs.",
                w=8,
                h=5,
                words=PROVISIONING_STATES,
                empty="Azure not read",
            ),
            coded("aks_provisioning_state", "state", PROVISIONING_STATES),
            "{{cluster}}",
        ),
        timeline(
            Card(
                "Cluster: power",
                shows="Whether each cluster is on. It says Running before a start has ended.",
                good="Running while there is work, else Stopped.",
                act="Stopped while searches wait: start it with az aks start.",
                w=8,
                h=5,
                words=POWER_STATES,
                empty="Azure not read",
            ),
            coded("aks_power_state", "state", POWER_STATES),
            "{{cluster}}",
        ),
        timeline(
            Card(
                "Pools: provisioning",
                shows="What Azure does with each pool.",
                good="Succeeded, Scaling for minutes.",
                act="Failed: no quota, no capacity or no addresses; the error is in the portal.",
                w=8,
                h=5,
                words=PROVISIONING_STATES,
                empty="Azure not read",
            ),
            coded("pool_provisioning_state", "state", PROVISIONING_STATES, POOL),
            "{{cluster}} {{pool}}",
        ),
    ]


def _pools() -> Panel:
    def of(name: str) -> str:
        return one(name, POOL)

    return rows_of(
        Card(
            "Pools",
            shows="Each pool: nodes now, what Azure is asked for, the limits of the autoscaler, size and version.",
            good="Ready equals the target.",
            act="Ready below the target: see its provisioning above. At the maximum with pods waiting: raise it.",
            w=24,
            h=6,
            empty="nodes not read",
        ),
        [
            total(one("pool_nodes", f'state="ready", {POOL}'), "cluster", "pool"),
            of("pool_nodes_target"),
            of("pool_nodes_min"),
            of("pool_nodes_max"),
            of("pool_info"),
            of("pool_minor_versions_behind"),
            f"{one('pool_power_state', POOL)} == 1",
        ],
        [
            Column("cluster", "Cluster"),
            Column("pool", "Pool"),
            Column("mode", "Mode"),
            Column("vm_size", "VM size"),
            Column("priority", "Priority"),
            Column("A", "Ready"),
            Column("B", "Target"),
            Column("C", "Minimum"),
            Column("D", "Maximum"),
            Column("state", "Power", words=POWER_STATES),
            Column("kubernetes_version", "Kubernetes"),
            Column("F", "Versions behind", steps=[(1, "yellow"), (3, "red")]),
        ],
        by="Pool",
        rising=True,
    )


def _nodes() -> list[Panel]:
    return [
        lines(
            Card(
                "Nodes by state",
                shows="Nodes of the pools chosen by state.",
                good="All ready.",
                act="cordoned for long: somebody drained it, or an upgrade hangs. not_ready: describe the node.",
                w=12,
                h=8,
                empty="nodes not read",
                colours=colours(NODE_STATES),
            ),
            (total(one("pool_nodes", POOL), "state"), "{{state}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Nodes by pool",
                many=True,
                shows="Ready nodes of each pool, and what Azure is asked for.",
                good="The lines of a pool meet.",
                act="They stay apart for over 20 minutes: see Quota and the pool's provisioning.",
                w=12,
                h=8,
                empty="nodes not read",
            ),
            (total(one("pool_nodes", f'state="ready", {POOL}'), "cluster", "pool"), "{{cluster}} {{pool}} ready"),
            (one("pool_nodes_target", POOL), "{{cluster}} {{pool}} target"),
        ),
    ]
