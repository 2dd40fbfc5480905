"""A cancel among others who change the same objects."""

from __future__ import annotations

import pytest

from exporter.domain.cancel import Outcome
from tests.cancel.bench import NAMESPACE, A
from tests.cancel.runs import Asked, Hook, Play
from tests.support.manifests import batch_job


def conflicts(play: Play, change: Hook, times: int) -> Hook:
    """Change the object before it is deleted, so many times."""
    left = [times]

    def before(asked: Asked) -> None:
        play.bench.settle()
        if asked.deletes and "batch" in asked.name and left[0]:
            left[0] -= 1
            change(asked)

    return before


@pytest.mark.fault(29)
@pytest.mark.parametrize(("bumps", "outcome"), [(1, Outcome.DONE), (3, Outcome.DONE), (99, Outcome.CONFLICT)])
def test_a_job_that_changes_is_read_again_a_few_times(play: Play, bumps: int, outcome: Outcome) -> None:
    play.bench.busy = False
    result = play.cancel(api=play.api(conflicts(play, lambda asked: play.bench.touch(asked.name), bumps)))
    assert result.outcome is outcome
    contested = [one for one in result.objects if one.result == "conflict"]
    assert len(contested) == (3 if outcome is Outcome.CONFLICT else 0)
    assert {one.uid for one in result.remaining} == {one.target.uid for one in contested}
    assert all(play.witness.deletes.count(one.target.name) == 4 for one in contested), "once, and three times more"


@pytest.mark.fault(99)
@pytest.mark.parametrize("to", ["job-" + "e" * 32, A + "0"])
def test_a_job_that_is_relabelled_meanwhile_is_left_alone(play: Play, to: str) -> None:
    play.bench.busy = False
    moved: list[str] = []

    def change(asked: Asked) -> None:
        moved.append(asked.name)
        play.bench.relabel(asked.name, to)

    result = play.cancel(api=play.api(conflicts(play, change, 1)))
    assert result.outcome is Outcome.CONFLICT
    assert [one.target.name for one in result.objects if one.result == "conflict"] == moved
    assert play.bench.store.get("jobs", NAMESPACE, moved[0])["metadata"].get("deletionTimestamp") is None
    assert play.bench.deletable() == []
    assert result.remaining == ()


def test_a_job_that_ends_between_list_and_delete_is_spared(play: Play) -> None:
    play.bench.busy = False
    ended: list[str] = []

    def change(asked: Asked) -> None:
        ended.append(asked.name)
        play.bench.end(asked.name)

    result = play.cancel(api=play.api(conflicts(play, change, 1)))
    assert result.outcome is Outcome.DONE
    assert [one.target.name for one in result.objects if one.result == "left"] == ended
    assert play.bench.store.find("jobs", NAMESPACE, ended[0]) is not None


@pytest.mark.fault(28)
def test_another_object_under_the_name_is_not_deleted_in_its_place(play: Play) -> None:
    play.bench.busy = False
    name = play.bench.jobs(A, "blast")[0]["metadata"]["name"]

    def change(_asked: Asked) -> None:
        play.bench.remove(name)
        play.bench.tick(31.0)
        manifest = batch_job("job-" + "f" * 32, 0)
        manifest["metadata"]["name"] = name
        play.bench.create(manifest)

    result = play.cancel(api=play.api(conflicts(play, change, 1)))
    assert result.outcome is Outcome.DONE
    assert [one.result for one in result.objects if one.target.name == name] == ["already_gone"]
    assert play.bench.jobs("job-" + "f" * 32) != []


def test_a_finalizer_that_keeps_changing_ends_it_before_any_batch(play: Play) -> None:
    def before(asked: Asked) -> None:
        if asked.deletes and "finalizer" in asked.name:
            play.bench.touch(asked.name)

    result = play.cancel(api=play.api(before))
    assert result.outcome is Outcome.CONFLICT
    assert not {name for name in play.witness.deletes if "batch" in name}
