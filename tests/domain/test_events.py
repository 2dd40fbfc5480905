from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.events import words
from exporter.domain.fold.ledger import Ledger
from exporter.domain.records import EventRecord, PodRecord
from exporter.domain.rules import Rules
from exporter.domain.words import EVENT_REASONS
from tests.support.records import (
    NAMESPACE,
    START,
    container,
    ended,
    event,
    job,
    new_ledger,
    pod,
    search_of,
    see,
    total,
)


def test_each_repetition_counts_once() -> None:
    ledger = new_ledger()
    see(ledger, event(count=2), event(count=2), event(count=5), event(count=4), event("other", count=1))
    assert total(ledger, "events_total", "Pod", "BackOff") == 6


def test_the_first_listing_moves_no_counter_and_is_remembered() -> None:
    ledger = new_ledger(synced=False)
    ledger.listed("events", NAMESPACE, [event(count=7)], START, gap=None)
    see(ledger, event(count=9))
    assert total(ledger, "events_total") == 2


def test_a_later_listing_counts_what_is_new_and_nothing_twice() -> None:
    ledger = new_ledger()
    see(ledger, event("old", count=3))
    for _ in range(2):
        ledger.listed("events", NAMESPACE, [event("old", count=4), event("new", count=2)], START, gap=60.0)
    assert total(ledger, "events_total") == 6


def test_the_listing_of_one_namespace_forgets_no_event_of_another() -> None:
    ledger = new_ledger()
    see(ledger, event("there", count=7, namespace="other"))
    ledger.listed("events", NAMESPACE, [], START, gap=60.0)
    see(ledger, event("there", count=8, namespace="other"))
    assert total(ledger, "events_total") == 8


def test_an_event_that_expired_is_forgotten() -> None:
    ledger = new_ledger()
    see(ledger, event(count=3))
    ledger.listed("events", NAMESPACE, [], START, gap=60.0)
    assert ledger.events.missing(NAMESPACE, set()) == []


@pytest.mark.parametrize("pair", EVENT_REASONS)
def test_known_reasons_are_counted_as_they_are(pair: tuple[str, str]) -> None:
    assert words(event(kind=pair[0], reason=pair[1])) == pair


@pytest.mark.parametrize(
    ("kind", "reason", "counted"),
    [("Pod", "Surprise", ("Pod", "other")), ("ConfigMap", "BackOff", ("other", "other"))],
)
def test_other_reasons_are_counted_as_other(kind: str, reason: str, counted: tuple[str, str]) -> None:
    assert words(event(kind=kind, reason=reason)) == counted


def oom(at: float | None, uid: str = "o", node: str = "n1", **fields: Any) -> EventRecord:
    return event(uid, kind="Node", reason="OOMKilling", subject=node, at=at, **fields)


def killed(at: float | None, uid: str = "p", **fields: Any) -> PodRecord:
    return pod(uid, node="n1", containers=(container(ended=replace(ended(137), at=at)),), **fields)


def reason(ledger: Ledger) -> dict[str, float]:
    return {word: n for word in ("memory", "killed") if (n := total(ledger, "attempts_failed_total", "blast", word))}


@pytest.mark.parametrize(
    ("apart", "word"), [(0, "memory"), (119, "memory"), (-119, "memory"), (121, "killed"), (-121, "killed")]
)
def test_a_nodes_oom_event_explains_an_exit_137_of_about_the_same_time(apart: float, word: str) -> None:
    """What counts is when both happened, not when they were seen."""
    ledger = new_ledger()
    see(ledger, oom(START))
    see(ledger, killed(START + apart), now=START + 5000)
    evaluate(ledger, START + 5004, stale=frozenset())
    assert reason(ledger) == {word: 1}


def test_the_window_is_a_rule() -> None:
    ledger = new_ledger(rules=Rules(oom_window=10.0))
    see(ledger, oom(START), killed(START + 9), killed(START + 11, "q"))
    evaluate(ledger, START + 200, stale=frozenset())
    assert reason(ledger) == {"memory": 1, "killed": 1}


