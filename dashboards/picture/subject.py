"""Which search the board Search shows, and when: the largest one that was recorded, at two thirds of its way."""

from __future__ import annotations

from typing import Any, NamedTuple

import urllib3

from dashboards.picture.record import Recording

_WAY = 0.66
_EXPECTED = "max by (elb_job_id) (elasticblast_search_jobs_expected)"
_BEFORE = 0.15  # how much of its life so far is shown before it


class Subject(NamedTuple):
    """A search and the time to show, in seconds since the epoch."""

    search: str
    begin: float
    end: float


def subject(source: str, recording: Recording) -> Subject:
    """What the Prometheus at `source` knows best. Raises LookupError if no search was recorded."""
    length = f"{recording.end - recording.begin:.0f}s"
    largest = _ask(source, "query", f"topk(1, max_over_time(({_EXPECTED})[{length}:2s]))", time=recording.end)
    if not largest:
        raise LookupError("no search was recorded")
    search = largest[0]["metric"]["elb_job_id"]
    own = f'{{elb_job_id="{search}"}}'
    left = f'elasticblast_search_jobs{{elb_job_id="{search}", state=~"pending|running|lost"}}'
    way = f"1 - sum({left}) / sum(elasticblast_search_jobs_expected{own})"
    [done] = _ask(source, "query_range", way, start=recording.begin, end=recording.end, step=1)
    born = float(done["values"][0][0])
    end = max((float(time) for time, share in done["values"] if float(share) <= _WAY), default=recording.end)
    return Subject(search, max(recording.begin, born - _BEFORE * (end - born)), end)


def _ask(source: str, path: str, query: str, **fields: float) -> list[dict[str, Any]]:
    given = {"query": query, **{name: str(value) for name, value in fields.items()}}
    answer = urllib3.request("GET", f"{source}/api/v1/{path}", fields=given).json()
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found
