"""The ARM collector from the wire to the page: what it says, how long, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.adapters.azure.settings import AzureSettings
from exporter.domain.azure.arm import VM_POWER_STATES
from exporter.simulator.arm.model import Metric, Resource, Series, Usage
from exporter.simulator.arm.server import ArmSimulator
from exporter.simulator.server import Simulator
from tests.azure.follow import Watched
from tests.runtime.play import batches
from tests.simulator.azure import CLUSTER_ID, ROOT, SUBSCRIPTION, cluster

READ = "Microsoft.ContainerService/managedClusters/read"
ACCOUNT = f"{ROOT}/Microsoft.Storage/storageAccounts/results"
IMAGES = f"{ROOT}/Microsoft.ContainerRegistry/registries/images"
HEAD = f"{ROOT}/Microsoft.Compute/virtualMachines/head"
WORKERS = f"{ROOT}/Microsoft.Compute/virtualMachineScaleSets/workers"
RESOURCES = (ACCOUNT, IMAGES, HEAD, WORKERS)
JOBS = 'jobs{namespace="default",role="blast",state="created"}'


@pytest.fixture
def kubernetes() -> Iterator[Simulator]:
    with Simulator(controllers=False) as running:
        batches(running.store, count=2)
        yield running


@pytest.fixture
def watched(azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator) -> Iterator[Watched]:
    azure.estate.add(cluster())
    memory = Metric(name="apiserver_memory_usage_percentage", grain=5, series=[Series(values=[93.0])])
    azure.estate.measure(CLUSTER_ID, memory)
    azure.estate.usages[SUBSCRIPTION, "westeurope"] = [Usage(name="standardESv5Family", used=96, limit=100)]
    watched = Watched(settings, kubernetes)
    yield watched
    watched.close()


def about(page: dict[str, float], *names: str) -> dict[str, float]:
    return {key: value for key, value in page.items() if key.partition("{")[0] in names}


def test_the_cluster_its_pools_and_its_quota_are_on_the_page(watched: Watched) -> None:
    watched.ask()
    page = watched.look()
    assert about(page, "aks_info", "pool_info") == {
        'aks_info{name="blast",resource_group="searches",location="westeurope",kubernetes_version="1.33.5",'
        'sku_tier="Standard"}': 1,
        'pool_info{pool="blastpool",mode="User",vm_size="Standard_E16s_v5",priority="Spot",'
        'kubernetes_version="1.32.9"}': 1,
        'pool_info{pool="systempool",mode="System",vm_size="Standard_D2s_v3",priority="Regular",'
        'kubernetes_version="1.33.5"}': 1,
    }
    assert about(page, "pool_nodes_target", "pool_nodes_max", "pool_nodes_min", "pool_minor_versions_behind") == {
        'pool_nodes_target{pool="blastpool"}': 3,
        'pool_nodes_target{pool="systempool"}': 2,
        'pool_nodes_max{pool="blastpool"}': 10,
        'pool_nodes_min{pool="blastpool"}': 0,
        'pool_minor_versions_behind{pool="blastpool"}': 1,
        'pool_minor_versions_behind{pool="systempool"}': 0,
    }
    assert page['aks_control_plane_usage_ratio{resource="apiserver_memory"}'] == 0.93
    assert page['quota_used_cores{family="standardESv5Family"}'] == 96
    assert page['quota_limit_cores{family="standardESv5Family"}'] == 100
    assert page['exporter_arm_ratelimit_remaining{scope="subscription",operation="reads"}'] > 200
    assert about(page, "aks_flag") == {
        'aks_flag{flag="private"}': 0,
        'aks_flag{flag="local_accounts"}': 0,
        'aks_flag{flag="auto_upgrade"}': 1,
    }


def test_every_state_is_one_word_of_a_closed_list(watched: Watched) -> None:
    watched.ask()
    page = watched.look()
    assert len(about(page, "aks_power_state")) == 3
    assert len(about(page, "aks_provisioning_state")) == 12
    assert len(about(page, "pool_provisioning_state")) == 24
    assert watched.ones("aks_power_state") == ['{state="Running"}']
    assert watched.ones("aks_provisioning_state") == ['{state="Succeeded"}']


def test_the_minute_has_six_calls_at_most_and_yet_all_is_read_in_a_quarter_of_an_hour(
    azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator
) -> None:
    many = [f"{ACCOUNT}{number}" for number in range(12)]
    azure.estate.add(cluster(), *(Resource(id=one) for one in many))
    answers = Series(values=[5.0], dimensions={"ResponseType": "Success"})
    for one in many:
        azure.estate.measure(
            one,
            Metric(name="UsedCapacity", grain=60, series=[Series(values=[5e12], lag=3600)]),
            Metric(name="Transactions", aggregation="Total", dimensions=("ResponseType",), series=[answers]),
        )
    watched = Watched(settings, kubernetes, many)
    made = []
    watched.ask()
    for _ in range(15):
        made.append(len(azure.api.seen))
        azure.api.seen.clear()
        watched.minute()
    names = ("managed_cluster", "platform_metrics", "usages", "azure_resources", "azure_resource_metrics")
    states = {name: watched.state(name) for name in names}
    runs = watched.runs("managed_cluster", "ok")
    watched.close()
    assert max(made) <= 6
    assert states == dict.fromkeys(names, "fresh")
    assert runs == 16


def test_what_lies_beside_the_cluster_is_on_the_page(
    azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator
) -> None:
    statuses = [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/running"}]
    good = {"provisioningState": "Succeeded"}
    azure.estate.add(
        cluster(),
        Resource(id=ACCOUNT, sku={"name": "Standard_LRS"}, properties={**good, "publicNetworkAccess": "Disabled"}),
        Resource(id=IMAGES, sku={"name": "Premium"}, properties={**good, "publicNetworkAccess": "Enabled"}),
        Resource(
            id=HEAD,
            properties={**good, "hardwareProfile": {"vmSize": "Standard_D4s_v5"}},
            expanded={"instanceView": {"statuses": statuses}},
        ),
        Resource(
            id=WORKERS,
            sku={"name": "Standard_E16s_v5", "capacity": 7},
            properties={"provisioningState": "Updating"},
            instances=("running",) * 5 + ("deallocated", "dreaming"),
        ),
    )
    azure.estate.measure(ACCOUNT, Metric(name="UsedCapacity", grain=60, series=[Series(values=[5e12], lag=3600)]))
    azure.estate.measure(IMAGES, Metric(name="TotalPullCount", aggregation="Total", series=[Series(values=[7200.0])]))
    for machine in (HEAD, WORKERS):
        azure.estate.measure(machine, Metric(name="Percentage CPU", series=[Series(values=[50.0])]))
    watched = Watched(settings, kubernetes, RESOURCES)
    watched.ask()
    watched.minute(8)
    page = watched.look()
    watched.close()
    assert sorted(about(page, "azure_resource_info")) == [
        'azure_resource_info{kind="registry",name="images",location="westeurope",sku="Premium",public_access="Enabled"}',
        'azure_resource_info{kind="scale_set",name="workers",location="westeurope",sku="Standard_E16s_v5",'
        'public_access="unknown"}',
        'azure_resource_info{kind="storage_account",name="results",location="westeurope",sku="Standard_LRS",'
        'public_access="Disabled"}',
        'azure_resource_info{kind="virtual_machine",name="head",location="westeurope",sku="Standard_D4s_v5",'
        'public_access="unknown"}',
    ]
    assert page['azure_used_bytes{kind="storage_account",name="results"}'] == 5e12
    assert page['azure_registry_pulls_per_second{name="images"}'] == 2.0
    assert page['azure_cpu_usage_ratio{kind="virtual_machine",name="head"}'] == 0.5
    assert page['azure_cpu_usage_ratio{kind="scale_set",name="workers"}'] == 0.5
    assert page['azure_scale_set_instances{name="workers"}'] == 7
    assert page['azure_vm_power_state{name="head",state="running"}'] == 1
    powers = {state: page[f'azure_scale_set_vms{{name="workers",state="{state}"}}'] for state in VM_POWER_STATES}
    assert {state: number for state, number in powers.items() if number} == {"running": 5, "deallocated": 1, "other": 1}
    assert page['azure_resource_provisioning_state{kind="scale_set",name="workers",state="Updating"}'] == 1
    assert len(about(page, "azure_metric_timestamp_seconds")) == 4


@pytest.mark.parametrize("denied", [True, False])
def test_a_scale_set_whose_instances_are_not_told_has_no_number_of_them(
    azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator, denied: bool
) -> None:
    """Forbidden, or more than fit on a page: what else is known of it stays."""
    azure.estate.add(cluster(), Resource(id=WORKERS, sku={"capacity": 7}, instances=("running",) * 7))
    if denied:
        azure.api.denied.add("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read")
    else:
        azure.api.page = 3
    watched = Watched(settings, kubernetes, [WORKERS])
    watched.ask()
    watched.minute(3)
    page = watched.look()
    watched.close()
    assert page['azure_scale_set_instances{name="workers"}'] == 7
    assert about(page, "azure_scale_set_vms") == {}


@pytest.mark.fault(55)
def test_a_stopped_cluster_says_so_and_has_no_load(azure: ArmSimulator, watched: Watched) -> None:
    watched.ask()
    azure.estate.clusters[CLUSTER_ID.lower()].power = "Stopped"
    watched.minute()
    assert watched.ones("aks_power_state") == ['{state="Stopped"}']
    assert watched.ones("aks_provisioning_state") == ['{state="Succeeded"}']
    page = watched.look()
    assert not about(page, "aks_control_plane_usage_ratio", "azure_metric_timestamp_seconds")
    assert watched.state("managed_cluster") == "fresh"


@pytest.mark.fault(56)
def test_a_starting_cluster_is_running_by_power_and_starting_by_provisioning(
    azure: ArmSimulator, watched: Watched
) -> None:
    here = azure.estate.clusters[CLUSTER_ID.lower()]
    here.power, here.provisioning = "Running", "Starting"
    watched.ask()
    assert watched.ones("aks_power_state") == ['{state="Running"}']
    assert watched.ones("aks_provisioning_state") == ['{state="Starting"}']
    here.provisioning = "SomethingNew"
    watched.minute()
    assert watched.ones("aks_provisioning_state") == ['{state="other"}']


@pytest.mark.fault(57)
def test_a_deleted_cluster_is_absent_at_once_and_kubernetes_speaks_for_itself(
    azure: ArmSimulator, watched: Watched
) -> None:
    watched.ask()
    assert watched.state("managed_cluster") == "fresh"
    del azure.estate.clusters[CLUSTER_ID.lower()]
    watched.minute()
    page = watched.look()
    assert watched.state("managed_cluster") == "absent"
    assert not about(page, "aks_info", "aks_power_state", "pool_nodes_target", "aks_control_plane_usage_ratio")
    assert page[JOBS] == 2
    assert watched.state("jobs", "batch") == "fresh"


@pytest.mark.fault(58)
def test_throttled_it_waits_as_long_as_it_is_told_and_kubernetes_goes_on(azure: ArmSimulator, watched: Watched) -> None:
    watched.ask()
    asked = len(azure.api.seen)
    azure.api.budget.refill, azure.api.budget.retry_after = 0.0, 300
    azure.api.budget.drain()
    watched.minute()
    assert watched.runs("managed_cluster", "throttled") == 1
    refused = len(azure.api.seen)
    watched.minute(4)
    tried = [seen.path for seen in list(azure.api.seen)[refused:] if seen.path.lower() == CLUSTER_ID.lower()]
    assert asked < refused
    assert tried == []
    assert watched.runs("managed_cluster", "skipped") == 4
    page = watched.look()
    assert watched.ones("aks_power_state") == ['{state="Running"}']
    assert watched.state("managed_cluster") == "stale"
    assert page[JOBS] == 2
    azure.api.budget.fill()
    watched.minute(2)
    assert watched.state("managed_cluster") == "fresh"


@pytest.mark.fault(59)
def test_without_its_role_it_says_denied_and_holds_for_a_quarter_of_an_hour(
    azure: ArmSimulator, watched: Watched
) -> None:
    watched.ask()
    azure.api.denied.add(READ)
    watched.minute(14)
    assert watched.state("managed_cluster") == "denied"
    assert watched.ones("aks_power_state") == ['{state="Running"}']
    watched.minute(2)
    assert watched.state("managed_cluster") == "denied"
    assert not about(watched.look(), "aks_power_state", "pool_info")
    azure.api.denied.clear()
    watched.minute(6)
    assert watched.ones("aks_power_state") == ['{state="Running"}']


@pytest.mark.fault(60)
def test_without_new_tokens_the_old_one_is_used(azure: ArmSimulator, watched: Watched) -> None:
    async def down(request: Request) -> Response | None:
        return Response("", 503) if request.url.path.endswith("/token") else None

    watched.ask()
    azure.api.intercept = down
    watched.minute(2)
    assert watched.state("managed_cluster") == "fresh"


@pytest.mark.fault(63)
def test_a_metric_without_a_value_is_absent_and_its_time_too(azure: ArmSimulator, watched: Watched) -> None:
    watched.ask()
    assert len(about(watched.look(), "azure_metric_timestamp_seconds")) == 1
    azure.estate.measure(
        CLUSTER_ID, Metric(name="apiserver_memory_usage_percentage", grain=5, series=[Series(values=[None])])
    )
    watched.minute(5)
    page = watched.look()
    assert not about(page, "aks_control_plane_usage_ratio", "azure_metric_timestamp_seconds")
    assert watched.state("platform_metrics") == "fresh"


def test_only_what_is_denied_is_missing(azure: ArmSimulator, watched: Watched) -> None:
    azure.api.denied.update({"Microsoft.Insights/metricDefinitions/read", "Microsoft.Compute/locations/usages/read"})
    watched.ask()
    page = watched.look()
    assert watched.state("platform_metrics") == watched.state("usages") == "denied"
    assert watched.state("managed_cluster") == "fresh"
    assert not about(page, "aks_control_plane_usage_ratio", "quota_used_cores")
    assert watched.ones("aks_power_state") == ['{state="Running"}']


def test_nothing_on_the_page_tells_of_the_subscription(azure: ArmSimulator, watched: Watched) -> None:
    azure.api.denied.add("Microsoft.Compute/locations/usages/read")
    watched.ask()
    assert SUBSCRIPTION not in repr(watched.look())
    assert SUBSCRIPTION not in repr(watched.cluster.view())
