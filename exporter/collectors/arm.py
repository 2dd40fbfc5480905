"""The ARM boundary: what is asked of Azure about a cluster and what lies beside it."""

from __future__ import annotations

from dataclasses import replace

from exporter.collectors.base import Collector, Poll

CLUSTER = Poll(name="managed_cluster")
METRICS = Poll(name="platform_metrics")
USAGES = Poll(name="usages")
RESOURCES = Poll(name="azure_resources")
RESOURCE_METRICS = Poll(name="azure_resource_metrics")

HOLD = 900.0
"""Seconds for which an answer of ARM may be shown at least: it changes slowly, and its budget is small."""

_OF_CLUSTER = (CLUSTER, METRICS, USAGES)
COLLECTOR = Collector(name="arm", resources=(), polls=(*_OF_CLUSTER, RESOURCES, RESOURCE_METRICS))


def collector(*, with_resources: bool) -> Collector:
    """What is read of a cluster, and of what lies beside it if anything does."""
    return COLLECTOR if with_resources else replace(COLLECTOR, polls=_OF_CLUSTER)
