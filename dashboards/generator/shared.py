"""Expressions and panels that more than one board has."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.panels import lines
from dashboards.generator.promql import LIVE, RANGE, SEARCH, increase, one, quantile, rate, total

ON_SEARCH = f"on ({', '.join(SEARCH)})"
ALIVE = f"and {ON_SEARCH} ({one('search_phase', LIVE)} == 1)"
WAITING = 'role="blast", state=~"created|pending|retrying|suspended"'
WORKING = 'role="blast", state=~"running|finishing|failing|deleting"'
THIS = 'elb_job_id="$search"'
HERE = 'namespace=~"$namespace"'
POOL = 'pool=~"$pool"'
UNPRICED = "no prices configured, or no nodes"
TROUBLE = 'state=~"stale|expired|denied|never"'


def done(where: str = "") -> str:
    """The share of its batches that a search has done; nothing until it is known how many there will be."""
    states = 'state=~"pending|running|lost"' + (f", {where}" if where else "")
    left = total(one("search_jobs", states), *SEARCH)
    return f"1 - {left} / ({one('search_jobs_expected', where)} > 0)"


def per_minute(expr: str) -> str:
    """A rate per second as one per minute."""
    return f"60 * {expr}"


def jobs_per_minute(*, w: int, where: str = "") -> Panel:
    """How fast blast Jobs end, by result."""
    more = f", {where}" if where else ""
    return lines(
        Card(
            "Blast Jobs finished per minute",
            shows="How many blast Jobs end in a minute, by result, over all searches.",
            good="A steady height while searches run, and nothing failed or lost.",
            act="Failed: open Batch Jobs and pods, row Failures. A fall to 0 while Jobs wait: row What blocks work.",
            w=w,
            empty="no Job has ended yet",
            decimals=1,
            colours={"succeeded": "green", "failed": "red", "lost": "dark-red"},
        ),
        (per_minute(total(rate("jobs_finished_total", 'role="blast"' + more), "result")), "{{result}}"),
    )


def job_duration(*, w: int) -> Panel:
    """How long blast Jobs take."""
    return lines(
        Card(
            "Duration of blast Jobs",
            shows="Median and 95th percentile of the time that blast Jobs take which succeed.",
            good="Both steady, the 95th percentile within a few times the median.",
            act="A wide gap means uneven shards, long queries or a slow node: see the spread on the board Search.",
            w=w,
            unit="s",
            empty="no blast Job has succeeded in this time",
            colours={"p50": "blue", "p95": "orange"},
        ),
        (quantile(0.5, "job_duration_seconds"), "p50"),
        (quantile(0.95, "job_duration_seconds"), "p95"),
    )


def alive_jobs(state: str) -> str:
    """Blast Jobs in a state, of searches that have not ended."""
    matcher = f'state=~"{state}"'
    return total(f"{one('search_jobs', matcher)} {ALIVE}")


def age() -> str:
    """Seconds since what matters most was read, of clusters that are there and on."""
    core = 'resource=~"jobs|pods|nodes"'
    read = one("exporter_collector_last_success_timestamp_seconds", core)
    resting = one("exporter_collector_state", f'{core}, state=~"stopped|absent"')
    return f"time() - min({read} unless on (cluster, collector, resource) ({resting} == 1))"


def hours(where: str = "", *, over: str = RANGE) -> str:
    """Node hours of the pools chosen, by cluster and pool."""
    matchers = ", ".join(part for part in (where, POOL) if part)
    return f"{total(increase('node_seconds_total', matchers, over=over), 'cluster', 'pool')} / 3600"
