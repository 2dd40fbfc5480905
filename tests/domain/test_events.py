from __future__ import annotations

import pytest

from exporter.domain.events import words
from exporter.domain.words import EVENT_REASONS
from tests.support.records import NAMESPACE, START, container, ended, event, new_ledger, node, pod, see, total


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


@pytest.mark.parametrize(("wait", "reason"), [(119, "memory"), (121, "killed")])
def test_a_nodes_oom_event_explains_an_exit_137_that_follows_soon(wait: float, reason: str) -> None:
    ledger = new_ledger()
    see(ledger, node(name="n1"), event(kind="Node", reason="OOMKilling", subject="n1"), now=START)
    see(ledger, pod(node="n1", containers=(container(ended=ended(137)),)), now=START + wait)
    assert total(ledger, "attempts_failed_total", "blast", reason) == 1
