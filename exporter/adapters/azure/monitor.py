"""Azure Monitor: what a resource offers, and the newest points of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from exporter.adapters.azure.arm import Arm
from exporter.adapters.azure.calls import once_more
from exporter.adapters.clock import Clock
from exporter.domain.azure.platform import Asked, Offers, Point, Series, newest, offered
from exporter.domain.failures import Failed, Word
from exporter.domain.text import clean

if TYPE_CHECKING:
    from azure.mgmt.monitor import MonitorManagementClient

_OFFERED_FOR = 6 * 3600.0  # seconds that a list of what is offered is believed
_MOST_SERIES = 200
_REFUSALS = (Word.SERVER, Word.DENIED, Word.UNAUTHENTICATED, Word.ABSENT)


class Monitor:
    """The metrics of the resources of one cluster."""

    def __init__(self, arm: Arm, subscription: str, *, clock: Clock) -> None:
        self._arm = arm
        self._subscription = subscription
        self._clock = clock
        self._lock = threading.Lock()
        self._client: MonitorManagementClient | None = None
        self._offers: dict[str, tuple[float, Offers]] = {}
        self._apart: set[str] = set()

    def points(self, resource: str, kind: str, asked: Sequence[Asked]) -> tuple[Point, ...]:
        """The newest points of what a resource offers of the metrics asked for, by one request per `Asked`.

        What it offers is asked for first, once for all of a kind, and again after six hours; of a resource that refuses
        what others of its kind offer, by itself. A refused request does not hide the others: not every cluster has the
        metrics of its nodes. Raises Failed.
        """
        found: list[Point] = []
        wanted = offered(asked, self.offers(resource, kind))
        refused: list[Failed] = []
        for one in wanted:
            try:
                found += newest(one, list(self._series(resource, one)))
            except Failed as failure:
                if failure.word not in _REFUSALS:
                    raise
                refused.append(failure)
        if refused:
            self._apart.add(resource)
            self._offers.pop(resource, None)
        if refused and len(refused) == len(wanted):
            raise refused[0]
        return tuple(found)

    def offers(self, resource: str, kind: str) -> Offers:
        """The metrics that a resource offers with their grains; asked for once for all of a kind. Raises Failed."""
        place = self._place(resource, kind)
        known = self._known(place)
        if known is not None:
            return known
        client = self._made()
        given = self._arm.call(lambda: list(client.metric_definitions.list(resource, **self._arm.heard())))
        offers = {one.name.value.lower(): _grains(one) for one in given if one.name is not None and one.name.value}
        self._offers[place] = (self._clock.mono(), offers)
        return offers

    def cost(self, resource: str, kind: str, asked: Sequence[Asked]) -> int:
        """The calls that `points` makes now, at most."""
        offers = self._known(self._place(resource, kind))
        return len(asked) + 1 if offers is None else len(offered(asked, offers))

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _place(self, resource: str, kind: str) -> str:
        return resource if resource in self._apart else kind

    def _known(self, place: str) -> Offers | None:
        read_at, offers = self._offers.get(place, (float("-inf"), None))
        return offers if self._clock.mono() - read_at < _OFFERED_FOR else None

    def _series(self, resource: str, asked: Asked) -> Iterator[Series]:
        client = self._made()
        split: dict[str, Any] = {"filter": f"{asked.dimension} eq '*'", "top": _MOST_SERIES} if asked.dimension else {}
        answer = self._arm.call(
            lambda: client.metrics.list(
                resource,
                metricnames=",".join(metric.name for metric in asked.metrics),
                aggregation=",".join(sorted({metric.aggregation for metric in asked.metrics})),
                timespan=_span(asked.span),
                interval=_span(asked.grain),
                **split,
                **self._arm.heard(),
            )
        )
        aggregations = {metric.name.lower(): metric.aggregation for metric in asked.metrics}
        for metric in answer.value:
            name = metric.name.value or ""
            for one in metric.timeseries or ():
                yield Series(name=name, split=_split(one), points=_points(one, aggregations.get(name.lower(), "")))

    def _made(self) -> MonitorManagementClient:
        from azure.mgmt.monitor import MonitorManagementClient

        settings = self._arm.settings
        with self._lock:
            if self._client is None:
                taken: Any = self._arm.credential()
                self._client = MonitorManagementClient(
                    taken,
                    self._subscription,
                    base_url=settings.endpoint,
                    credential_scopes=[settings.scope],
                    permit_redirects=False,
                    raw_request_hook=once_more(self._arm.calls),
                    **settings.http(),
                )
            return self._client


def _grains(definition: Any) -> frozenset[int]:
    """The grains of a metric in minutes."""
    grains = (one.time_grain for one in definition.metric_availabilities or ())
    return frozenset(int(grain.total_seconds() // 60) for grain in grains if grain is not None)


def _points(series: Any, aggregation: str) -> list[tuple[float, float | None]]:
    values: Iterable[Any] = series.data or ()
    return [(one.time_stamp.timestamp(), getattr(one, aggregation, None)) for one in values if one.time_stamp]


def _split(series: Any) -> str:
    """The value of the one dimension that was asked for."""
    values = [pair.value for pair in series.metadatavalues or () if pair.value]
    return clean(values[0]) if values else ""


def _span(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"
