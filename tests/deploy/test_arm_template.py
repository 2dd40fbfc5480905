"""The ARM template: it makes an identity that may read, and nothing else; the docs list what it makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.cli.check.rights import ALL
from tests.deploy.template import GROUP, SUBSCRIPTION, Deployment, Expression, Made

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE: dict[str, Any] = json.loads((ROOT / "deploy" / "azure" / "exporter.json").read_text("utf-8"))
ROLES = {
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": "Azure Kubernetes Service Cluster User Role",
}
VERSIONS = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": "2023-01-31",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
}
NEEDED = {"clusterName": "blast", "oidcIssuerUrl": "https://issuer.example/"}
EVERYTHING = {
    **NEEDED,
    "monitoringReader": True,
    "readQuota": True,
    "storageAccountNames": ["results", "databases"],
    "registryNames": ["images"],
}
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/blast"


def made(**given: Any) -> list[Made]:
    return list(Deployment(template=TEMPLATE, given=given).resources())


def role(one: Made) -> str:
    """The name of the role that an assignment gives."""
    return ROLES[one.properties["roleDefinitionId"].rpartition("/")[2]]


def assigned(**given: Any) -> set[tuple[str, str]]:
    return {(role(one), one.scope) for one in made(**given) if one.kind.endswith("/roleAssignments")}


def templates() -> Iterator[dict[str, Any]]:
    """The template and those inside it."""
    yield TEMPLATE
    for one in TEMPLATE["resources"]:
        if one["type"] == "Microsoft.Resources/deployments":
            yield one["properties"]["template"]


def listed() -> str:
    """What a deployment with everything makes, as the docs list it."""
    lines = []
    for one in made(**EVERYTHING):
        scope = one.scope.removeprefix(f"{GROUP}/providers/").replace(SUBSCRIPTION, "the subscription")
        what = f"{role(one)} on {scope}" if one.kind.endswith("/roleAssignments") else f"{one.kind} {one.name}"
        lines.append(f"+ {what}" + (f"  (if {one.when})" if one.when else ""))
    return "\n".join(lines)


def test_the_template_is_of_the_schema_for_resource_groups() -> None:
    assert TEMPLATE["$schema"] == "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    assert set(TEMPLATE) == {
        "$schema",
        "contentVersion",
        "metadata",
        "parameters",
        "variables",
        "resources",
        "outputs",
    }
    known = {"type", "apiVersion", "name", "location", "scope", "condition", "copy", "dependsOn", "properties"}
    known_nested = known | {"subscriptionId"}
    for one in TEMPLATE["resources"]:
        assert set(one) <= (known_nested if one["type"] == "Microsoft.Resources/deployments" else known)


def test_every_parameter_has_a_type_and_says_what_it_is() -> None:
    for template in templates():
        for name, one in template["parameters"].items():
            assert one["type"] in ("string", "bool", "array"), name
            assert one["metadata"]["description"].endswith((".", "issuerUrl")), name


def test_what_is_declared_is_used() -> None:
    """What is used and not declared raises KeyError."""
    deployment = Deployment(template=TEMPLATE, given=EVERYTHING)
    list(deployment.resources())
    deployment.text(TEMPLATE["outputs"])
    declared = {f"parameter {name}" for name in TEMPLATE["parameters"]}
    assert deployment.used == declared | {f"variable {name}" for name in TEMPLATE["variables"]}


def test_only_what_has_no_default_must_be_given() -> None:
    assert {name for name, one in TEMPLATE["parameters"].items() if "defaultValue" not in one} == set(NEEDED)
    assert made(**NEEDED)


def test_by_default_one_cluster_may_be_read_and_reached_and_nothing_else() -> None:
    user = "Azure Kubernetes Service Cluster User Role"
    assert assigned(**NEEDED) == {("Reader", CLUSTER), (user, CLUSTER)}
    assert assigned(**NEEDED, fromOutside=False) == {("Reader", CLUSTER)}


def test_each_wish_adds_its_own_assignments() -> None:
    plain = assigned(**NEEDED)
    accounts = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
    registry = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/images"
    assert assigned(**NEEDED, monitoringReader=True) - plain == {("Monitoring Reader", CLUSTER)}
    assert assigned(**NEEDED, readQuota=True) - plain == {("Reader", SUBSCRIPTION)}
    assert assigned(**NEEDED, registryNames=["images"]) - plain == {("Reader", registry)}
    assert assigned(**NEEDED, storageAccountNames=["a", "b"]) - plain == {
        ("Reader", f"{accounts}/a"),
        ("Reader", f"{accounts}/b"),
    }


def test_every_assignment_is_to_the_new_identity_under_a_name_of_its_own() -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/elasticblast-exporter"
    found = [one for one in made(**EVERYTHING) if one.kind.endswith("/roleAssignments")]
    assert {one.properties["principalId"] for one in found} == {f"principal of {identity}"}
    assert {one.properties["principalType"] for one in found} == {"ServicePrincipal"}
    assert len({one.name for one in found}) == len(found)


def test_the_roles_are_those_that_check_names() -> None:
    assert {role for role, _ in assigned(**EVERYTHING)} == {one.role for one in ALL} == set(ROLES.values())


def test_nothing_but_the_identity_its_trust_and_its_roles_is_made() -> None:
    assert {one.kind: one.version for one in made(**EVERYTHING)} == VERSIONS


def test_the_identity_trusts_one_service_account_of_one_issuer() -> None:
    trusts = [one for one in made(**EVERYTHING) if one.kind.endswith("/federatedIdentityCredentials")]
    assert [one.properties for one in trusts] == [
        {
            "issuer": "https://issuer.example/",
            "subject": "system:serviceaccount:elasticblast-exporter:elasticblast-exporter",
            "audiences": ["api://AzureADTokenExchange"],
        }
    ]


def test_no_output_is_a_secret() -> None:
    outputs = Deployment(template=TEMPLATE, given=NEEDED).text(TEMPLATE["outputs"])
    assert {name: one["type"] for name, one in outputs.items()} == {"clientId": "string"}
    assert outputs["clientId"]["value"].startswith("client of ")
    assert not re.search(r"list[A-Z]\w*\(|secure|password", json.dumps(TEMPLATE))


def test_no_subscription_stands_in_the_template() -> None:
    ids = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", json.dumps(TEMPLATE)))
    assert ids == set(ROLES)


def test_each_dependency_is_on_the_identity_that_the_template_makes() -> None:
    deployment = Deployment(template=TEMPLATE, given=EVERYTHING)
    identity = deployment.text("[variables('identity')]")
    waits = [deployment.text(one["dependsOn"]) for one in TEMPLATE["resources"][1:]]
    assert waits == [[identity]] * (len(TEMPLATE["resources"]) - 1)


@pytest.mark.parametrize("wrong", ["listKeys('x')", "format('a'", "parameters('a') 1", "'a", "parameters('none')"])
def test_what_is_no_expression_of_ours_is_refused(wrong: str) -> None:
    functions = Deployment(template=TEMPLATE, given=NEEDED).functions()
    with pytest.raises((KeyError, ValueError)):
        Expression(wrong, functions).value()


def test_the_docs_list_what_is_made() -> None:
    assert f"```\n{listed()}\n```" in (ROOT / "docs" / "azure.md").read_text("utf-8")


def test_the_readme_has_every_parameter_with_its_default() -> None:
    text = (ROOT / "deploy" / "azure" / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE))
    shown = {
        name: f"`{json.dumps(one['defaultValue'])}`" if "defaultValue" in one else "required"
        for name, one in TEMPLATE["parameters"].items()
    }
    assert rows == shown
