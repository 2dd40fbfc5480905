"""One afternoon on a cluster, frozen: a search that runs, one that has failed, and three that are not shown."""

from __future__ import annotations

from dataclasses import replace

from exporter.domain.azure.credential import CredentialFacts
from exporter.domain.phase import Phase, Reason
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
from exporter.domain.words import FLAGS
from exporter.metrics.born import initial_tallies, initial_totals
from tests.support import customviews
from tests.support.armviews import an_afternoon

AT = 1_790_000_000.0
RESOURCES = (("core", "pods"), ("core", "nodes"), ("core", "claims"), ("core", "events"), ("batch", "jobs"))
POOLS = ("blastpool", "systempool")
QUIET = dict.fromkeys((flag for flag in FLAGS if flag != "zombie"), False)

RUNNING = SearchView(
    namespace="default",
    id="job-3f2a9c0d5e1b4786a9c0d5e1b4786a9c",
    phase=Phase.RUNNING,
    reason=Reason.NONE,
    phase_since=AT - 1830,
    created=AT - 2700,
    last_progress=AT - 42,
    terminal=False,
    jobs={"pending": 18, "running": 10, "succeeded": 72},
    roles={("finalizer", "running"): 1},
    attempts={"network": 2},
    blocked={"cpu": 18},
    flags=QUIET,
    evidence="label",
    program="blastp",
    db="nr",
    mode="sharded",
    shards=10,
    client_version="1.5.0",
    expected=100,
    eta=AT + 780,
)
FAILED = SearchView(
    namespace="default",
    id='legacy "one"\\two',
    phase=Phase.FAILED,
    reason=Reason.BATCH_FAILED,
    phase_since=AT - 1200,
    created=AT - 9000,
    last_progress=AT - 1200,
    terminal=True,
    jobs={"succeeded": 3, "failed": 1},
    roles={},
    attempts={"memory": 6, "other": 1},
    blocked={},
    flags=QUIET | {"history_incomplete": True, "finalizer_alone": True},
    evidence="env",
)


def _totals() -> dict[tuple[str, tuple[str, ...]], float]:
    risen = {
        ("searches_finished_total", ("default", "succeeded", "none")): 41.0,
        ("searches_finished_total", ("default", "failed", "batch_failed")): 1.0,
        ("jobs_finished_total", ("default", "blast", "succeeded", "none")): 4117.0,
        ("jobs_finished_total", ("default", "blast", "failed", "memory")): 1.0,
        ("attempts_failed_total", ("blast", "memory")): 6.0,
        ("attempts_failed_total", ("blast", "network")): 2.0,
        ("node_seconds_total", ("blastpool", "busy")): 1_262_304.5,
        ("node_seconds_total", ("blastpool", "idle")): 40_071.0,
        ("node_seconds_total", ("systempool", "idle")): 86_400.0,
        ("pod_disruptions_total", ("blastpool", "EvictionByEvictionAPI")): 1.0,
        ("nodes_removed_total", ("blastpool",)): 3.0,
        ("events_total", ("Pod", "FailedScheduling")): 214.0,
        ("exporter_collector_runs_total", ("batch", "jobs", "ok")): 17.0,
        ("exporter_collector_runs_total", ("core", "nodes", "timeout")): 2.0,
        ("exporter_api_requests_total", ("batch", "list", "2xx")): 95.0,
        ("exporter_api_requests_total", ("batch", "watch", "410")): 1.0,
    }
    return initial_totals(("default",), RESOURCES, POOLS) | risen


def _tallies() -> dict[tuple[str, tuple[str, ...]], Tally]:
    seen = {
        ("job_duration_seconds", ("blastp", "nr")): Tally((0, 0, 0, 3, 55, 2017, 1800, 230, 12, 0, 0, 0, 0), 1.3e6),
        ("job_queue_duration_seconds", ()): Tally((912, 1400, 1100, 400, 290, 16, 0, 0, 0, 0, 0, 0, 0), 80_412.0),
        ("search_duration_seconds", ("blastp",)): Tally((0, 0, 0, 1, 4, 20, 12, 4, 0, 0, 0, 0, 0), 98_765.0),
        ("exporter_collector_duration_seconds", ("batch",)): Tally((0, 2, 11, 3, 1, 0, 0, 0, 0, 0, 0), 5.125),
    }
    return initial_tallies(RESOURCES) | seen


