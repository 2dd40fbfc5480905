"""Timelines E, F and H: what machines and people do to a search."""

from __future__ import annotations

import pytest

from exporter.simulator.kinds import Object
from exporter.simulator.world.clients import FAILURE
from tests.simulator.worldplay import exit_codes, jobs, playing, seen, states, wait_for, wait_states


def disrupted(pod: Object, reason: str) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(each["type"] == "DisruptionTarget" and each.get("reason") == reason for each in conditions)


@pytest.mark.parametrize(("spot", "reason"), [(False, "EvictionByEvictionAPI"), (True, "DeletionByPodGC")])
def test_a_disrupted_batch_starts_again_elsewhere_and_the_finalizer_says_failure(spot: bool, reason: str) -> None:
    """E: every batch is Complete in the end, one of them with a failed attempt."""
    with playing() as world:
        before = set(world.nodes.names())
        search = world.launch("E", spot=spot)
        wait_states(world, search, blast={"complete": 6}, finalizer={"complete": 1})
        assert any(job["status"].get("failed") for job in jobs(world, search, "blast"))
        assert world.markers[search] == FAILURE
        assert seen(world, "pods", lambda pod: disrupted(pod, reason))
        after = set(world.nodes.names())
        assert (len(after), len(before - after)) == (len(before), 1 if spot else 0)


def test_a_deleted_search_leaves_nothing_and_its_pods_take_their_grace() -> None:
    """F: Jobs stay with a deletionTimestamp until BLAST is killed."""
    with playing(speed=200) as world:
        search = world.launch("F")
        wait_for(lambda: seen(world, "jobs", lambda job: "deletionTimestamp" in job["metadata"]), "a delete")
        wait_states(world, search, blast={}, finalizer={}, submit={})
        deleting = [change.entry.obj for change in world.store.changes("jobs", 1002) if change.type == "MODIFIED"]
        assert any("deletionTimestamp" in job["metadata"] for job in deleting)
        assert seen(world, "pods", lambda pod: exit_codes(pod) == {"blast": 137, "results-export": 137})


def test_batches_deleted_before_their_submit_job_come_back() -> None:
    """F, the wrong order: the submit Job goes on with its next directories."""
    with playing() as world:
        search = world.launch("F", batches=230, seconds=5.0, recreate=True)
        wait_for(lambda: len(jobs(world, search, "blast")) >= 100, "the first directory")
        wait_for(lambda: states(world, search, "blast") == {"complete": 130}, "the other directories")
        assert jobs(world, search, "submit") == jobs(world, search, "finalizer") == []


def test_a_stopped_cluster_comes_back_with_new_nodes_and_empty_disks() -> None:
    """H: the API goes away and returns; every shard fails."""
    with playing() as world:
        power: list[bool] = []
        world.power = power.append
        before = set(world.nodes.names())
        search = world.launch("H")
        wait_for(lambda: power == [False, True], "the start")
        assert seen(world, "nodes", lambda node: ready(node) == "Unknown")
        assert not before & set(world.nodes.names())
        assert len(world.nodes.names()) == 10
        wait_states(world, search, blast={"failed": 10}, finalizer={"failed": 1})


def ready(node: Object) -> str:
    return next(each["status"] for each in node["status"]["conditions"] if each["type"] == "Ready")
