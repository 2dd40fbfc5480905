"""The fold of nodes: pools, what runs on them, and whose time it is."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

from exporter.domain.fold.counts import Counts
from exporter.domain.fold.search import Key, Search
from exporter.domain.records import NodeRecord, Uid
from exporter.domain.snapshots import PoolView
from exporter.domain.words import NODE_STATES, PRESSURES

_OOMS_KEPT = 1000
_NO_CORES = 1e-6  # what adding and taking away leaves of nothing


class NodeFold:
    """Nodes by uid, and what the known pods do on each node name."""

    def __init__(self, *, counts: Counts, limit: int) -> None:
        self.entries: dict[Uid, NodeRecord] = {}
        self._by_name: dict[str, NodeRecord] = {}
        self._pools: set[str] = set()
        self._limit = limit
        self._counts = counts
        self._requested: Counter[str] = Counter()
        self._guests: dict[str, Counter[Key | None]] = {}
        self._ooms: deque[tuple[str, float]] = deque(maxlen=_OOMS_KEPT)

    def seen(self, node: NodeRecord) -> None:
        pool = self._pool(node)
        if pool != node.pool and node.uid not in self.entries:
            self._counts.replaced("pool")
        self.entries[node.uid] = node
        self._by_name[node.name] = node
        self._counts.bear(
            [
                ("nodes_removed_total", (pool,)),
                ("node_seconds_total", (pool, "busy")),
                ("node_seconds_total", (pool, "idle")),
            ]
        )

    def gone(self, uid: Uid) -> None:
        node = self.entries.pop(uid, None)
        if node is None:
            return
        if self._by_name.get(node.name) is node:
            del self._by_name[node.name]
        self._counts.add("nodes_removed_total", (self._pool(node),))

    def missing(self, uids: set[Uid]) -> list[Uid]:
        return [uid for uid in self.entries if uid not in uids]

    def occupy(self, name: str, *, cpu: float, busy: bool, key: Key | None) -> None:
        """A pod sits on a node: its request counts, and while it is `busy` so does the node's time, for its search."""
        self._requested[name] += cpu  # type: ignore[assignment]  # a Counter may hold cores
        if busy:
            self._guests.setdefault(name, Counter())[key] += 1

    def vacate(self, name: str, *, cpu: float, busy: bool, key: Key | None) -> None:
        self._requested[name] -= cpu  # type: ignore[assignment]  # a Counter may hold cores
        if self._requested[name] < _NO_CORES:
            del self._requested[name]
        guests = self._guests.get(name)
        if busy and guests is not None:
            guests[key] -= 1
            if guests[key] <= 0:
                del guests[key]
            if not guests:
                del self._guests[name]

    def oom_killing(self, name: str, at: float) -> None:
        """A node reported OOMKilling; the same report may be told again."""
        if (name, at) not in self._ooms:
            self._ooms.append((name, at))

    def oom_near(self, name: str, at: float, window: float) -> bool:
        """Whether the node reported OOMKilling within so many seconds of `at`."""
        return any(node == name and abs(at - moment) <= window for node, moment in self._ooms)

    def pool_of(self, name: str) -> str:
        node = self._by_name.get(name)
        return self._pool(node) if node else "other"

    def by_name(self, name: str) -> NodeRecord | None:
        return self._by_name.get(name)

    def ordinals(self) -> set[int]:
        """Ordinals that a sharded batch could be placed on: of ready, uncordoned nodes whose taints it tolerates."""
        usable = (n for n in self.entries.values() if not n.reserved and node_state(n) == "ready")
        return {node.ordinal for node in usable if node.ordinal is not None}

    def charge(self, seconds: float, searches: Mapping[Key, Search]) -> None:
        """Add `seconds` of every node's time: busy or idle, and in equal parts to the searches that it works for."""
        for node in self.entries.values():
            pool = self._pool(node)
            guests = self._guests.get(node.name)
            self._counts.add("node_seconds_total", (pool, "busy" if guests else "idle"), seconds)
            owners = [searches[key] for key in guests or () if key is not None and key in searches]
            for search in owners:
                part = seconds / len(guests or ())
                search.node_seconds[pool] = search.node_seconds.get(pool, 0.0) + part

    def pools(self, *, with_pods: bool) -> tuple[PoolView, ...]:
        """Every pool that has a node; `with_pods`: requests of the known pods may be told."""
        by_pool: dict[str, list[NodeRecord]] = {}
        for node in self.entries.values():
            by_pool.setdefault(self._pool(node), []).append(node)
        return tuple(self._view(pool, nodes, with_pods=with_pods) for pool, nodes in sorted(by_pool.items()))

    def _view(self, pool: str, nodes: list[NodeRecord], *, with_pods: bool) -> PoolView:
        states = Counter(node_state(node) for node in nodes)
        usable = [node for node in nodes if node_state(node) == "ready"]
        requested = sum(float(self._requested[node.name]) for node in nodes if node.name in self._requested)
        return PoolView(
            pool=pool,
            nodes={state: states[state] for state in NODE_STATES},
            pressure={p: sum(p in node.pressures for node in nodes) for p in PRESSURES},
            cpu_allocatable=sum(node.cpu for node in usable),
            cpu_requested=round(requested, 6) + 0.0 if with_pods else None,
            memory_allocatable=sum(node.memory for node in usable),
        )

    def _pool(self, node: NodeRecord) -> str:
        if node.pool not in self._pools and len(self._pools) < self._limit:
            self._pools.add(node.pool)
        return node.pool if node.pool in self._pools else "other"


def node_state(node: NodeRecord) -> str:
    """One of words.NODE_STATES: cordoned only while ready."""
    if node.ready is None:
        return "unknown"
    if not node.ready:
        return "not_ready"
    return "cordoned" if node.cordoned else "ready"
