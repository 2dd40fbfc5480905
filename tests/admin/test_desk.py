"""The desk behind the port: what it remembers, what it forgets, and what it does when something of ours breaks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.cancel.desk import Closed, Desk, DeskLimits, Refused
from exporter.cancel.order import Order, Times
from exporter.cancel.tally import Tally
from exporter.domain.cancel import Outcome, Refusal
from exporter.domain.identity import SearchId
from tests.admin.port import A, B, Port, listening
from tests.admin.test_cancel import free, release, stuck
from tests.runtime.follow import open_access
from tests.support.waiting import wait_for

FAST = Times(stage_one=5.0, settle=0.05, poll=0.05)


class Leaping:
    """The clocks of this machine, and a test that leaps ahead of them."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self) -> float:
        return time.time() + self.ahead

    def mono(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock() -> Leaping:
    return Leaping()


@pytest.fixture
def port(tmp_path: Path, clock: Leaping) -> Iterator[Port]:
    with listening(tmp_path, clock=clock) as port:
        yield port


def order(search: str = A, **more: object) -> Order:
    return Order(search=SearchId(search), namespace="default", caller="op", **more)


def desk_of(port: Port, clock: Leaping, **limits: float) -> Desk:
    desk = Desk(audit=lambda _: None, tally=Tally(), clock=clock, times=FAST, limits=DeskLimits(**limits))
    access = open_access(port.simulator.url, port.simulator.token)
    desk.follow({"": port.admin.way(port.clusters[""], access)})
    return desk


def test_a_cancel_is_remembered_for_an_hour(port: Port, clock: Leaping) -> None:
    desk = port.admin.desk
    port.search()
    ticket = desk.submit(order(), key="k")
    assert ticket.wait(10.0).outcome is Outcome.DONE
    clock.ahead = 3590.0
    assert desk.ticket("k") is ticket
    assert desk.submit(order()).wait(10.0).outcome is Outcome.ALREADY_GONE
    clock.ahead = 3610.0
    assert desk.ticket("k") is None
    assert desk.submit(order()).wait(10.0).outcome is Outcome.NOT_FOUND


def test_a_dry_run_is_no_cancel_to_remember(port: Port) -> None:
    port.search()
    assert port.admin.desk.submit(order(dry_run=True)).wait(10.0).outcome is Outcome.PLANNED
    for name in port.jobs():
        port.simulator.store.delete("jobs", "default", name, propagation="Background")
    wait_for(lambda: not port.simulator.store.list("pods", "default"))
    assert port.admin.desk.submit(order()).wait(10.0).outcome is Outcome.NOT_FOUND


def test_no_more_tickets_are_kept_than_there_is_room_for(port: Port, clock: Leaping) -> None:
    """The oldest that have ended go first; one that runs is never forgotten."""
    port.search()
    stuck(port)
    desk = desk_of(port, clock, tickets=2, per_caller=100, in_all=100)
    running = desk.submit(order(), key="runs")
    for number in range(4):
        desk.submit(order(B), key=f"k{number}").wait(10.0)
    assert [key for key in ("runs", "k0", "k1", "k2", "k3") if desk.ticket(key)] == ["runs", "k3"]
    assert desk.running() == [running]
    release(port)
    running.wait(10.0)


def test_a_key_belongs_to_one_wish(port: Port) -> None:
    desk = port.admin.desk
    first = desk.submit(order(source="1.1.1.1", request_id="r-1"), key="k")
    assert desk.submit(order(source="2.2.2.2", request_id="r-2"), key="k") is first
    for other in (order(B), order(reason="x"), order(dry_run=True), replace(order(), caller="eve")):
        with pytest.raises(Refused) as refused:
            desk.submit(other, key="k")
        assert (refused.value.why, refused.value.reused) == (Refusal.BAD_REQUEST, True)


def test_a_dry_run_and_a_cancel_of_one_search_do_not_mix(port: Port) -> None:
    port.search()
    stuck(port)
    port.admin.desk.submit(order())
    with pytest.raises(Refused) as refused:
        port.admin.desk.submit(order(dry_run=True))
    assert refused.value.why is Refusal.BUSY
    release(port)


def test_a_desk_that_is_closed_takes_nothing(port: Port) -> None:
    port.admin.close_desk(1.0)
    with pytest.raises(Closed):
        port.admin.desk.submit(order())


def test_a_cluster_that_is_dropped_is_closed_when_its_last_cancel_has_ended(port: Port, clock: Leaping) -> None:
    closed: list[str] = []
    access = open_access(port.simulator.url, port.simulator.token)
    way = replace(port.admin.way(port.clusters[""], access), close=lambda: closed.append("old"))
    desk = Desk(audit=lambda _: None, tally=Tally(), clock=clock, times=FAST)
    desk.follow({"": way})
    port.search()
    stuck(port)
    ticket = desk.submit(order())
    desk.follow({"": replace(way, close=lambda: closed.append("new"))})
    assert closed == []
    release(port)
    assert ticket.wait(10.0).outcome is Outcome.DONE
    wait_for(lambda: closed == ["old"])
    desk.follow({})
    assert closed == ["old", "new"]


def test_a_fault_of_ours_is_an_end_that_claims_nothing(
    port: Port, clock: Leaping, caplog: pytest.LogCaptureFixture
) -> None:
    """Before the first delete the API counts as unavailable; after it, the cancel as partial."""
    port.search()

    def break_at(event: str) -> Outcome:
        def audit(record: object) -> None:
            if record["event"] == event:
                raise RuntimeError("planted")

        desk = Desk(audit=audit, tally=Tally(), clock=clock, times=FAST)
        desk.follow({"": port.admin.way(port.clusters[""], open_access(port.simulator.url, port.simulator.token))})
        result = desk.submit(order()).wait(10.0)
        assert result.detail == "a fault of the exporter"
        assert desk.running() == []
        return result.outcome

    assert break_at("cancel_intent") is Outcome.UNAVAILABLE
    assert len(port.jobs()) == 5
    assert break_at("cancel_outcome") is Outcome.PARTIAL
    assert [one.message for one in caplog.records].count("cancel_failed") == 2


def test_the_phase_goes_back_when_nothing_was_deleted(port: Port, clock: Leaping) -> None:
    told: list[str] = []
    access = open_access(port.simulator.url, port.simulator.token)
    way = replace(
        port.admin.way(port.clusters[""], access),
        requested=lambda *_: told.append("requested"),
        withdrawn=lambda *_: told.append("withdrawn"),
    )
    desk = desk_of(port, clock)
    desk.follow({"": way})
    port.search()
    name = next(job for job in port.jobs() if "finalizer" in job)

    async def deny(request: Request) -> Response | None:
        return Response("{}", 403) if request.method == "DELETE" else None

    port.simulator.api.intercept = deny
    result = desk.submit(order()).wait(10.0)
    assert (result.outcome, result.deleted, told) == (Outcome.PARTIAL, 0, ["requested", "withdrawn"])
    assert name in port.jobs()


def test_what_runs_and_what_came_of_it_is_counted(port: Port) -> None:
    port.search()
    stuck(port)
    ticket = port.admin.desk.submit(order())
    running = wait_for(lambda: (one := port.admin.tally.freeze().clusters[""].running) and one[0].stage and one)
    assert [(one.namespace, one.id) for one in running] == [("default", A)]
    assert running[0].stage in ("finalizer", "submit")
    release(port)
    ticket.wait(10.0)
    counts = port.admin.tally.freeze().clusters[""]
    assert (counts.results, counts.running) == ({"done": 1}, ())
    assert counts.deleted == {"finalizer": 1, "submit": 1, "setup": 1, "blast": 2}
    assert sum(counts.durations.counts) == 1


def test_a_fault_after_the_request_takes_it_back_and_records_an_end(port: Port, clock: Leaping) -> None:
    """Otherwise the search would be cancelling, and in the end cancelled, although nothing was deleted."""
    told: list[str] = []
    records: list[dict[str, object]] = []

    def broken(*_: str) -> None:
        told.append("requested")
        raise RuntimeError("planted")

    access = open_access(port.simulator.url, port.simulator.token)
    way = replace(
        port.admin.way(port.clusters[""], access), requested=broken, withdrawn=lambda *_: told.append("withdrawn")
    )
    desk = Desk(audit=records.append, tally=Tally(), clock=clock, times=FAST)
    desk.follow({"": way})
    port.search()
    assert desk.submit(order()).wait(10.0).outcome is Outcome.UNAVAILABLE
    assert told == ["requested", "withdrawn"]
    assert [one["event"] for one in records] == ["cancel_intent", "cancel_outcome"]
    assert records[-1]["outcome"] == "unavailable"


def test_a_cancel_that_only_had_to_wait_is_one_that_was_done(port: Port, clock: Leaping) -> None:
    """Everything was being deleted already: nothing is left for us to delete, and the search is cancelled."""
    told: list[str] = []
    access = open_access(port.simulator.url, port.simulator.token)
    way = replace(port.admin.way(port.clusters[""], access), withdrawn=lambda *_: told.append("withdrawn"))
    desk = desk_of(port, clock)
    desk.follow({"": way})
    port.search()
    stuck(port)
    for name in port.jobs():
        port.simulator.store.delete("jobs", "default", name, propagation="Foreground")
    ticket = desk.submit(order())
    wait_for(lambda: any(stage.total for stage in ticket.progress.snapshot().stages))
    free(port)
    result = ticket.wait(10.0)
    assert (result.outcome, result.deleted, told) == (Outcome.DONE, 0, [])


def test_a_thread_that_cannot_be_had_leaves_the_search_free(port: Port, clock: Leaping) -> None:
    port.search()
    desk = desk_of(port, clock)
    usual = threading.stack_size(1 << 46)
    try:
        with pytest.raises(RuntimeError, match="thread"):
            desk.submit(order())
    finally:
        threading.stack_size(usual)
    assert desk.running() == []
    assert desk.submit(order()).wait(10.0).outcome is Outcome.DONE


def test_an_end_hangs_up_on_an_api_that_does_not_answer_and_records_it(port: Port, clock: Leaping) -> None:
    records: list[dict[str, object]] = []
    desk = Desk(audit=records.append, tally=Tally(), clock=clock, times=FAST)
    desk.follow({"": port.admin.way(port.clusters[""], open_access(port.simulator.url, port.simulator.token))})
    port.search()

    hanging = threading.Event()

    async def hang(request: Request) -> Response | None:
        if request.method == "DELETE":
            hanging.set()
            await asyncio.sleep(3.0)
        return None

    port.simulator.api.intercept = hang
    ticket = desk.submit(order())
    wait_for(hanging.is_set)
    desk.stop(1.0)
    assert ticket.result.outcome is Outcome.INTERRUPTED
    assert [(one["event"], one.get("outcome")) for one in records] == [
        ("cancel_intent", None),
        ("cancel_outcome", "interrupted"),
    ]
    assert set(records[-1]["results"].values()) <= {"failed", "left"}, "nothing is called deleted"


def test_a_repeat_that_deletes_nothing_takes_no_earlier_cancel_back(port: Port, clock: Leaping) -> None:
    """The finalizer is gone by the first: the search cannot go on as if nothing had been asked."""
    told: list[str] = []
    access = open_access(port.simulator.url, port.simulator.token)
    way = replace(port.admin.way(port.clusters[""], access), withdrawn=lambda *_: told.append("withdrawn"))
    desk = desk_of(port, clock)
    desk.follow({"": way})
    port.search()
    asked: list[str] = []

    async def once(request: Request) -> Response | None:
        asked.extend([request.url.path] if request.method == "DELETE" else [])
        return Response("{}", 403) if request.method == "DELETE" and len(asked) > 1 else None

    port.simulator.api.intercept = once
    results = [desk.submit(order()).wait(10.0) for _ in range(2)]
    assert [(one.outcome, one.deleted) for one in results] == [(Outcome.PARTIAL, 1), (Outcome.PARTIAL, 0)]
    assert told == []
