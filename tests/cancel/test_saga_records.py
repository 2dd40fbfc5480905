"""What a cancel records, and what it does when it cannot or must stop."""

from __future__ import annotations

import pytest

from exporter.cancel.audit import AuditError
from exporter.cancel.order import Times
from exporter.domain.cancel import Outcome
from tests.cancel.bench import NAMESPACE, A
from tests.cancel.runs import Play, nothing


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
