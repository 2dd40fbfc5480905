"""What is frozen of the newest answers, and what is told of a memory limit."""

from __future__ import annotations

from exporter.domain.custom.kinds import MPIJOB
from exporter.domain.custom.objects import count
from exporter.domain.custom.usage import LeaseView, NodesUsed, NodeUsage, PodsUsed, Used
from exporter.domain.custom.view import CustomSnapshot, KindView, freeze_custom

NODES = NodesUsed(
    nodes=(
        NodeUsage(node="a", cpu=1.0, memory=10.0, at=100.0),
        NodeUsage(node="b", cpu=2.0, memory=20.0, at=90.0),
        NodeUsage(node="gone", cpu=4.0, memory=40.0, at=95.0),
    ),
    oldest=90.0,
)
PODS = PodsUsed(roles={"blast": Used(3.0, 30.0)}, largest={"job-a": 5.0, "job-b": 9.0}, oldest=80.0)
POOLS = {"a": "blastpool", "b": "blastpool"}


def frozen(*answers: tuple[str, object], limits: dict[tuple[str, str], float] | None = None) -> CustomSnapshot:
    return freeze_custom(answers, pool_of=POOLS.get, limits=limits or {})


def test_a_node_that_is_not_known_counts_for_no_pool() -> None:
    snapshot = frozen(("", NODES))
    assert snapshot.pools == {"blastpool": Used(3.0, 30.0)}
    assert snapshot.sampled == {"nodes": 90.0}


def test_a_ratio_needs_a_sample_and_a_limit() -> None:
    limits = {("default", "job-a"): 10.0, ("default", "job-c"): 10.0, ("other", "job-b"): 10.0}
    snapshot = frozen(("default", PODS), limits=limits)
    assert snapshot.memory_ratios == {("default", "job-a"): 0.5}
    assert snapshot.roles == {("default", "blast"): Used(3.0, 30.0)}


def test_a_lease_that_nobody_holds_is_not_told() -> None:
    held = LeaseView(holder="cli", acquired=7.0)
    assert frozen(("a", held), ("b", LeaseView())).leases == {"a": held}


def test_without_an_answer_nothing_is_told() -> None:
    assert frozen() == CustomSnapshot()
    view = KindView(kind=MPIJOB, namespace="a", counts=count(MPIJOB, []))
    assert frozen(("a", view)).kinds == (view,)
