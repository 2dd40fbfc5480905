"""The last row of the board Home: alerts and trouble."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.links import TO_POOL
from dashboards.generator.panels import bars
from dashboards.generator.promql import RANGE, increase, one, total
from dashboards.generator.shared import TROUBLE
from dashboards.generator.tables import Column, rows_of

_FIRING = 'max by (alertname, severity, cluster) (ALERTS{cluster=~"$cluster", alertstate="firing", alertname=~"Elb.*"})'


def trouble() -> list[Panel]:
    """Alerts that fire, pools that are short, pods that do not run, resources that are not read."""
    return [_alerts(), _pools(), *_blocked()]


def _alerts() -> Panel:
    return rows_of(
        Card(
            "Alerts",
            shows="Alerts of the exporter's rules that fire now.",
            good="None.",
            act="Each alert has a runbook of its name. With Azure's managed rules the list is in the Azure portal.",
            w=12,
            empty="no alert fires; with Azure's managed rules see the portal",
        ),
        [_FIRING],
        [Column("alertname", "Alert"), Column("severity", "Severity", words=_SEVERITIES), Column("cluster", "Cluster")],
        by="Severity",
        rising=True,
    )


def _pools() -> Panel:
    ready = total(one("pool_nodes", 'state=~"ready|cordoned"'), "cluster", "pool")
    aim = one("pool_nodes_target")
    short = f"({aim} - ({ready} or 0 * {aim})) > 0"
    return rows_of(
        Card(
            "Pools not at their target",
            shows="Agent pools with fewer nodes than Azure is asked for, and how many are missing.",
            good="Empty.",
            act="Minutes are normal while a pool grows. Longer: quota, or no capacity for the size in the region.",
            w=12,
            empty="all pools have their nodes, or Azure is not read",
        ),
        [short, f"{aim} and on (cluster, pool) ({short})"],
        [
            Column("cluster", "Cluster"),
            Column("pool", "Pool", link=TO_POOL),
            Column("A", "Missing", steps=[(1, "orange")]),
            Column("B", "Target"),
        ],
        by="Missing",
    )


def _blocked() -> list[Panel]:
    trouble = f"{one('exporter_collector_state', TROUBLE)} == 1"
    return [
        bars(
            Card(
                "What blocks pods",
                shows="Pods that cannot run now, by the first reason that fits.",
                good="Empty, or cpu and memory while Jobs queue for nodes.",
                act="image, config, volume, taint, affinity do not go away by waiting: see Batch Jobs and pods.",
                w=8,
                base="yellow",
                empty="nothing blocks a pod",
            ),
            f"{total(one('pods_blocked'), 'reason')} > 0",
            "{{reason}}",
        ),
        bars(
            Card(
                "Failed attempts",
                shows="Attempts of pods that failed in the time shown, by reason. Most are retried.",
                good="Few against the number of Jobs.",
                act="memory: larger nodes or smaller batches. bad_input: the query. database, download: the database.",
                w=8,
                base="orange",
                decimals=0,
                empty="no attempt has failed",
            ),
            f"{total(increase('attempts_failed_total', over=RANGE), 'reason')} > 0",
            "{{reason}}",
        ),
        rows_of(
            Card(
                "What cannot be read",
                shows="Resources whose data is old, refused or was never had.",
                good="Empty.",
                act="denied: grant the right. stale or expired: see the board Exporter for the word of the failure.",
                w=8,
                empty="everything is read",
            ),
            [trouble],
            [Column("cluster", "Cluster"), Column("resource", "Resource"), Column("state", "State", words=_STATES)],
            by="Resource",
            rising=True,
        ),
    ]


_STATES = ("stale", "expired", "denied", "never")
_SEVERITIES = ("critical", "warning", "info")
