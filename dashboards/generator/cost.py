"""ElasticBLAST / Cost and capacity: what did it cost, what was wasted?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator import cost_detail
from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.panels import lines, stats
from dashboards.generator.promql import increase, one, price, rate, total
from dashboards.generator.shared import POOL, UNPRICED, hours
from dashboards.generator.variables import pool

_MONEY = "{{currency}}"


def board() -> Board:
    """Money, for the person who pays."""
    return Board(
        uid="elb-cost",
        title="Cost and capacity",
        tag="cost",
        serves="the person who pays",
        asks="What did it cost, and what was wasted?",
        since="now-30d",
        variables=(pool(),),
        rows=(
            Row(title="", panels=[*_spent(), *_each(), *_over_time()]),
            Row(title="Waste", panels=cost_detail.waste()),
            Row(title="Who used it", panels=cost_detail.shares()),
            Row(title="What is not in it", panels=cost_detail.limits()),
        ),
    )


def _nodes() -> str:
    return total(rate("node_seconds_total", POOL), "cluster", "pool")


def _spent() -> list[Panel]:
    return [
        stats(
            Card(
                "Spend per hour now",
                shows="Price of the nodes that are there now, by the prices in the configuration.",
                good="Near 0 when nothing runs.",
                act="Nodes without work: scale the pool to zero, or stop the cluster.",
                w=3,
                h=4,
                decimals=2,
                empty=UNPRICED,
            ),
            total(price(_nodes()), "currency"),
            _MONEY,
        ),
        stats(
            Card(
                "Spend of the last day",
                shows="Node time of the last 24 hours at today's prices.",
                good="What the searches of the day are worth.",
                act="High with few searches: row Waste.",
                w=3,
                h=4,
                decimals=2,
                empty=UNPRICED,
            ),
            total(price(hours(over="1d")), "currency"),
            _MONEY,
        ),
        stats(
            Card(
                "Spend, time shown",
                shows="Node time of the time shown at today's prices. Gaps in scraping do not lower it.",
                good="Within the budget.",
                act="See by pool and by search below.",
                w=3,
                h=4,
                decimals=2,
                empty=UNPRICED,
            ),
            total(price(hours()), "currency"),
            _MONEY,
        ),
        stats(
            Card(
                "A month at this pace",
                shows="What a month costs if it goes on as in the last seven days, or since the exporter began.",
                good="Within the budget.",
                act="See row Waste first.",
                w=3,
                h=4,
                decimals=0,
                empty=UNPRICED,
            ),
            f"730 * 3600 * {total(price(hours(over='7d')), 'currency')} / on () group_left () {_seen()}",
            _MONEY,
        ),
    ]


def _seen() -> str:
    """Seconds of the last week since the first exporter of it began."""
    began = one("process_start_time_seconds", call="min_over_time(%s[7d])")
    return f"clamp_max(time() - min({began}), 7 * 86400)"


def _each() -> list[Panel]:
    unused = 'use="idle"'
    idle = f"{total(hours(unused))} / ({total(hours())} > 0)"
    searches = total(increase("searches_finished_total", 'result="succeeded"'))
    jobs = total(increase("jobs_finished_total", 'role="blast", result="succeeded"'))
    return [
        stats(
            Card(
                "Idle share",
                shows="Share of node time in which no setup or blast pod ran, system pools too.",
                good="Below 30 %.",
                act="Scale pools to zero when searches end; fewer, larger sessions; stop the cluster at night.",
                w=3,
                h=4,
                unit="percentunit",
                base="green",
                steps=[(0.3, "yellow"), (0.6, "red")],
                empty="no node time yet",
            ),
            idle,
        ),
        stats(
            Card(
                "Node hours",
                shows="Hours of nodes in the time shown, of the pools chosen.",
                good="It follows the searches.",
                act="Compare with the idle share.",
                w=3,
                h=4,
                decimals=1,
                empty="no node time yet",
            ),
            total(hours()),
        ),
        stats(
            Card(
                "Spend per search",
                shows="Spend in the time shown over the searches that succeeded in it.",
                good="Steady.",
                act="Rising: more waste, or larger searches; see Who used it.",
                w=3,
                h=4,
                decimals=2,
                empty="no prices, or no search has succeeded",
            ),
            f"{total(price(hours()), 'currency')} / on () group_left () ({searches} > 0)",
            _MONEY,
        ),
        stats(
            Card(
                "Spend per 1,000 Jobs",
                shows="Spend in the time shown over the blast Jobs that succeeded in it, in thousands.",
                good="Steady.",
                act="Rising: Jobs take longer, or nodes idle.",
                w=3,
                h=4,
                decimals=2,
                empty="no prices, or no Job has succeeded",
            ),
            f"1000 * {total(price(hours()), 'currency')} / on () group_left () ({jobs} > 0)",
            _MONEY,
        ),
    ]


def _over_time() -> list[Panel]:
    return [
        lines(
            Card(
                "Spend per hour by pool",
                many=True,
                shows="Price of the nodes that are there, by pool.",
                good="High while searches run, near 0 otherwise.",
                act="A plateau without searches: nodes were left running.",
                w=12,
                h=9,
                decimals=2,
                empty=UNPRICED,
            ),
            (price(_nodes()), "{{cluster}} {{pool}} {{currency}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Node hours per hour by use",
                shows="Nodes by use: busy nodes run a setup or blast pod.",
                good="Mostly busy.",
                act="Idle after searches end: shorten the scale-down, or stop the cluster.",
                w=12,
                h=9,
                decimals=1,
                empty="no node time yet",
                colours={"busy": "blue", "idle": "yellow"},
            ),
            (total(rate("node_seconds_total", POOL), "use"), "{{use}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Spend by day",
                many=True,
                shows="Spend of the 24 hours before each point, by pool.",
                good="It follows the searches.",
                act="Days without searches cost: stop the cluster.",
                w=12,
                h=9,
                decimals=2,
                empty=UNPRICED,
            ),
            (price(hours(over="1d")), "{{cluster}} {{pool}} {{currency}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Nodes by size and priority",
                shows="Target of each pool by VM size and priority.",
                good="Spot for work that may be retried.",
                act="Regular nodes for long searches only: Spot ones cost a fraction.",
                w=12,
                h=9,
                empty="Azure not read",
            ),
            (
                f"sum by (vm_size, priority) ({one('pool_info', POOL)} "
                f"* on (cluster, pool) group_left () {one('pool_nodes_target', POOL)})",
                "{{vm_size}} {{priority}}",
            ),
            stacked=True,
        ),
    ]
