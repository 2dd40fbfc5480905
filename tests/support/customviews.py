"""Custom snapshots: one that is full, and one of an ordinary afternoon."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from exporter.domain.custom.kinds import CLUSTER_QUEUE, KINDS, MPIJOB, WORKLOAD
from exporter.domain.custom.objects import CONDITION_VALUES, CUSTOM_STATES, Kind, KindCounts
from exporter.domain.custom.usage import LeaseView, Used
from exporter.domain.custom.view import CustomSnapshot, KindView
from exporter.domain.records import POD_ROLES


def full_custom(
    namespaces: Sequence[str], pools: Sequence[str], searches: Sequence[tuple[str, str]], at: float
) -> CustomSnapshot:
    """Everything that the known kinds may say, and a sample of everything."""
    return CustomSnapshot(
        kinds=tuple(
            KindView(kind=kind, namespace=place, counts=_full(kind))
            for kind in KINDS
            for place in (namespaces if kind.namespaced else ("",))
        ),
        pools=dict.fromkeys(pools, Used(12.5, 64e9)),
        roles=dict.fromkeys(product(namespaces, POD_ROLES), Used(7.25, 32e9)),
        memory_ratios=dict.fromkeys(searches, 0.625),
        sampled={"nodes": at - 20, "pods": at - 30},
        leases=dict.fromkeys(namespaces, LeaseView(holder="openapi", acquired=at - 5)),
    )


def _full(kind: Kind) -> KindCounts:
    return KindCounts(
        states=dict.fromkeys(CUSTOM_STATES, 3),
        conditions={
            (name, value, reason): 2
            for name in kind.conditions
            for value in CONDITION_VALUES
            for reason in ((*kind.reasons[name], "other") if name in kind.reasons else ("none",))
        },
        amounts=dict.fromkeys(kind.amounts, 5.0),
        behind=1,
    )


def an_afternoon(at: float) -> CustomSnapshot:
    """Two MPIJobs of which one waits for its quota."""
    none = dict.fromkeys(CUSTOM_STATES, 0)
    jobs = KindCounts(
        states={**none, "running": 1, "suspended": 1},
        conditions={("Running", "True", "none"): 1, ("Suspended", "True", "none"): 1},
        amounts={"active": 5.0, "succeeded": 0.0, "failed": 0.0},
        behind=0,
    )
    workloads = KindCounts(
        states={**none, "running": 1, "pending": 1},
        conditions={("Admitted", "True", "none"): 1, ("Evicted", "True", "Preempted"): 1},
        amounts={"requeues": 1.0},
        behind=1,
    )
    queues = KindCounts(
        states={**none, "running": 1},
        conditions={("Active", "True", "Ready"): 1},
        amounts={"pending": 1.0, "reserving": 1.0, "admitted": 1.0},
        behind=0,
    )
    return CustomSnapshot(
        kinds=(
            KindView(kind=MPIJOB, namespace="default", counts=jobs),
            KindView(kind=WORKLOAD, namespace="default", counts=workloads),
            KindView(kind=CLUSTER_QUEUE, namespace="", counts=queues),
        ),
        pools={"blastpool": Used(11.5, 48.5e9)},
        roles={("default", "blast"): Used(10.25, 40e9)},
        memory_ratios={("default", "job-" + "0a" * 16): 0.875},
        sampled={"nodes": at - 20, "pods": at - 30},
        leases={"default": LeaseView(holder="openapi", acquired=at - 5)},
    )
