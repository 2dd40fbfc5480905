from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.records import Record
from exporter.domain.words import FLAGS
from tests.support.records import START, B, container, ended, job, new_ledger, node, pod, see, view_of


def with_records(*records: Record, now: float = START + 100) -> Ledger:
    ledger = new_ledger()
    see(ledger, *records, now=now)
    return ledger


def flag(ledger: Ledger, name: str, now: float = START + 100, **changes: Any) -> bool | None:
    evaluate(ledger, now, stale=frozenset())
    return view_of(ledger, now, **changes).flags.get(name)


FINALIZER_RUNS = job("fin", "running", role="finalizer")
SUBMIT_RUNS = job("sub", "running", role="submit")


def test_finalizer_alone() -> None:
    ledger = with_records(FINALIZER_RUNS, job("b", "running"))
    assert flag(ledger, "finalizer_alone", START + 900) is False
    see(ledger, job("b", "succeeded"))
    assert flag(ledger, "finalizer_alone", START + 60 + 59) is False
    assert flag(ledger, "finalizer_alone", START + 60 + 60) is True
    see(ledger, SUBMIT_RUNS)
    assert flag(ledger, "finalizer_alone", START + 900) is False


def test_finalizer_early() -> None:
    ledger = with_records(FINALIZER_RUNS, job("b", "running"))
    assert flag(ledger, "finalizer_early") is False
    see(ledger, job("fin", "succeeded", role="finalizer"))
    assert flag(ledger, "finalizer_early") is True
    see(ledger, job("b", "succeeded"))
    assert flag(ledger, "finalizer_early") is False


@pytest.mark.parametrize(
    ("expected", "late", "ttl"), [(False, 1799, 1800.0), (True, 1800, 1800.0), (False, 9999, None)]
)
def test_history_incomplete(expected: bool, late: float, ttl: float | None) -> None:
    assert flag(with_records(job("b", "running", ttl=ttl), now=START + late), "history_incomplete") is expected


def test_foreign_setup() -> None:
    ledger = with_records(SUBMIT_RUNS, job("s1", "running", role="setup"))
    assert flag(ledger, "foreign_setup") is False
    see(ledger, job("s2", "running", role="setup", search="", name="import-queries"))
    assert flag(ledger, "foreign_setup") is True
    see(ledger, job("s2", "succeeded", role="setup", search="", name="import-queries"))
    assert flag(ledger, "foreign_setup") is False
    see(ledger, job("s3", "running", role="setup", search=B), job("s3", "failed", role="setup", search=B))
    assert flag(ledger, "foreign_setup") is True
    see(ledger, job("sub", "succeeded", role="submit"))
    assert flag(ledger, "foreign_setup") is False


def test_shard_without_node() -> None:
    ledger = with_records(job("b", "pending", shard=3), node("n", ordinal=2))
    assert flag(ledger, "shard_without_node") is True
    assert flag(ledger, "shard_without_node", nodes_known=False) is None
    see(ledger, node("m", ordinal=3))
    assert flag(ledger, "shard_without_node") is False
    see(ledger, node("m", ordinal=3, cordoned=True))
    assert flag(ledger, "shard_without_node") is True
    see(ledger, job("b", "running", shard=3))
    assert flag(ledger, "shard_without_node") is False


def test_export_stuck() -> None:
    export = container("results-export", running_since=START)
    waits = (container(ended=ended(137)), export)
    ledger = with_records(job("b", "running"), pod("p", "b", containers=waits))
    assert flag(ledger, "export_stuck", START + 50 + 899) is False
    assert flag(ledger, "export_stuck", START + 50 + 900) is True
    assert flag(ledger, "export_stuck", START + 50 + 900, pods_known=[]) is None
    see(ledger, pod("p", "b", containers=(container(running_since=START, restarts=1, last=ended(137)), export)))
    assert flag(ledger, "export_stuck", START + 5000) is False


def test_every_flag_but_zombie_is_told_of_a_search_that_nobody_cancelled() -> None:
    ledger = with_records(job())
    assert flag(ledger, "zombie") is None
    assert {*view_of(ledger).flags, "zombie"} == set(FLAGS)
