from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.fold.nodes import node_state
from exporter.domain.words import NODE_STATES, PRESSURES
from tests.support.records import START, A, B, core_of, job, new_ledger, node, pod, search_of, see, total

STATES = [
    ("ready", {}),
    ("cordoned", {"cordoned": True}),
    ("not_ready", {"ready": False, "cordoned": True}),
    ("unknown", {"ready": None, "cordoned": True}),
]


@pytest.mark.parametrize(("state", "fields"), STATES)
def test_a_node_is_in_one_state(state: str, fields: dict[str, Any]) -> None:
    assert node_state(node(**fields)) == state


def test_a_pool_tells_its_nodes_pressures_and_usable_resources() -> None:
    ledger = new_ledger()
    for number, (_, fields) in enumerate(STATES):
        see(ledger, node(str(number), cpu=8.0, memory=100.0, pressures=frozenset({"disk"}), **fields))
    see(ledger, node("x", pool="system", cpu=2.0))
    blast, system = core_of(ledger).pools or ()
    assert (blast.pool, system.pool) == ("blast", "system")
    assert blast.nodes == dict.fromkeys(NODE_STATES, 1)
    assert blast.pressure == {**dict.fromkeys(PRESSURES, 0), "disk": 4}
    assert (blast.cpu_allocatable, blast.memory_allocatable) == (8.0, 100.0)


def test_requests_of_living_pods_count_until_they_end() -> None:
    ledger = new_ledger()
    see(ledger, node(name="n1"))
    pods = [pod(str(n), node="n1", cpu=0.1 * (n + 1)) for n in range(3)]
    see(ledger, *pods, pod("elsewhere", node="n2", cpu=9.0), pod("unplaced", phase="Pending", cpu=9.0))
    assert [view.cpu_requested for view in core_of(ledger).pools or ()] == [0.6]
    see(ledger, pod("0", phase="Succeeded", node="n1", cpu=0.1))
    for record in pods[1:]:
        ledger.gone(record, START)
    assert [view.cpu_requested for view in core_of(ledger).pools or ()] == [0.0]
    assert [view.cpu_requested for view in core_of(ledger, pod_namespaces=[]).pools or ()] == [None]


def test_pools_over_the_limit_are_told_together_as_other() -> None:
    ledger = new_ledger(pools=2)
    see(ledger, *(node(str(n), pool=f"pool{n}") for n in range(4)))
    pools = core_of(ledger).pools or ()
    assert {view.pool: view.nodes["ready"] for view in pools} == {"pool0": 1, "pool1": 1, "other": 2}


def seconds(ledger: Any, use: str) -> float:
    return total(ledger, "node_seconds_total", "blast", use)


def test_a_second_of_a_node_is_split_evenly_over_its_searches() -> None:
    ledger = new_ledger()
    see(ledger, node(name="n1"), node("m", name="n2"), job("a"), job("b", search=B))
    see(ledger, pod("a1", "a", node="n1"), pod("a2", "a", node="n1"), pod("b1", "b", node="n1"))
    ledger.nodes.charge(10.0, ledger.jobs.searches)
    assert (seconds(ledger, "busy"), seconds(ledger, "idle")) == (10.0, 10.0)
    assert search_of(ledger, A).node_seconds == search_of(ledger, B).node_seconds == {"blast": 5.0}


@pytest.mark.parametrize(
    ("busy", "fields"),
    [
        (True, {}),
        (True, {"role": "setup"}),
        (True, {"deleting": True}),
        (False, {"phase": "Pending"}),
        (False, {"phase": "Succeeded"}),
        (False, {"role": "finalizer"}),
        (False, {"role": "openapi"}),
    ],
)
def test_a_node_is_busy_while_a_setup_or_blast_pod_runs_on_it(busy: bool, fields: dict[str, Any]) -> None:
    ledger = new_ledger()
    see(ledger, node(name="n1"), job("j"), pod("p", "j", **{"node": "n1", **fields}))
    ledger.nodes.charge(1.0, ledger.jobs.searches)
    assert seconds(ledger, "busy") == (1.0 if busy else 0.0)


def test_time_for_a_pod_without_a_search_is_busy_and_nobodys() -> None:
    ledger = new_ledger()
    see(ledger, node(name="n1"), job("j"), pod("p", "j", node="n1"), pod("stray", "unknown", node="n1"))
    ledger.nodes.charge(10.0, ledger.jobs.searches)
    assert seconds(ledger, "busy") == 10.0
    assert search_of(ledger).node_seconds == {"blast": 5.0}
    ledger.gone(pod("stray", "unknown", node="n1"), START)
    ledger.gone(pod("p", "j", node="n1"), START)
    ledger.nodes.charge(1.0, ledger.jobs.searches)
    assert (seconds(ledger, "busy"), seconds(ledger, "idle")) == (10.0, 1.0)


def test_removed_nodes_are_counted_by_pool_from_zero() -> None:
    ledger = new_ledger()
    see(ledger, node("1"), node("2"), node("3", pool="spot"))
    ledger.listed("nodes", "", [node("1"), node("3", pool="spot")], START, gap=30.0)
    ledger.listed("nodes", "", [node("1"), node("3", pool="spot")], START, gap=30.0)
    assert total(ledger, "nodes_removed_total", "blast") == 1
    assert ledger.counts.freeze().totals["nodes_removed_total", ("spot",)] == 0


def test_a_new_node_may_take_the_name_of_an_old_one() -> None:
    ledger = new_ledger()
    see(ledger, node("old", name="n1"), node("new", name="n1", pool="spot"))
    ledger.gone(node("old", name="n1"), START)
    assert ledger.nodes.pool_of("n1") == "spot"
    assert ledger.nodes.pool_of("n2") == "other"


def test_ordinals_are_those_of_nodes_that_take_pods() -> None:
    ledger = new_ledger()
    for number, (_, fields) in enumerate(STATES):
        see(ledger, node(str(number), ordinal=number, **fields))
    assert ledger.nodes.ordinals() == {0}
