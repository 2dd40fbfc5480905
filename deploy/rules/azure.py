"""The rules as an ARM template: groups for Azure managed Prometheus, which has no Alertmanager and no PrometheusRule.

Its schema has no keep_firing_for; what it has is timeToResolve, between one minute and fifteen. A group has at most 20
rules and an interval between one minute and fifteen, a rule at most 10 labels, a value at most 1024 characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

KIND = "Microsoft.AlertsManagement/prometheusRuleGroups"
VERSION = "2023-03-01"
SEVERITIES = {"critical": 1, "warning": 2, "info": 3}
RULES_PER_GROUP = 20
LABELS = 10
VALUE = 1024
LONGEST = 900
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PARAMETERS: Mapping[str, tuple[str, str | list[str] | None, str]] = {
    "workspaceId": ("string", None, "Resource id of the Azure Monitor workspace that has the metrics."),
    "clusterId": ("string", "", "Resource id of one AKS cluster, if only its series are to be looked at."),
    "location": ("string", "[resourceGroup().location]", "Region of the rule groups: that of the workspace."),
    "actions": ("array", [], "What an alert sets off: objects with the key actionGroupId."),
    "disabled": ("array", [], "Names of alerts that are made switched off."),
}


def template(groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The template of these groups of Prometheus. Raises ValueError for what Azure would refuse."""
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {"description": "Recording rules and alerts for ElasticBLAST, written by `make rules`."},
        "parameters": {name: _parameter(*one) for name, one in _PARAMETERS.items()},
        "resources": [_group(group) for group in groups],
    }


def seconds(duration: str) -> int:
    """Seconds of a duration of Prometheus such as 1h30m. Raises ValueError for none."""
    parts = re.findall(r"(\d+)([smhd])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"not a duration: {duration!r}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def iso(duration: str) -> str:
    """The same in ISO 8601, in minutes unless seconds are left over."""
    whole = seconds(duration)
    return f"PT{whole}S" if whole % 60 else f"PT{whole // 60}M"


def _parameter(kind: str, default: str | list[str] | None, description: str) -> dict[str, Any]:
    given = {} if default is None else {"defaultValue": default}
    return {"type": kind, **given, "metadata": {"description": description}}


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    interval, rules = group["interval"], group["rules"]
    if len(rules) > RULES_PER_GROUP or not 60 <= seconds(interval) <= LONGEST:
        raise ValueError(f"{group['name']}: more than {RULES_PER_GROUP} rules, or an interval that Azure refuses")
    cluster = "parameters('clusterId')"
    return {
        "type": KIND,
        "apiVersion": VERSION,
        "name": group["name"],
        "location": "[parameters('location')]",
        "properties": {
            "scopes": f"[if(empty({cluster}), createArray(parameters('workspaceId')), "
            f"createArray(parameters('workspaceId'), {cluster}))]",
            "clusterName": f"[if(empty({cluster}), null(), last(split({cluster}, '/')))]",
            "enabled": True,
            "interval": iso(interval),
            "rules": [_alert(rule) if "alert" in rule else _record(rule) for rule in rules],
        },
    }


def _record(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {"record": rule["record"], "expression": _text(rule["expr"]), "enabled": True}


def _alert(rule: Mapping[str, Any]) -> dict[str, Any]:
    labels, annotations = rule["labels"], rule["annotations"]
    if len(labels) > LABELS or any(len(text) > VALUE for text in (*labels.values(), *annotations.values())):
        raise ValueError(f"{rule['alert']}: too many labels, or too long a text")
    quiet = min(max(seconds(rule.get("keep_firing_for", "1m")), 60), LONGEST)
    return {
        "alert": rule["alert"],
        "expression": _text(rule["expr"]),
        "for": iso(rule.get("for", "0m")),
        "severity": SEVERITIES[labels["severity"]],
        "enabled": f"[not(contains(parameters('disabled'), '{rule['alert']}'))]",
        "labels": dict(labels),
        "annotations": {name: _text(text) for name, text in annotations.items()},
        "resolveConfiguration": {"autoResolved": True, "timeToResolve": iso(f"{quiet}s")},
        "actions": "[parameters('actions')]",
    }


def _text(text: str) -> str:
    """A text as it is; ARM would take one that begins with a bracket for an expression."""
    text = text.strip()
    return f"[{text}" if text.startswith("[") else text
