"""What counts 0 from the start, so that `increase()` sees the first event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from exporter.domain.records import JOB_ROLES, POD_ROLES, SEARCH_ROLES
from exporter.domain.snapshots import Tally
from exporter.domain.words import DISRUPTIONS, EVENT_REASONS, FAILURE_REASONS, FINISHED_PAIRS, PROGRAMS, REPLACED_LABELS
from exporter.metrics import cancel, cluster, fleet, own
from exporter.metrics.catalogue import short
from exporter.metrics.family import Family

Key = tuple[str, tuple[str, ...]]
Resource = tuple[str, str]

JOB_ENDS = (("succeeded", "none"), ("lost", "none"), *(("failed", reason) for reason in FAILURE_REASONS))


def initial_totals(
    namespaces: Sequence[str], resources: Sequence[Resource], pools: Sequence[str] = (), *, cancels: bool = False
) -> dict[Key, float]:
    """Every counter with a known label set, at 0. `resources` are pairs of collector and resource; `cancels`: whether
    searches may be cancelled.

    Pools are known only when nodes have been listed: call it again for the counters of new ones. Requests to APIs are
    counted from the first of their kind.
    """
    sets: list[tuple[Family, Iterable[tuple[str, ...]]]] = [
        (fleet.SEARCHES_FINISHED, ((ns, *pair) for ns, pair in product(namespaces, FINISHED_PAIRS))),
        (fleet.JOBS_FINISHED, ((ns, role, *end) for ns, role, end in product(namespaces, JOB_ROLES, JOB_ENDS))),
        (fleet.ATTEMPTS_FAILED, product(POD_ROLES, FAILURE_REASONS)),
        (cluster.POD_DISRUPTIONS, product(pools, DISRUPTIONS)),
        (cluster.NODES_REMOVED, product(pools)),
        (cluster.NODE_SECONDS, product(pools, ("busy", "idle"))),
        (cluster.EVENTS, EVENT_REASONS),
        (own.LABEL_VALUES_REPLACED, ((label,) for label in REPLACED_LABELS)),
    ]
    if cancels:
        sets.append((cancel.JOBS_AFTER_CANCEL, product(namespaces, SEARCH_ROLES)))
    born = {(short(family), labels): 0.0 for family, every in sets for labels in every}
    return born | resource_totals(resources)


def resource_totals(resources: Sequence[Resource]) -> dict[Key, float]:
    """The counters of resources, at 0: for those that are found later, when they are."""
    runs = {(short(own.COLLECTOR_RUNS), (*one, result)): 0.0 for one, result in product(resources, own.RUN_RESULTS)}
    return runs | {(short(own.RECORDS_REJECTED), (resource,)): 0.0 for _, resource in resources}


def initial_tallies(resources: Sequence[Resource]) -> dict[Key, Tally]:
    """Every histogram with a known label set, without observations. The one by program and db is not: db is open."""
    return {(short(family), labels): _empty(family) for family, labels in _known_tallies(resources)}


def _known_tallies(resources: Sequence[Resource]) -> Iterator[tuple[Family, tuple[str, ...]]]:
    yield fleet.JOB_QUEUE_DURATION, ()
    for program in PROGRAMS:
        yield fleet.SEARCH_DURATION, (program,)
    for collector, _ in resources:
        yield own.COLLECTOR_DURATION, (collector,)


def _empty(family: Family) -> Tally:
    return Tally((0,) * (len(family.bounds) + 1), 0.0)
