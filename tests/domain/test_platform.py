"""Platform metrics: what is asked for of what is offered, and which point speaks."""

from __future__ import annotations

import pytest

from exporter.domain.azure.platform import OF_CLUSTER, OF_RESOURCE, Asked, Series, Wanted, newest, offered, response

CPU = Asked(metrics=(Wanted(name="Percentage CPU", word="cpu", unit="ratio"),), grain=5, span=30)
PULLS = Asked(
    metrics=(Wanted(name="TotalPullCount", word="pulls", aggregation="total", unit="rate"),), grain=60, span=60
)


def test_a_request_shrinks_to_what_is_offered_and_goes_when_nothing_is() -> None:
    cpu = "apiserver_cpu_usage_percentage"
    for grains in ((), (1, 5, 60)):
        kept = offered(OF_CLUSTER, {cpu: grains, "unknown": ()})
        assert [[metric.word for metric in one.metrics] for one in kept] == [["apiserver_cpu"]]
    assert offered(OF_CLUSTER, {}) == ()


def test_a_metric_that_has_not_the_grain_asked_for_is_left_out() -> None:
    assert offered(OF_CLUSTER, {"apiserver_cpu_usage_percentage": (15, 60)}) == ()


def test_no_request_asks_for_more_than_azure_answers_at_once() -> None:
    every = [*OF_CLUSTER, *(one for several in OF_RESOURCE.values() for one in several)]
    assert max(len(one.metrics) for one in every) <= 20
    assert all(one.span >= one.grain for one in every)


def test_the_newest_value_speaks_whatever_the_order_of_the_points() -> None:
    series = Series(name="percentage cpu", split="", points=[(30.0, None), (20.0, 50.0), (10.0, 90.0)])
    (point,) = newest(CPU, [series])
    assert (point.word, point.value, point.at) == ("cpu", 0.5, 20.0)


def test_a_value_of_0_is_a_value() -> None:
    (point,) = newest(CPU, [Series(name="Percentage CPU", split="", points=[(1.0, 4.0), (2.0, 0.0)])])
    assert point.value == 0.0


def test_nothing_is_made_of_nothing() -> None:
    empty = [Series(name="Percentage CPU", split="", points=[]), Series(name="foreign", split="", points=[(1.0, 1.0)])]
    assert newest(CPU, empty) == ()


def test_totals_become_a_rate_and_are_added_while_ratios_take_the_highest() -> None:
    two = [(7200.0, 3600.0)]
    (rate,) = newest(PULLS, [Series(name="TotalPullCount", split="", points=two)] * 2)
    assert rate.value == 2.0
    cpu = [Series(name="Percentage CPU", split="", points=[(at, load)]) for at, load in ((2.0, 10.0), (1.0, 80.0))]
    (ratio,) = newest(CPU, cpu)
    assert (ratio.value, ratio.at) == (0.8, 1.0)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("Success", "Success"),
        ("ClientAccountRequestThrottlingError", "ClientThrottlingError"),
        ("SomethingNew", "other"),
    ],
)
def test_answers_of_storage_are_closed_words(word: str, shown: str) -> None:
    assert response(word) == shown


def test_what_is_split_otherwise_than_asked_for_is_left_out() -> None:
    by_pool = OF_CLUSTER[1]
    name = by_pool.metrics[0].name
    series = [Series(name=name, split=split, points=[(1.0, 50.0)]) for split in ("", "blastpool")]
    assert [point.split for point in newest(by_pool, series)] == ["blastpool"]
    assert newest(CPU, [Series(name="Percentage CPU", split="n1", points=[(1.0, 50.0)])]) == ()
