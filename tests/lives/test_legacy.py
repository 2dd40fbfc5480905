"""Jobs of clients that set no label: known by their environment or their results path, or by nothing."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.simulator.world.manifests import init_volume
from exporter.simulator.world.search import Search
from tests.lives.sight import await_search, check_page, finished
from tests.lives.world import World, new_id
from tests.support import manifests
from tests.support.daemon import moved

pytestmark = pytest.mark.controlplane


def unlabelled(job: dict[str, Any]) -> dict[str, Any]:
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        del metadata["labels"]["elb-job-id"]
    return job


def test_unlabelled_jobs_find_their_search_or_are_counted_as_nobodys(world: World) -> None:
    identity = new_id()
    world.node()
    space = {"namespace": world.namespace}
    with world.daemon() as daemon:
        (setup,) = world.create(
            init_volume(Search(id=identity, mode="ssd", labelled=False, namespace=world.namespace), 0)
        )
        world.run(setup)
        page = check_page(daemon, world)
        assert moved(page, "jobs_unattributed") == {(world.namespace, "setup"): 1}
        assert moved(page, "searches") == {}

        (submit,) = world.create(unlabelled(manifests.submit_job(identity, **space)))
        await_search(daemon, identity, "submitting", reason="submit_active", flags={"foreign_setup"})
        batch, finalizer = world.create(
            unlabelled(manifests.batch_job(identity, 0, **space)),
            unlabelled(manifests.finalizer_job(identity, **space)),
        )
        world.succeed(submit, setup)
        await_search(daemon, identity, "pending", jobs={"pending": 1}, expected=1)
        page = check_page(daemon, world, identity)
        assert moved(page, "jobs_unattributed") == {}
        (facts,) = (dict(labels) for name, labels in page if name == "elasticblast_search_info")
        assert facts["evidence"] == "env"

        world.succeed(batch, finalizer)
        page = await_search(daemon, identity, "succeeded", jobs={"succeeded": 1}, expected=1)
        assert finished(page, "searches_finished_total") == {("none", "succeeded"): 1}
        check_page(daemon, world, identity)
