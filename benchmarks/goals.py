"""What the daemon is meant to reach, as data: number, bound, and what is known to stand in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from measures import Numbers

_JOBS, _SEARCHES = 10_000, 10
_TICKS = "a page waits for up to two ticks of 0.5 s after the last list has come"
_SHOWN = "every search shown has all its series"
_JSON = "the bytes of the JSON, which are decoded one after the other"
_LOCK = "one interpreter: while a page of a list is decoded, the listener waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`size`: the column of the table by size; `value` and `most` are read from its numbers; `limit`: why if not."""

    title: str
    size: str
    value: Callable[[Numbers], float]
    most: Callable[[Numbers], float]
    unit: str = ""
    scale: float = 1.0
    digits: int = 0
    less: bool = True
    limit: str = ""

    def text(self, value: float) -> str:
        return f"{value / self.scale:,.{self.digits}f} {self.unit}".strip()


def _at(size: int, key: str, most: float, title: str, unit: str = "", scale: float = 1.0, digits: int = 0,
        limit: str = "") -> Goal:  # fmt: skip
    """A goal that is a plain bound of one number."""
    return Goal(
        title=title,
        size=f"{size:,} Jobs",
        value=lambda numbers: numbers[key],
        most=lambda _: most,
        unit=unit,
        scale=scale,
        digits=digits,
        limit=limit,
    )


def _allowed_memory(numbers: Numbers) -> float:
    """The imports, 200 B a Job and as much a pod, 20 kB a search; never more than 110 MB."""
    return min(numbers["imports"] + 400 * _JOBS + 20_000 * _SEARCHES, 110e6)


def _worst(*keys: str) -> Callable[[Numbers], float]:
    return lambda numbers: max(numbers[key] for key in keys)


_TEN, _MANY = f"{_JOBS:,} Jobs", "150,000 Jobs"
GOALS = (
    _at(_JOBS, "series", 2700, "series", limit=_SHOWN),
    _at(_JOBS, "page_plain", 400_000, "page, plain", "kB", 1000, limit=_SHOWN),
    _at(_JOBS, "page_gzip", 35_000, "page, gzip", "kB", 1000, 1, limit=_SHOWN),
    Goal(
        title="scrape at rest, p99",
        size=_TEN,
        value=_worst("scrape_plain_p99", "scrape_gzip_p99"),
        most=lambda _: 5e-3,
        unit="ms",
        scale=1e-3,
        digits=1,
        limit="a scrape that falls into a tick waits for the interpreter",
    ),
    Goal(
        title="scrape during a full list, p99",
        size=_TEN,
        value=_worst("relist_plain_p99", "relist_gzip_p99"),
        most=lambda _: 25e-3,
        unit="ms",
        scale=1e-3,
        digits=1,
        limit=_LOCK,
    ),
    Goal(
        title="memory at rest",
        size=_TEN,
        value=lambda numbers: numbers["rest_rss"],
        most=_allowed_memory,
        unit="MB",
        scale=1e6,
        digits=1,
        limit="threads, buffers and pages of lists stay with the allocator, beyond what is known of objects",
    ),
    _at(_JOBS, "first_sync", 2.0, "start to a right page", "s", digits=2, limit=_TICKS),
    _at(_JOBS, "curl_ratio", 1.5, "first LIST to a right page, ÷ curl", digits=2, limit=_TICKS),
    _at(_JOBS, "event_p99", 0.6, "event to page, p99", "ms", 1e-3, limit=_TICKS),
    _at(_JOBS, "rest_rss", 110e6, "memory at rest, in any case", "MB", 1e6, 1),
    Goal(
        title="events for a second of CPU",
        size=_TEN,
        value=lambda numbers: 1.0 / max(numbers["burst_pods_cpu"], numbers["burst_jobs_cpu"]),
        most=lambda _: 25_000,
        unit="/s",
        less=False,
        limit="decoding and folding in one interpreter",
    ),
    Goal(
        title="events, whole path",
        size=_TEN,
        value=lambda numbers: min(numbers["burst_pods"], numbers["burst_jobs"]),
        most=lambda _: 25_000,
        unit="/s",
        less=False,
        limit="decoding and folding in one interpreter; the server and the bench share the two cores",
    ),
    _at(_JOBS, "rest_cpu", 0.02, "CPU at rest", "cores", digits=4, limit="three ticks, twice a second each"),
    _at(_JOBS, "first_answer", 1.5, "start to first answer", "s", digits=2, limit="imports"),
    _at(
        150_000, "rest_rss", 140e6, "memory at rest", "MB", 1e6, 1, limit="what is kept of each Job and each living pod"
    ),
    Goal(
        title="peak ÷ memory at rest",
        size=_MANY,
        value=lambda numbers: numbers["first_peak"] / numbers["rest_rss"],
        most=lambda _: 1.3,
        digits=2,
        limit="every record of a listing is there at once before it is folded",
    ),
    _at(150_000, "client_work", 15.0, "CPU time of the first sync", "s", digits=1, limit=_JSON),
)
