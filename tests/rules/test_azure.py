"""The rules as Azure managed Prometheus takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from deploy.rules import azure
from deploy.rules.source import DEPLOY, defaults, groups
from tests.deploy.template import Deployment, Made
from tests.rules.cases import RULES

TEMPLATE: dict[str, Any] = json.loads((DEPLOY / "azure" / "rules.json").read_text("utf-8"))
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/microsoft.monitor/accounts/metrics"
CLUSTER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/blast"
ACTION = {"actionGroupId": "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/actionGroups/operators"}
GROUPS = {group["name"]: group for group in groups(defaults())}
OF_GROUP = {"scopes", "clusterName", "enabled", "interval", "rules"}
OF_ALERT = {"alert", "expression", "for", "severity", "enabled", "labels", "annotations", "resolveConfiguration",
            "actions"}  # fmt: skip
OF_RECORD = {"record", "expression", "enabled"}


class Rules(Deployment):
    """A deployment that also knows the functions of ARM that only these templates use."""

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        ours: dict[str, Callable[..., Any]] = {
            "if": lambda condition, yes, no: yes if condition else no,
            "empty": lambda value: not value,
            "createArray": lambda *parts: list(parts),
            "null": lambda: None,
            "last": lambda parts: parts[-1],
            "split": lambda text, by: text.split(by),
            "not": lambda value: not value,
            "contains": lambda parts, one: one in parts,
        }
        return {**super().functions(), **ours}


def made(**given: Any) -> list[Made]:
    return list(Rules(template=TEMPLATE, given={"workspaceId": WORKSPACE, **given}).resources())


def alerts(**given: Any) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in made(**given) for rule in group.properties["rules"] if "alert" in rule}


def length(duration: str) -> int:
    """Seconds of an ISO 8601 duration as Azure wants it."""
    found = re.fullmatch(r"PT(\d+)M", duration)
    assert found, duration
    return 60 * int(found[1])


def test_each_group_is_one_resource_of_azure() -> None:
    assert [(one.kind, one.version, one.name) for one in made()] == [
        ("Microsoft.AlertsManagement/prometheusRuleGroups", "2023-03-01", name) for name in GROUPS
    ]
    assert TEMPLATE["$schema"].endswith("/2019-04-01/deploymentTemplate.json#")


def test_no_group_and_no_rule_has_what_azure_does_not_know() -> None:
    for group in made():
        assert set(group.properties) == OF_GROUP
        assert 0 < len(group.properties["rules"]) <= 20
        assert 60 <= length(group.properties["interval"]) <= 900
        for rule in group.properties["rules"]:
            assert set(rule) == (OF_ALERT if "alert" in rule else OF_RECORD)
            assert not rule["expression"].startswith("[")


def test_an_alert_says_the_same_as_in_prometheus() -> None:
    severities = {1: "critical", 2: "warning", 3: "info"}
    found = alerts()
    assert set(found) == set(RULES)
    for name, rule in found.items():
        ours = RULES[name]
        assert rule["expression"] == ours["expr"].strip()
        assert rule["labels"] == ours["labels"]
        assert rule["annotations"] == ours["annotations"]
        assert severities[rule["severity"]] == ours["labels"]["severity"]
        assert length(rule["for"]) == azure.seconds(ours.get("for", "0m"))
        assert len(rule["labels"]) <= 10
        assert all(len(text) <= 1024 for text in (*rule["labels"].values(), *rule["annotations"].values()))


def test_what_keeps_firing_resolves_later_and_never_after_more_than_15_minutes() -> None:
    late = {name: length(rule["resolveConfiguration"]["timeToResolve"]) for name, rule in alerts().items()}
    assert {late[name] for name, rule in RULES.items() if "keep_firing_for" in rule} == {300}
    assert {late[name] for name, rule in RULES.items() if "keep_firing_for" not in rule} == {60}
    assert all(rule["resolveConfiguration"]["autoResolved"] is True for rule in alerts().values())


def test_of_one_cluster_or_of_all() -> None:
    [one] = {json.dumps([group.properties[key] for key in ("scopes", "clusterName")]) for group in made()}
    assert json.loads(one) == [[WORKSPACE], None]
    [one] = {
        json.dumps([group.properties[key] for key in ("scopes", "clusterName")]) for group in made(clusterId=CLUSTER)
    }
    assert json.loads(one) == [[WORKSPACE, CLUSTER], "blast"]


def test_actions_and_disabled_alerts_are_as_given() -> None:
    assert all(rule["actions"] == [] and rule["enabled"] for rule in alerts().values())
    given = alerts(actions=[ACTION], disabled=["ElbNodePoolIdle"])
    assert all(rule["actions"] == [ACTION] for rule in given.values())
    assert [name for name, rule in given.items() if not rule["enabled"]] == ["ElbNodePoolIdle"]


def test_every_parameter_is_used_and_says_what_it_is() -> None:
    deployment = Rules(template=TEMPLATE, given={"workspaceId": WORKSPACE, "clusterId": CLUSTER})
    list(deployment.resources())
    deployment.text(TEMPLATE["resources"][0]["location"])
    assert deployment.used == {f"parameter {name}" for name in TEMPLATE["parameters"]}
    assert all(one["metadata"]["description"].endswith(".") for one in TEMPLATE["parameters"].values())
    assert [name for name, one in TEMPLATE["parameters"].items() if "defaultValue" not in one] == ["workspaceId"]


def test_the_readme_has_every_parameter_with_its_default() -> None:
    text = (DEPLOY / "azure" / "rules.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE))
    assert rows == {
        name: f"`{json.dumps(one['defaultValue'])}`" if "defaultValue" in one else "required"
        for name, one in TEMPLATE["parameters"].items()
    }


def _group(**change: Any) -> list[dict[str, Any]]:
    rule = {**RULES["ElbNodeNotReady"], **change.pop("rule", {})}
    return [{"name": "g", "interval": "1m", "rules": [rule], **change}]


@pytest.mark.parametrize(
    "wrong",
    [
        _group(interval="30s"),
        _group(interval="20m"),
        _group(rules=[RULES["ElbNodeNotReady"]] * 21),
        _group(rule={"labels": {"severity": "info", **{f"l{n}": "" for n in range(10)}}}),
        _group(rule={"annotations": {"description": "x" * 1025}}),
        _group(rule={"for": "five minutes"}),
        _group(rule={"for": "5m30"}),
    ],
)
def test_what_azure_would_refuse_is_not_written(wrong: list[dict[str, Any]]) -> None:
    assert azure.template(_group())
    with pytest.raises(ValueError, match=r"."):
        azure.template(wrong)


@pytest.mark.parametrize(
    ("duration", "iso"), [("5m", "PT5M"), ("1h", "PT60M"), ("1h30m", "PT90M"), ("90s", "PT90S"), ("0m", "PT0M")]
)
def test_a_duration_is_the_same_in_iso_8601(duration: str, iso: str) -> None:
    assert azure.iso(duration) == iso


def test_a_long_keep_firing_is_cut_to_what_azure_can_and_a_bracket_is_no_expression() -> None:
    [group] = azure.template(_group(rule={"keep_firing_for": "1h", "expr": "[x]"}))["resources"]
    [rule] = group["properties"]["rules"]
    assert rule["resolveConfiguration"]["timeToResolve"] == "PT15M"
    assert rule["expression"] == "[[x]"
