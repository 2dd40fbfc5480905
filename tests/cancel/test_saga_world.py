"""A cancel beside real time: the simulated cluster with its own threads, many connections, a grace of one second."""

from __future__ import annotations

from exporter.adapters.clock import SystemClock
from exporter.cancel import saga
from exporter.cancel.api import JobsApi
from exporter.cancel.order import Order, Times
from exporter.cancel.progress import Progress
from exporter.domain.cancel import Outcome
from exporter.domain.identity import SearchId
from exporter.simulator.server import Simulator
from exporter.simulator.world import World
from exporter.simulator.world.clients import submit_to_cloud
from exporter.simulator.world.script import batch_script
from exporter.simulator.world.search import Search
from tests.cancel.bench import NAMESPACE, A, B, line_to
from tests.simulator.worldplay import jobs, playing, wait_for

SPEED = 30.0
TIMES = Times(stage_one=300 / SPEED, settle=10 / SPEED, poll=0.1, whole=60.0)
BATCHES = 30


def launch(world: World, search_id: str) -> Search:
    """A search whose batches run for an hour, applied by a Job in the cluster."""
    search = Search(id=search_id, mode="pv", batches=BATCHES)
    for name in search.batch_names:
        world.kubelet.write(name, batch_script(3600.0))
    world.agenda.spawn(submit_to_cloud(world, search, setup=False))
    return search


def uids(world: World, search: str) -> set[str]:
    return {job["metadata"]["uid"] for app in ("finalizer", "submit", "blast") for job in jobs(world, search, app)}


def test_one_of_two_searches_is_cancelled_while_both_run() -> None:
    with playing(speed=SPEED) as world, Simulator(store=world.store, controllers=False) as simulator:
        launch(world, A)
        launch(world, B)
        wait_for(lambda: len(jobs(world, A, "blast")) == len(jobs(world, B, "blast")) == BATCHES, "the batches")
        other = uids(world, B)
        with line_to(simulator, 4) as (first, *more):
            result = saga.run(
                Order(search=SearchId(A), namespace=NAMESPACE),
                api=JobsApi(first, NAMESPACE, more=more),
                audit=lambda _record: None,
                times=TIMES,
                progress=Progress(),
                stop=lambda: False,
                clock=SystemClock(),
            )
        assert result.outcome is Outcome.DONE, (result.detail, result.remaining, result.objects)
        assert result.deleted >= BATCHES
        assert world.store.list("pods", NAMESPACE, f"elb-job-id={A},app=blast") == []
        assert uids(world, B) == other
        assert A not in world.markers
