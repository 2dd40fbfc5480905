"""A cancel on a cluster in which everyone else goes on working."""

from __future__ import annotations

import pytest

from exporter.cancel.order import Times
from exporter.cancel.progress import Progress
from exporter.domain.cancel import Outcome, Refusal
from exporter.domain.identity import SearchId
from tests.cancel.bench import LOOK_ALIKES, A, B, has_ended
from tests.cancel.runs import TIMES, Asked, Play, Server, nothing
from tests.support.manifests import batch_job, finalizer_job, setup_job, submit_job


@pytest.mark.fault(94)
@pytest.mark.fault(95)
def test_one_of_two_searches_is_gone_and_everything_else_is_as_it_was(play: Play) -> None:
    before = play.bench.dump(without=A)
    play.bench.tick(5.0)
    result = play.cancel()
    assert result.outcome is Outcome.DONE, result
    assert play.bench.deletable() == []
    assert play.bench.pods(A, "blast") == []
    assert play.bench.dump(without=A) == before
    assert play.bench.deletable(B) != []
    assert play.bench.submitted > 0, "the submit Job went on creating"
    assert play.bench.markers == []
    assert play.witness.looked_twice(TIMES.settle)


def test_the_stages_are_taken_in_order(play: Play) -> None:
    result = play.cancel()
    apps = [one.target.app for name in play.witness.deletes for one in result.objects if one.target.name == name]
    assert apps == sorted(apps, key=["finalizer", "submit", "setup", "blast"].index)
    assert set(apps) == {"finalizer", "submit", "setup", "blast"}
    assert len(set(play.witness.deletes)) == len(play.witness.deletes), "nothing is deleted twice"


def test_a_second_cancel_changes_nothing_and_says_so(play: Play) -> None:
    play.cancel()
    deletes, before = len(play.witness.deletes), play.bench.dump()
    assert play.cancel().outcome is Outcome.ALREADY_GONE, "init-pv of the search is still there"
    assert len(play.witness.deletes) == deletes
    assert play.bench.dump() == before


def test_a_search_of_which_nothing_is_known_is_not_found(play: Play) -> None:
    result = play.cancel("job-" + "c" * 32)
    assert (result.outcome, play.witness.deletes) == (Outcome.NOT_FOUND, [])


@pytest.mark.fault(100)
@pytest.mark.parametrize("other", LOOK_ALIKES[:-1])
def test_an_id_that_looks_alike_is_cancelled_alone(play: Play, other: str) -> None:
    before = play.bench.dump(without=other)
    play.witness.search = other
    play.bench.busy = False
    assert play.cancel(other).outcome is Outcome.DONE
    assert play.witness.deletes == [f"look-alike-{LOOK_ALIKES.index(other)}"]
    assert play.bench.dump(without=other) == before


def test_finished_jobs_are_spared_and_reported(play: Play) -> None:
    name = play.bench.create(batch_job(A, 50))
    play.bench.end(name)
    failed = play.bench.create(batch_job(A, 51))
    play.bench.end(failed, "Failed")
    result = play.cancel()
    assert result.outcome is Outcome.DONE
    assert {one.target.name for one in result.plan.spared if one.why == "terminal"} == {name, failed}
    assert play.bench.store.find("jobs", "default", name) is not None
    assert play.bench.store.find("jobs", "default", failed) is not None


@pytest.mark.parametrize("why", ["terminal", "shared"])
def test_only_spared_jobs_left_is_already_gone(play: Play, why: str) -> None:
    for name in play.bench.deletable():
        play.bench.end(name)
    if why == "shared":
        for job in play.bench.jobs():
            if job["metadata"]["name"] != "init-pv":
                play.bench.remove(job["metadata"]["name"])
    play.bench.settle()
    result = play.cancel()
    assert (result.outcome, play.witness.deletes) == (Outcome.ALREADY_GONE, [])
    assert why in {one.why for one in result.plan.spared}


