"""What the chart makes under many values is in a form that the API server takes, and fits together."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from exporter.config import load
from tests.chart.cases import AZURE, CASES
from tests.chart.helm import (
    CHART,
    LOADER,
    NAMESPACE,
    RELEASE,
    Manifest,
    config_of,
    helm,
    of,
    pod_specs,
    rendered,
    the,
)
from tests.chart.schemas import VERSIONS, faults

LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
ETC = "/etc/elasticblast-exporter"
every_case = pytest.mark.parametrize("name", CASES)


def objects_of(name: str) -> list[Manifest]:
    return list(rendered(CASES[name].values, CASES[name].served))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_has_the_form_of_its_kind(version: str) -> None:
    """Strictly: a field that the kind does not have is a fault, too."""
    distinct = {json.dumps(one, sort_keys=True): one for name in CASES for one in objects_of(name)}
    wrong = [
        (one["kind"], one["metadata"]["name"], fault) for one in distinct.values() for fault in faults(one, version)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Deployment", {"replica": 1}),
        ("PodMonitor", {"endpoints": []}),
        ("PodMonitor", {"scrapeNativeHistograms": True}),
        ("PrometheusRule", {"groups": [{"name": "a", "rules": [{"expr": "1", "keepFiringFor": "1m"}]}]}),
        ("PrometheusRule", {"groups": [{"name": "a", "rules": [{"expr": "1", "for": "5 minutes"}]}]}),
    ],
)
def test_the_schemas_refuse_what_the_api_would(kind: str, change: Manifest) -> None:
    objects = rendered({}, (*AZURE, "monitoring.coreos.com/v1/PrometheusRule"))
    manifest = deepcopy(the(kind, objects))
    assert not faults(manifest, VERSIONS[-1])
    manifest["spec"].update(change)
    assert faults(manifest, VERSIONS[-1])


@every_case
def test_no_object_is_made_twice(name: str) -> None:
    keys = [
        (one["apiVersion"], one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])
        for one in objects_of(name)
    ]
    assert len(keys) == len(set(keys))


@every_case
def test_every_object_tells_its_release(name: str) -> None:
    for one in objects_of(name):
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == RELEASE, one["kind"]
        assert all(LABEL.fullmatch(value) for value in labels.values()), labels


@every_case
def test_every_pod_is_what_pod_security_calls_restricted(name: str) -> None:
    specs = pod_specs(objects_of(name))
    assert specs
    for pod in specs.values():
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & pod.keys()
        sources = {source for volume in pod.get("volumes", []) for source in volume} - {"name"}
        assert sources <= {"configMap", "projected", "secret", "emptyDir"}
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] >= 10000
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in (*pod["containers"], *pod.get("initContainers", [])):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert not any("hostPort" in port for port in container.get("ports", []))


@every_case
def test_every_container_says_what_it_needs_and_which_image_it_is(name: str) -> None:
    for pod in pod_specs(objects_of(name)).values():
        assert pod["enableServiceLinks"] is False
        for container in pod["containers"]:
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]
            assert re.fullmatch(r"\S+(:[^:/]+|@sha256:[0-9a-f]{64})", container["image"])


@every_case
def test_what_a_pod_mounts_is_a_volume_of_it(name: str) -> None:
    for pod in pod_specs(objects_of(name)).values():
        volumes = [volume["name"] for volume in pod.get("volumes", [])]
        mounts = [mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])]
        assert sorted(volumes) == sorted(mounts)


@every_case
def test_the_daemon_takes_its_configuration(name: str, tmp_path: Path) -> None:
    """With exactly the files that its pod has."""
    objects = objects_of(name)
    pod = next(spec for key, spec in pod_specs(objects).items() if not key.startswith("Pod/"))
    for file in files_of(pod):
        place = tmp_path / file.removeprefix(f"{ETC}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    text = config_of(objects).replace(ETC, str(tmp_path))
    (tmp_path / "config.yaml").write_text(text, "utf-8")
    overrides = dict(pair.split("=") for pair in pod["containers"][0]["args"][3:])
    config = load(tmp_path / "config.yaml", {}, overrides)
    ports = {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]}
    expected = {"metrics": config.listen.port} | ({"admin": config.admin.port} if config.admin.enabled else {})
    assert ports == expected


def files_of(pod: Manifest) -> list[str]:
    """What lies below /etc in the container, as its Secrets' types tell."""
    keys = {
        "metrics-tls": ("tls.crt", "tls.key", "ca.crt"),
        "admin-tls": ("tls.crt", "tls.key"),
        "callers": ("tokens",),
    }
    mounts = pod["containers"][0]["volumeMounts"]
    return [f"{one['mountPath']}/{key}" for one in mounts for key in keys.get(one["name"], ())]


@every_case
def test_services_policies_and_monitors_find_the_pods_of_the_exporter_alone(name: str) -> None:
    objects = objects_of(name)
    workload = next(one for one in objects if one["kind"] in ("Deployment", "StatefulSet"))
    labels = workload["spec"]["template"]["metadata"]["labels"]
    tests = [one["metadata"]["labels"] for one in of("Pod", objects)]
    selectors = [one["spec"]["selector"] for one in of("Service", objects)]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in of("PodDisruptionBudget", objects)]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in of("PodMonitor", objects)]
    selectors += [one["spec"]["podSelector"]["matchLabels"] for one in of("NetworkPolicy", objects)]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not any(selector.items() <= test.items() for test in tests)
    for monitor in of("ServiceMonitor", objects):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        found = [one for one in of("Service", objects) if wanted <= one["metadata"]["labels"].items()]
        assert [one["metadata"]["name"] for one in found] == [workload["metadata"]["name"]]


def test_names_fit_however_long_that_of_the_release_is() -> None:
    ran = helm("template", "a" * 53, CHART, values=CASES["rehearsal with cancel"].values)
    for one in yaml.load_all(ran.stdout, LOADER):
        short = one["kind"] in ("Deployment", "Service", "ServiceAccount", "Namespace", "Pod")
        assert len(one["metadata"]["name"]) <= (63 if short else 253)
        assert all(LABEL.fullmatch(value) for value in one["metadata"]["labels"].values())


def test_a_plain_installation_is_one_deployment_that_follows_the_namespace_default() -> None:
    objects = rendered()
    deployment = the("Deployment", objects)
    assert deployment["metadata"]["namespace"] == NAMESPACE
    assert deployment["spec"]["replicas"] == 1
    assert "namespaces:\n  - default" in config_of(objects)
    assert not of("ValidatingAdmissionPolicy", objects)
    assert "admin" not in config_of(objects)
