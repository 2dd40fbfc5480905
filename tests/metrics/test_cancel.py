"""What is said of cancels: counted once, at 0 from the start, and nothing at all where nobody can cancel."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from exporter.cancel.callers import Reason
from exporter.cancel.tally import Tally
from exporter.domain.cancel import ObjectResult, Outcome, Plan, Refusal, Result, Target
from exporter.domain.snapshots import View
from exporter.domain.words import AUTH_FAILURES
from exporter.metrics import cancel, samples
from exporter.metrics.born import initial_totals
from exporter.metrics.family import Histogram
from tests.support.fullview import AT, full_view
from tests.support.records import A, B

KEY = ("default", A)
Values = dict[tuple[str, ...], float | Histogram]


def said(tally: Tally, *clusters: str) -> dict[str, Values]:
    """The families of cancels after what the tally was told, by name without prefix."""
    view = full_view(searches=0)
    ways = tuple(replace(view.clusters[0], name=name) for name in clusters or ("",))
    return page(replace(view, clusters=ways, cancels=tally.freeze()))


def page(view: View) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for sample in samples(view):
        if sample.family.name in {family.name for family in FAMILIES}:
            found.setdefault(sample.family.name.removeprefix("elasticblast_"), {})[sample.labels] = sample.value
    return found


FAMILIES = (*cancel.CLUSTER_FAMILIES, *cancel.PROCESS_FAMILIES)


def result(outcome: Outcome = Outcome.DONE, **fields: object) -> Result:
    return replace(Result(outcome=outcome, plan=Plan(namespace="default", search=A), began=AT), **fields)


def deleted(role: str, uid: str, how: str = "deleted") -> ObjectResult:
    known = {"name": f"{role}-{uid}", "namespace": "default", "version": "1", "app": role, "search": A}
    target = Target(uid=uid, role=role, evidence="label", created=AT, **known)
    return ObjectResult(target=target, result=how)


def moved(values: Values) -> Values:
    return {labels: number for labels, number in values.items() if number}


def test_before_the_first_cancel_every_counter_is_there_at_zero() -> None:
    page = said(Tally())
    assert set(page["exporter_cancels_total"]) == {(outcome.value,) for outcome in Outcome}
    assert set(page["exporter_cancels_refused_total"]) == {(refusal.value,) for refusal in Refusal}
    assert set(page["exporter_cancel_objects_deleted_total"]) == {("setup",), ("submit",), ("blast",), ("finalizer",)}
    assert page["exporter_cancel_duration_seconds"] == {(): Histogram((0,) * 9, 0.0)}
    assert page["exporter_audit_failures_total"] == {(): 0}
    assert not any(moved(values) for name, values in page.items() if name.endswith("_total") and "jobs" not in name)
    assert not {"search_cancel_stage", "search_cancel_start_timestamp_seconds"} & page.keys()


def test_jobs_after_a_cancel_are_born_only_where_somebody_can_cancel() -> None:
    names = {
        cancels: [labels for name, labels in initial_totals(("default",), (), cancels=cancels) if "after" in name]
        for cancels in (False, True)
    }
    assert names[False] == []
    assert names[True] == [("default", role) for role in ("setup", "submit", "blast", "finalizer")]


def test_where_nobody_can_cancel_nothing_is_said_of_it() -> None:
    view = full_view(searches=0)
    counts = view.clusters[0].counts
    totals = {key: n for key, n in counts.totals.items() if key[0] != "jobs_after_cancel_total"}
    cluster = replace(view.clusters[0], counts=replace(counts, totals=totals))
    assert page(replace(view, clusters=(cluster,), cancels=None)) == {}


def test_a_cancel_that_runs_tells_its_stage_and_its_start() -> None:
    tally = Tally()
    tally.began("", "default", A, AT)
    assert said(tally)["search_cancel_start_timestamp_seconds"] == {KEY: AT}
    assert "search_cancel_stage" not in said(tally)
    for stage in ("finalizer", "submit", "setup", "blast", "verify"):
        tally.stage("", "default", A, stage)
        stages = said(tally)["search_cancel_stage"]
        assert (len(stages), moved(stages)) == (5, {(*KEY, stage): 1})
    tally.ended("", result())
    assert not {"search_cancel_stage", "search_cancel_start_timestamp_seconds"} & said(tally).keys()
    tally.stage("", "default", A, "blast")
    assert "search_cancel_stage" not in said(tally)


def test_an_ended_cancel_counts_its_result_its_objects_and_its_time_once() -> None:
    """The time is from the request, before the cancel itself began."""
    tally = Tally()
    tally.began("", "default", A, AT - 3)
    objects = (
        deleted("finalizer", "f"),
        deleted("blast", "b0"),
        deleted("blast", "b1"),
        deleted("blast", "b2", "already_gone"),
    )
    tally.ended("", result(objects=objects, last_pod_gone=AT + 40))
    page = said(tally)
    assert moved(page["exporter_cancels_total"]) == {("done",): 1}
    assert moved(page["exporter_cancel_objects_deleted_total"]) == {("finalizer",): 1, ("blast",): 2}
    assert page["exporter_cancel_duration_seconds"] == {(): Histogram((0, 0, 0, 1, 0, 0, 0, 0, 0), 43.0)}


def test_only_a_cancel_whose_last_pod_was_seen_gone_tells_how_long_it_took() -> None:
    tally = Tally()
    for outcome in (Outcome.PLANNED, Outcome.PARTIAL, Outcome.NOT_FOUND):
        tally.ended("", result(outcome))
    page = said(tally)
    assert page["exporter_cancel_duration_seconds"] == {(): Histogram((0,) * 9, 0.0)}
    assert moved(page["exporter_cancels_total"]) == {("planned",): 1, ("partial",): 1, ("not_found",): 1}


def test_a_clock_that_steps_back_makes_no_negative_time() -> None:
    tally = Tally()
    tally.ended("", result(last_pod_gone=AT - 100))
    assert said(tally)["exporter_cancel_duration_seconds"] == {(): Histogram((1, 0, 0, 0, 0, 0, 0, 0, 0), 0.0)}


def test_refusals_strangers_and_lost_audit_records_belong_to_no_cluster() -> None:
    tally = Tally()
    tally.refused(Refusal.CONFIRM)
    tally.refused(Refusal.CONFIRM)
    tally.auth_failed("audience")
    tally.audit_failed()
    page = said(tally, "east", "west")
    assert moved(page["exporter_cancels_refused_total"]) == {("confirm",): 2}
    assert moved(page["exporter_auth_failures_total"]) == {("audience",): 1}
    assert page["exporter_audit_failures_total"] == {(): 1}


def test_each_cluster_has_its_own_cancels_and_those_without_one_have_zeros() -> None:
    tally = Tally()
    tally.ended("east", result())
    tally.began("west", "default", B, AT)
    tally.stage("west", "default", B, "verify")
    page = said(tally, "east", "west", "north")
    assert len(page["exporter_cancels_total"]) == 3 * len(Outcome)
    assert moved(page["exporter_cancels_total"]) == {("east", "done"): 1}
    assert moved(page["search_cancel_stage"]) == {("west", "default", B, "verify"): 1}


def test_every_reason_for_which_a_caller_is_sent_away_has_its_series() -> None:
    assert set(AUTH_FAILURES) == set(get_args(Reason))
