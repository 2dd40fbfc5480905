"""Platform metrics of Azure Monitor: which are asked for, how, and what stands for them here.

One `Asked` is one request. Azure keeps percentages, which become ratios, and totals per grain, which become a rate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

RESPONSES = (
    "Success",
    "SuccessWithThrottling",
    "AuthenticationError",
    "AuthorizationError",
    "ClientOtherError",
    "ClientThrottlingError",
    "ClientTimeoutError",
    "NetworkError",
    "ServerBusyError",
    "ServerOtherError",
    "ServerTimeoutError",
    "other",
)
THROTTLED = (
    "ClientAccountBandwidthThrottlingError",
    "ClientAccountRequestThrottlingError",
    "ClientThrottlingError",
)
Unit = Literal["ratio", "rate", "plain"]
Offers = Mapping[str, Collection[int]]
"""What a resource offers: metrics by name in lower case, and their grains in minutes; no grains: none are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One metric: Azure's name, the aggregation that means something, and our word for it."""

    name: str
    word: str
    aggregation: Literal["average", "maximum", "total"] = "average"
    unit: Unit = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one request asks for: metrics of one grain (minutes) over the last `span` minutes, split by one dimension
    or not at all."""

    metrics: tuple[Wanted, ...]
    grain: int
    span: int
    dimension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The newest value of one metric and the time at which it was measured (Unix seconds); `split` is the value of its
    dimension, empty without one."""

    word: str
    value: float
    at: float
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series as Azure gives it: (Unix seconds, value) in any order, None where there is no value yet."""

    name: str
    split: str
    points: Sequence[tuple[float, float | None]]


CONTROL_PLANE = ("etcd_database", "apiserver_memory", "apiserver_cpu")
AUTOSCALER_FLAGS = ("safe_to_autoscale", "scale_down_in_cooldown")
NODE_RESOURCES = ("cpu", "memory", "disk")

OF_CLUSTER = (
    Asked(
        metrics=(
            Wanted(name="etcd_database_usage_percentage", word="etcd_database", aggregation="maximum", unit="ratio"),
            Wanted(
                name="apiserver_memory_usage_percentage", word="apiserver_memory", aggregation="maximum", unit="ratio"
            ),
            Wanted(name="apiserver_cpu_usage_percentage", word="apiserver_cpu", aggregation="maximum", unit="ratio"),
            Wanted(name="apiserver_current_inflight_requests", word="inflight_requests"),
            Wanted(name="cluster_autoscaler_unschedulable_pods_count", word="unschedulable_pods"),
            Wanted(name="cluster_autoscaler_unneeded_nodes_count", word="unneeded_nodes"),
            Wanted(name="cluster_autoscaler_cluster_safe_to_autoscale", word="safe_to_autoscale"),
            Wanted(name="cluster_autoscaler_scale_down_in_cooldown", word="scale_down_in_cooldown"),
        ),
        grain=5,
        span=30,
    ),
    Asked(
        metrics=(
            Wanted(name="node_cpu_usage_percentage", word="cpu", unit="ratio"),
            Wanted(name="node_memory_working_set_percentage", word="memory", unit="ratio"),
            Wanted(name="node_disk_usage_percentage", word="disk", unit="ratio"),
        ),
        grain=5,
        span=30,
        dimension="nodepool",
    ),
)
_CPU = Asked(metrics=(Wanted(name="Percentage CPU", word="cpu", unit="ratio"),), grain=5, span=30)
OF_RESOURCE: Mapping[str, tuple[Asked, ...]] = {
    "storage_account": (
        Asked(
            metrics=(
                Wanted(name="UsedCapacity", word="used_bytes"),
                Wanted(name="Availability", word="availability", unit="ratio"),
            ),
            grain=60,
            span=24 * 60,
        ),
        Asked(
            metrics=(Wanted(name="Transactions", word="transactions", aggregation="total", unit="rate"),),
            grain=5,
            span=30,
            dimension="ResponseType",
        ),
    ),
    "registry": (
        Asked(
            metrics=(
                Wanted(name="StorageUsed", word="used_bytes"),
                Wanted(name="TotalPullCount", word="pulls", aggregation="total", unit="rate"),
            ),
            grain=60,
            span=24 * 60,
        ),
    ),
    "virtual_machine": (_CPU,),
    "scale_set": (_CPU,),
}
WORDS = tuple(
    dict.fromkeys(
        metric.word for several in (OF_CLUSTER, *OF_RESOURCE.values()) for asked in several for metric in asked.metrics
    )
)


def offered(asked: Sequence[Asked], offers: Offers) -> tuple[Asked, ...]:
    """What is left of the requests if only these metrics exist; one of which nothing is left is not made."""
    kept = ((one, tuple(m for m in one.metrics if _exists(m, one.grain, offers))) for one in asked)
    return tuple(
        Asked(metrics=metrics, grain=one.grain, span=one.span, dimension=one.dimension)
        for one, metrics in kept
        if metrics
    )


def _exists(metric: Wanted, grain: int, offers: Offers) -> bool:
    grains = offers.get(metric.name.lower())
    return grains is not None and (not grains or grain in grains)


def newest(asked: Asked, series: Sequence[Series]) -> tuple[Point, ...]:
    """The newest point with a value of every series; nothing where all are empty, or split otherwise than was
    asked for. Two series of one name and split are added for a total, else the higher one speaks."""
    wanted = {metric.name.lower(): metric for metric in asked.metrics}
    found: dict[tuple[str, str], Point] = {}
    for one in series:
        metric = wanted.get(one.name.lower())
        known = [(at, value) for at, value in one.points if value is not None]
        if metric is None or not known or bool(one.split) != bool(asked.dimension):
            continue
        at, value = max(known)
        point = Point(word=metric.word, value=_converted(value, metric.unit, asked.grain), at=at, split=one.split)
        found[metric.word, one.split] = _joined(found.get((metric.word, one.split)), point, metric)
    return tuple(found.values())


def response(word: str) -> str:
    """A storage account's ResponseType in the closed list; the kinds of throttling of a whole account are one."""
    if word in THROTTLED:
        return "ClientThrottlingError"
    return word if word in RESPONSES else "other"


def _converted(value: float, unit: Unit, grain: int) -> float:
    if unit == "ratio":
        return value / 100
    return value / (60 * grain) if unit == "rate" else value


def _joined(before: Point | None, point: Point, metric: Wanted) -> Point:
    if before is None:
        return point
    both = before.value + point.value if metric.unit == "rate" else max(before.value, point.value)
    return Point(word=point.word, value=both, at=min(before.at, point.at), split=point.split)
