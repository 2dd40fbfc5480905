"""A real daemon cancels on the real control plane: over HTTP, by the command, and after it was killed half-way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lives import scope
from tests.lives.actors import jobs_of
from tests.lives.arena import Arena
from tests.lives.desk import Desk, stage
from tests.lives.sight import is_part, search, trail
from tests.support.daemon import Page, moved, value
from tests.support.waiting import wait_for

pytestmark = pytest.mark.controlplane


@pytest.fixture
def desk(arena: Arena) -> Iterator[Desk]:
    """Both scripts of the asked search are at work."""
    desk = Desk(arena)
    with desk.daemon:
        arena.act(arena.submit.step, arena.finalizer.step)
        wait_for(lambda: arena.finalizer.waits_for, what="the finalizer script to find its batches")
        yield desk


@pytest.mark.fault(87, 89)
def test_a_cancel_over_http_is_told_on_the_page_and_leaves_the_other_search_as_it_was(desk: Desk) -> None:
    arena, daemon = desk.arena, desk.daemon
    before = arena.dump(arena.asked)
    strangers = {
        401: desk.caller("operator", audience="somebody-else"),
        403: desk.caller("onlooker", "list"),
    }
    assert {code: desk.post(token)[0] for code, token in strangers.items()} == {code: code for code in strangers}
    assert desk.post(confirm=arena.other)[0] == 422
    assert scope.check_scope(arena.world, arena.asked) == []

    phases = trail(daemon, arena.asked)
    daemon.wait(lambda page: search(page, arena.asked).get("phase") == "running")
    status, document = desk.post(wait=0, reason="wrong database")
    assert status == 202, document
    daemon.wait(lambda page: stage(page) == "verify" and search(page, arena.asked)["phase"] == "cancelled", 30.0)
    result = desk.end_of(document["key"])
    assert (result["outcome"], result["left"]) == ("done", 0)
    assert arena.left() == []
    assert arena.dump(arena.asked) == before
    assert arena.finalizer.markers == []
    deleted = scope.check_scope(arena.world, arena.asked)
    scope.check_order(arena.world, arena.asked)
    assert len(deleted) == result["deleted"]
    assert scope.deleted_uids(deleted) <= scope.intended(desk.records())
    page = daemon.wait(lambda page: moved(page, "exporter_cancels_total"))
    _check_counters(page, arena, len(deleted))
    assert is_part(phases, "running cancelling cancelled")
    assert desk.post()[1]["outcome"] == "already_gone"
    _check_a_straggler(desk)


def _check_a_straggler(desk: Desk) -> None:
    """A Job that a client makes after all that is told as what it is."""
    arena = desk.arena
    labels = {"namespace": arena.world.namespace, "elb_job_id": arena.asked}
    arena.world.batches(arena.asked, [900])
    page = desk.daemon.wait(lambda page: value(page, "search_flag", **labels, flag="zombie") == 1)
    assert moved(page, "jobs_after_cancel_total") == {(arena.world.namespace, "blast"): 1}
    page = desk.daemon.wait(lambda page: search(page, arena.asked)["phase"] == "cancelling")
    assert moved(page, "searches_finished_total") == {(arena.world.namespace, "admin", "cancelled"): 1}


def _check_counters(page: Page, arena: Arena, deleted: int) -> None:
    assert stage(page) == ""
    assert search(page, arena.asked)["reason"] == "admin"
    assert search(page, arena.other)["phase"] == "running"
    assert moved(page, "searches_finished_total") == {(arena.world.namespace, "admin", "cancelled"): 1}
    assert moved(page, "exporter_cancels_total") == {("done",): 1}
    assert moved(page, "exporter_cancels_refused_total") == {
        ("unauthenticated",): 1,
        ("forbidden",): 1,
        ("confirm",): 1,
    }
    assert moved(page, "exporter_auth_failures_total") == {("audience",): 1, ("forbidden",): 1}
    assert sum(moved(page, "exporter_cancel_objects_deleted_total").values()) == deleted
    assert value(page, "exporter_cancel_duration_seconds_count") == 1
    assert moved(page, "jobs_after_cancel_total") == moved(page, "exporter_audit_failures_total") == {}
    assert value(page, "search_flag", namespace=arena.world.namespace, elb_job_id=arena.asked, flag="zombie") == 0


@pytest.mark.fault(103)
def test_a_daemon_that_is_killed_half_way_leaves_no_false_marker_and_the_command_ends_it(desk: Desk) -> None:
    """Once while the finalizer's pod is awaited, once while the batches' are."""
    arena, daemon = desk.arena, desk.daemon
    before = arena.dump(arena.asked)
    batches = {job["metadata"]["uid"] for job in jobs_of(arena.world, arena.asked, "blast")}
    arena.kubelet.immortal.add(f"elb-finalizer-{arena.asked[-8:]}")
    assert desk.post(wait=0)[0] == 202
    daemon.wait(lambda page: stage(page) == "submit", 30.0)
    daemon.restart()
    assert batches <= {job["metadata"]["uid"] for job in jobs_of(arena.world, arena.asked, "blast")}

    arena.kubelet.immortal = {job["metadata"]["name"] for job in jobs_of(arena.world, arena.asked, "blast")}
    assert desk.post(wait=0)[0] == 202
    daemon.wait(lambda page: stage(page) == "blast", 30.0)
    daemon.restart()
    assert arena.left() != []

    with ThreadPoolExecutor(1) as pool:
        command = pool.submit(desk.command, "--yes", "--output", "json")
        daemon.wait(lambda page: moved(page, "search_cancel_start_timestamp_seconds"), 30.0)
        arena.kubelet.immortal.clear()
        told = command.result()
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["result"]["outcome"] == "done"
    assert arena.left() == []
    assert arena.dump(arena.asked) == before
    assert arena.finalizer.markers == []
    deleted = scope.check_scope(arena.world, arena.asked)
    assert scope.deleted_uids(deleted) <= scope.intended(desk.records())
    scope.check_order(arena.world, arena.asked)
    page = daemon.wait(lambda page: search(page, arena.asked)["phase"] == "cancelled")
    assert search(page, arena.asked)["reason"] == "admin"