def test_jobs_without_the_label_are_reported_and_refused(play: Play) -> None:
    legacy = "job-" + "d" * 32
    for manifest in (batch_job(legacy, 1), finalizer_job(legacy)):
        for metadata in (manifest["metadata"], manifest["spec"]["template"]["metadata"]):
            del metadata["labels"]["elb-job-id"]
        play.bench.create(manifest)
    result = play.cancel(legacy)
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.UNLABELLED)
    assert [one.why for one in result.plan.spared] == ["unlabelled", "unlabelled"]
    assert play.witness.deletes == []


@pytest.mark.parametrize(("expected", "outcome"), [(99, Outcome.REFUSED), (6, Outcome.DONE)])
def test_a_count_that_was_expected_differently_refuses(play: Play, expected: int, outcome: Outcome) -> None:
    play.bench.busy = False
    result = play.cancel(expected_count=expected)
    assert result.outcome is outcome
    assert result.refusal is (Refusal.COUNT if outcome is Outcome.REFUSED else None)
    assert bool(play.witness.deletes) == (outcome is Outcome.DONE)


@pytest.mark.fault(102)
def test_a_plan_over_the_limit_is_refused_with_its_count(play: Play) -> None:
    play.bench.busy = False
    result = play.cancel(times=Times(max_objects=5))
    assert (result.outcome, result.refusal, result.detail) == (Outcome.REFUSED, Refusal.TOO_MANY, "6 objects")
    assert play.witness.deletes == []


def test_two_thousand_and_one_jobs_are_too_many(server: Server) -> None:
    play = server.stage()
    for number in range(Times().max_objects + 1):
        play.bench.store.create("jobs", batch_job(A, number))
    result = play.cancel(api=play.api(nothing))
    assert (result.refusal, result.detail) == (Refusal.TOO_MANY, "2001 objects")
    assert play.witness.deletes == []


@pytest.mark.fault(96)
@pytest.mark.parametrize("which", ["elb-finalizer", "submit-jobs"])
def test_a_pod_that_does_not_die_ends_it_before_any_batch(play: Play, which: str) -> None:
    play.bench.stuck = {f"{which}-{A[-8:]}"}
    batches = {job["metadata"]["uid"] for job in play.bench.jobs(A, "blast")}
    result = play.cancel()
    assert result.outcome is Outcome.PARTIAL
    assert "have not gone in time" in result.detail
    assert {job["metadata"]["uid"] for job in play.bench.jobs(A, "blast")} >= batches
    assert not {name for name in play.witness.deletes if "batch" in name or "init" in name}
    assert {one.name for one in result.remaining} == set(play.bench.deletable())
    play.bench.stuck = set()
    assert play.cancel().outcome is Outcome.DONE


def test_a_finalizer_pod_whose_job_is_gone_is_awaited(play: Play) -> None:
    play.bench.remove(f"elb-finalizer-{A[-8:]}", "Orphan")
    play.bench.settle()
    assert play.bench.jobs(A, "finalizer") == []
    result = play.cancel()
    assert result.outcome is Outcome.PARTIAL
    assert not {name for name in play.witness.deletes if "batch" in name}
    pod = play.bench.pods(A, "finalizer")[0]["metadata"]["name"]
    play.bench.store.delete("pods", "default", pod)
    assert play.cancel().outcome is Outcome.DONE


def test_a_finalizer_that_has_failed_but_whose_pod_lives_on_is_awaited(play: Play) -> None:
    """As older servers have it when someone deletes the pod: a verdict while the script still runs."""
    play.bench.store.delete("pods", "default", play.bench.pods(A, "finalizer")[0]["metadata"]["name"])
    play.bench.settle()
    play.bench.judge(f"elb-finalizer-{A[-8:]}", "Failed")
    assert has_ended(play.bench.jobs(A, "finalizer")[0])
    assert len(play.bench.running("finalizer")) == 1
    result = play.cancel()
    assert result.outcome is Outcome.DONE
    assert result.last_pod_gone is not None


