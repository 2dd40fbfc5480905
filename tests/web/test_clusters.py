"""What the status page says of a cluster as a whole: nothing more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.domain.custom.usage import LeaseView
from exporter.domain.custom.view import CustomSnapshot
from exporter.domain.snapshots import BatchSnapshot, ClusterView, CountsSnapshot
from exporter.web.status import render
from tests.web.test_status import read, words_of
from tests.web.views import NOW, cluster, view

HOUR, DAY = 3600.0, 86_400.0
PRICES = {"blast": (2.0, "USD")}


def stored(**numbers: int) -> ClusterView:
    batch = BatchSnapshot(namespaces=("a", "b"), searches=(), stored=numbers)
    return cluster(namespaces=("a", "b"), batch=batch)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [({"a": 1000, "b": 234}, "Jobs stored 1 234"), ({"b": 234}, "Jobs stored ≥ 234"), ({}, None)],
)
def test_stored_jobs_are_at_least_those_of_the_namespaces_that_answered(
    numbers: dict[str, int], said: str | None
) -> None:
    page = read(view(stored(**numbers)))
    assert "Jobs stored" not in page if said is None else f"{said} " in page


@pytest.mark.parametrize(
    ("acquired", "said"),
    [
        (NOW - 60, "cli since 08:52 UTC"),
        (NOW - 2 * DAY, "cli since 2025-10-07 08:53 UTC"),
        (None, "cli"),
    ],
)
def test_a_lease_that_was_taken_on_another_day_has_its_date(acquired: float | None, said: str) -> None:
    held = CustomSnapshot(leases={"default": LeaseView(holder="cli", acquired=acquired)})
    assert f"Submits now {said} " in read(view(cluster(custom=held)))


def test_the_cost_of_the_nodes_is_since_this_cluster_is_watched() -> None:
    """Its counters begin there, be the process as old as it may."""
    totals = {
        ("node_seconds_total", ("blast", "busy")): 3 * HOUR,
        ("node_seconds_total", ("blast", "idle")): HOUR,
    }
    watched = cluster(counts=CountsSnapshot(totals=totals), since=NOW - HOUR)
    page = words_of(render(replace(view(watched), prices=PRICES), NOW))
    assert "Nodes' cost so far 8.00 USD estimate, since 07:53 UTC ; idle nodes 2.00 USD of it" in page
