"""A cancel among refusals, lost answers and conflicts. The answers are made by the server, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.cancel.api import JobsApi
from exporter.cancel.progress import Progress
from exporter.domain.cancel import Outcome
from exporter.domain.failures import Word
from tests.cancel.bench import NAMESPACE, A, line_to
from tests.cancel.runs import Asked, Play, nothing, refusal
from tests.support.manifests import batch_job

SHORT = 0.8  # seconds a request may take; answers that are lost stall for longer
STALL = 1.2


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
