"""A dry run: the API server is asked for everything and changes nothing."""

from __future__ import annotations

import pytest

from exporter.cancel.audit import AuditError
from exporter.domain.cancel import Outcome, Refusal
from exporter.simulator.access import Rule
from tests.cancel.bench import A
from tests.cancel.runs import Play, nothing
from tests.cancel.test_saga_faults import Busy, KthDelete


def test_a_dry_run_asks_for_every_delete_and_changes_nothing(play: Play) -> None:
    before, version = play.bench.dump(), play.bench.store.rv
    result = play.cancel(dry_run=True, api=play.api(nothing))
    assert result.outcome is Outcome.PLANNED
    assert (play.bench.dump(), play.bench.store.rv) == (before, version)
    assert sorted(play.witness.dry) == sorted(one.name for one in result.plan.targets) == sorted(play.bench.deletable())
    assert play.witness.deletes == []
    assert [(one["event"], one["outcome"], one["dry_run"]) for one in play.witness.records] == [
        ("cancel_outcome", "planned", True)
    ]


def test_a_dry_run_finds_out_that_the_right_is_missing(play: Play) -> None:
    denials = play.bench.simulator.access.denials
    denials.append(Rule(verbs=("delete",), resources=("jobs",)))
    result = play.cancel(dry_run=True, api=play.api(nothing))
    denials.clear()
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.FORBIDDEN)


def test_a_dry_run_that_the_server_cannot_do_says_so(play: Play) -> None:
    play.witness.faults = KthDelete(play, 2, 500)
    assert play.cancel(dry_run=True, api=play.api(nothing)).outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize("status", [404, 409])
def test_a_dry_run_does_not_mind_what_changes_meanwhile(play: Play, status: int) -> None:
    play.witness.faults = KthDelete(play, 2, status)
    assert play.cancel(dry_run=True, api=play.api(nothing)).outcome is Outcome.PLANNED


def test_a_dry_run_waits_for_a_busy_server(play: Play) -> None:
    play.bench.busy = False
    play.witness.faults = Busy("2")
    before = play.bench.dump(without=A)
    assert play.cancel(dry_run=True).outcome is Outcome.PLANNED
    assert play.bench.dump(without=A) == before
    assert len(play.witness.dry) == 2 * 6


def test_a_dry_run_without_its_record_fails(play: Play) -> None:
    def broken(_record: object) -> None:
        raise AuditError

    assert play.cancel(dry_run=True, audit=broken, api=play.api(nothing)).outcome is Outcome.AUDIT_FAILED
