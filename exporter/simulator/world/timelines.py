"""The timelines A to N of an ElasticBLAST cluster: each plays one search from submit to its last change."""

from __future__ import annotations

from random import Random

from exporter.simulator.world import clients, manifests
from exporter.simulator.world.agenda import Actor, until
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL
from exporter.simulator.world.plots import (
    HOUR,
    batches_over,
    bury,
    busy_nodes,
    finalizer_over,
    write_batches,
    write_setup,
)
from exporter.simulator.world.script import (
    BAD_INPUT,
    CHILD_OUT_OF_MEMORY,
    NO_DATABASE,
    OK,
    OUT_OF_MEMORY,
    Exit,
    Script,
    batch_script,
    runs,
    setup_script,
)
from exporter.simulator.world.search import Search, new_openapi_id, new_search_id
from exporter.simulator.world.stage import Stage

# A, B: what goes well


def sharded_warm(
    world: Stage, search_id: str, rng: Random, *, shards: int = 10, batches: int = 1, seconds: float = 35.0,
    setup_seconds: float = 30.0, merge: Exit = OK,
) -> Actor:  # fmt: skip
    """A: setup Jobs that find the data on disk, one Job a shard, a finalizer that merges."""
    search = Search(id=search_id, shards=shards, batches=batches, openapi_id=new_openapi_id(rng))
    write_setup(world, search, setup_seconds)
    write_batches(world, search, seconds)
    clients.write_finalizer(world, search, merge)
    if (yield from clients.submit_and_wait(world, search)):
        yield from finalizer_over(world, search)


def pv_cold(world: Stage, search_id: str, rng: Random, *, batches: int = 34, seconds: float = 90.0) -> Actor:
    """B: a shared volume that has to be filled first, then batches in waves; batch 000 is three times slower."""
    search = Search(id=search_id, mode="pv", db="nt_prok", batches=batches, openapi_id=new_openapi_id(rng))
    world.claim_volume(bound=False)
    old = world.store.find("jobs", "default", "init-pv")
    if old is not None and not clients.ended(old):
        return
    if old is not None:
        clients.delete(world, old)
        yield 5.0
    write_setup(world, search, 285.0)
    write_batches(world, search, seconds)
    world.kubelet.write(search.batch_name(0), batch_script(3 * seconds, load=10.0))
    yield 20.0
    world.claim_volume(bound=True)
    yield from clients.submit_to_cloud(world, search)
    yield from finalizer_over(world, search)


# C, D: batches that fail


def batch_failure(
    world: Stage, search_id: str, rng: Random, *, shards: int = 10, failing: tuple[int, ...] = (3,),
    end: Exit = NO_DATABASE, seconds: float = 90.0,
) -> Actor:  # fmt: skip
    """C: some shards exit with an error until their Jobs run out of retries; the finalizer hangs."""
    search = Search(id=search_id, shards=shards, openapi_id=new_openapi_id(rng))
    write_setup(world, search, 30.0)
    write_batches(world, search, seconds)
    for shard in failing:
        world.kubelet.write(search.batch_name(0, shard), batch_script(3.0, end))
    if (yield from clients.submit_and_wait(world, search)):
        yield from batches_over(world, search)


