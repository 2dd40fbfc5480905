"""Several daemons that follow one cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.bench import Bench
from tests.process.pages import phases, states
from tests.process.program import Program
from tests.runtime.play import activate, complete, fail, finalizer, node, pod_of, remove
from tests.support.daemon import Page, moved
from tests.support.waiting import wait_for

SELF = ("process_", "elasticblast_exporter_")
OWN_TIME = (
    "elasticblast_node_seconds_total",
    "elasticblast_search_node_seconds_total",
    "elasticblast_search_phase_start_timestamp_seconds",
    "elasticblast_usage_sample_oldest_timestamp_seconds",
    "elasticblast_pool_cpu_usage_cores",
    "elasticblast_pool_memory_usage_bytes",
    "elasticblast_pods_cpu_usage_cores",
    "elasticblast_pods_memory_usage_bytes",
    "elasticblast_search_memory_max_ratio",
)
COUNTERS = ("_total", "_bucket", "_count", "_sum")


@pytest.fixture
def replica(bench: Bench, tmp_path: Path) -> Iterator[Callable[[str], Program]]:
    """Starts a daemon in a folder of its own, and waits until it has listed everything."""
    benches: list[Bench] = []

    def start(name: str) -> Program:
        folder = tmp_path / name
        folder.mkdir()
        benches.append(Bench(bench.simulator, bench.world, folder))
        program = benches[-1].run()
        program.await_ready()
        program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")
        return program

    yield start
    for each in benches:
        each.close()


@pytest.mark.fault(85)
def test_two_replicas_say_the_same(bench: Bench, replica: Callable[[str], Program]) -> None:
    """All series but those about the process, the node time since its own start, the moment at which it saw a phase
    begin, and usage, which each asks for at its own time; counters too, for both saw it all. One that starts later says
    the same of what is there, and counts from its own start."""
    store = bench.simulator.store
    both = replica("first"), replica("second")
    search = bench.search(1, batches=4)
    bench.search(2)
    node(store)
    finalizer(store, search)
    batches = store.list("jobs", "default", f"elb-job-id={search},app=blast")
    one, two, three, four = (job["metadata"]["name"] for job in batches)
    for name in (one, two, three):
        pod_of(store, name)
        activate(store, name)
    agree(both, lambda page: sum(moved(page, "search_jobs", elb_job_id=search, state="running").values()) == 3)
    complete(store, one)
    fail(store, two)
    page = agree(both, lambda page: len(moved(page, "jobs_finished_total")) == 2)
    assert sorted(phases(page)) == ["failing", "pending"]
    all_three = (*both, replica("later"))
    agree(all_three, bool, keep=is_gauge)
    remove(store, four)
    agree(all_three, lambda page: moved(page, "search_jobs", elb_job_id=search, state="lost"), keep=is_gauge)
    agree(both, lambda page: len(moved(page, "jobs_finished_total")) == 3)


def is_gauge(name: str) -> bool:
    return not name.endswith(COUNTERS)


def agree(
    programs: tuple[Program, ...],
    predicate: Callable[[Page], Any],
    *,
    keep: Callable[[str], bool] = lambda _: True,
) -> Page:
    """Wait until all pages satisfy `predicate` and tell the same; the last page of the first."""
    pages: list[Page] = []

    def said(page: Page) -> Page:
        return {
            series: value
            for series, value in page.items()
            if not series[0].startswith(SELF) and series[0] not in OWN_TIME and keep(series[0])
        }

    def equal() -> bool:
        pages[:] = [program.page() for program in programs]
        return all(map(predicate, pages)) and all(said(page) == said(pages[0]) for page in pages)

    wait_for(equal, what=lambda: str([sorted(map(str, said(p).items() ^ said(pages[0]).items())) for p in pages]))
    return pages[0]
