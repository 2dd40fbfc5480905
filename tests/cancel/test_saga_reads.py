"""A cancel whose looks fail, or show what is not of the search."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.cancel import saga
from exporter.domain.cancel import Outcome
from exporter.domain.identity import SearchId
from tests.cancel.bench import A
from tests.cancel.runs import Asked, Hook, Play, refusal
from tests.support.manifests import batch_job


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