def out_of_memory(
    world: Stage, search_id: str, rng: Random, *, batches: int = 6, seconds: float = 60.0, child: bool = False,
    fatal: bool = False,
) -> Actor:  # fmt: skip
    """D: batch 002 is killed twice for its memory and then gets through, or never does if `fatal`."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=batches, openapi_id=new_openapi_id(rng))
    killed = CHILD_OUT_OF_MEMORY if child else OUT_OF_MEMORY
    write_batches(world, search, seconds)
    ends = (killed,) if fatal else (killed, killed, OK)
    world.kubelet.write(search.batch_name(2), batch_script(seconds / 2, *ends))
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from (batches_over if fatal else finalizer_over)(world, search)


# E, F, G, H: what comes from outside


def drain(
    world: Stage, search_id: str, rng: Random, *, batches: int = 6, seconds: float = 120.0, spot: bool = False
) -> Actor:
    """E: the node under a batch is drained, or taken away if `spot`; the batch starts again elsewhere."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=batches, openapi_id=new_openapi_id(rng))
    write_batches(world, search, seconds)
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from until(lambda: bool(busy_nodes(world, search)), every=5.0, within=HOUR)
    yield 10.0
    nodes = busy_nodes(world, search)
    if nodes and spot:
        yield from world.nodes.take_away(nodes[0])
        yield 120.0
        world.nodes.add(BLAST_POOL)
    elif nodes:
        world.nodes.drain(nodes[0])
        yield 120.0
        world.nodes.uncordon(nodes[0])
    yield from finalizer_over(world, search)


def external_cancel(
    world: Stage, search_id: str, rng: Random, *, batches: int = 34, seconds: float = 600.0, recreate: bool = False
) -> Actor:
    """F: somebody deletes the Jobs under way; with `recreate` the batches before the submit Job that makes them."""
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=batches, openapi_id=new_openapi_id(rng))
    write_batches(world, search, seconds)
    if not recreate:
        yield from clients.submit_and_wait(world, search, setup=False)
        yield from until(lambda: bool(busy_nodes(world, search)), every=5.0, within=HOUR)
        yield 60.0
        clients.delete_apps(world, search, "submit", "finalizer", "blast")
        yield 60.0
        return
    yield from clients.submit_to_cloud(world, search, setup=False)
    yield from until(lambda: bool(clients.jobs(world, search, "blast")), every=1.0, within=HOUR)
    clients.delete_apps(world, search, "blast")
    yield from until(lambda: all(map(clients.ended, clients.jobs(world, search, "submit"))), every=5.0, within=HOUR)
    clients.delete_apps(world, search, "submit", "finalizer")
    yield from batches_over(world, search)


def setup_failure(world: Stage, search_id: str, rng: Random, *, nodes: int = 10) -> Actor:
    """G: the database cannot be fetched on one node; the submit Job and the finalizer give up."""
    search = Search(id=search_id, mode="ssd", nodes=nodes, batches=4, openapi_id=new_openapi_id(rng))
    write_setup(world, search, 60.0)
    world.kubelet.write(search.init_name(0), setup_script(10.0, BAD_INPUT))
    yield from clients.submit_to_cloud(world, search)
    yield from finalizer_over(world, search)


def cluster_stop(
    world: Stage, search_id: str, rng: Random, *, shards: int = 10, off_seconds: float = 600.0
) -> Actor:  # fmt: skip
    """H: the cluster is stopped under a search; it comes back with new machines and empty disks."""
    search = Search(id=search_id, shards=shards, openapi_id=new_openapi_id(rng))
    write_setup(world, search, 30.0)
    write_batches(world, search, 300.0)
    if not (yield from clients.submit_and_wait(world, search)):
        return
    yield 60.0
    world.power(False)
    old = {pool: world.nodes.names(pool) for pool in (BLAST_POOL, SYSTEM_POOL)}
    for name in (*old[BLAST_POOL], *old[SYSTEM_POOL]):
        world.nodes.silence(name)
    for name in search.batch_names:
        world.kubelet.write(name, batch_script(3.0, NO_DATABASE))
    yield off_seconds
    for pool, names in old.items():
        for name in names:
            world.nodes.remove(name)
        world.nodes.add(pool, len(names))
    world.nodes.number()
    world.power(True)
    yield from batches_over(world, search)


# I, J: other identities


