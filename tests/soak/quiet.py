"""The quiet point: nothing moves but what the controllers still finish, and every page equals a recount."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.lives.sight import check_page
from tests.lives.world import World
from tests.soak.balance import Outage
from tests.soak.witness import JobLife, Witness
from tests.support.daemon import Daemon

_KEPT = 1000  # a Job with a shorter TTL may go while a quiet point is looked at


def whole_searches(jobs: Collection[JobLife], outages: Sequence[Outage]) -> list[str]:
    """Searches with a live Job, all of whose Jobs are there and will stay, and none of which a list may have left out.

    Of the others the page remembers endings that a recount cannot see. A Job whose deletion was asked for goes when
    the garbage collector comes to it, which may be long after an outage; that its pod succeeded does not keep it.
    What had succeeded is listed only with something live, failed or a finalizer: a daemon that listed anew between a
    search's setup and its batches knows nothing of the setup.
    """
    there = {job.search for job in jobs if job.search and not job.result and job.gone == float("inf")}
    going = (job for job in jobs if job.leaving or job.gone < float("inf") or (job.ttl or _KEPT) < _KEPT)
    broken = {job.search for job in going}
    return sorted(search for search in there - broken if not _left_out(search, jobs, outages))


def _left_out(search: str, jobs: Collection[JobLife], outages: Sequence[Outage]) -> bool:
    """Whether nothing told of the search at some moment of an outage, in which a daemon may have listed."""
    told = 0.0
    for job in sorted((job for job in jobs if job.search == search), key=lambda job: job.born):
        if told and any(outage.meets(told, job.born) for outage in outages if told <= job.born):
            return True
        lasts = job.result == "failed" or job.role == "finalizer"
        told = max(told, job.gone if lasts else min(job.ended, job.gone))
    return False


def compare_pages(
    daemons: Sequence[Daemon], world: World, witness: Witness, outages: Sequence[Outage], *, timeout: float
) -> list[str]:
    """Wait until each page equals a recount; the searches that were counted anew too.

    Raises AssertionError for a page that differs for `timeout` seconds although all those searches stayed whole: that
    the API server carries out a deletion late is no fault of a page.
    """
    witness.catch_up()
    whole = whole_searches(witness.known_jobs(), outages)
    try:
        for daemon in daemons:
            check_page(daemon, world, *whole, timeout=timeout)
    except AssertionError:
        witness.catch_up()
        if set(whole) <= set(whole_searches(witness.known_jobs(), outages)):
            raise
        return compare_pages(daemons, world, witness, outages, timeout=timeout)
    return whole
