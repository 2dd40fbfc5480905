"""The chart's PrometheusRule says what the files for Prometheus say, with the thresholds of the values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.rules.source import DEPLOY
from exporter import collectors
from exporter.collectors.custom import LEASES, NODES, PODS
from tests.chart.cases import OPERATOR
from tests.chart.helm import LOADER, Manifest, of, rendered, the

Group = Mapping[str, Any]


def groups(values: Mapping[str, Any]) -> list[Group]:
    found: list[Group] = the("PrometheusRule", rendered({"rules": values}, OPERATOR))["spec"]["groups"]
    return found


def alerts(found: Iterable[Group]) -> dict[str, Manifest]:
    return {rule["alert"]: rule for group in found for rule in group["rules"] if "alert" in rule}


def committed() -> list[Group]:
    files: list[Path] = sorted((DEPLOY / "prometheus").glob("*.rules.yaml"))
    return [group for file in files for group in yaml.load(file.read_text("utf-8"), LOADER)["groups"]]


def test_by_default_they_are_those_for_prometheus() -> None:
    def by_name(found: Iterable[Group]) -> list[Group]:
        return sorted(found, key=lambda group: str(group["name"]))

    assert len(alerts(committed())) > 25
    assert by_name(groups({})) == by_name(committed())


def test_a_changed_threshold_is_in_its_alert_and_in_no_other() -> None:
    changed = {"thresholds": {"searchStalledSeconds": 7200, "searchStalledFor": "9m", "searchFailureRatioHigh": 0.2}}
    now, before = alerts(groups(changed)), alerts(groups({}))
    assert {name for name in now if now[name] != before[name]} == {"ElbSearchStalled", "ElbSearchFailureRatioHigh"}
    assert now["ElbSearchStalled"]["for"] == "9m"
    assert "7200" in now["ElbSearchStalled"]["expr"]
    assert "10800" not in now["ElbSearchStalled"]["expr"]
    assert "0.2" in now["ElbSearchFailureRatioHigh"]["expr"]


@pytest.mark.parametrize(("number", "said"), [(1000000, "1000000"), (0.000001, "0.000001"), (2.0, "2")])
def test_a_number_arrives_as_it_was_said(number: float, said: str) -> None:
    alert = alerts(groups({"thresholds": {"storageErrorsPerSecond": number}}))["ElbStorageErrors"]
    assert f"> {said}\n" in f"{alert['expr'].rstrip()}\n"


def test_a_disabled_alert_is_left_out_and_nothing_else() -> None:
    gone = {"ElbSearchStalled", "ElbExporterDown"}
    left = alerts(groups({"disabled": sorted(gone)}))
    assert alerts(groups({})).keys() - left.keys() == gone


def test_a_group_without_any_alert_left_is_left_out() -> None:
    (group,) = [one for one in groups({}) if one["name"] == "elasticblast-cost-alerts"]
    disabled = sorted(rule["alert"] for rule in group["rules"])
    assert "elasticblast-cost-alerts" not in [one["name"] for one in groups({"disabled": disabled})]


def test_runbooks_may_lie_elsewhere() -> None:
    for name, alert in alerts(groups({"runbookBase": "https://wiki.example/blast"})).items():
        assert alert["annotations"]["runbook_url"] == f"https://wiki.example/blast/{name}.md"


UNREAD = {
    "nodes": {"nodes"},
    "events": {"events"},
    "volumes": {"persistentvolumeclaims"},
    "usage": {NODES.name, PODS.name},
    "leases": {LEASES.name},
}
RESOURCES = {one.name for collector in collectors.ALL for one in (*collector.resources, *collector.polls)}


@pytest.mark.parametrize("switch", UNREAD)
def test_what_may_not_be_read_on_purpose_is_no_failure(switch: str) -> None:
    """Else who takes a right away has a warning for ever."""
    alert = alerts(the("PrometheusRule", rendered({"rbac": {switch: False}}, OPERATOR))["spec"]["groups"])
    (pattern,) = re.findall(r'resource!~"(.+?)"', alert["ElbExporterCollectorFailing"]["expr"])
    assert {name for name in RESOURCES if re.fullmatch(pattern, name)} == UNREAD[switch]


def test_rules_and_monitors_carry_the_labels_by_which_prometheus_selects_them() -> None:
    values = {key: {"additionalLabels": {"release": "prometheus"}} for key in ("rules", "monitor")}
    objects = rendered(values, OPERATOR)
    for kind in ("PrometheusRule", "PodMonitor"):
        assert the(kind, objects)["metadata"]["labels"]["release"] == "prometheus"


def test_no_rule_is_made_where_its_kind_is_not_served() -> None:
    assert not of("PrometheusRule", rendered({}))
    assert of("PrometheusRule", rendered({"rules": {"force": True}}))
