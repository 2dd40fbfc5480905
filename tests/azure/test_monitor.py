"""Azure Monitor read through its real client: only what is offered, the newest value and its age."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.adapters.azure.settings import AzureSettings
from exporter.domain.azure.platform import OF_CLUSTER, OF_RESOURCE, Point
from exporter.domain.failures import Failed, Word
from exporter.simulator.arm.model import Metric, Resource, Series
from exporter.simulator.arm.server import ArmSimulator
from tests.azure.arms import Reader
from tests.simulator.azure import CLUSTER_ID, ROOT, cluster

ACCOUNT = f"{ROOT}/Microsoft.Storage/storageAccounts/results"


@pytest.fixture
def reader(azure: ArmSimulator, settings: AzureSettings) -> Iterator[Reader]:
    azure.estate.add(cluster(), Resource(id=ACCOUNT))
    reader = Reader(settings)
    yield reader
    reader.close()


def values(points: tuple[Point, ...]) -> dict[tuple[str, str], float]:
    return {(point.word, point.split): point.value for point in points}


def load(*numbers: float | None) -> Metric:
    return Metric(name="apiserver_memory_usage_percentage", grain=5, series=[Series(values=list(numbers))])


@pytest.mark.fault(63)
def test_the_newest_point_with_a_value_speaks_and_its_time_is_told(azure: ArmSimulator, reader: Reader) -> None:
    azure.estate.measure(CLUSTER_ID, load(40.0, 62.5, None, None))
    (point,) = reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    assert (point.word, point.value, point.split) == ("apiserver_memory", 0.625, "")
    assert 600 <= time.time() - point.at <= 780


@pytest.mark.fault(63)
@pytest.mark.parametrize("series", [[], [Series(values=[])], [Series(values=[None, None])]])
def test_no_value_is_no_point_and_never_0(azure: ArmSimulator, reader: Reader, series: list[Series]) -> None:
    azure.estate.measure(CLUSTER_ID, Metric(name="apiserver_memory_usage_percentage", grain=5, series=series))
    assert reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER) == ()


def test_only_what_is_offered_is_asked_for(azure: ArmSimulator, reader: Reader) -> None:
    azure.estate.measure(CLUSTER_ID, load(1.0), Metric(name="something_else", series=[Series(values=[1.0])]))
    reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    asked = [seen.query.get("metricnames") for seen in azure.api.seen]
    assert asked == [None, "apiserver_memory_usage_percentage"]


def test_what_is_offered_is_not_asked_for_each_time(azure: ArmSimulator, reader: Reader) -> None:
    azure.estate.measure(CLUSTER_ID, load(1.0))
    reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    assert len(azure.api.seen) == 3


def test_a_metric_that_goes_away_is_looked_for_anew(azure: ArmSimulator, reader: Reader) -> None:
    azure.estate.measure(CLUSTER_ID, load(1.0))
    reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    azure.estate.measure(CLUSTER_ID)
    with pytest.raises(Failed) as refused:
        reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    assert refused.value.word is Word.SERVER
    assert reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER) == ()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_metrics_of_nodes_that_are_refused_do_not_hide_the_others(
    azure: ArmSimulator, reader: Reader, status: int
) -> None:
    async def no_nodes(request: Request) -> Response | None:
        refused = "node_cpu" in request.query_params.get("metricnames", "")
        return JSONResponse({"code": "BadRequest", "message": "no"}, status) if refused else None

    nodes = Metric(name="node_cpu_usage_percentage", dimensions=("nodepool",), series=[Series(values=[50.0])])
    azure.estate.measure(CLUSTER_ID, load(40.0), nodes)
    azure.api.intercept = no_nodes
    assert values(reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)) == {("apiserver_memory", ""): 0.4}


def test_a_request_that_is_throttled_is_no_part_of_an_answer(azure: ArmSimulator, reader: Reader) -> None:
    async def busy(request: Request) -> Response | None:
        throttled = "node_cpu" in request.query_params.get("metricnames", "")
        return Response("", 429, {"Retry-After": "17"}) if throttled else None

    nodes = Metric(name="node_cpu_usage_percentage", dimensions=("nodepool",), series=[Series(values=[50.0])])
    azure.estate.measure(CLUSTER_ID, load(40.0), nodes)
    azure.api.intercept = busy
    with pytest.raises(Failed) as refused:
        reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    assert (refused.value.word, refused.value.retry_after) == (Word.THROTTLED, 17.0)


def test_who_may_not_read_metrics_is_told_so(azure: ArmSimulator, reader: Reader) -> None:
    azure.api.denied.add("Microsoft.Insights/metricDefinitions/read")
    with pytest.raises(Failed) as refused:
        reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER)
    assert refused.value.word is Word.DENIED


def test_nodes_are_told_by_pool_and_the_busiest_speaks(azure: ArmSimulator, reader: Reader) -> None:
    series = [
        Series(values=[50.0], dimensions={"node": "n1", "nodepool": "blastpool"}),
        Series(values=[70.0], dimensions={"node": "n2", "nodepool": "blastpool"}),
        Series(values=[10.0], dimensions={"node": "n3", "nodepool": "systempool"}),
    ]
    azure.estate.measure(
        CLUSTER_ID, Metric(name="node_cpu_usage_percentage", dimensions=("node", "nodepool"), series=series)
    )
    seen = values(reader.monitor.points(CLUSTER_ID, "cluster", OF_CLUSTER))
    assert seen == {("cpu", "blastpool"): 0.7, ("cpu", "systempool"): 0.1}


def test_a_storage_account_tells_its_size_and_its_rate_of_answers(azure: ArmSimulator, reader: Reader) -> None:
    azure.estate.measure(
        ACCOUNT,
        Metric(name="UsedCapacity", unit="Bytes", grain=60, series=[Series(values=[1e12], lag=3600)]),
        Metric(name="Availability", grain=1, series=[Series(values=[99.5])]),
        Metric(
            name="Transactions",
            aggregation="Total",
            dimensions=("ResponseType",),
            series=[
                Series(values=[600.0], dimensions={"ResponseType": "Success"}),
                Series(values=[3.0], dimensions={"ResponseType": "ServerBusyError"}),
            ],
        ),
    )
    assert values(reader.monitor.points(ACCOUNT, "storage_account", OF_RESOURCE["storage_account"])) == {
        ("used_bytes", ""): 1e12,
        ("availability", ""): 0.995,
        ("transactions", "Success"): 2.0,
        ("transactions", "ServerBusyError"): 0.01,
    }
    assert len(azure.api.seen) == 3


def test_what_one_of_a_kind_offers_is_asked_for_once_and_of_an_odd_one_by_itself(
    azure: ArmSimulator, reader: Reader
) -> None:
    used = Metric(name="UsedCapacity", unit="Bytes", grain=60, series=[Series(values=[5.0], lag=3600)])
    here = Metric(name="Availability", grain=1, series=[Series(values=[100.0])])
    accounts = [f"{ACCOUNT}{number}" for number in range(3)]
    azure.estate.add(*(Resource(id=one) for one in accounts))
    for one, offers in zip(accounts, ((used, here), (used, here), (used,)), strict=True):
        azure.estate.measure(one, *offers)

    def told() -> list[int | str]:
        found: list[int | str] = []
        for one in accounts:
            try:
                found.append(len(reader.monitor.points(one, "storage_account", OF_RESOURCE["storage_account"])))
            except Failed as failure:
                found.append(failure.word.value)
        return found

    assert told() == [2, 2, "server"]
    assert told() == [2, 2, 1]
    assert sum("metricdefinitions" in seen.path.lower() for seen in azure.api.seen) == 2
