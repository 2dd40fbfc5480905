"""One of two searches is cancelled on the real control plane; the other, and what they share, must not notice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from exporter.domain.cancel import Target
from tests.lives import accounts, cancelling, scope
from tests.lives.actors import Straggler, jobs_of
from tests.lives.arena import Arena
from tests.lives.cancelling import TIMES, Record
from tests.lives.world import new_id
from tests.support import manifests
from tests.support.kubeapi import expect
from tests.support.waiting import wait_for

pytestmark = pytest.mark.controlplane


@pytest.mark.fault(94, 95, 100, 101)
def test_only_the_asked_search_goes_while_its_scripts_go_on(arena: Arena) -> None:
    """The submit script makes batches until its pod dies; the finalizer script would mark what is deleted under it."""
    before = arena.dump(arena.asked)
    arena.act(arena.submit.step, arena.finalizer.step)
    wait_for(lambda: arena.submit.made >= 3 and arena.finalizer.waits_for, what="both scripts to be at work")
    records: list[Record] = []
    result = cancelling.cancel(arena, records=records)
    assert (result.outcome, result.remaining) == ("done", ())
    assert arena.left() == []
    assert arena.dump(arena.asked) == before
    assert arena.finalizer.markers == []
    deleted = scope.check_scope(arena.world, arena.asked)
    scope.check_order(arena.world, arena.asked)
    assert len(deleted) == result.deleted >= 8 + 3
    assert scope.deleted_uids(deleted) <= scope.intended(records)
    assert result.last_pod_gone is not None
    assert cancelling.cancel(arena).outcome == "already_gone"
    assert arena.dump(arena.asked) == before


@pytest.mark.fault(96)
def test_pods_that_will_not_die_are_told_and_not_forced(arena: Arena) -> None:
    """The finalizer's: no batch is touched. A batch's: only it is left. The same call, once they have died, ends it."""
    before = arena.dump(arena.asked)
    batches = _versions(arena, "blast")
    arena.kubelet.immortal = {f"elb-finalizer-{arena.asked[-8:]}"}
    result = cancelling.cancel(arena, times=replace(TIMES, stage_one=1.5))
    assert result.outcome == "partial"
    assert {target.role for target in result.remaining} >= {"finalizer", "blast"}
    assert _versions(arena, "blast") == batches

    stuck = min(batches)
    arena.kubelet.immortal = {stuck}
    result = cancelling.cancel(arena, times=replace(TIMES, whole=4.0))
    assert result.outcome == "partial"
    assert stuck in {target.name for target in result.remaining}
    wait_for(lambda: len(arena.left()) == 2, what="the others to go")
    assert arena.dump(arena.asked) == before

    arena.kubelet.immortal = set()
    assert cancelling.cancel(arena).outcome in ("done", "already_gone")
    assert arena.left() == []
    assert arena.dump(arena.asked) == before
    asked_for = Counter(e["requestObject"]["preconditions"]["uid"] for e in scope.check_scope(arena.world, arena.asked))
    assert set(asked_for.values()) == {1}


@pytest.mark.fault(28, 29, 99)
def test_objects_that_a_user_changes_before_their_delete_are_looked_at_again(arena: Arena) -> None:
    """One is given to another search, one made anew for it under its old name, one touched, one touched without end."""
    before = arena.dump(arena.asked)
    third = new_id()
    given, anew, touched, restless = sorted(_versions(arena, "blast"))
    done: set[str] = set()

    def meddle(target: Target) -> None:
        if target.name in done:
            return
        if target.name != restless:
            done.add(target.name)
        path = arena.world.path("jobs", target.name)
        if target.name == given:
            expect(arena.world.api.patch(path, {"metadata": {"labels": {"elb-job-id": third}}}))
        if target.name == anew:
            arena.world.delete(anew)
            job = manifests.batch_job(third, 1, namespace=arena.world.namespace)
            arena.world.create(job | {"metadata": job["metadata"] | {"name": anew}})
        if target.name in (touched, restless):
            expect(arena.world.api.patch(path, {"metadata": {"annotations": {"touched": target.version}}}))

    result = cancelling.cancel(arena, meddle=meddle)
    assert result.outcome == "conflict"
    told = {one.target.name: one.result for one in result.objects if one.target.role == "blast"}
    assert told == {given: "conflict", anew: "already_gone", touched: "deleted", restless: "conflict"}
    assert [target.name for target in result.remaining] == [restless]
    theirs = jobs_of(arena.world, third)
    assert sorted(job["metadata"]["name"] for job in theirs) == [given, anew]
    assert not any("deletionTimestamp" in job["metadata"] for job in theirs)
    assert arena.dump(arena.asked, third) == before
    scope.check_scope(arena.world, arena.asked)


def test_batches_that_end_and_vanish_meanwhile_and_those_of_a_straggling_client_are_taken_as_they_come(
    arena: Arena,
) -> None:
    before = arena.dump(arena.asked)
    brief = arena.world.batches(arena.asked, (50, 51), ttl=1)
    pods = [arena.world.kubelet.scheduled(name) for name in brief]
    straggler = Straggler(arena.world, arena.asked, first=60, count=2)

    def meanwhile() -> None:
        for pod in pods:
            arena.world.kubelet.succeed(pod)
        wait_for(lambda: not set(brief) & _unfinished(arena), what="their Jobs to end")
        arena.act(straggler.step, every=0.3)

    result = cancelling.cancel(arena, requested=meanwhile, times=replace(TIMES, settle=2.5))
    assert (result.outcome, result.remaining) == ("done", ())
    wait_for(lambda: not set(brief) & set(arena.left()), what="the TTL")
    assert straggler.left == 0
    assert arena.left() == []
    assert arena.dump(arena.asked) == before
    asked_for = {event["objectRef"]["name"] for event in scope.check_scope(arena.world, arena.asked)}
    assert not asked_for & set(brief)


def test_a_rehearsal_and_a_cancel_without_the_right_change_nothing(arena: Arena) -> None:
    """Last a careless client deletes the batches first: without the order there is a SUCCESS that is none."""
    before = arena.dump()
    result = cancelling.cancel(arena, dry_run=True)
    assert (result.outcome, result.deleted) == ("planned", 0)
    assert arena.dump() == before
    assert len(scope.check_scope(arena.world, arena.asked, dry_run=True)) == len(result.plan.targets) == 8
    assert [one.target.name for one in result.plan.spared] == ["init-pv"]

    reader = accounts.account(arena.world, "reader", accounts.READER)
    accounts.await_right(arena.world, reader, "list")
    assert cancelling.cancel(arena, token=reader, dry_run=True).refusal == "forbidden"
    result = cancelling.cancel(arena, token=reader)
    assert (result.outcome, result.deleted) == ("partial", 0)
    assert arena.dump() == before

    arena.act(arena.finalizer.step)
    wait_for(lambda: arena.finalizer.waits_for, what="the finalizer script to find its batches")
    arena.world.delete(*_versions(arena, "blast"))
    wait_for(lambda: arena.finalizer.markers, what="the marker")
    assert arena.finalizer.markers == ["SUCCESS"]


def _unfinished(arena: Arena) -> set[str]:
    jobs = jobs_of(arena.world, arena.asked, "blast")
    return {job["metadata"]["name"] for job in jobs if "completionTime" not in job["status"]}


def _versions(arena: Arena, app: str) -> dict[str, str]:
    """The Jobs of the asked search with an app, and in which version they are."""
    found = jobs_of(arena.world, arena.asked, app)
    return {job["metadata"]["name"]: job["metadata"]["resourceVersion"] for job in found}
