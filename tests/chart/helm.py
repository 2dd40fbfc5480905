"""The real helm on the chart: what it renders, says and packs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.rules.source import CHART
from tests.support.tools import tool

RELEASE, NAMESPACE = "elasticblast-exporter", "monitoring"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Manifest = dict[str, Any]


def helm(*arguments: str | Path, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command; `values` are given to it as a file on standard input. Nothing of the user's is read."""
    given = ("--values", "-") if values is not None else ()
    return subprocess.run(
        [tool("helm"), *arguments, *given],
        input=json.dumps(values or {}),
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rendered(values: Mapping[str, Any] | None = None, served: Iterable[str] = ()) -> Sequence[Manifest]:
    """Every object of the chart with these values, on a cluster that also serves these kinds (`group/version/Kind`)."""
    return _rendered(json.dumps(values or {}), tuple(served))


@cache
def _rendered(values: str, served: Sequence[str]) -> Sequence[Manifest]:
    apis = [f"--api-versions={kind}" for kind in served]
    ran = helm("template", RELEASE, CHART, f"--namespace={NAMESPACE}", *apis, values=json.loads(values))
    assert ran.returncode == 0, ran.stderr
    return [found for found in yaml.load_all(ran.stdout, LOADER) if found]


def refused(values: Mapping[str, Any]) -> str:
    """What helm says of values that it does not take."""
    ran = helm("template", RELEASE, CHART, f"--namespace={NAMESPACE}", values=values)
    assert ran.returncode != 0, "these values are taken"
    return ran.stderr


def of(kind: str, objects: Iterable[Manifest]) -> list[Manifest]:
    return [one for one in objects if one["kind"] == kind]


def the(kind: str, objects: Iterable[Manifest]) -> Manifest:
    """The only one of its kind."""
    (found,) = of(kind, objects)
    return found


def config_of(objects: Iterable[Manifest]) -> str:
    """The daemon's configuration file."""
    (text,) = [one["data"]["config.yaml"] for one in of("ConfigMap", objects) if "config.yaml" in one["data"]]
    return str(text)


def pod_specs(objects: Iterable[Manifest]) -> dict[str, Manifest]:
    """The specification of every pod that comes of them, by kind and name."""
    found = {}
    for one in objects:
        if one["kind"] in ("Deployment", "StatefulSet"):
            found[f"{one['kind']}/{one['metadata']['name']}"] = one["spec"]["template"]["spec"]
        elif one["kind"] == "Pod":
            found[f"Pod/{one['metadata']['name']}"] = one["spec"]
    return found