def _health(collector: str, resource: str) -> ResourceHealth:
    late = resource == "nodes"
    return ResourceHealth(
        collector=collector,
        resource=resource,
        mode="poll" if resource == "claims" else "watch",
        state="stale" if late else "fresh",
        last_success=AT - (175.5 if late else 1.25),
        word="timeout" if late else "",
    )


def _pool(pool: str, nodes: int, cores: float, requested: float, memory: float) -> PoolView:
    return PoolView(
        pool=pool,
        nodes={"ready": nodes},
        pressure={},
        cpu_allocatable=cores,
        cpu_requested=requested,
        memory_allocatable=memory,
    )


CLUSTER = ClusterView(
    name="",
    namespaces=("default",),
    node_seconds={("default", RUNNING.id, "blastpool"): 18_300.25},
    batch=BatchSnapshot(
        namespaces=("default",),
        searches=(RUNNING, FAILED),
        hidden=3,
        live_phases={("default", "running"): 3, ("default", "pending"): 1},
        jobs={("default", "blast", "pending"): 18, ("default", "blast", "running"): 10},
        unattributed={("default", "setup"): 2},
        stored={"default": 76_571},
        warmup={("nr", "ready"): 9, ("nr", "stale"): 1},
    ),
    core=CoreSnapshot(
        pod_namespaces=("default",),
        pods={("default", "blast", "pending"): 18, ("default", "blast", "ready"): 10},
        blocked={("default", "blast", "cpu"): 18},
        oldest_pending={("default", "blast"): AT - 610},
        run_slots={"default": 2},
        pools=(
            _pool("blastpool", 10, 638.0, 620.0, 5_278_654_136_320.0),
            _pool("systempool", 1, 3.86, 1.25, 13_152_043_008.0),
        ),
        claims={("default", "blast-dbs-pvc-rwm"): "Bound"},
    ),
    counts=CountsSnapshot(totals=_totals(), tallies=_tallies()),
    health=tuple(_health(collector, resource) for collector, resource in RESOURCES),
    clock_skew={"core": 0.25, "batch": -0.5},
    custom=customviews.an_afternoon(AT),
    arm=an_afternoon(AT),
    arm_left={("subscription", "reads"): 249},
    credentials=(
        CredentialFacts(api="kubernetes", mode="service_account", ends_at=AT + 3000),
        CredentialFacts(api="arm", mode="workload_identity", ends_at=AT + 80_000),
    ),
)

UNNAMED = View(
    at=AT,
    clusters=(CLUSTER,),
    process=ProcessView(
        version="1.0.0",
        revision="0123abc",
        python_version="3.11.9",
        cpu_seconds=312.44,
        resident_bytes=83_886_080,
        start_time=AT - 86_400,
        open_fds=31,
        http_requests={("metrics", "200"): 5760, ("livez", "200"): 8640},
    ),
    prices={"blastpool": (3.6288, "USD")},
)

CANCELS = ClusterCancels(
    results={"done": 4, "planned": 6, "partial": 1},
    deleted={"finalizer": 5, "submit": 3, "blast": 219},
    durations=Tally((0, 0, 1, 2, 1, 0, 0, 0, 0), 231.5),
    running=(RunningCancel(namespace="default", id=RUNNING.id, since=AT - 12.5, stage="submit"),),
)

NAMED = replace(
    UNNAMED,
    cancels=CancelCounts(
        clusters={"elb-eastus": CANCELS},
        refused={"confirm": 2, "forbidden": 1},
        auth_failures={"missing": 3, "audience": 1},
    ),
    clusters=(
        replace(CLUSTER, name="elb-eastus"),
        replace(
            CLUSTER,
            name="elb-westus",
            batch=None,
            core=None,
            health=tuple(replace(health, state="stopped", word="connect") for health in CLUSTER.health),
        ),
    ),
)
"""The same cluster with a name, where a search is being cancelled, beside one that is switched off: of that only
counters and its collectors are said."""
