"""What one tick freezes of the custom boundary: custom resources, usage and submit Leases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from exporter.domain.custom.objects import Kind, KindCounts
from exporter.domain.custom.usage import LeaseView, NodesUsed, PodsUsed, Used


@dataclass(frozen=True, slots=True, kw_only=True)
class KindView:
    """The objects of one kind in one namespace; a cluster-wide kind has the namespace ''."""

    kind: Kind
    namespace: str
    counts: KindCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomSnapshot:
    """The custom boundary at one moment; what may not be shown is left out.

    `pools` are by pool, `roles` by (namespace, role), `memory_ratios` by (namespace, search id), `sampled` is when the
    oldest sample of `nodes` and of `pods` was taken, `leases` are the held ones by namespace.
    """

    kinds: tuple[KindView, ...] = ()
    pools: Mapping[str, Used] = field(default_factory=dict)
    roles: Mapping[tuple[str, str], Used] = field(default_factory=dict)
    memory_ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    sampled: Mapping[str, float] = field(default_factory=dict)
    leases: Mapping[str, LeaseView] = field(default_factory=dict)


def freeze_custom(
    answers: Iterable[tuple[str, object]],
    *,
    pool_of: Callable[[str], str | None],
    limits: Mapping[tuple[str, str], float],
) -> CustomSnapshot:
    """The newest answers by namespace, of those that may be shown. `pool_of` is None for a node that is not known;
    `limits` are the memory limits of the blast containers of the shown searches, where known."""
    kinds: list[KindView] = []
    nodes = NodesUsed()
    pods: dict[str, PodsUsed] = {}
    leases: dict[str, LeaseView] = {}
    for namespace, answer in answers:
        match answer:
            case KindView():
                kinds.append(answer)
            case NodesUsed():
                nodes = answer
            case PodsUsed():
                pods[namespace] = answer
            case LeaseView() if answer.holder:
                leases[namespace] = answer
    return CustomSnapshot(
        kinds=tuple(kinds),
        pools=nodes.pools(pool_of),
        roles={(namespace, role): used for namespace, one in pods.items() for role, used in one.roles.items()},
        memory_ratios={
            key: pods[key[0]].largest[key[1]] / limit
            for key, limit in limits.items()
            if key[0] in pods and key[1] in pods[key[0]].largest
        },
        sampled=_oldest(nodes=[nodes], pods=pods.values()),
        leases=leases,
    )


def _oldest(**groups: Iterable[NodesUsed | PodsUsed]) -> dict[str, float]:
    """When the oldest sample of each resource was taken, where there is one."""
    times = {name: [one.oldest for one in group if one.oldest is not None] for name, group in groups.items()}
    return {name: min(found) for name, found in times.items() if found}
