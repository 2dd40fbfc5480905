"""The source of the rules: the chart's rules/*.yaml, whose `@name@` stand for values of the chart.

One is none of them: `@unread@`, a pattern of the resources whose rights are switched off under `rbac`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[1]
CHART = DEPLOY / "helm" / "elasticblast-exporter"
MARKER = re.compile(r"@(\w+)@")
UNREAD = {"unread": "none"}


def defaults() -> dict[str, Any]:
    """What every marker stands for by default."""
    return UNREAD | _markers(_rules_of(CHART / "values.yaml"))


def changed(values: Path) -> dict[str, Any]:
    """The defaults, with what a values file of the chart says else. Raises ValueError for a name that is none."""
    known, given = defaults(), _markers(_rules_of(values)) | _unread(values)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"{values}: no such threshold: {', '.join(unknown)}")
    return known | given


def texts(markers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and text of each file of rules, the markers filled in. Raises KeyError for a marker without a value."""
    for path in sorted((CHART / "rules").glob("*.yaml")):
        yield path.stem, MARKER.sub(lambda found: str(markers[found[1]]), path.read_text("utf-8"))


def groups(markers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every rule group, as Prometheus knows it."""
    return [group for _, text in texts(markers) for group in yaml.safe_load(text)["groups"]]


def _rules_of(values: Path) -> dict[str, Any]:
    return _section(values, "rules")


def _unread(values: Path) -> dict[str, str]:
    rights: dict[str, str] = yaml.safe_load((CHART / "files" / "rights.yaml").read_text("utf-8"))
    off = [name for switch, name in sorted(rights.items()) if _section(values, "rbac").get(switch) is False]
    return {"unread": "|".join(off)} if off else {}


def _section(values: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (yaml.safe_load(values.read_text("utf-8")) or {}).get(name) or {}
    return found


def _markers(rules: Mapping[str, Any]) -> dict[str, Any]:
    base = {"runbookBase": rules["runbookBase"]} if "runbookBase" in rules else {}
    return {**base, **(rules.get("thresholds") or {})}