def test_an_old_oom_event_that_a_listing_shows_again_explains_nothing_new() -> None:
    ledger = new_ledger(synced=False)
    for gap in (None, 60.0):
        ledger.listed("events", NAMESPACE, [oom(START - 3000)], START, gap=gap)
    see(ledger, killed(START + 5), now=START + 6)
    evaluate(ledger, START + 10, stale=frozenset())
    assert reason(ledger) == {"killed": 1}


def test_each_repetition_of_an_oom_event_has_its_own_time() -> None:
    ledger = new_ledger()
    see(ledger, oom(START), oom(START + 1000, count=2), oom(START + 2000, "o2"))
    for number, at in enumerate((START, START + 1000, START + 2000, START + 500)):
        see(ledger, killed(at, str(number)), now=START + 2000)
    evaluate(ledger, START + 2100, stale=frozenset())
    assert reason(ledger) == {"memory": 3, "killed": 1}


@pytest.mark.parametrize(
    ("event_at", "ended_at", "node"), [(None, START, "n1"), (START, None, "n1"), (START, START, "n2")]
)
def test_without_both_times_and_the_same_node_nothing_is_explained(
    event_at: float | None, ended_at: float | None, node: str
) -> None:
    ledger = new_ledger()
    see(ledger, oom(event_at, node=node), killed(ended_at))
    evaluate(ledger, START + 200, stale=frozenset())
    assert reason(ledger) == {"killed": 1}


@pytest.mark.parametrize(("late", "word"), [(2.0, "memory"), (4.0, "killed")])
def test_an_exit_137_waits_for_the_event_that_explains_it(late: float, word: str) -> None:
    """Events come by another watch. The counter, the search, its last failures and the Job's reason say the same."""
    ledger = new_ledger()
    see(ledger, job(look="running"), killed(START + 50), now=START + 51)
    assert reason(ledger) == {}
    see(ledger, job(look="failed"), now=START + 52)
    for at in (START + 52, START + 51 + late):
        evaluate(ledger, at, stale=frozenset())
    see(ledger, oom(START + 50), now=START + 51 + late)
    evaluate(ledger, START + 60, stale=frozenset())
    assert reason(ledger) == {word: 1}
    search = search_of(ledger)
    assert dict(search.attempts) == {word: 1}
    assert [each.reason for each in search.failures] == [word]
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "failed", word) == 1


def test_an_earlier_failure_does_not_stand_for_the_one_in_doubt() -> None:
    ledger = new_ledger()
    first = container(ended=ended(2))
    again = container(restarts=1, ended=replace(ended(137), at=START + 90), last=ended(2))
    see(ledger, job(look="running"), pod(node="n1", containers=(first,)), pod(node="n1", containers=(again,)))
    see(ledger, job(look="failed"))
    evaluate(ledger, START + 101, stale=frozenset())
    see(ledger, oom(START + 90))
    evaluate(ledger, START + 104, stale=frozenset())
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "failed", "memory") == 1


def test_after_the_job_has_failed_nothing_is_waited_for() -> None:
    ledger = new_ledger()
    see(ledger, job(look="failed"), now=START + 100)
    ledger.listed("jobs", NAMESPACE, [job(look="running")], START, gap=60.0)
    see(ledger, job(look="failed"), killed(START + 50))
    assert reason(ledger) == {"killed": 1}


def test_a_first_listing_waits_for_no_event() -> None:
    """Its endings are old: what the events have shown by then decides."""
    ledger = new_ledger(synced=False)
    ledger.listed("jobs", NAMESPACE, [job(look="running")], START, gap=None)
    ledger.listed("pods", NAMESPACE, [killed(START)], START, gap=None)
    assert dict(search_of(ledger).attempts) == {"killed": 1}
    assert reason(ledger) == {}
