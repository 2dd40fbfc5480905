"""The rules and the Alertmanager example with every duration shortened: what takes an hour takes a minute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from deploy.rules import source
from deploy.rules.azure import seconds

FASTER = 60
_RANGE = re.compile(r"\[(\w+)(:\w*)?\]")
_DURATION = re.compile(r"(\d+[smhd])+")
_WAITS = ("group_wait", "group_interval", "repeat_interval", "resolve_timeout")


def shorter(duration: str) -> str:
    """The same duration, `FASTER` times shorter; at least a second, or none if it is none."""
    whole = seconds(duration)
    return f"{max(whole // FASTER, 1) if whole else 0}s"


def rules(**other: object) -> str:
    """Every rule group as one file for Prometheus. `other` are thresholds that do not follow the general rule."""
    markers = {name: _faster(name, value) for name, value in source.defaults().items()} | other
    groups = [_group(group) for group in source.groups(markers)]
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000)


def alertmanager(url: str) -> str:
    """The example, with every message going to `url` and the name of its receiver."""
    config: dict[str, Any] = yaml.safe_load((source.DEPLOY / "prometheus" / "alertmanager.yaml").read_text())
    for receiver in config["receivers"]:
        receiver["webhook_configs"] = [{"url": f"{url}/{receiver['name']}"}]
    _hurry(config["global"])
    _hurry(config["route"])
    return yaml.safe_dump(config, sort_keys=False)


def _hurry(section: dict[str, Any]) -> None:
    for name in _WAITS:
        if name in section:
            section[name] = shorter(section[name])
    for route in section.get("routes", ()):
        _hurry(route)


def _faster(name: str, value: Any) -> Any:
    if name.endswith("Seconds"):
        return value / FASTER
    return shorter(value) if isinstance(value, str) and _DURATION.fullmatch(value) else value


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {**group, "interval": "1s", "rules": [_rule(rule) for rule in group["rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: shorter(rule[name]) for name in ("keep_firing_for",) if name in rule}
    return {**rule, **kept, "expr": _RANGE.sub(_range, rule["expr"])}


def _range(found: re.Match[str]) -> str:
    step = found[2]
    return f"[{shorter(found[1])}{':' + shorter(step[1:]) if step and step != ':' else step or ''}]"
