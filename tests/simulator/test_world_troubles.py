"""Searches that end, or hang, in the other ways."""

from __future__ import annotations

import pytest

from exporter.simulator.world.clients import SUCCESS
from exporter.simulator.world.scenarios import SCENARIOS, find_scenario
from tests.simulator.worldplay import exit_codes, jobs, playing, seen, state, wait_for, wait_states


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("submit_failed", {"submit": {"failed": 1}, "finalizer": {"failed": 1}, "blast": {}}),
        ("partial_submit", {"submit": {"failed": 1}, "finalizer": {"complete": 1}, "blast": {"complete": 10}}),
        ("completed_unverified", {"setup": {}, "submit": {}, "finalizer": {"complete": 1}, "blast": {}}),
        ("merge_failure", {"setup": {}, "finalizer": {"failed": 1}, "blast": {"complete": 4}}),
        ("shards_over_nodes", {"finalizer": {"live": 1}, "blast": {"complete": 10, "live": 4}}),
    ],
)
def test_a_scenario_ends_in_these_states(scenario: str, expected: dict[str, dict[str, int]]) -> None:
    with playing() as world:
        wait_states(world, world.launch(scenario), **expected)


def test_a_vanished_search_had_a_submit_job_and_a_finalizer_and_never_a_batch() -> None:
    with playing() as world:
        search = world.launch("vanished")
        wait_for(lambda: seen(world, "jobs", lambda job: "deletionTimestamp" in job["metadata"]), "a delete")
        wait_states(world, search, submit={}, finalizer={})
        history = [change.entry.obj for change in world.store.changes("jobs", 1002)]
        assert {(job["metadata"]["labels"]["app"], state(job)) for job in history} == {
            ("submit", "live"),
            ("finalizer", "live"),
        }


def test_prepare_makes_setup_jobs_and_clears_them_away() -> None:
    with playing() as world:
        search = world.launch("prepare")
        wait_for(lambda: seen(world, "jobs", lambda job: "deletionTimestamp" in job["metadata"]), "a delete")
        wait_states(world, search, setup={})
        made = [change.entry.obj["metadata"] for change in world.store.changes("jobs", 1002) if change.type == "ADDED"]
        assert [(each["labels"]["app"], each["labels"]["elb-job-id"]) for each in made] == [("setup", search)] * 10


def test_unschedulable_batches_say_why_until_somebody_deletes_them() -> None:
    with playing() as world:
        search = world.launch("unschedulable")
        wait_for(lambda: len(refusals(world, search)) == 3, "refusals")
        assert all("Insufficient cpu" in message for message in refusals(world, search))
        wait_states(world, search, blast={}, finalizer={})


def refusals(world, search: str) -> list[str]:
    pods = world.store.list("pods", "default", f"app=blast,elb-job-id={search}")
    conditions = [each for pod in pods for each in pod["status"].get("conditions", ())]
    return [each["message"] for each in conditions if each.get("reason") == "Unschedulable"]


def test_an_image_that_is_missing_shows_both_waiting_reasons() -> None:
    with playing() as world:
        search = world.launch("image_pull_error")
        wait_states(world, search, blast={"complete": 3}, finalizer={"complete": 1})
        for reason in ("ErrImagePull", "ImagePullBackOff"):
            assert seen(world, "pods", lambda pod, reason=reason: first_waiting(pod) == reason)


def first_waiting(pod) -> str:
    statuses = pod["status"].get("initContainerStatuses") or pod["status"].get("containerStatuses") or [{"state": {}}]
    return statuses[0]["state"].get("waiting", {}).get("reason", "")


def test_a_failed_export_stands_beside_a_sound_blast() -> None:
    with playing() as world:
        search = world.launch("export_failure")
        wait_states(world, search, blast={"complete": 3, "failed": 1}, finalizer={"live": 1})
        assert seen(world, "pods", lambda pod: exit_codes(pod) == {"blast": 0, "results-export": 1})


def test_an_evicted_pod_says_so() -> None:
    with playing() as world:
        search = world.launch("memory_pressure")
        wait_states(world, search, finalizer={"complete": 1}, blast={"complete": 6})
        evicted = [pod for pod in world.store.list("pods") if pod["status"].get("reason") == "Evicted"]
        assert evicted
        assert all(pod["status"]["phase"] == "Failed" for pod in evicted)
        assert any(job["status"].get("failed") for job in jobs(world, search, "blast"))


def test_every_scenario_has_one_name_and_the_timelines_a_letter() -> None:
    assert [find_scenario(letter).letter for letter in "ABCDEFGHIJKLMN"] == list("ABCDEFGHIJKLMN")
    assert all(find_scenario(name).name == name for name in SCENARIOS)
    with pytest.raises(KeyError):
        find_scenario("nothing")


def test_the_same_seed_gives_the_same_ids() -> None:
    with playing(seed=7) as one, playing(seed=7) as other, playing(seed=8) as third:
        first, again, different = (world.launch("completed_unverified") for world in (one, other, third))
        wait_for(lambda: one.markers.get(first) == SUCCESS, "the marker")
    assert first == again != different
