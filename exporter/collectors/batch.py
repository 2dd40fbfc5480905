"""The batch boundary: Jobs. List the living, fill in what living searches have finished, watch by label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.collectors.base import Collector, Known, Listing, Pages, Poll, Query, Resource
from exporter.domain.jobs import base_state
from exporter.domain.records import JobRecord, Record

_SEARCH_APPS = "app in (setup,submit,blast,finalizer)"
_SHARED_APPS = "app in (elb-db-warmup,elb-prepare-db)"
_ALL_APPS = "app in (setup,submit,blast,finalizer,elb-db-warmup,elb-prepare-db)"
_UNFINISHED = "status.successful=0"
_FINISHED = "status.successful!=0"
_IDS_PER_LIST = 20
_PATH = "/apis/batch/v1/namespaces/{namespace}/jobs"


def list_jobs(pages: Pages, known: Known) -> Listing:
    """Jobs that have not succeeded, all shared ones, and the finished ones of searches that still matter.

    A full LIST of a cluster whose Jobs have no TTL is about a gigabyte; this is a few megabytes. A search still
    matters if it has a live Job, if `known` names it, or if its finalizer ended or a Job of it failed within the
    retention. The watch goes on from the first list: what happened since is seen again, and changes nothing.
    """
    living = pages(Query(labels=_SEARCH_APPS, fields=_UNFINISHED))
    shared = pages(Query(labels=_SHARED_APPS))
    finalizers = pages(Query(labels="app=finalizer", fields=_FINISHED))
    ended = _recent_ids([*living.records, *finalizers.records], known)
    ids = sorted({*known.ids, *_live_ids(living.records), *ended})
    finished = [
        pages(Query(labels=f"elb-job-id in ({','.join(chunk)}),{_SEARCH_APPS}", fields=_FINISHED))
        for chunk in (ids[i : i + _IDS_PER_LIST] for i in range(0, len(ids), _IDS_PER_LIST))
    ]
    records = [record for listing in (living, shared, *finished) for record in listing.records]
    return Listing(records=records, resource_version=living.resource_version)


def _labelled(records: Sequence[Record]) -> Iterator[JobRecord]:
    """The Jobs that a label selector finds by their id."""
    return (record for record in records if isinstance(record, JobRecord) and record.evidence == "label")


def _live_ids(records: Sequence[Record]) -> set[str]:
    return {job.search for job in _labelled(records) if not base_state(job).terminal}


def _recent_ids(records: Sequence[Record], known: Known) -> set[str]:
    return {job.search for job in _labelled(records) if job.ended and known.now - job.ended <= known.retention}


COLLECTOR = Collector(
    name="batch",
    resources=(Resource(name="jobs", path=_PATH, watch=Query(labels=_ALL_APPS), listing=list_jobs),),
    polls=(Poll(name="jobs_stored", path=_PATH, params={"limit": "1"}),),
)
