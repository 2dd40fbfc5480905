"""What the API and the daemon's page say of one search, in the same words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from exporter.domain.records import ROLE_OF_APP
from exporter.domain.snapshots import SearchView
from exporter.rehearsal.batch import Job

_ROLES = ("setup", "submit", "blast", "finalizer")
_ENDS = ("succeeded", "failed", "lost")
Tally = Mapping[str, int]
"""Jobs by words such as `blast live`; what is 0 is absent. Of ended Jobs a page counts those of blast only."""


def of_jobs(jobs: Iterable[Job]) -> Tally:
    """What a page should say, given these Jobs of one search."""
    found: Counter[str] = Counter()
    for job in jobs:
        role = ROLE_OF_APP.get(job.stored.labels.get("app", ""), "")
        if job.state == "live" or role == "blast":
            found[f"{role} {job.state}"] += 1
    return dict(found)


def of_page(search: SearchView) -> Tally:
    """What it says."""
    found: Counter[str] = Counter({f"blast {end}": search.jobs.get(end, 0) for end in _ENDS})
    for (role, _), number in search.roles.items():
        found[f"{role} live"] += number
    return {key: number for key, number in found.items() if number}


def words(tally: Tally) -> str:
    """`2 blast succeeded, 1 finalizer live`, in the order of a search's life."""
    order = [f"{role} {state}" for role in _ROLES for state in ("live", *_ENDS)]
    told = [f"{tally[key]} {key}" for key in order if key in tally]
    return ", ".join(told) or "no Job that lives, and no batch that has ended"
