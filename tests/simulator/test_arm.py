"""The simulated Azure as the real SDK clients see it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.mgmt.containerservice import ContainerServiceClient
from starlette.requests import Request
from starlette.responses import Response

from exporter.simulator.arm.model import Metric, Resource, Series, Usage
from exporter.simulator.arm.server import CLIENT, ArmSimulator
from exporter.simulator.clock import SimClock
from tests.simulator.azure import (
    CLUSTER_ID,
    GROUP,
    ROOT,
    SCOPE,
    SUBSCRIPTION,
    cluster,
    containers,
    credential,
    monitor,
)


@pytest.fixture
def arm() -> Iterator[ArmSimulator]:
    with ArmSimulator() as arm:
        arm.estate.add(cluster())
        yield arm


def test_every_field_of_a_cluster_that_is_read_comes_back_through_the_sdk(arm: ArmSimulator) -> None:
    seen = containers(arm).managed_clusters.get(GROUP, "blast")
    assert (seen.id, seen.name, seen.location) == (CLUSTER_ID, "blast", "westeurope")
    assert (seen.provisioning_state, seen.power_state.code) == ("Succeeded", "Running")
    assert (seen.kubernetes_version, seen.current_kubernetes_version) == ("1.33.5", "1.33.5")
    assert (seen.sku.tier, seen.disable_local_accounts) == ("Standard", True)
    assert seen.api_server_access_profile.enable_private_cluster is False
    assert seen.auto_upgrade_profile.upgrade_channel == "patch"
    assert seen.aad_profile.managed is True
    assert seen.tags == {"app": "elastic-blast"}


def test_every_field_of_a_pool_that_is_read_comes_back_through_the_sdk(arm: ArmSimulator) -> None:
    client = containers(arm)
    of_cluster = client.managed_clusters.get(GROUP, "blast").agent_pool_profiles
    for pools in (of_cluster, list(client.agent_pools.list(GROUP, "blast"))):
        system, blast = pools
        assert (system.name, system.mode, system.vm_size, system.count) == (
            "systempool",
            "System",
            "Standard_D2s_v3",
            2,
        )
        assert (system.enable_auto_scaling, system.max_count, system.scale_set_priority) == (False, None, None)
        assert (blast.count, blast.min_count, blast.max_count, blast.enable_auto_scaling) == (3, 0, 10, True)
        assert (blast.scale_set_priority, blast.current_orchestrator_version) == ("Spot", "1.32.9")
        assert (blast.provisioning_state, blast.power_state.code) == ("Succeeded", "Running")
        assert blast.node_labels == {"workload": "blast"}
        assert blast.node_taints == ["workload=blast:NoSchedule"]


def test_lists_of_clusters_come_in_pages(arm: ArmSimulator) -> None:
    arm.estate.add(cluster("two"), cluster("three"))
    arm.api.page = 2
    client = containers(arm)
    assert sorted(one.name for one in client.managed_clusters.list()) == ["blast", "three", "two"]
    assert len(list(client.managed_clusters.list_by_resource_group(GROUP))) == 3
    assert list(client.managed_clusters.list_by_resource_group("another")) == []
    assert len(arm.api.seen) == 5


def test_who_may_read_nothing_gets_an_empty_list_but_is_refused_one_by_one(arm: ArmSimulator) -> None:
    arm.api.denied.add("Microsoft.ContainerService/managedClusters/read")
    client = containers(arm)
    assert list(client.managed_clusters.list()) == []
    with pytest.raises(HttpResponseError) as refused:
        client.managed_clusters.get(GROUP, "blast")
    assert (refused.value.status_code, refused.value.error.code) == (403, "AuthorizationFailed")


def test_a_deleted_cluster_is_not_found(arm: ArmSimulator) -> None:
    with pytest.raises(ResourceNotFoundError):
        containers(arm).managed_clusters.get(GROUP, "gone")


def test_an_empty_budget_answers_429_with_the_wait(arm: ArmSimulator) -> None:
    client = containers(arm)
    heads: list[str] = []
    name = "x-ms-ratelimit-remaining-subscription-reads"
    client.managed_clusters.get(GROUP, "blast", raw_response_hook=lambda r: heads.append(r.http_response.headers[name]))
    assert heads == ["249"]
    arm.api.budget.refill, arm.api.budget.retry_after = 0.0, 300
    arm.api.budget.drain()
    with pytest.raises(HttpResponseError) as refused:
        client.managed_clusters.get(GROUP, "blast")
    assert refused.value.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "300"
    assert [seen.status for seen in arm.api.seen] == [200, 429]


def test_the_user_credential_of_an_entra_cluster_holds_no_secret(arm: ArmSimulator) -> None:
    here = arm.estate.clusters[CLUSTER_ID.lower()]
    here.server, here.ca_pem = "https://127.0.0.1:6443", arm.authority.ca_pem
    answer = containers(arm).managed_clusters.list_cluster_user_credentials(GROUP, "blast")
    document = json.loads(bytes(answer.kubeconfigs[0].value))
    target = document["clusters"][0]["cluster"]
    assert target["server"] == "https://127.0.0.1:6443"
    assert base64.b64decode(target["certificate-authority-data"]).decode() == arm.authority.ca_pem
    assert list(document["users"][0]["user"]) == ["exec"]


def test_the_user_credential_of_a_local_account_cluster_is_a_client_certificate(arm: ArmSimulator) -> None:
    here = arm.estate.clusters[CLUSTER_ID.lower()]
    here.client = arm.authority.client("clusterUser", "system:masters")
    assert containers(arm).managed_clusters.get(GROUP, "blast").disable_local_accounts is False
    answer = containers(arm).managed_clusters.list_cluster_user_credentials(GROUP, "blast")
    user = json.loads(bytes(answer.kubeconfigs[0].value))["users"][0]["user"]
    assert base64.b64decode(user["client-key-data"]).decode() == here.client[1]


def test_the_admin_credential_is_never_given(arm: ArmSimulator) -> None:
    with pytest.raises(HttpResponseError) as refused:
        containers(arm).managed_clusters.list_cluster_admin_credentials(GROUP, "blast")
    assert refused.value.status_code == 403


def test_a_wrong_federated_token_gets_no_token(arm: ArmSimulator) -> None:
    arm.token_file.write_text("of somebody else")
    with pytest.raises(ClientAuthenticationError, match="AADSTS700211"):
        credential(arm).get_token(SCOPE)
    assert arm.entra.issued == []


def test_a_token_is_for_one_resource_only(arm: ArmSimulator) -> None:
    who = credential(arm)
    who.get_token("6dae42f8-4368-4678-94ff-3960e28e3630/.default")
    containers(arm, who).managed_clusters.get(GROUP, "blast")
    audiences = [token.audience for token in arm.entra.issued]
    assert audiences == ["6dae42f8-4368-4678-94ff-3960e28e3630", "https://management.azure.com"]
    assert {token.client for token in arm.entra.issued} == {CLIENT}


def test_an_expired_token_is_refused() -> None:
    wall = [1_800_000_000.0]
    with ArmSimulator(clock=SimClock(wall=lambda: wall[0])) as arm:
        arm.estate.add(cluster())
        client = containers(arm)
        client.managed_clusters.get(GROUP, "blast")
        wall[0] += 3601
        with pytest.raises(ClientAuthenticationError):
            client.managed_clusters.get(GROUP, "blast")
        assert [seen.status for seen in arm.api.seen] == [200, 401]


def test_a_claims_challenge_is_answered_with_a_token_that_has_them(arm: ArmSimulator) -> None:
    client = containers(arm)
    client.managed_clusters.get(GROUP, "blast")
    arm.entra.outdate()
    assert client.managed_clusters.get(GROUP, "blast").name == "blast"
    assert [seen.status for seen in arm.api.seen] == [200, 401, 200]
    asked = {"access_token": {"nbf": {"essential": True, "value": str(int(arm.entra.valid_from))}}}
    assert [json.loads(token.claims or "{}") for token in arm.entra.issued] == [{}, asked]


def test_a_test_can_answer_in_its_place(arm: ArmSimulator) -> None:
    async def busy(request: Request) -> Response | None:
        return Response("upstream", 502) if "managedClusters" in request.url.path else None

    arm.api.intercept = busy
    with pytest.raises(HttpResponseError) as refused:
        containers(arm).managed_clusters.get(GROUP, "blast")
    assert refused.value.status_code == 502


CPU = Metric(name="apiserver_cpu_usage_percentage", series=[Series(values=[10.0, 12.5, None, None])])
SCALER = Metric(
    name="cluster_autoscaler_unneeded_nodes_count", unit="Count", grain=5, series=[Series(values=[1.0, 2.0])]
)
NODES = Metric(
    name="node_cpu_usage_percentage",
    dimensions=("node", "nodepool"),
    series=[
        Series(values=[50.0], dimensions={"node": "n1", "nodepool": "blastpool"}),
        Series(values=[70.0], dimensions={"node": "n2", "nodepool": "blastpool"}),
    ],
)


def test_only_what_a_resource_offers_is_defined(arm: ArmSimulator) -> None:
    arm.estate.measure(CLUSTER_ID, CPU, SCALER, NODES)
    cpu, scaler, nodes = list(monitor(arm).metric_definitions.list(CLUSTER_ID))
    assert (cpu.name.value, cpu.primary_aggregation_type, cpu.unit) == (CPU.name, "Average", "Percent")
    assert [str(one.time_grain) for one in cpu.metric_availabilities][:2] == ["0:01:00", "0:05:00"]
    assert str(scaler.metric_availabilities[0].time_grain) == "0:05:00"
    assert [one.value for one in nodes.dimensions] == ["node", "nodepool"]


def test_the_newest_points_of_a_metric_may_have_no_value(arm: ArmSimulator) -> None:
    arm.estate.measure(CLUSTER_ID, CPU)
    answer = monitor(arm).metrics.list(
        CLUSTER_ID, metricnames=CPU.name, timespan="PT30M", interval="PT1M", aggregation="Average"
    )
    points = answer.value[0].timeseries[0].data
    assert [point.average for point in points] == [10.0, 12.5, None, None]
    gaps = {(after.time_stamp - before.time_stamp).total_seconds() for before, after in pairwise(points)}
    assert gaps == {60.0}
    assert {point.maximum for point in points} == {None}


def test_a_metric_is_split_by_the_dimensions_asked_for(arm: ArmSimulator) -> None:
    arm.estate.measure(CLUSTER_ID, NODES)
    answer = monitor(arm).metrics.list(
        CLUSTER_ID, metricnames=NODES.name, timespan="PT30M", interval="PT1M", filter="nodepool eq '*'"
    )
    named = [[(pair.name.value, pair.value) for pair in one.metadatavalues] for one in answer.value[0].timeseries]
    assert named == [[("nodepool", "blastpool")]] * 2


@pytest.mark.parametrize(("name", "interval"), [("no_such_metric", "PT1M"), (SCALER.name, "PT1M")])
def test_an_unknown_metric_and_too_fine_a_grain_are_refused(arm: ArmSimulator, name: str, interval: str) -> None:
    arm.estate.measure(CLUSTER_ID, SCALER)
    with pytest.raises(HttpResponseError) as refused:
        monitor(arm).metrics.list(CLUSTER_ID, metricnames=name, timespan="PT30M", interval=interval)
    assert refused.value.status_code == 400


def test_a_stopped_cluster_has_no_points(arm: ArmSimulator) -> None:
    arm.estate.measure(CLUSTER_ID, CPU)
    arm.estate.clusters[CLUSTER_ID.lower()].power = "Stopped"
    answer = monitor(arm).metrics.list(CLUSTER_ID, metricnames=CPU.name, timespan="PT30M", interval="PT1M")
    assert answer.value[0].timeseries == []


def test_other_resources_and_usages_are_plain_arm(arm: ArmSimulator) -> None:
    account = f"{ROOT}/Microsoft.Storage/storageAccounts/results"
    machine = f"{ROOT}/Microsoft.Compute/virtualMachines/head"
    arm.estate.add(
        Resource(id=account, sku={"name": "Standard_LRS"}, properties={"publicNetworkAccess": "Disabled"}),
        Resource(id=machine, expanded={"instanceView": {"statuses": [{"code": "PowerState/running"}]}}),
    )
    arm.estate.usages[SUBSCRIPTION, "westeurope"] = [Usage(name="standardESv5Family", used=48, limit=100)]
    client = containers(arm)
    assert _get(client, account)["properties"] == {"publicNetworkAccess": "Disabled"}
    assert "instanceView" not in _get(client, machine)["properties"]
    assert _get(client, f"{machine}?$expand=instanceView")["properties"]["instanceView"]["statuses"]
    usage = _get(client, f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/usages")[
        "value"
    ][0]
    assert (usage["name"]["value"], usage["currentValue"], usage["limit"]) == ("standardESv5Family", 48, 100)


def _get(client: ContainerServiceClient, path: str) -> dict[str, Any]:
    mark = "&" if "?" in path else "?"
    answer = client.send_request(HttpRequest("GET", f"{path}{mark}api-version=2024-07-01"))
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
