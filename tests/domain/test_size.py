"""What the ledger keeps of each object: counted in bytes, which are the same in every run."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable
from uuid import UUID

from exporter.domain.fold.ledger import Ledger
from exporter.domain.records import Record
from tests.support.records import NAMESPACE, START, A, B, job, new_ledger, pod

MANY = 5000
LOOKS = ("succeeded", "succeeded", "running", "pending", "failed")


def jobs() -> Iterable[Record]:
    """Batches of two searches in several states, with names and uids of the usual form."""
    for n in range(MANY):
        search, number = (A, B)[n % 2], n // 2
        name = f"blastp-batch-nr-job-{number:03}-{search[-8:]}"
        yield job(_uid(1, n), LOOKS[n % 5], search=search, name=name, batch=number, created=START + n // 20)


def pods() -> Iterable[Record]:
    """One pod of each Job, on a few nodes."""
    for n in range(MANY):
        phase = ("Running", "Pending", "Succeeded")[n % 3]
        yield pod(_uid(2, n), _uid(1, n), phase=phase, node=f"n{n % 20}", cpu=5.0, created=START + n // 20)


def _uid(kind: int, number: int) -> bytes:
    return UUID(int=kind << 64 | number).bytes


def kept(ledger: Ledger, resource: str, make: Callable[[], Iterable[Record]]) -> float:
    """Bytes per object that a listing of them leaves behind."""
    gc.collect()
    tracemalloc.start()
    try:
        ledger.listed(resource, NAMESPACE, list(make()), START + 1000, gap=None)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / MANY
    finally:
        tracemalloc.stop()


def test_a_job_and_its_pod_cost_a_few_hundred_bytes() -> None:
    ledger = new_ledger()
    sizes = kept(ledger, "jobs", jobs), kept(ledger, "pods", pods)
    assert len(ledger.jobs.entries) == len(ledger.pods.entries) == MANY
    assert max(sizes) <= 260, sizes


def test_pods_whose_jobs_are_not_known_cost_little_more() -> None:
    ledger = new_ledger()
    size = kept(ledger, "pods", pods)
    assert size <= 330, size
