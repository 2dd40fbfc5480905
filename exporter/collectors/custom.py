"""The custom boundary: custom resources, usage from metrics.k8s.io, and the Lease of those who submit searches."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.collectors.base import Collector, Poll
from exporter.domain.custom.kinds import KINDS
from exporter.domain.custom.objects import Kind
from exporter.domain.custom.usage import NODE_METRICS, POD_METRICS

NODES = Poll(name=NODE_METRICS.qualified)
PODS = Poll(name=POD_METRICS.qualified)
LEASES = Poll(name="leases.coordination.k8s.io")


def collector(kinds: Iterable[Kind]) -> Collector:
    """What is read when these kinds of custom resources are."""
    found = (Poll(name=kind.qualified, optional=kind.optional) for kind in kinds)
    return Collector(name="custom", resources=(), polls=(NODES, PODS, LEASES, *found))


COLLECTOR = collector(KINDS)
