"""`check` against a simulated Azure: which right is missing, what gives it, and nothing that names a subscription."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.adapters.clock import SystemClock
from exporter.cli.check import rights as names
from exporter.cli.check.rights import ALL, Asked, assignment, told
from exporter.cli.check.rights_ask import rights
from exporter.domain.failures import Failed, Word
from exporter.metrics.catalogue import CATALOGUE
from exporter.simulator.arm.model import Resource
from exporter.simulator.arm.server import CLIENT, TENANT
from exporter.wiring_fleet import Door
from tests.azure.fleet import SUBSCRIPTION, Fleet, place
from tests.cli.command import ROOT, Ran, run

STORE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/results"
DENIALS = [
    ("Microsoft.ContainerService/managedClusters/read", names.READ, place("one")),
    ("Microsoft.Insights/metricDefinitions/read", names.METRICS, place("one")),
    ("Microsoft.Compute/locations/usages/read", names.QUOTA, f"/subscriptions/{SUBSCRIPTION}"),
    ("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", names.CREDENTIAL, place("one")),
    ("Microsoft.Storage/storageAccounts/read", names.RESOURCE, STORE),
]


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet() as made:
        made.add("one")
        made.azure.estate.add(Resource(id=STORE))
        yield made


def listed(fleet: Fleet, **flags: object) -> list[Asked]:
    """What is found out about the cluster as it is listed in a configuration."""
    keys = {
        "clusters[0].name": "one",
        "clusters[0].connect.mode": "aks",
        "clusters[0].azure.resource_id": place("one"),
        "clusters[0].resources": [STORE],
        "discovery.subscriptions": [],
    }
    config = fleet.config(**{**keys, **flags})
    return rights(config.listed[0], Door(config, SystemClock()))


def commanded(fleet: Fleet, folder: Path, *flags: str) -> Ran:
    """The command itself, with a fleet that it has to find."""
    file = folder / "exporter.yaml"
    azure = {
        "client_id": CLIENT,
        "tenant_id": TENANT,
        "token_file": str(fleet.azure.token_file),
        "endpoint": fleet.azure.url,
        "authority": fleet.azure.url,
        "ca_file": str(fleet.azure.ca_file),
    }
    file.write_text(json.dumps({"azure": azure, "discovery": {"subscriptions": [SUBSCRIPTION]}}))
    return run("check", "--config", str(file), *flags)


def test_each_right_is_asked_for_by_one_request(fleet: Fleet) -> None:
    asked = listed(fleet)
    assert [one.right for one in asked] == [
        names.READ,
        names.METRICS,
        names.QUOTA,
        names.CREDENTIAL,
        names.RESOURCE,
        names.RESOURCE_METRICS,
    ]
    assert not any(one.missing or one.unknown for one in asked)
    assert len(fleet.azure.api.seen) == len(asked)


def test_the_user_credential_is_asked_for_by_mode_aks_alone(fleet: Fleet) -> None:
    listed(fleet, **{"clusters[0].connect.mode": "auto"})
    assert {seen.method for seen in fleet.azure.api.seen} == {"GET"}


def test_a_cluster_without_an_arm_id_is_not_asked_about(fleet: Fleet) -> None:
    config = fleet.config(**{"clusters[0].name": "one", "discovery.subscriptions": []})
    assert rights(config.listed[0], Door(config, SystemClock())) == []
    assert not fleet.azure.api.seen


@pytest.mark.parametrize(("action", "right", "scope"), DENIALS, ids=[action for action, _, _ in DENIALS])
def test_a_missing_right_names_its_role_its_cost_and_the_command(
    fleet: Fleet, action: str, right: names.Right, scope: str
) -> None:
    fleet.azure.api.denied.add(action)
    asked = listed(fleet)
    assert (right, scope) in [(one.right, one.scope) for one in asked if one.missing]
    text = "\n".join(told("one", asked, width=None, colour=False))
    assert right.loss in text
    assert f'--role "{right.role}"' in text
    assert '--scope "/subscriptions/SUBSCRIPTION' in text
    assert SUBSCRIPTION not in text


def test_the_quota_is_not_called_missing_where_it_was_not_asked_for(fleet: Fleet) -> None:
    """Its region is that of the cluster."""
    fleet.azure.api.denied.add("Microsoft.ContainerService/managedClusters/read")
    quota = next(one for one in listed(fleet) if one.right is names.QUOTA)
    assert (quota.asked, quota.missing, quota.unknown) == (False, False, True)
    assert not any(seen.path.endswith("/usages") for seen in fleet.azure.api.seen)


def test_an_id_that_arm_does_not_know_is_not_a_missing_role(fleet: Fleet) -> None:
    fleet.forget("one")
    asked = listed(fleet)
    assert not any(one.missing for one in asked)
    text = "\n".join(told("one", asked, width=None, colour=False))
    assert "misspelled" in text
    assert "role assignment" not in text


def test_without_a_token_one_failure_is_told_and_nothing_more_is_asked(fleet: Fleet) -> None:
    fleet.azure.entra.identities.clear()
    asked = listed(fleet)
    assert [one.asked for one in asked] == [True] + [False] * 5
    assert asked[0].failed is not None
    assert asked[0].failed.word is Word.UNAUTHENTICATED
    assert not fleet.azure.api.seen
    assert "federated credential" in "\n".join(told("one", asked, width=None, colour=False))


def test_one_command_is_printed_once_for_all_that_it_gives() -> None:
    denied = Failed(Word.DENIED)
    asked = [Asked(right=one, scope=STORE, failed=denied) for one in (names.RESOURCE, names.READ)]
    text = told("", asked, width=None, colour=False)
    assert text.count(f"  {assignment('Reader', STORE)}") == 1


def test_the_metrics_that_a_loss_names_exist() -> None:
    known = {family.name for family in CATALOGUE}
    named = [word.strip("(),") for one in ALL for word in one.loss.split() if "elasticblast_" in word]
    assert len(named) > 10
    assert set(named) <= known


def test_the_docs_name_the_role_of_every_right() -> None:
    rows = [row.split(" | ") for row in (ROOT / "docs" / "azure.md").read_text("utf-8").splitlines()]
    told_there = {row[0].removeprefix("| "): row[1] for row in rows if len(row) == 4}
    assert {one.what: told_there[one.what].partition(",")[0] for one in ALL} == {one.what: one.role for one in ALL}


def test_the_command_is_0_with_every_right(fleet: Fleet, tmp_path: Path) -> None:
    done = commanded(fleet, tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "Everything that the exporter asks of Azure is allowed." in done.out
    assert "Everything that the exporter needs is allowed." in done.out


def test_the_command_is_1_with_a_missing_role_and_shows_no_subscription(fleet: Fleet, tmp_path: Path) -> None:
    fleet.azure.api.denied.add("Microsoft.Insights/metricDefinitions/read")
    done = commanded(fleet, tmp_path)
    assert done.code == 1
    assert '--role "Monitoring Reader" --scope "/subscriptions/SUBSCRIPTION/resourceGroups/rg/' in done.out
    assert SUBSCRIPTION not in done.out + done.err


def test_a_cluster_whose_credential_is_refused_is_not_asked_inside(fleet: Fleet, tmp_path: Path) -> None:
    fleet.azure.api.denied.add("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action")
    done = commanded(fleet, tmp_path)
    assert done.code == 1
    assert names.CREDENTIAL.loss in done.out
    assert "not usable" not in done.out
    assert not fleet.apis["one"].api.seen


def test_with_grants_standard_output_stays_yaml(fleet: Fleet, tmp_path: Path) -> None:
    fleet.azure.api.denied.add("Microsoft.Insights/metricDefinitions/read")
    done = commanded(fleet, tmp_path, "--grants")
    assert (done.code, done.out) == (1, "")
    assert "Monitoring Reader" in done.err


def test_a_person_who_cancels_needs_nothing_of_the_daemons_in_azure(fleet: Fleet, tmp_path: Path) -> None:
    done = commanded(fleet, tmp_path, "--cancel", "person")
    assert done.code == 0
    assert "in Azure" not in done.out


def test_a_fleet_in_which_nobody_is_found_says_what_would_show_it(fleet: Fleet, tmp_path: Path) -> None:
    """ARM answers an empty list to whoever may read nothing."""
    fleet.azure.api.denied.add("Microsoft.ContainerService/managedClusters/read")
    done = commanded(fleet, tmp_path)
    assert (done.code, done.out) == (1, "")
    assert (
        'az role assignment create --assignee IDENTITY --role "Reader" --scope "/subscriptions/SUBSCRIPTION"'
        in done.err
    )
