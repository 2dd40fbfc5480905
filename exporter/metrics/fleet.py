"""Families of all searches and Jobs together: they count the hidden searches too."""

from __future__ import annotations

from exporter.domain.records import JOB_ROLES, POD_ROLES, SEARCH_ROLES
from exporter.domain.snapshots import BatchSnapshot, ClusterView
from exporter.domain.words import (
    FAILURE_REASONS,
    FINISHED_PAIRS,
    JOB_DURATION_BOUNDS,
    JOB_QUEUE_DURATION_BOUNDS,
    LIVE_JOB_STATES,
    LIVE_PHASES,
    PROGRAMS,
    SEARCH_DURATION_BOUNDS,
    TERMINAL_PHASES,
    WARMUP_STATES,
)
from exporter.metrics.emit import matrix
from exporter.metrics.family import Family, Sample, Samples

SEARCHES = Family(
    number=15,
    name="elasticblast_searches",
    kind="gauge",
    labels=("namespace", "phase"),
    help="Live searches by phase, judged from their Jobs and pods, hidden ones too; absent while Jobs cannot be read.",
    bound=14,
    values={"phase": LIVE_PHASES},
    collector="batch",
)
SEARCHES_FINISHED = Family(
    number=16,
    name="elasticblast_searches_finished_total",
    kind="counter",
    labels=("namespace", "result", "reason"),
    help="Searches whose Jobs made the phase terminal since the exporter started, by that phase and its reason.",
    bound=30,
    values={"result": TERMINAL_PHASES, "reason": tuple(dict.fromkeys(reason for _, reason in FINISHED_PAIRS))},
    collector="batch",
)
SEARCH_DURATION = Family(
    number=17,
    name="elasticblast_search_duration_seconds",
    kind="histogram",
    labels=("program",),
    help="Time from the oldest metadata.creationTimestamp of its Jobs to the end of a search that succeeded.",
    bound=135,
    bounds=SEARCH_DURATION_BOUNDS,
    values={"program": PROGRAMS},
    collector="batch",
)
JOBS = Family(
    number=18,
    name="elasticblast_jobs",
    kind="gauge",
    labels=("namespace", "role", "state"),
    help="Live Jobs by role and state from Job status and its pods; finished Jobs are not counted; absent while Jobs "
    "cannot be read.",
    bound=96,
    values={"role": JOB_ROLES, "state": LIVE_JOB_STATES},
    collector="batch",
)
JOBS_STORED = Family(
    number=19,
    name="elasticblast_jobs_stored",
    kind="gauge",
    labels=("namespace",),
    help="All Job objects in the API server as of last refresh, estimated from metadata.remainingItemCount of a list; "
    "absent until that list was read.",
    bound=2,
    collector="batch",
)
JOBS_UNATTRIBUTED = Family(
    number=20,
    name="elasticblast_jobs_unattributed",
    kind="gauge",
    labels=("namespace", "role"),
    help="Jobs with a known app label but no search id in label, env or path; absent while Jobs cannot be read.",
    bound=8,
    values={"role": SEARCH_ROLES},
    collector="batch",
)
JOBS_FINISHED = Family(
    number=21,
    name="elasticblast_jobs_finished_total",
    kind="counter",
    labels=("namespace", "role", "result", "reason"),
    help="Jobs whose status became terminal, each uid once; the reason is that of the last failed attempt, `other` if "
    "unseen, `none` unless failed.",
    bound=204,
    values={"role": JOB_ROLES, "result": ("succeeded", "failed", "lost"), "reason": ("none", *FAILURE_REASONS)},
    collector="batch",
)
ATTEMPTS_FAILED = Family(
    number=22,
    name="elasticblast_attempts_failed_total",
    kind="counter",
    labels=("role", "reason"),
    help="Failed attempts from container exit codes and Pod status.reason, each uid, container and restartCount once.",
    bound=105,
    values={"role": POD_ROLES, "reason": FAILURE_REASONS},
    collector="core",
)
JOB_DURATION = Family(
    number=23,
    name="elasticblast_job_duration_seconds",
    kind="histogram",
    labels=("program", "db"),
    help="Time from status.startTime to status.completionTime of blast Jobs that succeeded; absent before the first of "
    "a program and db, more than 20 pairs go to `other`.",
    bound=315,
    bounds=JOB_DURATION_BOUNDS,
    values={"program": PROGRAMS},
    collector="batch",
)
JOB_QUEUE_DURATION = Family(
    number=24,
    name="elasticblast_job_queue_duration_seconds",
    kind="histogram",
    labels=(),
    help="Time from metadata.creationTimestamp of a blast Job to the first start of a container of its pods.",
    bound=15,
    bounds=JOB_QUEUE_DURATION_BOUNDS,
    collector="core",
)
RUN_SLOTS = Family(
    number=25,
    name="elasticblast_run_slots_limit",
    kind="gauge",
    labels=("namespace",),
    help="Searches the OpenAPI service may run at once, MAX_ACTIVE_SUBMISSIONS in the spec of its pod; absent without "
    "such a pod.",
    bound=2,
    collector="core",
)
WARMUP_JOBS = Family(
    number=26,
    name="elasticblast_warmup_jobs",
    kind="gauge",
    labels=("db", "state"),
    help="Warm-up Jobs by state from Job status and Node creationTimestamp, `stale` if the node is gone or younger; "
    "absent for a db without such Jobs, more than 20 dbs go to `other`.",
    bound=105,
    values={"state": WARMUP_STATES},
    collector="batch",
)

FAMILIES = (
    SEARCHES,
    SEARCHES_FINISHED,
    SEARCH_DURATION,
    JOBS,
    JOBS_STORED,
    JOBS_UNATTRIBUTED,
    JOBS_FINISHED,
    ATTEMPTS_FAILED,
    JOB_DURATION,
    JOB_QUEUE_DURATION,
    RUN_SLOTS,
    WARMUP_JOBS,
)


def samples(cluster: ClusterView) -> Samples:
    """The gauges of the batch snapshot; the counters come with the counts of the cluster."""
    if cluster.batch is not None:
        yield from _batch(cluster.batch)
    if cluster.core is not None and cluster.core.run_slots is not None:
        for namespace, slots in cluster.core.run_slots.items():
            yield Sample(RUN_SLOTS, (namespace,), slots)


def _batch(batch: BatchSnapshot) -> Samples:
    yield from matrix(SEARCHES, batch.live_phases, namespace=batch.namespaces)
    yield from matrix(JOBS, batch.jobs, namespace=batch.namespaces)
    yield from matrix(JOBS_UNATTRIBUTED, batch.unattributed, namespace=batch.namespaces)
    for namespace, stored in batch.stored.items():
        yield Sample(JOBS_STORED, (namespace,), stored)
    yield from matrix(WARMUP_JOBS, batch.warmup, db=dict.fromkeys(db for db, _ in batch.warmup))
