"""What the API server would say of an object's form: Kubernetes' own schemas, and those of published CRDs, closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.chart.helm import LOADER, Manifest
from tests.support.tools import BIN

VERSIONS = ("1.30", "1.34", "1.35", "1.36", "1.37")
AZURE, OPERATOR = "azmonitoring.coreos.com", "monitoring.coreos.com"
_SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
_CRDS = {
    (OPERATOR, "PodMonitor"): "monitoring.coreos.com_podmonitors.yaml",
    (OPERATOR, "ServiceMonitor"): "monitoring.coreos.com_servicemonitors.yaml",
    (OPERATOR, "PrometheusRule"): "monitoring.coreos.com_prometheusrules.yaml",
    ("grafana.integreatly.org", "GrafanaDashboard"): "grafana.integreatly.org_grafanadashboards.yaml",
}


def faults(manifest: Manifest, version: str) -> list[str]:
    """What is wrong with an object, an unknown field included."""
    group = manifest["apiVersion"].rpartition("/")[0]
    known = "." not in group or group.endswith(".k8s.io")
    validator = _built_in(version, *_name(manifest)) if known else custom(group, manifest["kind"])
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in validator.iter_errors(manifest)]


def _name(manifest: Manifest) -> tuple[str, str]:
    group, _, number = manifest["apiVersion"].rpartition("/")
    return manifest["kind"].lower(), "-".join(filter(None, (group.partition(".")[0], number)))


@cache
def _built_in(version: str, kind: str, api: str) -> Draft202012Validator:
    place = _SCHEMAS / f"v{version}.0-local-strict"
    schema = json.loads((place / f"{kind}-{api}.json").read_text("utf-8"))
    return Draft202012Validator(schema, registry=_definitions(place))


@cache
def _definitions(place: Path) -> Registry[Any]:
    definitions = json.loads((place / "_definitions.json").read_text("utf-8"))
    return Registry().with_resource("_definitions.json", Resource.from_contents(definitions)).crawl()


@cache
def custom(group: str, kind: str) -> Draft202012Validator:
    """Azure's monitors have the schema of Prometheus Operator's without native histograms."""
    file = BIN / "crds" / _CRDS[OPERATOR if group == AZURE else group, kind]
    (version,) = yaml.load(file.read_text("utf-8"), LOADER)["spec"]["versions"]
    schema = deepcopy(version["schema"]["openAPIV3Schema"])
    for node in _nodes(schema):
        if group == AZURE:
            node.get("properties", {}).pop("scrapeNativeHistograms", None)
        if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
            node["additionalProperties"] = False
    schema["properties"]["metadata"] = {"type": "object"}
    return Draft202012Validator(schema)


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for one in inner:
        if isinstance(one, dict):
            yield from _nodes(one)
