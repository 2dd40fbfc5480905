"""The programs that make and judge a search: the command line, the submit Job, the finalizer; and people who delete."""

from __future__ import annotations

from collections.abc import Callable, Generator

from exporter.simulator.errors import ApiError
from exporter.simulator.kinds import Object
from exporter.simulator.world import manifests
from exporter.simulator.world.agenda import Actor, until
from exporter.simulator.world.script import OK, Exit, Process, Run, Script
from exporter.simulator.world.search import Search
from exporter.simulator.world.stage import Stage

DIRECTORY = 100
POLL, SETUP_POLL = 15.0, 20.0
THREE_DAYS = 72 * 3600.0
FAILURE, SUCCESS = "FAILURE", "SUCCESS"


def conditions(job: Object) -> set[str]:
    """The types of the conditions that hold."""
    return {each["type"] for each in job.get("status", {}).get("conditions", ()) if each["status"] == "True"}


def complete(job: Object | None) -> bool:
    return job is not None and "Complete" in conditions(job)


def ended(job: Object) -> bool:
    return bool(conditions(job) & {"Complete", "Failed"})


def attempts_failed(job: Object) -> int:
    return int(job.get("status", {}).get("failed", 0))


def jobs(world: Stage, search: Search, app: str) -> list[Object]:
    return world.store.list("jobs", search.namespace, f"app={app},{search.selector}")


def create(world: Stage, manifest: Object) -> None:
    """Apply a Job; one that is there already stays as it is."""
    try:
        world.store.create("jobs", manifest)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise


def delete(world: Stage, job: Object, *, propagation: str = "Background") -> None:
    """Delete a Job that may be gone already."""
    try:
        world.store.delete("jobs", job["metadata"]["namespace"], job["metadata"]["name"], propagation=propagation)
    except ApiError as error:
        if error.status != 404:
            raise


def delete_apps(world: Stage, search: Search, *apps: str, propagation: str = "Foreground") -> None:
    """What a person with kubectl does: delete the Jobs of a search, app by app."""
    for app in apps:
        for job in jobs(world, search, app):
            delete(world, job, propagation=propagation)


# The command line


def submit_and_wait(world: Stage, search: Search, *, setup: bool = True) -> Generator[float, None, bool]:
    """Direct submission: set up, wait for it, clear it away, apply the batches and the finalizer.

    False if the setup failed; nothing but its Jobs is there then.
    """
    yield 2.0
    if setup:
        apply_setup(world, search)
        yield from until(lambda: setup_settled(world, search), every=SETUP_POLL, within=3600.0)
        if not all(complete(job) for job in jobs(world, search, "setup")):
            return False
        delete_apps(world, search, "setup", propagation="Background")
        yield 2.0
    yield from apply_batches(world, search)
    apply_finalizer(world, search)
    return True


def submit_to_cloud(world: Stage, search: Search, *, setup: bool = True, fail_after: int | None = None) -> Actor:
    """Submission that returns at once: a Job in the cluster applies the batches; setup Jobs stay."""
    yield 2.0
    if setup:
        apply_setup(world, search)
    yield 3.0
    world.kubelet.write(
        search.submit_name, Script(processes={"submit-jobs": submit_process(world, search, fail_after)})
    )
    create(world, manifests.submit_jobs(search))
    yield 1.0
    apply_finalizer(world, search)


def apply_setup(world: Stage, search: Search) -> None:
    if search.mode != "pv":
        world.nodes.number()
    for ordinal in search.ordinals:
        create(world, manifests.init_volume(search, ordinal))


def apply_finalizer(world: Stage, search: Search, merge: Exit = OK) -> None:
    if not world.kubelet.knows(search.finalizer_name):
        write_finalizer(world, search, merge)
    create(world, manifests.finalizer(search))


def write_finalizer(world: Stage, search: Search, merge: Exit) -> None:
    processes = {"finalizer": finalizer_process(world, search, merge)}
    world.kubelet.write(search.finalizer_name, Script(processes=processes))


def apply_batches(world: Stage, search: Search, *, only: int | None = None) -> Actor:
    """Apply the batch Jobs in directories of 100, `only` so many if given."""
    parts = search.parts[:only]
    for first in range(0, len(parts), DIRECTORY):
        for number, shard in parts[first : first + DIRECTORY]:
            create(world, manifests.batch(search, number, shard))
        yield 3.0


def setup_settled(world: Stage, search: Search) -> bool:
    """Whether the command line stops waiting: all done, one failed, or for a sharded search one attempt failed."""
    mine = jobs(world, search, "setup")
    if any("Failed" in conditions(job) for job in mine):
        return True
    if search.mode == "sharded" and any(attempts_failed(job) for job in mine):
        return True
    return all(complete(job) for job in mine)


# The Jobs in the cluster


def submit_process(world: Stage, search: Search, fail_after: int | None = None) -> Process:
    """Wait for every setup Job of the cluster, then apply; exit 1 if one of them failed or after `fail_after` Jobs."""

    def process(_run: Run) -> Generator[float, None, Exit]:
        yield 5.0
        idle = yield from until(lambda: not active_setup(world), every=10.0, within=4 * 3600.0)
        if not idle or not all(complete(job) for job in all_setup(world)):
            return Exit(code=1)
        yield 30.0
        yield from apply_batches(world, search, only=fail_after)
        return OK if fail_after is None else Exit(code=1)

    return process


def all_setup(world: Stage) -> list[Object]:
    return world.store.list("jobs", "default", "app=setup")


def active_setup(world: Stage) -> bool:
    return any(not ended(job) for job in all_setup(world))


def finalizer_process(world: Stage, search: Search, merge: Exit) -> Process:
    """Find the batches, wait until each is Complete, judge them, merge the shards, leave a marker."""

    def process(run: Run) -> Generator[float, None, Exit]:
        yield 2.0
        if search.id in world.markers:
            return OK
        yield from until(
            lambda: bool(jobs(world, search, "blast")) or submit_failed(world, search), every=POLL, within=3600.0
        )
        names = [str(job["metadata"]["name"]) for job in jobs(world, search, "blast")]
        if not names:
            world.markers[search.id] = FAILURE
            return Exit(code=1)
        for name in names:
            yield from until(is_complete(world, search, name), every=POLL, within=THREE_DAYS)
        return (yield from judge(world, search, run, merge))

    return process


def judge(world: Stage, search: Search, run: Run, merge: Exit) -> Generator[float, None, Exit]:
    if any(attempts_failed(job) for job in jobs(world, search, "blast")):
        world.markers[search.id] = FAILURE
        return OK
    if search.mode == "sharded":
        yield run.rng.uniform(10.0, 40.0)
        if merge.code:
            world.markers[search.id] = FAILURE
            return merge
    world.markers[search.id] = SUCCESS
    return OK


def is_complete(world: Stage, search: Search, name: str) -> Callable[[], bool]:
    return lambda: complete(world.store.find("jobs", search.namespace, name))


def submit_failed(world: Stage, search: Search) -> bool:
    return any(attempts_failed(job) for job in jobs(world, search, "submit"))
