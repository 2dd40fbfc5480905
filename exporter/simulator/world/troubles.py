"""Searches that end, or hang, in ways the timelines leave out."""

from __future__ import annotations

from random import Random

from exporter.simulator.world import clients, timelines
from exporter.simulator.world.agenda import Actor, until
from exporter.simulator.world.plots import HOUR, batches_over, busy_nodes, finalizer_over, write_batches, write_setup
from exporter.simulator.world.script import BAD_INPUT, batch_script
from exporter.simulator.world.search import Search, new_openapi_id
from exporter.simulator.world.stage import Stage


def submit_failed(world: Stage, search_id: str, rng: Random) -> Actor:
    """The submit Job dies before it makes a batch; the finalizer finds none and fails too."""
    yield from partial_submit(world, search_id, rng, made=0)


def partial_submit(world: Stage, search_id: str, rng: Random, *, batches: int = 40, made: int = 10) -> Actor:
    """The submit Job dies after `made` batches."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=batches, openapi_id=new_openapi_id(rng))
    write_batches(world, search, 60.0)
    yield from clients.submit_to_cloud(world, search, setup=False, fail_after=made)
    yield from finalizer_over(world, search)


def vanished(world: Stage, search_id: str, rng: Random) -> Actor:
    """Submit Job and finalizer are deleted before there is a batch."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=4, openapi_id=new_openapi_id(rng))
    yield from clients.submit_to_cloud(world, search, setup=False)
    yield 20.0
    clients.delete_apps(world, search, "finalizer", "submit")
    yield 60.0


def completed_unverified(world: Stage, search_id: str, rng: Random) -> Actor:
    """A finalizer that finds its marker already there ends well, though no batch was ever seen."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=4, openapi_id=new_openapi_id(rng))
    world.markers[search.id] = clients.SUCCESS
    yield 2.0
    clients.apply_finalizer(world, search)
    yield from finalizer_over(world, search)


def prepare(world: Stage, search_id: str, rng: Random, *, nodes: int = 10, seconds: float = 240.0) -> Actor:
    """`elastic-blast prepare`: setup Jobs that carry an id and are cleared away, and nothing else."""
    search = Search(id=search_id, mode="ssd", nodes=nodes, openapi_id=new_openapi_id(rng))
    write_setup(world, search, seconds)
    clients.apply_setup(world, search)
    yield from until(lambda: clients.setup_settled(world, search), every=clients.SETUP_POLL, within=HOUR)
    clients.delete_apps(world, search, "setup")
    yield 10.0


def unschedulable(world: Stage, search_id: str, rng: Random, *, cpu: int = 30, patience: float = 900.0) -> Actor:
    """Pods that ask for more processors than a node has wait until somebody deletes the search."""
    search = Search(
        id=search_id, program="blastp", mode="ssd", db="nr", batches=3, cpu=cpu, openapi_id=new_openapi_id(rng)
    )  # fmt: skip
    yield from clients.submit_and_wait(world, search, setup=False)
    yield patience
    clients.delete_apps(world, search, "finalizer", "blast")
    yield 60.0


def long_search(world: Stage, search_id: str, rng: Random, *, batches: int = 12, seconds: float = 6 * HOUR) -> Actor:
    """Batches that go on for so long that there is time to stop them."""
    search = Search(
        id=search_id, program="blastp", mode="ssd", db="nr", batches=batches, cpu=1, openapi_id=new_openapi_id(rng)
    )  # fmt: skip
    write_batches(world, search, seconds)
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from finalizer_over(world, search, within=72 * HOUR)


def shards_over_nodes(world: Stage, search_id: str, rng: Random, *, shards: int = 14, patience: float = 900.0) -> Actor:
    """The shards beyond the last node have no place to run, for ever; somebody deletes the search."""
    search = Search(id=search_id, shards=shards, openapi_id=new_openapi_id(rng))
    write_batches(world, search, 40.0)
    yield from clients.submit_and_wait(world, search, setup=False)
    yield patience
    clients.delete_apps(world, search, "finalizer", "blast")
    yield 60.0


def image_pull_error(world: Stage, search_id: str, rng: Random, *, missing: float = 400.0) -> Actor:
    """An image that is not in the registry until somebody pushes it."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=3, tag="1.4.1", openapi_id=new_openapi_id(rng))
    pushed_at = world.clock.now() + world.clock.scaled(missing)
    script = batch_script(40.0, image=lambda: world.clock.now() >= pushed_at)
    for name in search.batch_names:
        world.kubelet.write(name, script)
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from finalizer_over(world, search)


def merge_failure(world: Stage, search_id: str, rng: Random, *, shards: int = 4) -> Actor:
    """All shards succeed, their results cannot be merged."""
    yield from timelines.sharded_warm(world, search_id, rng, shards=shards, merge=BAD_INPUT)


def export_failure(world: Stage, search_id: str, rng: Random) -> Actor:
    """BLAST succeeds in every batch, but one result is never uploaded."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=4, openapi_id=new_openapi_id(rng))
    write_batches(world, search, 120.0)
    world.kubelet.write(search.batch_name(1), batch_script(20.0, export_exit=BAD_INPUT))
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from batches_over(world, search)


def memory_pressure(world: Stage, search_id: str, rng: Random) -> Actor:
    """A node runs out of memory and evicts the batches on it, which start again elsewhere."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=6, openapi_id=new_openapi_id(rng))
    write_batches(world, search, 120.0)
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from until(lambda: bool(busy_nodes(world, search)), every=5.0, within=HOUR)
    yield 10.0
    for node in busy_nodes(world, search)[:1]:
        world.nodes.press(node)
        yield 120.0
        world.nodes.relieve(node)
    yield from finalizer_over(world, search)