def test_a_finalizer_pod_that_lost_its_label_and_its_job_is_awaited(play: Play) -> None:
    """Someone leaves the pod behind when the cancel has seen its Job; what is left to know it by is that Job's uid."""
    pod = play.bench.pods(A, "finalizer")[0]["metadata"]["name"]
    play.bench.store.update("pods", "default", pod, lambda one: one["metadata"]["labels"].pop("elb-job-id"))

    def before(asked: Asked) -> None:
        if asked.deletes:
            play.bench.remove(f"elb-finalizer-{A[-8:]}", "Orphan")
        play.bench.settle()

    result = play.cancel(api=play.api(before))
    assert result.outcome is Outcome.PARTIAL
    assert not {name for name in play.witness.deletes if "batch" in name}


def test_pods_of_batches_whose_jobs_are_gone_are_not_called_done(play: Play) -> None:
    play.bench.remove(play.bench.jobs(A, "blast")[0]["metadata"]["name"], "Orphan")
    play.bench.settle()
    result = play.cancel()
    assert (result.outcome, result.detail) == (Outcome.PARTIAL, "pods live on whose Jobs are gone")
    assert play.cancel().outcome is Outcome.PARTIAL, "and nothing else is found the next time"


def test_batches_applied_from_outside_while_it_settles_are_deleted_too(play: Play) -> None:
    progress, added = Progress(), []

    def sleep(seconds: float) -> None:
        if progress.snapshot().stage == "verify" and len(added) < 3:
            added.append(play.bench.create(batch_job(A, 60 + len(added))))
        play.bench.tick(seconds)

    result = play.cancel(progress=progress, sleep=sleep)
    assert result.outcome is Outcome.DONE
    assert len(added) == 3
    assert set(added) <= set(play.witness.deletes)
    assert play.witness.looked_twice(TIMES.settle)


def test_a_finalizer_applied_from_outside_goes_before_the_next_wave_of_batches(play: Play) -> None:
    """It is made after the first batch was deleted; the witness objects to any batch deleted while it is known."""
    made = []

    def before(asked: Asked) -> None:
        if asked.deletes and "batch" in asked.name and not made:
            play.bench.tick()
            manifest = finalizer_job(A)
            manifest["metadata"]["name"] = "elb-finalizer-late"
            made.append(play.bench.create(manifest))
        play.bench.settle()

    result = play.cancel(api=play.api(before), times=Times(poll=5.0, wave=1))
    assert result.outcome is Outcome.DONE
    names = play.witness.deletes
    assert names.index("elb-finalizer-late") < max(n for n, name in enumerate(names) if "batch" in name)
    assert "SUCCESS" not in {marker.verdict for marker in play.bench.markers}


def test_a_finalizer_that_shows_up_beside_the_batches_goes_before_them(play: Play) -> None:
    """It is made after the look for finalizers, and in the list of what is to be deleted."""
    made: list[str] = []
    play.bench.remove(f"init-ssd-{A[-8:]}-0")

    def before(asked: Asked) -> None:
        if "fieldSelector" in asked.query and play.witness.deletes and not made:
            manifest = finalizer_job(A)
            manifest["metadata"]["name"] = "elb-finalizer-late"
            made.append(play.bench.create(manifest))
        play.bench.tick()

    assert play.cancel(api=play.api(before)).outcome is Outcome.DONE
    names = play.witness.deletes
    assert names.index("elb-finalizer-late") < min(n for n, name in enumerate(names) if "batch" in name)


def test_a_job_that_has_counted_its_success_but_has_no_verdict_is_not_overlooked(play: Play) -> None:
    """Lists that leave out what has succeeded do not show it; what is called gone is looked for in whole lists."""
    play.bench.busy = False
    for name in play.bench.deletable()[1:]:
        play.bench.remove(name)
    play.bench.settle()
    play.bench.tick(31.0)
    (name,) = play.bench.deletable()
    play.bench.store.update("jobs", "default", name, lambda job: job["status"].update(succeeded=1))
    result = play.cancel(api=play.api(nothing), sleep=play.bench.clock.advance, times=Times(whole=60.0))
    assert (result.outcome, play.witness.deletes) == (Outcome.PARTIAL, [name])


