"""A cancel among refusals, lost answers and conflicts. The answers are made by the server, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.cancel import saga
from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditError
from exporter.cancel.order import Times
from exporter.cancel.progress import Progress
from exporter.domain.cancel import Outcome
from exporter.domain.failures import Word
from exporter.domain.identity import SearchId
from tests.cancel.bench import NAMESPACE, A, line_to
from tests.cancel.runs import Asked, Hook, Play, nothing
from tests.support.manifests import batch_job

SHORT = 0.3  # seconds a request may take; answers that are lost stall for longer
STALL = 0.6


def refusal(status: int, **headers: str) -> Response:
    return JSONResponse({"kind": "Status", "code": status}, status, headers)


class KthDelete:
    """Answers the k-th DELETE with a status; `done` says that it is done all the same."""

    def __init__(self, play: Play, number: int, status: int, *, stall: float = 0.0, done: bool = False) -> None:
        self.play, self.number, self.status, self.stall, self.done = play, number, status, stall, done
        self.count = 0
        self.hit = ""

    async def __call__(self, request: Request) -> Response | None:
        if request.method != "DELETE":
            return None
        self.count += 1
        if self.count != self.number:
            return None
        self.hit = request.url.path.rpartition("/")[2]
        if self.done:
            self.play.bench.store.delete("jobs", NAMESPACE, self.hit, propagation="Foreground")
        await asyncio.sleep(self.stall)
        return refusal(self.status)


@pytest.mark.fault(98)
@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("number", range(1, 7))
def test_a_refused_delete_ends_it_and_a_repeat_finishes(play: Play, number: int, status: int) -> None:
    play.bench.busy = False
    play.witness.faults = fault = KthDelete(play, number, status)
    result = play.cancel()
    assert result.outcome is Outcome.PARTIAL
    assert len(play.witness.deletes) == number, "nothing is asked for after the refusal"
    assert "deletes failed" in result.detail, "it ends at once"
    assert [one.target.name for one in result.objects if one.result == "failed"] == [fault.hit]
    assert {one.word for one in result.objects if one.result == "failed"} == {
        Word.DENIED if status == 403 else Word.SERVER
    }
    assert {one.name for one in result.remaining} >= {fault.hit}
    assert {one.name for one in result.remaining} == set(play.bench.deletable()), "the rest is listed as it is"
    again = play.cancel()
    assert (again.outcome, play.bench.deletable()) == (Outcome.DONE, [])


@pytest.mark.fault(97)
@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_delete_that_was_done_without_an_answer_is_looked_up_and_not_repeated(play: Play, number: int) -> None:
    play.bench.busy = False
    play.witness.faults = fault = KthDelete(play, number, 200, stall=STALL, done=True)
    result = play.cancel(api=play.api(lambda _asked: play.bench.settle(), budget=SHORT))
    assert result.outcome is Outcome.DONE
    assert play.witness.deletes.count(fault.hit) == 1
    assert {one.result for one in result.objects} == {"deleted"}


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_delete_that_was_not_done_is_looked_up_before_it_is_repeated(play: Play, number: int) -> None:
    play.bench.busy = False
    play.witness.faults = fault = KthDelete(play, number, 200, stall=STALL)
    asked: list[Asked] = []
    result = play.cancel(api=play.api(asked.append, lambda _asked: play.bench.settle(), budget=SHORT))
    assert result.outcome is Outcome.DONE
    about = [(one.method, one.body.get("preconditions")) for one in asked if one.name == fault.hit]
    assert [method for method, _ in about] == ["DELETE", "GET", "DELETE"]
    assert about[0][1] == about[2][1], "it asks for the very object again"


def test_a_delete_whose_answer_and_look_up_are_lost_ends_it(play: Play) -> None:
    async def faults(request: Request) -> Response | None:
        named = "/jobs/" in request.url.path
        return refusal(500) if named and request.method == "GET" else None

    stalled = KthDelete(play, 1, 200, stall=STALL, done=True)

    async def both(request: Request) -> Response | None:
        return await stalled(request) or await faults(request)

    play.witness.faults = both
    result = play.cancel(api=play.api(nothing, budget=SHORT))
    assert result.outcome is Outcome.PARTIAL
    assert len(play.witness.deletes) == 1


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


class Busy:
    """Answers the first DELETE of every object with 429."""

    def __init__(self, after: str) -> None:
        self.after = after
        self.told: set[str] = set()

    async def __call__(self, request: Request) -> Response | None:
        if request.method != "DELETE" or request.url.path in self.told:
            return None
        self.told.add(request.url.path)
        return refusal(429, **{"Retry-After": self.after})


def test_a_busy_server_is_given_the_time_it_asks_for(play: Play) -> None:
    play.bench.busy = False
    play.witness.faults = Busy("7")
    asked: dict[str, list[float]] = {}

    def before(one: Asked) -> None:
        play.bench.settle()
        if one.deletes:
            asked.setdefault(one.name, []).append(play.bench.clock.mono())

    assert play.cancel(api=play.api(before)).outcome is Outcome.DONE
    assert len(asked) == 6
    assert all(second - first == pytest.approx(7.0) for first, second in asked.values())


def test_a_server_that_asks_for_more_time_than_there_is_ends_it(play: Play) -> None:
    play.witness.faults = Busy("120")
    result = play.cancel()
    assert result.outcome is Outcome.PARTIAL
    assert play.bench.markers == []
    assert len(play.witness.deletes) == 1


class Reads:
    """Answers so many GETs, from the n-th on, with a status."""

    def __init__(self, first: int, many: int, status: int) -> None:
        self.range = range(first, first + many)
        self.status = status
        self.count = 0

    async def __call__(self, request: Request) -> Response | None:
        if request.method != "GET":
            return None
        self.count += 1
        return refusal(self.status) if self.count in self.range else None


@pytest.mark.parametrize("status", [403, 500, 503])
def test_without_a_first_list_nothing_happens(play: Play, status: int) -> None:
    play.witness.faults = Reads(1, 1, status)
    result = play.cancel()
    assert (result.outcome, play.witness.deletes) == (Outcome.UNAVAILABLE, [])
    assert [record["outcome"] for record in play.witness.records] == ["unavailable"]


@pytest.mark.parametrize("first", [4, 5, 8, 12, 16])
def test_a_read_that_fails_for_a_moment_is_repeated(play: Play, first: int) -> None:
    play.witness.faults = Reads(first, 2, 500)
    assert play.cancel().outcome is Outcome.DONE


@pytest.mark.parametrize("first", [4, 9, 14])
@pytest.mark.parametrize(("status", "many"), [(403, 99), (500, 99)])
def test_reads_that_fail_for_good_end_it_unfinished(play: Play, first: int, status: int, many: int) -> None:
    play.witness.faults = Reads(first, many, status)
    result = play.cancel()
    assert result.outcome is (Outcome.PARTIAL if play.witness.deletes else Outcome.UNAVAILABLE)
    assert result.remaining != ()
    play.witness.faults = None
    assert play.cancel().outcome is Outcome.DONE


def test_a_list_that_expires_on_its_way_is_begun_again(play: Play) -> None:
    play.bench.busy = False
    for number in range(600):
        play.bench.store.create("jobs", batch_job(A, 200 + number))
    expired: list[str] = []

    def before(asked: Asked) -> None:
        if asked.query.get("continue") and not expired:
            expired.append(asked.path)
            play.bench.simulator.expire_continue_tokens()

    assert len(saga_plan(play, before)) == 606
    assert expired


def saga_plan(play: Play, before: Hook) -> set[str]:
    return {one.uid for one in saga.plan(SearchId(A), api=play.api(before)).targets}


@pytest.mark.fault(104)
def test_without_an_intent_record_nothing_is_deleted(play: Play) -> None:
    def broken(_record: object) -> None:
        raise AuditError

    before = play.bench.dump()
    result = play.cancel(audit=broken, api=play.api(nothing))
    assert result.outcome is Outcome.AUDIT_FAILED
    assert play.bench.dump() == before
    assert play.witness.deletes == []


def test_a_record_that_fails_for_a_late_object_ends_it_before_its_delete(play: Play) -> None:
    def audit(record: dict[str, object]) -> None:
        if play.witness.deletes and record["event"] == "cancel_intent":
            raise AuditError
        play.witness.audit(record)

    result = play.cancel(audit=audit)
    assert result.outcome is Outcome.PARTIAL
    assert set(play.bench.deletable()), "the submit Job had made more"


def test_an_outcome_that_cannot_be_recorded_is_told_with_the_outcome(play: Play) -> None:
    def audit(record: dict[str, object]) -> None:
        if record["event"] == "cancel_outcome":
            raise AuditError
        play.witness.audit(record)

    result = play.cancel(audit=audit)
    assert result.outcome is Outcome.DONE
    assert "audit" in result.detail


def test_the_records_name_who_what_and_what_came_of_it(play: Play) -> None:
    result = play.cancel(caller="alice", reason="wrong\ndatabase", source="10.0.0.1", request_id="r1", cluster="c")
    first, last = play.witness.records[0], play.witness.records[-1]
    assert [first["event"], last["event"]] == ["cancel_intent", "cancel_outcome"]
    for record in play.witness.records:
        told = [record[key] for key in ("caller", "source", "request_id", "id", "namespace", "cluster", "digest")]
        assert told == ["alice", "10.0.0.1", "r1", A, NAMESPACE, "c", result.plan.digest] or record is not first
        assert record["reason"] == "wrong�database"
    assert first["digest"] == result.plan.digest
    assert last["outcome"] == "done"
    assert last["results"] == {one.target.uid: one.result for one in result.objects}
    assert last["deleted"] == result.deleted == len(play.witness.deletes)


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_program_that_stops_finishes_the_object_in_hand(play: Play, after: int) -> None:
    result = play.cancel(stop=lambda: len(play.witness.deletes) >= after)
    assert result.outcome is Outcome.INTERRUPTED
    assert len(play.witness.deletes) == after
    assert sum(one.result == "deleted" for one in result.objects) == after
    assert play.cancel().outcome is Outcome.DONE


def test_a_cancel_that_takes_too_long_ends_unfinished(play: Play) -> None:
    play.bench.stuck = {job["metadata"]["name"] for job in play.bench.jobs(A, "blast")}
    result = play.cancel(times=Times(poll=5.0, whole=200.0))
    assert result.outcome is Outcome.PARTIAL
    assert {one.name for one in result.remaining} == play.bench.stuck & set(play.bench.deletable())
    assert result.ended - result.began <= 200.0


def test_requested_is_told_between_the_intent_and_the_first_delete(play: Play) -> None:
    told: list[tuple[int, int]] = []
    play.cancel(requested=lambda: told.append((len(play.witness.records), len(play.witness.deletes))))
    assert told == [(1, 0)]


@contextmanager
def wide(play: Play, count: int) -> Iterator[JobsApi]:
    with line_to(play.bench.simulator, count) as (first, *more):
        yield JobsApi(first, NAMESPACE, more=more)


def test_deletes_run_side_by_side_and_a_refusal_stops_those_not_begun(play: Play) -> None:
    play.bench.busy = False
    for number in range(60):
        play.bench.create(batch_job(A, 300 + number))
    play.witness.faults = KthDelete(play, 10, 403)
    with wide(play, 4) as api:
        result = play.cancel(api=api)
        assert result.outcome is Outcome.PARTIAL
        assert 10 <= len(play.witness.deletes) <= 20, "those under way, of more than sixty"
        play.witness.faults = None
        again = play.cancel(api=api)
    assert again.outcome is Outcome.DONE
    assert play.bench.deletable() == []


def test_an_api_that_lists_foreign_objects_makes_it_touch_none(play: Play) -> None:
    """The server forgets the selector: every Job of the namespace comes back."""
    before = play.bench.dump(without=A)

    async def faults(request: Request) -> Response | None:
        if request.url.path.endswith("/jobs") and "elb-job-id=" in request.query_params.get("labelSelector", ""):
            items = [{k: v for k, v in job.items() if k != "kind"} for job in play.bench.store.list("jobs")]
            return JSONResponse({"kind": "JobList", "apiVersion": "batch/v1", "metadata": {}, "items": items})
        return None

    play.witness.faults = faults
    play.bench.busy = False
    result = play.cancel()
    assert result.outcome is Outcome.DONE
    assert play.bench.dump(without=A) == before


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"kind":"Status"}', b'{"kind":"JobList","metadata":{},"items":[{}]}']
)
def test_a_list_that_is_none_is_not_an_empty_one(play: Play, body: bytes) -> None:
    async def faults(request: Request) -> Response | None:
        return Response(body) if request.url.path.endswith("/jobs") else None

    play.witness.faults = faults
    result = play.cancel()
    assert (result.outcome, play.witness.deletes) == (Outcome.UNAVAILABLE, [])


def test_an_event_that_is_refused_is_no_reason_to_stop(play: Play) -> None:
    async def faults(request: Request) -> Response | None:
        return refusal(403) if request.method == "POST" else None

    play.witness.faults = faults
    assert play.cancel(progress=Progress()).outcome is Outcome.DONE


@pytest.mark.fault(101)
def test_every_write_of_a_run_is_a_delete_by_name_or_the_event(play: Play) -> None:
    """The witness has judged each; here they are counted."""
    play.cancel()
    writes = [one for one in play.bench.simulator.api.seen if one.method != "GET"]
    assert {one.method for one in writes} == {"DELETE", "POST"}
    assert sum(one.method == "POST" for one in writes) == 1
    assert len(writes) == 1 + len(play.witness.deletes)
    assert replace(writes[0], body=b"").path.endswith("/events")
