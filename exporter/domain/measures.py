"""What is computed of a search beside its own facts: speed, cost, and how near it is to its memory limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.domain.cost import Cost, Prices, cost
from exporter.domain.history import History, speed
from exporter.domain.snapshots import ClusterView, SearchView

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """`speed` in batches per minute while it lives; `cost` of its nodes so far; `memory_ratio`: the largest working set
    of its blast containers, as a share of their limit. None is unknown."""

    speed: float | None = None
    cost: Cost | None = None
    memory_ratio: float | None = None


UNMEASURED = Measures()


def measures(cluster: ClusterView, prices: Prices) -> dict[Key, Measures]:
    """The measures of each search of the batch snapshot, by (namespace, id)."""
    used: dict[Key, dict[str, float]] = {}
    for (namespace, identity, pool), seconds in cluster.node_seconds.items():
        used.setdefault((namespace, identity), {})[pool] = seconds
    ratios = cluster.custom.memory_ratios if cluster.custom else {}
    return {
        key: Measures(
            speed=_speed(search, cluster.histories.get(key)),
            cost=cost(used.get(key, {}), prices, incomplete=search.created < (cluster.since or search.created)),
            memory_ratio=ratios.get(key),
        )
        for key, search in _keyed(cluster).items()
    }


def _keyed(cluster: ClusterView) -> Mapping[Key, SearchView]:
    return {(search.namespace, search.id): search for search in (cluster.batch.searches if cluster.batch else ())}


def _speed(search: SearchView, history: History | None) -> float | None:
    return None if history is None or search.terminal else speed(history)