def legacy_client(world: Stage, search_id: str, rng: Random, *, batches: int = 8, seconds: float = 60.0) -> Actor:
    """I: a client without labels, suffixes, TTL and finalizer; its id stands in the environment of its batches only,
    so that nobody can tell whose `import-queries` runs before them."""
    search = Search(
        id=search_id, mode="ssd", db="16S_ribosomal_RNA", batches=batches, labelled=False, ttl=None,
        openapi_id=new_openapi_id(rng),
    )  # fmt: skip
    for name in search.batch_names:
        old = world.store.find("jobs", search.namespace, name)
        if old is not None:
            clients.delete(world, old)
    write_batches(world, search, seconds)
    yield from import_queries(world, search, 60.0)
    yield 60.0
    yield from clients.apply_batches(world, search)
    yield from batches_over(world, search)


def idempotency_key(world: Stage, search_id: str, rng: Random, *, shards: int = 4, seconds: float = 35.0) -> Actor:
    """J: as A, under an id the submitter chose."""
    yield from sharded_warm(world, search_id, rng, shards=shards, seconds=seconds)


def nightly_key(launch: int) -> str:
    return f"nightly.2026-06-{launch % 30 + 1:02}_a"


# K, L: size


def finished_litter(
    world: Stage, search_id: str, rng: Random, *, count: int = 30_000, padding: int = 0, per_search: int = 10
) -> Actor:
    """K: Jobs without a TTL that ended long ago, nine batches and a finalizer a search."""
    for first in range(0, count, per_search):
        own = search_id if first == 0 else new_search_id(rng)
        search = Search(id=own, mode="ssd", batches=per_search - 1, ttl=None, padding=padding, openapi_id=own[-12:])
        made = [manifests.batch(search, number) for number in range(min(per_search, count - first) - 1)]
        for manifest in [*made, manifests.finalizer(search)]:
            bury(world, manifest)
        yield 0.1


def big_search(world: Stage, search_id: str, rng: Random, *, count: int = 5000, seconds: float = 20.0) -> Actor:
    """L: as many batches as a client may submit."""
    search = Search(id=search_id, program="blastp", mode="ssd", db="nr", batches=count, openapi_id=new_openapi_id(rng))
    write_batches(world, search, seconds)
    yield from clients.submit_and_wait(world, search, setup=False)
    yield from finalizer_over(world, search, within=72 * HOUR)


# M, N: neighbours


def two_searches_one_failing(
    world: Stage, search_id: str, rng: Random, *, shards: int = 10, seconds: float = 90.0
) -> Actor:
    """M: a search with a failing shard beside a sound one."""
    beside = Random(f"{world.seed}/beside {search_id}")  # noqa: S311 - a simulation, not a secret
    world.agenda.spawn(sharded_warm(world, new_search_id(beside), beside, shards=shards, seconds=60.0))
    yield from batch_failure(world, search_id, rng, shards=shards, seconds=seconds)


def foreign_import_queries(
    world: Stage, search_id: str, rng: Random, *, fails: bool = False, tolerates: bool = True, seconds: float = 300.0
) -> Actor:
    """N: the submit Job waits for another search's `import-queries`, and gives up if that fails.

    Without `tolerates` that Job finds no node on a cluster whose pools are all tainted, and runs into its deadline.
    """
    search = Search(id=search_id, mode="ssd", db="nt_prok", batches=6, openapi_id=new_openapi_id(rng))
    write_batches(world, search, 40.0)
    yield from import_queries(world, search, seconds, BAD_INPUT if fails else OK, tolerates=tolerates)
    yield from clients.submit_to_cloud(world, search, setup=False)
    yield from finalizer_over(world, search)


def import_queries(world: Stage, search: Search, seconds: float, end: Exit = OK, *, tolerates: bool = True) -> Actor:
    """Put the queries on the warm volume, by the Job with the fixed name; one that is there already gives way."""
    old = world.store.find("jobs", "default", "import-queries")
    if old is not None:
        clients.delete(world, old)
        yield 5.0
    world.kubelet.write("import-queries", Script(processes={"import-query-batches": runs(seconds, end)}))
    clients.create(world, manifests.import_queries(search, tolerates=tolerates))