def test_objects_that_become_too_many_meanwhile_end_it(play: Play) -> None:
    result = play.cancel(times=Times(poll=5.0, max_objects=8))
    assert (result.outcome, result.detail) == (Outcome.PARTIAL, "more than 8 objects by now")
    assert play.cancel().outcome is Outcome.DONE


def test_what_is_being_deleted_already_is_awaited_and_not_deleted_again(play: Play) -> None:
    names = [job["metadata"]["name"] for job in play.bench.jobs(A, "finalizer") + play.bench.jobs(A, "blast")]
    for name in names:
        play.bench.remove(name, "Foreground")
    result = play.cancel()
    assert result.outcome is Outcome.DONE
    assert not set(names) & set(play.witness.deletes)


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_a_user_who_deletes_everything_meanwhile_does_no_harm(play: Play, propagation: str) -> None:
    def before(asked: Asked) -> None:
        if asked.deletes:
            for name in play.bench.deletable():
                play.bench.remove(name, propagation)
        play.bench.tick()

    assert play.cancel(api=play.api(before)).outcome is Outcome.DONE


def test_jobs_that_their_ttl_takes_meanwhile_do_no_harm(play: Play) -> None:
    names = [play.bench.create(batch_job(A, 70 + n, ttl=20)) for n in range(3)]

    def before(_asked: Asked) -> None:
        if names and play.witness.deletes:
            play.bench.end(names.pop())
        play.bench.tick(3.0)

    result = play.cancel(api=play.api(before))
    assert result.outcome is Outcome.DONE
    assert play.bench.deletable() == []


def test_the_same_names_made_again_meanwhile_are_new_objects_and_go_too(play: Play) -> None:
    again = [submit_job(A), setup_job(A), batch_job(A, 0)]

    def before(asked: Asked) -> None:
        if asked.deletes and again and asked.name == again[0]["metadata"]["name"]:
            play.bench.remove(asked.name)
            play.bench.tick(31.0)
            play.bench.create(again.pop(0))
        play.bench.tick()

    result = play.cancel(api=play.api(before))
    assert result.outcome is Outcome.DONE
    assert again == []
    assert play.bench.deletable() == []
    gone = [one for one in result.objects if one.result == "already_gone"]
    assert len(gone) == 3


def test_progress_counts_up_to_the_end(play: Play) -> None:
    stages: list[str] = []
    progress = Progress(stages.append)
    result = play.cancel(progress=progress)
    view = progress.snapshot()
    assert list(dict.fromkeys(stages)) == ["finalizer", "submit", "setup", "blast", "verify"]
    assert [(one.stage, one.total) for one in view.stages][:3] == [("finalizer", 1), ("submit", 1), ("setup", 1)]
    assert all(one.total == one.deleted == one.gone for one in view.stages)
    assert sum(one.total for one in view.stages) == len(result.objects)
    assert view.began == result.began


def test_the_last_pod_is_seen_gone_before_the_end(play: Play) -> None:
    result = play.cancel()
    assert result.last_pod_gone is not None
    assert result.began < result.last_pod_gone <= result.ended - TIMES.settle


def test_an_event_tells_on_the_finalizer_what_happened(play: Play) -> None:
    play.cancel(request_id="r-7")
    told = [one for one in play.bench.store.list("events") if one["reason"] == "SearchCancelled"]
    assert [one["involvedObject"]["name"] for one in told] == [f"elb-finalizer-{A[-8:]}"]
    assert "(request r-7)" in told[0]["message"]


def test_the_plan_alone_asks_and_changes_nothing(play: Play) -> None:
    before = play.bench.dump()
    plan = play.plan()
    assert {one.name for one in plan.targets} == set(play.bench.deletable())
    assert {(one.target.name, one.why) for one in plan.spared} == {
        ("init-pv", "shared"),
        ("warm-core-nt-00", "foreign"),
    }
    assert plan == play.plan()
    assert play.bench.dump() == before
    assert SearchId(plan.search) == SearchId(A)
