"""The lower rows of the board Cost and capacity."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.links import TO_SEARCH
from dashboards.generator.panels import bars, lines, note, stats
from dashboards.generator.promql import RANGE, SEARCH, increase, one, price, rate, total
from dashboards.generator.shared import ON_SEARCH, POOL, UNPRICED, hours
from dashboards.generator.tables import Column, rows_of

_KEY = ", ".join(SEARCH)


def _search_hours(where: str = "") -> str:
    """Node hours charged to each search, also to those that are no longer shown, by pool."""
    return f"{increase('search_node_seconds_total', where or POOL)} / 3600"


def _search_cost() -> str:
    priced = f"({_search_hours()}) * on (cluster, pool) group_left (currency) {one('pool_node_hourly_price')}"
    return total(priced, *SEARCH, "currency")


def waste() -> list[Panel]:
    """Node time that no result came of."""
    powered = one("aks_power_state", 'state="Running"')
    quiet = f"{total(one('searches'), 'cluster')} == 0"
    ended = one("search_phase", 'phase=~"failed|vanished|cancelled"', call=f"max_over_time(%s[{RANGE}])")
    lost = total(_search_hours(), *SEARCH)
    return [
        stats(
            Card(
                "Spend on idle nodes",
                shows="Price of the node time in which no setup or blast pod ran.",
                good="A small part of the spend.",
                act="Scale pools to zero when searches end.",
                w=6,
                h=5,
                decimals=2,
                empty=UNPRICED,
            ),
            total(price(hours('use="idle"')), "currency"),
            "{{currency}}",
        ),
        stats(
            Card(
                "Nodes kept without a search",
                shows="Nodes of clusters that have no live search now.",
                good="0, or the system pool.",
                act="Over half an hour: scale the pool to zero, or stop the cluster.",
                w=6,
                h=5,
                decimals=1,
                base="green",
                steps=[(3, "yellow")],
                empty="every cluster has a live search",
            ),
            f"{total(rate('node_seconds_total', POOL), 'cluster')} and on (cluster) ({quiet})",
            "{{cluster}}",
        ),
        stats(
            Card(
                "Node hours of searches without a result",
                shows="Node hours charged to searches that failed, vanished or were cancelled in the time shown.",
                good="Few.",
                act="See which in Node hours by search, and why on the board Search.",
                w=6,
                h=5,
                decimals=1,
                empty="no such search",
            ),
            f"sum({lost} and {ON_SEARCH} max by ({_KEY}) ({ended}) == 1)",
        ),
        stats(
            Card(
                "Clusters on without a search",
                shows="Clusters whose power is on and that have no live search now.",
                good="None for longer than the pause between two searches.",
                act="Stop the cluster: az aks stop. It keeps its objects.",
                w=6,
                h=5,
                base="green",
                steps=[(1, "yellow")],
                empty="none, or Azure not read",
            ),
            f"{powered} == 1 and on (cluster) ({quiet})",
            "{{cluster}}",
        ),
        lines(
            Card(
                "Idle nodes by pool",
                shows="Nodes that run no setup or blast pod, by pool.",
                good="Only those of system pools, and short tails after searches.",
                act="A plateau: nodes were left running after the last search.",
                w=24,
                h=7,
                decimals=1,
                empty="no node time yet",
            ),
            (total(rate("node_seconds_total", f'use="idle", {POOL}'), "cluster", "pool"), "{{cluster}} {{pool}}"),
            stacked=True,
        ),
    ]


def shares() -> list[Panel]:
    """Which searches, programs and databases the node time went to."""
    by_search = total(_search_hours(), *SEARCH)
    facts = one("search_info", 'program!="unknown"', call=f"last_over_time(%s[{RANGE}])")
    named = f"({by_search}) * {ON_SEARCH} group_right () max by ({_KEY}, %s) ({facts})"
    return [
        rows_of(
            Card(
                "Node hours by search",
                shows="The fifty searches with most node time in the time shown, and its price. An estimate.",
                good="Long searches of large databases on top.",
                act="A small search on top: it idled or retried; open it while it is shown.",
                empty="no node time of a search yet",
                h=10,
            ),
            [f"topk(50, {by_search})", f"topk(50, {_search_cost()})"],
            [
                Column("cluster", "Cluster", width=110),
                Column("namespace", "Namespace", width=110),
                Column("elb_job_id", "Search", link=TO_SEARCH),
                Column("A", "Node hours", decimals=2, width=130),
                Column("B", "Cost", decimals=2, width=100),
                Column("currency", "Currency", width=90),
            ],
            by="Node hours",
        ),
        bars(
            Card(
                "Node hours by program",
                shows="Node hours charged to searches in the time shown, by program.",
                good="What your people run.",
                act="Compare with the duration of its Jobs on Batch Jobs and pods.",
                w=6,
                h=10,
                decimals=1,
                empty="no node time of a search yet",
            ),
            f"sum by (program) ({named % 'program'})",
            "{{program}}",
        ),
        bars(
            Card(
                "Node hours by database",
                shows="Node hours charged to searches in the time shown, by database.",
                good="Warm databases on top.",
                act="A rare one on top: its copy to the nodes may cost more than its search.",
                w=6,
                h=10,
                decimals=1,
                empty="no node time of a search yet",
            ),
            f"sum by (db) ({named % 'db'})",
            "{{db}}",
        ),
        lines(
            Card(
                "Prices",
                shows="Price of a node of each pool per hour, from the configuration.",
                good="What the invoice says, reservations and Spot included.",
                act="Correct metrics.node_hourly_price in the configuration; past spend is shown at the newest price.",
                w=24,
                h=6,
                decimals=3,
                empty="no prices configured",
            ),
            (one("pool_node_hourly_price"), "{{cluster}} {{pool}} {{currency}}"),
        ),
    ]


def limits() -> list[Panel]:
    """What the numbers leave out."""
    text = (
        "**In it**: node time, from the moment a node is seen until it is gone, times the price of its pool in the "
        "configuration (`metrics.node_hourly_price`).\n\n"
        "**Not in it**: disks, storage and its requests, network, the control plane, registries, log storage, taxes, "
        "discounts. For those ask Azure's cost analysis.\n\n"
        "**By search**: the second of a node that works is split evenly over the searches on it; idle time belongs to "
        "no search. Where the exporter could not read nodes or pods, time stands still, so the sums are low rather "
        "than high."
    )
    return [note("What is not in it", "What these numbers are made of and what they leave out.", text, h=6)]
