"""Families of the cancel. None of them is there while the admin listener is off: then nothing can move them."""

from __future__ import annotations

from exporter.domain.cancel import STAGES, Outcome, Refusal
from exporter.domain.records import SEARCH_ROLES
from exporter.domain.snapshots import CancelCounts, ClusterCancels
from exporter.domain.words import AUTH_FAILURES, CANCEL_DURATION_BOUNDS
from exporter.metrics.emit import matrix, one_hot
from exporter.metrics.family import Family, Histogram, Sample, Samples

_SEARCH = ("namespace", "elb_job_id")

CANCELS = Family(
    number=69,
    name="elasticblast_exporter_cancels_total",
    kind="counter",
    labels=("result",),
    help="Cancels that have ended by result, `planned` for dry runs; absent while the admin listener is off.",
    bound=10,
    values={"result": tuple(outcome.value for outcome in Outcome)},
)
STAGE = Family(
    number=74,
    name="elasticblast_search_cancel_stage",
    kind="gauge",
    labels=(*_SEARCH, "stage"),
    help="The stage that the cancel of a search works at, exactly one word is 1; absent while none runs.",
    bound=10,
    values={"stage": (*STAGES, "verify")},
)
START = Family(
    number=75,
    name="elasticblast_search_cancel_start_timestamp_seconds",
    kind="gauge",
    labels=_SEARCH,
    help="Our time at which the cancel of a search was asked for; absent while none runs.",
    bound=2,
)
JOBS_AFTER_CANCEL = Family(
    number=76,
    name="elasticblast_jobs_after_cancel_total",
    kind="counter",
    labels=("namespace", "role"),
    help="Jobs of a search by metadata.creationTimestamp created after its cancel was done, each uid once; absent "
    "while the admin listener is off.",
    bound=8,
    values={"role": SEARCH_ROLES},
    collector="batch",
)
REFUSED = Family(
    number=77,
    name="elasticblast_exporter_cancels_refused_total",
    kind="counter",
    labels=("reason",),
    help="Cancels that were refused before anything was deleted, by reason; absent while the admin listener is off.",
    bound=12,
    values={"reason": tuple(refusal.value for refusal in Refusal)},
)
DELETED = Family(
    number=78,
    name="elasticblast_exporter_cancel_objects_deleted_total",
    kind="counter",
    labels=("role",),
    help="Jobs whose deletion by a cancel the API server has accepted, by role; absent while the admin listener is "
    "off.",
    bound=4,
    values={"role": SEARCH_ROLES},
)
DURATION = Family(
    number=79,
    name="elasticblast_exporter_cancel_duration_seconds",
    kind="histogram",
    labels=(),
    help="Time from the request of a cancel to the moment at which the last pod of the search was seen gone; absent "
    "while the admin listener is off.",
    bound=11,
    bounds=CANCEL_DURATION_BOUNDS,
)
AUDIT_FAILURES = Family(
    number=80,
    name="elasticblast_exporter_audit_failures_total",
    kind="counter",
    labels=(),
    help="Audit records that could not be written; no cancel begins without one; absent while the admin listener is "
    "off.",
    bound=1,
)
AUTH_FAILURES_TOTAL = Family(
    number=81,
    name="elasticblast_exporter_auth_failures_total",
    kind="counter",
    labels=("reason",),
    help="Requests to the admin listener whose caller was not known or not allowed, by reason; absent while it is off.",
    bound=len(AUTH_FAILURES),
    values={"reason": AUTH_FAILURES},
)

CLUSTER_FAMILIES = (CANCELS, STAGE, START, JOBS_AFTER_CANCEL, DELETED, DURATION)
PROCESS_FAMILIES = (REFUSED, AUDIT_FAILURES, AUTH_FAILURES_TOTAL)


def samples(cancels: ClusterCancels) -> Samples:
    """The cancels of one cluster; Jobs that came after one come with the counts of the cluster."""
    yield from matrix(CANCELS, {(result,): n for result, n in cancels.results.items()})
    yield from matrix(DELETED, {(role,): n for role, n in cancels.deleted.items()})
    yield Sample(DURATION, (), Histogram(cancels.durations.counts, cancels.durations.sum))
    for one in cancels.running:
        key = (one.namespace, one.id)
        yield Sample(START, key, one.since)
        yield from one_hot(STAGE, key, one.stage)


def process_samples(cancels: CancelCounts) -> Samples:
    """What no cluster has to do with."""
    yield from matrix(REFUSED, {(reason,): n for reason, n in cancels.refused.items()})
    yield from matrix(AUTH_FAILURES_TOTAL, {(reason,): n for reason, n in cancels.auth_failures.items()})
    yield Sample(AUDIT_FAILURES, (), cancels.audit_failures)
