"""Families of one search: given for shown searches only, labelled by namespace and id."""

from __future__ import annotations

from exporter.domain.phase import Reason
from exporter.domain.snapshots import ClusterView, SearchView
from exporter.domain.words import BLOCK_REASONS, FAILURE_REASONS, FLAGS, JOB_VIEW, MODES, PHASES, PROGRAMS
from exporter.metrics.emit import legal, one_hot, sparse
from exporter.metrics.family import Family, Sample, Samples

_SEARCH = ("namespace", "elb_job_id")

INFO = Family(
    number=1,
    name="elasticblast_search_info",
    kind="gauge",
    labels=(*_SEARCH, "program", "db", "mode", "shards", "evidence", "client_version"),
    help="Facts of one search from the labels, environment and names of its Jobs; a text is `unknown` until a Job "
    "tells it; absent while Jobs cannot be read.",
    bound=100,
    values={
        "program": (*PROGRAMS, "unknown"),
        "mode": MODES,
        "evidence": ("label", "template", "env", "path", "suffix", "unknown"),
    },
    collector="batch",
)
PHASE = Family(
    number=2,
    name="elasticblast_search_phase",
    kind="gauge",
    labels=(*_SEARCH, "phase"),
    help="Phase of a search judged from its Jobs and pods, exactly one word is 1; absent while Jobs cannot be read.",
    bound=1200,
    values={"phase": PHASES},
    collector="batch",
)
PHASE_REASON = Family(
    number=3,
    name="elasticblast_search_phase_reason",
    kind="gauge",
    labels=(*_SEARCH, "reason"),
    help="Why a search is in its phase, one series with `none` if its Jobs leave nothing to say; absent while Jobs "
    "cannot be read.",
    bound=100,
    values={"reason": tuple(reason.value for reason in Reason)},
    collector="batch",
)
PHASE_START = Family(
    number=4,
    name="elasticblast_search_phase_start_timestamp_seconds",
    kind="gauge",
    labels=_SEARCH,
    help="Server time at which the phase of a search began, from the times in its Jobs; in a terminal phase its end; "
    "absent while Jobs cannot be read.",
    bound=100,
    collector="batch",
)
CREATED = Family(
    number=5,
    name="elasticblast_search_created_timestamp_seconds",
    kind="gauge",
    labels=_SEARCH,
    help="Oldest metadata.creationTimestamp seen among the Jobs of a search; absent while Jobs cannot be read.",
    bound=100,
    collector="batch",
)
LAST_PROGRESS = Family(
    number=6,
    name="elasticblast_search_last_progress_timestamp_seconds",
    kind="gauge",
    labels=_SEARCH,
    help="Newest of metadata.creationTimestamp and the end of a batch among the Jobs of a search; absent only while "
    "Jobs cannot be read.",
    bound=100,
    collector="batch",
)
ETA = Family(
    number=7,
    name="elasticblast_search_eta_timestamp_seconds",
    kind="gauge",
    labels=_SEARCH,
    help="Estimated end of a search from the durations of its finished Jobs; absent while no estimate is honest and "
    "once the phase is terminal.",
    bound=100,
    collector="batch",
)
JOBS = Family(
    number=8,
    name="elasticblast_search_jobs",
    kind="gauge",
    labels=(*_SEARCH, "state"),
    help="Blast Jobs of a search by state from Job status; finished ones stay counted after their TTL; absent while "
    "Jobs cannot be read.",
    bound=500,
    values={"state": JOB_VIEW},
    collector="batch",
)
JOBS_EXPECTED = Family(
    number=9,
    name="elasticblast_search_jobs_expected",
    kind="gauge",
    labels=_SEARCH,
    help="Blast Jobs a search should have: (highest batch number in Job env + 1) x shards; absent until its submission "
    "has closed.",
    bound=100,
    collector="batch",
)
ATTEMPTS_FAILED = Family(
    number=10,
    name="elasticblast_search_attempts_failed",
    kind="gauge",
    labels=(*_SEARCH, "reason"),
    help="Failed attempts of the pods of a search so far by reason, from container exit codes and Pod status.reason; "
    "a reason not seen is absent.",
    bound=1500,
    values={"reason": FAILURE_REASONS},
    collector="batch",
)
PODS_BLOCKED = Family(
    number=11,
    name="elasticblast_search_pods_blocked",
    kind="gauge",
    labels=(*_SEARCH, "reason"),
    help="Pods of a search that cannot run now by reason, from Pod conditions and container waiting reasons; a reason "
    "without pods is absent.",
    bound=1000,
    values={"reason": BLOCK_REASONS},
    collector="core",
)
FLAG = Family(
    number=12,
    name="elasticblast_search_flag",
    kind="gauge",
    labels=(*_SEARCH, "flag"),
    help="Abnormal facts of a search from its Jobs, pods and nodes, 1 if it holds; a flag whose source is not read is "
    "absent (`zombie` without a cancel).",
    bound=800,
    values={"flag": FLAGS},
    collector="batch",
)
NODE_SECONDS = Family(
    number=14,
    name="elasticblast_search_node_seconds_total",
    kind="counter",
    labels=(*_SEARCH, "pool"),
    help="Node time charged to a search by Pod spec.nodeName: a busy node's second is split evenly over its searches; "
    "absent before its first pod runs.",
    bound=200,
    collector="core",
)

FAMILIES = (
    INFO,
    PHASE,
    PHASE_REASON,
    PHASE_START,
    CREATED,
    LAST_PROGRESS,
    ETA,
    JOBS,
    JOBS_EXPECTED,
    ATTEMPTS_FAILED,
    PODS_BLOCKED,
    FLAG,
    NODE_SECONDS,
)


def samples(cluster: ClusterView) -> Samples:
    """The series of every shown search; the counter stays when Jobs may not be shown any more."""
    for (namespace, search_id, pool), seconds in cluster.node_seconds.items():
        yield Sample(NODE_SECONDS, (namespace, search_id, pool), seconds)
    for search in cluster.batch.searches if cluster.batch else ():
        yield Sample(INFO, _facts(search), 1)
        yield from _life(search)
        yield from _numbers(search)


def _facts(search: SearchView) -> tuple[str, ...]:
    return (
        search.namespace,
        search.id,
        legal(INFO, "program", search.program or "unknown") or "unknown",
        search.db or "unknown",
        legal(INFO, "mode", search.mode) or "unknown",
        "unknown" if search.shards is None else str(search.shards),
        legal(INFO, "evidence", search.evidence) or "unknown",
        search.client_version or "unknown",
    )


def _life(search: SearchView) -> Samples:
    key = (search.namespace, search.id)
    yield from one_hot(PHASE, key, str(search.phase))
    yield Sample(PHASE_REASON, (*key, search.reason.value), 1)
    yield Sample(PHASE_START, key, search.phase_since)
    yield Sample(CREATED, key, search.created)
    yield Sample(LAST_PROGRESS, key, search.last_progress)
    if search.eta is not None and not search.terminal:
        yield Sample(ETA, key, search.eta)


def _numbers(search: SearchView) -> Samples:
    key = (search.namespace, search.id)
    for state in JOB_VIEW:
        yield Sample(JOBS, (*key, state), search.jobs.get(state, 0))
    if search.expected is not None:
        yield Sample(JOBS_EXPECTED, key, search.expected)
    yield from sparse(ATTEMPTS_FAILED, key, search.attempts)
    yield from sparse(PODS_BLOCKED, key, search.blocked)
    for flag in FLAGS:
        if flag in search.flags:
            yield Sample(FLAG, (*key, flag), int(search.flags[flag]))
