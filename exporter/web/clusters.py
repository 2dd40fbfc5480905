"""A cluster for people: what it is, its pools, its quota, custom resources and use, and who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exporter.domain.azure.arm import PoolFacts, Usage
from exporter.domain.cost import Prices, cost
from exporter.domain.custom.usage import Used
from exporter.domain.custom.view import CustomSnapshot, KindView
from exporter.domain.snapshots import ClusterView, PoolView, ResourceHealth
from exporter.web import plain
from exporter.web.markup import (
    NOTHING,
    Html,
    anchor,
    bar,
    element,
    escaped,
    facts,
    foreign,
    joined,
    lines,
    moment,
    row,
    small,
    table,
    word,
)

_COLLECTOR_HEADS = ("Collector", "State", "Mode", "Last answer", "Last trouble")
_QUOTA_HEADS = ("Quota of the region", "In use")
_KIND_HEADS = ("Kind", "Namespace", "Objects")
_ROLE_HEADS = ("Pods", "Namespace", "CPU in use", "Memory in use")
_NEARLY, _FULL = 0.8, 0.95


def spaces(names: Sequence[str]) -> Html:
    """`namespace a` or `namespaces a, b`."""
    return joined(["namespaces " if len(names) > 1 else "namespace ", foreign(", ".join(names))])


def cluster_facts(cluster: ClusterView, prices: Prices, now: float) -> Html:
    """What is known of the cluster as a whole, as names and values."""
    return facts(
        [
            ("Reads", spaces(cluster.namespaces)),
            *_azure(cluster),
            *_slots(cluster, now),
            *_stored(cluster),
            *_cost(cluster, prices, now),
        ]
    )


def _azure(cluster: ClusterView) -> Iterator[tuple[str, str]]:
    known = cluster.arm.cluster if cluster.arm else None
    if known is None:
        return
    yield "Power", word(known.power, plain.POWER.get(known.power, "wait"))
    yield "Provisioning", word(known.provisioning, plain.PROVISIONING.get(known.provisioning, "busy"))
    yield "Kubernetes", foreign(known.version)
    yield "Region", foreign(known.location)


def _slots(cluster: ClusterView, now: float) -> Iterator[tuple[str, str]]:
    slots = (cluster.core.run_slots if cluster.core else None) or {}
    many = len(cluster.namespaces) > 1
    for namespace, used in sorted(slots.items()):
        yield "Run slots in use", joined([plain.count(used), *([" in ", foreign(namespace)] if many else [])])
    for namespace, lease in sorted((cluster.custom.leases if cluster.custom else {}).items()):
        since = "" if lease.acquired is None else f" since {plain.clock(lease.acquired, now)}"
        yield "Submits now", joined([foreign(lease.holder), since, *([" in ", foreign(namespace)] if many else [])])


def _stored(cluster: ClusterView) -> Iterator[tuple[str, str]]:
    stored = cluster.batch.stored if cluster.batch else {}
    if stored:
        least = "" if all(name in stored for name in cluster.namespaces) else "≥ "
        yield "Jobs stored", escaped(least + plain.count(sum(stored.values())))


def _cost(cluster: ClusterView, prices: Prices, now: float) -> Iterator[tuple[str, str]]:
    """Of all nodes, and of those on which nothing ran, since the exporter began to look."""
    busy, idle = (_node_seconds(cluster, use) for use in ("busy", "idle"))
    whole = cost({pool: busy.get(pool, 0.0) + idle.get(pool, 0.0) for pool in {*busy, *idle}}, prices)
    unused = cost(idle, prices)
    if whole is not None:
        since = joined(["estimate, since ", moment(cluster.since, now), f"; idle nodes {plain.money(unused)} of it"])
        yield "Nodes' cost so far", joined([plain.money(whole), " ", small(since)])


def _node_seconds(cluster: ClusterView, use: str) -> dict[str, float]:
    totals = cluster.counts.totals.items()
    return {labels[0]: n for (name, labels), n in totals if name == "node_seconds_total" and labels[1] == use}


def pools_section(cluster: ClusterView) -> Html:
    """Node pools as Kubernetes sees them beside what Azure was told to make."""
    core = cluster.core.pools if cluster.core else None
    wanted = {pool.name: pool for pool in (cluster.arm.cluster.pools if cluster.arm and cluster.arm.cluster else ())}
    known = {pool.pool: pool for pool in core or ()}
    used = cluster.custom.pools if cluster.custom else {}
    parts: list[str] = [element("h3", "Node pools")]
    if core is None:
        parts.append(element("p", "Not known: the nodes could not be read lately.", class_="soft"))
    if known or wanted:
        rows = [_pool(name, known.get(name), wanted.get(name), used.get(name)) for name in sorted({*known, *wanted})]
        heads = [head for head in rows[0] if any(cells[head] for cells in rows)]
        parts.append(table("Node pools", heads, (row(heads, *_cells(heads, cells)) for cells in rows)))
    elif core is not None:
        parts.append(element("p", "No node.", class_="soft"))
    return element("div", parts)


def _cells(heads: Sequence[str], cells: Mapping[str, Html]) -> tuple[Html, list[Html]]:
    first, *rest = (cells[head] or escaped(plain.UNKNOWN) for head in heads)
    return first, rest


def _pool(name: str, pool: PoolView | None, wanted: PoolFacts | None, used: Used | None) -> dict[str, Html]:
    """What each column says of one pool; nothing where it has nothing to say."""
    nodes = pool.nodes if pool else {}
    not_ready = _sum_of(nodes, "not_ready", "unknown")
    return {
        "Pool": joined([foreign(name), _machine(wanted) if wanted else NOTHING]),
        "Ready": escaped(plain.count(nodes.get("ready"))),
        "Target": _target(wanted) if wanted else NOTHING,
        "Cordoned": escaped(plain.count(nodes.get("cordoned"))),
        "Not ready": element("span", plain.count(not_ready), class_="bad" if not_ready else ""),
        "CPU requested": NOTHING if pool is None else _requested(pool),
        "In use": NOTHING if used is None else joined([f"{used.cpu:.1f} cores", small(plain.size(used.memory))]),
        "Pressure": lines(f"{n} × {kind}" for kind, n in sorted(pool.pressure.items()) if n) if pool else NOTHING,
    }


def _machine(wanted: PoolFacts) -> Html:
    size = [foreign(wanted.vm_size)] + [escaped(text) for text in (wanted.priority, wanted.mode) if text == "Spot"]
    parts = [part for one in size for part in (" · ", one)][1:]
    state = wanted.provisioning if wanted.power == "Running" else wanted.power
    return joined([small(joined(parts)), NOTHING if state == "Succeeded" else small(word(state, "wait"))])


def _target(wanted: PoolFacts) -> Html:
    limits = ""
    if wanted.minimum is not None and wanted.maximum is not None:
        limits = f"scales from {wanted.minimum} to {wanted.maximum}"
    return joined([plain.count(wanted.count), small(limits) if limits else NOTHING])


def _requested(pool: PoolView) -> Html:
    requested = plain.UNKNOWN if pool.cpu_requested is None else f"{pool.cpu_requested:.1f}"
    return element("span", f"{requested} of {pool.cpu_allocatable:.1f} cores", class_="number")


def _sum_of(nodes: Mapping[str, int], *states: str) -> int | None:
    known = [nodes[state] for state in states if state in nodes]
    return sum(known) if known else None


def quota_section(cluster: ClusterView) -> Html:
    """How much of what the subscription may have in the region is taken."""
    usages = cluster.arm.usages if cluster.arm else None
    if not usages:
        return NOTHING
    return element("div", [element("h3", "Quota"), table("Quota", _QUOTA_HEADS, map(_quota, usages))])


def _quota(usage: Usage) -> Html:
    taken = usage.used / usage.limit if usage.limit else 1.0
    tone = "bad" if taken >= _FULL else "wait" if taken >= _NEARLY else ""
    label = f"{plain.count(usage.used)} of {plain.count(usage.limit)} cores"
    said = element("span", f"{label}, {plain.share(usage.used, usage.limit)}", class_=f"number {tone}".strip())
    shown = joined([said, bar(usage.used, usage.limit, label, name=f"Cores of {usage.family} in use")])
    return row(_QUOTA_HEADS, foreign(usage.family), [shown], class_=f"{tone}-bar" if tone else "")


def custom_section(custom: CustomSnapshot | None) -> Html:
    """Custom resources that exist, and what pods use."""
    if custom is None:
        return NOTHING
    kinds = [kind for kind in custom.kinds if sum(kind.counts.states.values())]
    parts: list[str] = []
    if kinds:
        parts += [element("h3", "Custom resources"), table("Custom resources", _KIND_HEADS, map(_kind, kinds))]
    if custom.roles:
        rows = (_role(namespace, role, used) for (namespace, role), used in sorted(custom.roles.items()))
        parts += [element("h3", "In use by pods"), table("In use by pods", _ROLE_HEADS, rows)]
    return element("div", parts) if parts else NOTHING


def _kind(view: KindView) -> Html:
    tones = {"failed": "bad", "unknown": "wait"}
    states = (
        element("span", f"{plain.count(n)} {state}", class_=tones.get(state, ""))
        for state, n in view.counts.states.items()
        if n
    )
    name = joined([foreign(view.kind.kind), small(foreign(view.kind.qualified))])
    return row(_KIND_HEADS, name, [foreign(view.namespace) if view.namespace else escaped("all"), lines(states)])


def _role(namespace: str, role: str, used: Used) -> Html:
    return row(_ROLE_HEADS, foreign(role), [foreign(namespace), f"{used.cpu:.1f} cores", plain.size(used.memory)])


def collectors_section(cluster: ClusterView, now: float) -> Html:
    """Each resource with its age; in one sentence where all is well."""
    health = cluster.health
    head = element("h3", "Collectors")
    if not health:
        return element("div", [head, element("p", "None is set up.", class_="soft")])
    shown = table("Collectors", _COLLECTOR_HEADS, (_collector(one, now) for one in health))
    summary = element("summary", _all_collectors(health, now))
    return element("div", [head, element("details", [summary, shown], id_=anchor("collectors", cluster.name))])


def _all_collectors(health: Sequence[ResourceHealth], now: float) -> str:
    ages = [now - one.last_success for one in health if one.last_success is not None]
    age = f"; oldest answer {plain.span(max(ages))} ago" if ages else ""
    late = [one for one in health if plain.STATES.get(one.state, ("off", ""))[0] in ("wait", "bad")]
    if not late:
        return f"All {len(health)} work{age}"
    return f"{len(late)} of {len(health)} do not work: {', '.join(_names(late))}{age}"


def _names(health: Iterable[ResourceHealth]) -> list[str]:
    shown = [f"{one.resource} {one.state}" for one in health]
    return shown if len(shown) <= 4 else [*shown[:4], "…"]


def _collector(one: ResourceHealth, now: float) -> Html:
    tone, meaning = plain.STATES.get(one.state, ("off", ""))
    age = plain.UNKNOWN if one.last_success is None else f"{plain.span(now - one.last_success)} ago"
    trouble = joined([foreign(one.word), small(one.detail)]) if one.word and one.detail else foreign(one.word)
    cells = [joined([word(one.state, tone), small(meaning)]), foreign(one.mode), escaped(age), trouble]
    return row(_COLLECTOR_HEADS, joined([foreign(one.collector), small(one.resource)]), cells)
