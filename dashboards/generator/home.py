"""ElasticBLAST / Home: is anything wrong, and what is running?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator import home_detail
from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.links import TO_SEARCH, to
from dashboards.generator.panels import lines, stats, timeline
from dashboards.generator.promql import SEARCH, coded, increase, one, price, rate, total, zero
from dashboards.generator.shared import (
    WAITING,
    WORKING,
    age,
    alive_jobs,
    done,
    job_duration,
    jobs_per_minute,
)
from dashboards.generator.tables import Column, rows_of
from dashboards.generator.words import colours
from exporter.domain.words import PHASES, TERMINAL_PHASES


def board() -> Board:
    """The first page for everybody."""
    return Board(
        uid="elb-home",
        title="Home",
        tag="scientist",
        serves="everybody",
        asks="Is anything wrong, and what is running?",
        since="now-24h",
        marks=("Alert: critical",),
        rows=(
            Row(title="", panels=[*_work(), *_health(), _searches(), _phases()]),
            Row(title="Throughput", panels=[jobs_per_minute(w=8), job_duration(w=8), _endings()]),
            Row(title="Alerts and trouble", panels=home_detail.trouble()),
        ),
    )


def _work() -> list[Panel]:
    return [
        stats(
            Card(
                "Live searches",
                shows="Searches that have not ended.",
                good="What you expect to run.",
                act="0 while somebody waits: the search has not been submitted, or has already ended (table below).",
                w=3,
                h=4,
                empty="Jobs not read",
            ),
            total(one("searches")),
        ),
        stats(
            Card(
                "Blast Jobs at work",
                shows="Blast Jobs with a running pod, over all searches.",
                good="As many as the nodes have room for while Jobs wait.",
                act="Few while many wait: see What blocks pods below.",
                w=3,
                h=4,
                empty="Jobs not read",
                link=to("elb-jobs"),
            ),
            total(one("jobs", WORKING)),
        ),
        stats(
            Card(
                "Blast Jobs waiting",
                shows="Blast Jobs that wait for a node or for a retry.",
                good="Falling while Jobs are at work.",
                act="It stands still with none at work: see What blocks pods below.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "yellow")],
                empty="Jobs not read",
                link=to("elb-jobs"),
            ),
            total(one("jobs", WAITING)),
        ),
        stats(
            Card(
                "Failed Jobs, live",
                shows="Blast Jobs without a retry left, in searches that go on. Their results will be incomplete.",
                good="0.",
                act="Open the search in the table below and read why; mend the cause before submitting it again.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "red")],
                empty="Jobs not read",
            ),
            zero(alive_jobs("failed"), one("searches")),
        ),
    ]


def _health() -> list[Panel]:
    failures = increase("searches_finished_total", 'result=~"failed|vanished"')
    return [
        stats(
            Card(
                "Searches failed",
                shows="Searches that failed or vanished in the time shown.",
                good="0.",
                act="See their reasons in Searches ended below; the table shows those of the last hour.",
                w=3,
                h=4,
                base="green",
                steps=[(0.5, "red")],
                decimals=0,
                empty="no search has ended yet",
            ),
            total(failures),
        ),
        stats(
            Card(
                "Nodes ready",
                shows="Nodes of all pools that are ready and take pods.",
                good="As many as the pools are to have.",
                act="See Pools not at their target below.",
                w=3,
                h=4,
                empty="nodes not read",
                link=to("elb-nodes"),
            ),
            total(one("pool_nodes", 'state="ready"')),
        ),
        stats(
            Card(
                "Spend per hour",
                shows="Price of the nodes that are there now, by the prices in the configuration.",
                good="Near 0 when nothing runs.",
                act="Nodes without work: see the board Cost and capacity.",
                w=3,
                h=4,
                decimals=2,
                empty="no prices configured",
                link=to("elb-cost"),
            ),
            total(price(total(rate("node_seconds_total"), "cluster", "pool")), "currency"),
            "{{currency}}",
        ),
        stats(
            Card(
                "Age of the data",
                shows="Time since Jobs, pods or nodes were last read, whichever is oldest, of clusters that are on.",
                good="Below 2 minutes.",
                act="Do not trust the numbers; the board Exporter says what cannot be read and why.",
                w=3,
                h=4,
                unit="s",
                base="green",
                steps=[(150, "yellow"), (300, "red")],
                empty="exporter not seen",
                link=to("elb-exporter"),
            ),
            age(),
        ),
    ]


def _searches() -> Panel:
    idle = f"time() - {one('search_last_progress_timestamp_seconds')}"
    return rows_of(
        Card(
            "Searches",
            shows="Every search that is shown: live ones, and those that ended within the hour. Click one to open it.",
            good="No failed Jobs, and progress within the last minutes while it runs.",
            act="Open the search that failed or is quiet for long; a search over the cap is not in the list.",
            w=24,
            h=10,
            empty="no searches in the last hour",
        ),
        [
            f"{one('search_phase')} == 1",
            one("search_info"),
            done(),
            total(one("search_jobs", 'state="failed"'), *SEARCH),
            f"time() - {one('search_created_timestamp_seconds')}",
            f"clamp_min({one('search_eta_timestamp_seconds')} - time(), 0)",
            f"{idle} and on (cluster, namespace, elb_job_id) ({one('search_phase', _QUIET)} == 1)",
        ],
        [
            Column("cluster", "Cluster", width=110),
            Column("elb_job_id", "Search", link=TO_SEARCH),
            Column("phase", "Phase", width=150, words=PHASES),
            Column("program", "Program", width=90),
            Column("db", "Database", width=120),
            Column("C", "Done", unit="percentunit", decimals=0, gauge=True, width=180),
            Column("D", "Failed Jobs", width=130, base="text", steps=[(1, "red")]),
            Column("E", "Age", unit="s", width=110),
            Column("F", "Time left", unit="s", width=110),
            Column("G", "Quiet for", unit="s", width=120, steps=[(3600, "yellow"), (10800, "red")]),
        ],
        by=("Quiet for", "Failed Jobs"),
    )


_QUIET = 'phase=~"pending|running|failing"'


def _phases() -> Panel:
    return timeline(
        Card(
            "Phases of searches",
            shows="The phase of each search over time, twenty to a page.",
            good="Pending, running, finalizing, succeeded.",
            act="Long pending: no node. Failing: batches have failed. Long finalizing: see its finalizer Job.",
            w=24,
            h=9,
            words=PHASES,
            empty="no searches in this time",
        ),
        coded("search_phase", "phase", PHASES),
        "{{cluster}} {{elb_job_id}}",
        rows=12,
    )


def _endings() -> Panel:
    return lines(
        Card(
            "Searches ended per day",
            shows="Searches that ended, as a number per day over the last six hours, by result.",
            good="Succeeded only.",
            act="Failed or vanished: open the search while it is in the table, or ask the status page for its history.",
            w=8,
            decimals=1,
            empty="no search has ended yet",
            colours=colours(TERMINAL_PHASES),
        ),
        (f"4 * {total(increase('searches_finished_total', over='6h'), 'result')}", "{{result}}"),
    )
