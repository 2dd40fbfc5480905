"""A View at the default limits: everything that may be there is."""

from __future__ import annotations

from itertools import product

from exporter.domain.azure.credential import APIS, CredentialFacts
from exporter.domain.phase import Phase, Reason
from exporter.domain.records import JOB_ROLES, POD_ROLES, SEARCH_ROLES
from exporter.domain.snapshots import (
    BatchSnapshot,
    CancelCounts,
    ClusterCancels,
    ClusterView,
    CoreSnapshot,
    CountsSnapshot,
    PoolView,
    ProcessView,
    ResourceHealth,
    RunningCancel,
    SearchView,
    Tally,
    View,
)
from exporter.domain.words import (
    BLOCK_REASONS,
    FAILURE_REASONS,
    FLAGS,
    JOB_VIEW,
    LIVE_JOB_STATES,
    LIVE_PHASES,
    NODE_STATES,
    POD_STATES,
    PRESSURES,
    PROGRAMS,
    WARMUP_STATES,
)
from exporter.metrics.born import initial_tallies, initial_totals
from tests.support.armviews import full_arm
from tests.support.customviews import full_custom

AT = 1_790_000_000.0
NAMESPACES = ("default", "blast")
POOLS = ("blastpool", "systempool", "spot", "warm")
COLLECTORS = ("core", "batch", "custom", "arm")
RESOURCES = tuple((COLLECTORS[n % 4], f"resource{n}") for n in range(28))
CODES = ("2xx", "3xx", "4xx", "5xx", "401", "403", "404", "409", "410", "429")


def search_view(number: int) -> SearchView:
    """A running search on two pools, with every failure, block and flag."""
    return SearchView(
        namespace=NAMESPACES[number % 2],
        id=f"job-{number:032x}",
        phase=Phase.RUNNING,
        reason=Reason.IDLE,
        phase_since=AT - 600,
        created=AT - 3600,
        last_progress=AT - 60,
        terminal=False,
        jobs=dict.fromkeys(JOB_VIEW, 7),
        roles={},
        attempts=dict.fromkeys(FAILURE_REASONS, 1),
        blocked=dict.fromkeys(BLOCK_REASONS, 1),
        flags=dict.fromkeys(FLAGS, True),
        evidence="label",
        program="blastp",
        db="nr",
        mode="ssd",
        shards=1,
        client_version="1.5.0",
        expected=35,
        eta=AT + 3600,
    )


def full_view(searches: int = 100) -> View:
    """One unnamed cluster, 2 namespaces, 4 pools, 28 resources, 20 databases, and so many searches."""
    cluster = ClusterView(
        name="",
        namespaces=NAMESPACES,
        batch=_batch(searches),
        core=_core(),
        counts=_counts(),
        health=tuple(
            ResourceHealth(collector=collector, resource=resource, mode="watch", state="fresh", last_success=AT)
            for collector, resource in RESOURCES
        ),
        clock_skew=dict.fromkeys(COLLECTORS, 0.25),
        node_seconds={
            (view.namespace, view.id, pool): 12.5 for view in _batch(searches).searches for pool in POOLS[:2]
        },
        custom=full_custom(NAMESPACES, POOLS, [(v.namespace, v.id) for v in map(search_view, range(searches))], AT),
        arm=full_arm(POOLS, AT),
        credentials=tuple(CredentialFacts(api=api, mode="workload_identity", ends_at=AT + 600) for api in APIS),
        arm_left=dict.fromkeys(product(("subscription", "tenant"), ("reads", "global_reads")), 240),
    )
    prices = dict.fromkeys(POOLS, (1.5, "USD"))
    return View(at=AT, clusters=(cluster,), process=_process(), prices=prices, cancels=full_cancels(""))


def full_cancels(*clusters: str) -> CancelCounts:
    """Two cancels run on each cluster."""
    running = tuple(
        RunningCancel(namespace=NAMESPACES[number], id=f"job-{number:032x}", since=AT - 9, stage="submit")
        for number in range(2)
    )
    return CancelCounts(clusters=dict.fromkeys(clusters, ClusterCancels(running=running)))


def _batch(searches: int) -> BatchSnapshot:
    return BatchSnapshot(
        namespaces=NAMESPACES,
        searches=tuple(search_view(number) for number in range(searches)),
        hidden=3,
        live_phases=dict.fromkeys(product(NAMESPACES, LIVE_PHASES), 5),
        jobs=dict.fromkeys(product(NAMESPACES, JOB_ROLES, LIVE_JOB_STATES), 5),
        unattributed=dict.fromkeys(product(NAMESPACES, SEARCH_ROLES), 5),
        stored=dict.fromkeys(NAMESPACES, 76_571),
        warmup=dict.fromkeys(product((*(f"db{n}" for n in range(20)), "other"), WARMUP_STATES), 2),
    )


def _core() -> CoreSnapshot:
    return CoreSnapshot(
        pod_namespaces=NAMESPACES,
        pods=dict.fromkeys(product(NAMESPACES, POD_ROLES, POD_STATES), 4),
        blocked=dict.fromkeys(product(NAMESPACES, POD_ROLES, BLOCK_REASONS), 4),
        oldest_pending=dict.fromkeys(product(NAMESPACES, POD_ROLES), AT - 30),
        run_slots=dict.fromkeys(NAMESPACES, 2),
        pools=tuple(
            PoolView(
                pool=pool,
                nodes=dict.fromkeys(NODE_STATES, 3),
                pressure=dict.fromkeys(PRESSURES, 0),
                cpu_allocatable=63.5,
                cpu_requested=60.0,
                memory_allocatable=5e11,
            )
            for pool in POOLS
        ),
        claims=dict.fromkeys(product(NAMESPACES, (f"claim{n}" for n in range(20))), "Bound"),
    )


def _counts() -> CountsSnapshot:
    requests = product(COLLECTORS, ("get", "list"), CODES)
    totals = dict.fromkeys(initial_totals(NAMESPACES, RESOURCES, POOLS, cancels=True), 17.0)
    totals |= {("exporter_api_requests_total", key): 3.0 for key in requests}
    tallies = dict(initial_tallies(RESOURCES))
    for n in range(20):
        tallies["job_duration_seconds", (PROGRAMS[n % 8], f"db{n}")] = Tally((1,) * 13, 4000.0)
    tallies["job_duration_seconds", ("other", "other")] = Tally((1,) * 13, 4000.0)
    return CountsSnapshot(totals=totals, tallies=tallies)


def _process() -> ProcessView:
    return ProcessView(
        version="1.0.0",
        revision="0123abc",
        python_version="3.11.9",
        cpu_seconds=12.5,
        resident_bytes=80_000_000,
        start_time=AT - 86400,
        open_fds=32,
        http_requests={(f"handler{n}", code): 9 for n in range(25) for code in ("200", "404", "405", "503")},
    )
