"""Azure Monitor's two answers: which metrics a resource offers, and their points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from exporter.simulator.arm.errors import bad_request
from exporter.simulator.arm.model import Metric, Series

_SPAN = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_FILTERED = re.compile(r"(\w+) eq '\*'")
_ALL_AGGREGATIONS = ("None", "Average", "Minimum", "Maximum", "Total", "Count")
_GRAINS = (1, 5, 15, 30, 60, 360, 720, 1440)


def definitions(resource_id: str, metrics: Sequence[Metric]) -> dict[str, Any]:
    """The answer of metricDefinitions."""
    return {"value": [_definition(resource_id, metric) for metric in metrics]}


def _definition(resource_id: str, metric: Metric) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": f"{resource_id}/providers/microsoft.insights/metricdefinitions/{metric.name}",
        "resourceId": resource_id,
        "namespace": "/".join(resource_id.split("/")[6:8]),
        "name": _text(metric.name),
        "unit": metric.unit,
        "primaryAggregationType": metric.aggregation,
        "supportedAggregationTypes": list(_ALL_AGGREGATIONS),
        "isDimensionRequired": False,
        "metricAvailabilities": [
            {"timeGrain": _grain(grain), "retention": "P93D"} for grain in _GRAINS if grain >= metric.grain
        ],
    }
    if metric.dimensions:
        shown["dimensions"] = [_text(name) for name in metric.dimensions]
    return shown


def values(resource_id: str, metrics: Sequence[Metric], query: Mapping[str, str], now: float) -> dict[str, Any]:
    """The answer of metrics; ArmError 400 for a name that is not offered or a grain that is too fine."""
    offered = {metric.name.lower(): metric for metric in metrics}
    names = [name for name in query.get("metricnames", "").split(",") if name]
    minutes, interval = _minutes(query.get("timespan", "PT1H")), _minutes(query.get("interval", "PT1M"))
    chosen = []
    for name in names:
        metric = offered.get(name.lower())
        if metric is None:
            valid = ",".join(sorted(metric.name for metric in metrics))
            raise bad_request("BadRequest", f"Failed to find metric configuration: {name}. Valid metrics: {valid}")
        if interval < metric.grain:
            raise bad_request("BadRequest", f"Detected invalid time grain input: PT{interval}M.")
        chosen.append(metric)
    split = _FILTERED.findall(query.get("$filter", ""))
    aggregations = [word for word in query.get("aggregation", "").split(",") if word]
    return {
        "cost": 0,
        "timespan": f"{_stamp(now - minutes * 60)}/{_stamp(now)}",
        "interval": _grain(interval),
        "namespace": "/".join(resource_id.split("/")[6:8]),
        "resourceregion": "westeurope",
        "value": [_metric(resource_id, m, split, aggregations, (minutes, interval), now) for m in chosen],
    }


def _metric(
    resource_id: str, metric: Metric, split: list[str], aggregations: list[str], window: tuple[int, int], now: float
) -> dict[str, Any]:
    return {
        "id": f"{resource_id}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": _text(metric.name),
        "unit": metric.unit,
        "errorCode": "Success",
        "timeseries": [_series(metric, series, split, aggregations, window, now) for series in metric.series],
    }


def _series(
    metric: Metric, series: Series, split: list[str], aggregations: list[str], window: tuple[int, int], now: float
) -> dict[str, Any]:
    minutes, interval = window
    words = aggregations or [metric.aggregation]
    newest = now - series.lag
    points = []
    for back, value in enumerate(reversed(series.values)):
        at = newest - back * interval * 60
        if at < now - minutes * 60:
            break
        point: dict[str, Any] = {"timeStamp": _stamp(at)}
        if value is not None:
            point |= {word.lower(): value for word in words}
        points.append(point)
    metadata = [{"name": _text(n), "value": v} for n, v in series.dimensions.items() if n in split]
    return {"metadatavalues": metadata, "data": points[::-1]}


def _text(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}


def _grain(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def _minutes(span: str) -> int:
    found = _SPAN.fullmatch(span)
    if found is None:
        raise bad_request("BadRequest", "Invalid time span.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + minutes


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at // 60 * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
