"""Made-up views for the tests of the web pages."""

from __future__ import annotations

from dataclasses import replace

from exporter.domain.phase import Phase, Reason
from exporter.domain.snapshots import (
    BatchSnapshot,
    ClusterView,
    CoreSnapshot,
    CountsSnapshot,
    Obituary,
    PoolView,
    ProcessView,
    ResourceHealth,
    SearchView,
    View,
)

NOW = 1_760_000_000.0

PROCESS = ProcessView(
    version="1.4.0",
    revision="9f1c2ab",
    python_version="3.11.7",
    cpu_seconds=12.5,
    resident_bytes=80_000_000,
    start_time=NOW - 90_000,
    open_fds=40,
)


def search(number: int = 1, **changes: object) -> SearchView:
    """A running search with half of its 400 batches done; `changes` replace its fields."""
    plain = SearchView(
        namespace="default",
        id=f"job-{number:08x}c5d24e1f9a7b6c5d4e3f2a1b",
        phase=Phase.RUNNING,
        reason=Reason.NONE,
        phase_since=NOW - 3000,
        created=NOW - 4000 - number % 1000,
        last_progress=NOW - 40,
        terminal=False,
        jobs={"pending": 150, "running": 50, "succeeded": 200, "failed": 0, "lost": 0},
        roles={("blast", "running"): 50},
        attempts={},
        blocked={},
        flags={"history_incomplete": False},
        program="blastp",
        db="nr",
        mode="ssd",
        shards=10,
        client_version="1.4.0",
        expected=400,
        expected_min=400,
        eta=NOW + 720,
    )
    return replace(plain, **changes)


def failure(**changes: object) -> Obituary:
    plain = Obituary(
        job="blastp-batch-017-job-05",
        batch=17,
        shard=5,
        container="blast",
        exit_code=137,
        reason="memory",
        node="aks-blast-31415926-vmss00000c",
        at=NOW - 600,
    )
    return replace(plain, **changes)


def cluster(*searches: SearchView, **changes: object) -> ClusterView:
    plain = ClusterView(
        name="",
        namespaces=("default",),
        batch=BatchSnapshot(namespaces=("default",), searches=searches),
        core=CoreSnapshot(),
        counts=CountsSnapshot(),
        health=(),
    )
    return replace(plain, **changes)


def view(*clusters: ClusterView) -> View:
    return View(at=NOW - 0.4, clusters=clusters, process=PROCESS)


def rich_view() -> View:
    """Two clusters that show every part of the page."""
    searches = (
        search(0x7C1D90AA, openapi_id="4fa1c09be377"),
        search(
            0x11E0,
            phase=Phase.FAILING,
            reason=Reason.BATCH_FAILED,
            program="blastn",
            db="core_nt",
            mode="sharded",
            jobs={"pending": 812, "running": 96, "succeeded": 2980, "failed": 3, "lost": 0},
            expected=3891,
            eta=NOW + 9300,
            attempts={"memory": 11, "network": 2},
            blocked={"cpu": 40, "volume": 1},
            flags={"history_incomplete": True, "shard_without_node": True},
            failures=(failure(), failure(batch=91, exit_code=None, reason="evicted"), failure(batch=3, shard=None)),
        ),
        search(
            0x22,
            phase=Phase.PENDING,
            reason=Reason.UNSCHEDULABLE,
            program="tblastn",
            db="swissprot",
            jobs={"pending": 40, "running": 0, "succeeded": 0, "failed": 0, "lost": 0},
            expected=None,
            expected_min=40,
            eta=None,
            blocked={"taint": 40},
        ),
        search(
            0x33,
            phase=Phase.SUCCEEDED,
            reason=Reason.NONE,
            terminal=True,
            jobs={"pending": 0, "running": 0, "succeeded": 400, "failed": 0, "lost": 0},
            eta=None,
        ),
        search(
            0x44,
            phase=None,
            reason=Reason.NONE,
            program="unknown",
            db="unknown",
            jobs={},
            expected=None,
            eta=None,
        ),
    )
    pools = (
        PoolView(
            pool="blast",
            nodes={"ready": 11, "cordoned": 1, "not_ready": 2, "unknown": 0},
            pressure={"memory": 1, "disk": 0},
            cpu_allocatable=175.1,
            cpu_requested=160.0,
            memory_allocatable=1.4e12,
        ),
        PoolView(
            pool="system",
            nodes={"ready": 2, "cordoned": 0, "not_ready": 0, "unknown": 0},
            pressure={},
            cpu_allocatable=7.8,
            cpu_requested=None,
            memory_allocatable=3e10,
        ),
    )
    health = (
        ResourceHealth(collector="batch", resource="jobs", mode="watch", state="fresh", last_success=NOW - 2),
        ResourceHealth(
            collector="core",
            resource="pods",
            mode="watch",
            state="stale",
            last_success=NOW - 190,
            word="timeout",
            detail="no byte for 60 s",
        ),
        ResourceHealth(collector="custom", resource="pods.metrics.k8s.io", mode="poll", state="absent", word="absent"),
        ResourceHealth(
            collector="arm", resource="managed cluster", mode="poll", state="denied", last_success=None, word="denied"
        ),
    )
    first = cluster(*searches, name="elb-prod", core=CoreSnapshot(pools=pools), health=health)
    first = replace(first, batch=replace(first.batch, hidden=12), namespaces=("default", "blast-two"))
    second = cluster(name="elb-test", batch=None, health=health[-1:])
    return view(first, second)
