"""The queries of the boards, asked of a Prometheus that has heard a demo."""

from __future__ import annotations

from tests.dashboards.queries import Query, queries
from tests.dashboards.quiet import why_empty
from tests.support.prometheus import Prometheus

STEP = 5


def busiest_search(prometheus: Prometheus) -> str:
    """The id of the search that had the most blocked pods and failed attempts."""
    trouble = (
        "topk(1, sum by (elb_job_id) (max_over_time(elasticblast_search_attempts_failed[2m]))"
        " + sum by (elb_job_id) (max_over_time(elasticblast_search_jobs[2m])))"
    )
    ((labels, _),) = prometheus.query(trouble)
    return labels["elb_job_id"]


def silent(prometheus: Prometheus, begun: float, ended: float) -> tuple[int, list[Query]]:
    """How many queries the boards have, and those that had no answer at any time between two Unix seconds though they
    should. Raises AssertionError for one that Prometheus refuses."""
    asked = list(queries(search=busiest_search(prometheus), __rate_interval="20s", __range="1m"))
    return len(asked), [
        query for query in asked if not why_empty(query) and not _answers(prometheus, query, begun, ended)
    ]


def _answers(prometheus: Prometheus, query: Query, begun: float, ended: float) -> bool:
    found = prometheus.ask("query_range", query=query.expr, start=f"{begun:.0f}", end=f"{ended:.0f}", step=str(STEP))
    return bool(found["result"])
