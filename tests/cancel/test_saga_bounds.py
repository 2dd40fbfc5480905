"""A cancel keeps within its time, stops when it is told to, and does not begin where it cannot keep the order."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.cancel.order import Times
from exporter.domain.cancel import Outcome, Refusal
from tests.cancel.bench import A, B
from tests.cancel.runs import Asked, Play, Server, nothing
from tests.cancel.test_saga_faults import SHORT, STALL, KthDelete, refusal
from tests.support.manifests import Manifest, batch_job, finalizer_job, submit_job


def of_an_old_client(manifest: Manifest) -> Manifest:
    """The Job as it was before there was the label."""
    for labels in (manifest["metadata"]["labels"], manifest["spec"]["template"]["metadata"]["labels"]):
        del labels["elb-job-id"]
    return manifest


@pytest.mark.fault(95)
@pytest.mark.parametrize("job", [finalizer_job, submit_job])
def test_beside_an_unlabelled_finalizer_or_submit_job_no_batch_is_deleted(
    server: Server, job: Callable[[str], Manifest]
) -> None:
    """It cannot be deleted, and would take the batches' absence for success."""
    play = server.stage()
    play.bench.search(submit=False, finalizer=False)
    play.bench.create(of_an_old_client(job(A)))
    play.bench.settle()
    before = play.bench.deletable()
    for dry_run in (True, False):
        result = play.cancel(dry_run=dry_run)
        assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.UNLABELLED)
    assert (play.witness.deletes, play.bench.deletable()) == ([], before)


def test_an_unlabelled_finalizer_is_seen_behind_any_number_of_old_batches(server: Server) -> None:
    play = server.stage()
    play.bench.search(submit=False, finalizer=False)
    for number in range(4001):
        old = of_an_old_client(batch_job(B, number))
        old["metadata"]["name"] = f"a-batch-{number:04}"
        play.bench.create(old)
    play.bench.create(of_an_old_client(finalizer_job(A)))
    result = play.cancel(api=play.api(nothing), dry_run=True)
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.UNLABELLED)


@pytest.mark.fault(97)
@pytest.mark.parametrize("status", [408, 504])
@pytest.mark.parametrize("done", [True, False])
def test_a_delete_that_ran_late_at_the_server_is_looked_up(play: Play, status: int, done: bool) -> None:
    play.bench.busy = False
    play.witness.faults = fault = KthDelete(play, 1, status, done=done)
    result = play.cancel(api=play.api(lambda _asked: play.bench.settle()))
    assert result.outcome is Outcome.DONE
    assert play.witness.deletes.count(fault.hit) == (1 if done else 2)


def test_deletes_that_take_long_are_bounded_by_the_whole_time(play: Play) -> None:
    play.bench.busy = False
    for number in range(10, 60):
        play.bench.create(batch_job(A, number))
    play.bench.settle()
    began = play.bench.clock.mono()

    def slow(asked: Asked) -> None:
        play.bench.clock.advance(9.0 if asked.deletes else 0.0)
        play.bench.settle()

    result = play.cancel(api=play.api(slow), times=Times(poll=5.0, whole=120.0))
    assert (result.outcome, result.detail) == (Outcome.PARTIAL, "out of time")
    assert play.bench.clock.mono() - began < 120.0 + 2 * 9.0
    assert {one.name for one in result.remaining} == set(play.bench.deletable())


def test_a_dry_run_that_runs_out_of_time_has_changed_nothing_and_says_so(play: Play) -> None:
    async def busy(request: Request) -> Response | None:
        return refusal(429, **{"Retry-After": "300"}) if request.method == "DELETE" else None

    play.witness.faults = busy
    result = play.cancel(dry_run=True)
    assert (result.outcome, result.detail) == (Outcome.UNAVAILABLE, "out of time")


def test_a_program_that_stops_sends_no_delete_again(play: Play) -> None:
    """The answer is lost, the object is looked up and still there: that was the object in hand."""
    play.bench.busy = False
    stop = threading.Event()
    late = KthDelete(play, 1, 200, stall=STALL)

    async def faults(request: Request) -> Response | None:
        if request.method == "DELETE":
            stop.set()
        return await late(request)

    play.witness.faults = faults
    result = play.cancel(api=play.api(nothing, budget=SHORT), stop=stop.is_set)
    assert (result.outcome, result.deleted) == (Outcome.INTERRUPTED, 0)
    assert len(play.witness.deletes) == 1


@pytest.mark.fault(95)
def test_a_finalizer_that_came_and_went_between_two_looks_is_waited_for(play: Play) -> None:
    """Its Job is gone before a look at the Jobs could see it; its pod still has its grace."""
    play.bench.busy = False
    late = finalizer_job(A)
    late["metadata"]["name"] += "-late"
    came: list[str] = []
    for job in play.bench.jobs(A, "setup"):
        play.bench.remove(job["metadata"]["name"])

    def before(asked: Asked) -> None:
        if "status.successful=0" in asked.query.get("fieldSelector", "") and play.witness.deletes and not came:
            came.append(play.bench.create(late))
            play.bench.settle()
            play.bench.remove(came[0])
        play.bench.settle()

    assert play.cancel(api=play.api(before)).outcome is Outcome.DONE
    assert came
