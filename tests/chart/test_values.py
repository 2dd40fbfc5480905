"""What may be said in values, and what is refused with words that lead to the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from exporter.cli.flags import CONFIGURATION
from tests.chart.cases import CASES, ID
from tests.chart.helm import CHART, LOADER, NAMESPACE, RELEASE, config_of, helm, of, pod_specs, refused, rendered, the

SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))


def sections(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every part of the schema that names its keys."""
    if "properties" in schema:
        yield path, schema
        for key, inner in schema["properties"].items():
            yield from sections(inner, (*path, key))
    if "items" in schema:
        yield from sections(schema["items"], (*path, "[]"))


def test_the_chart_is_linted_without_a_warning() -> None:
    ran = helm("lint", "--strict", CHART)
    assert ran.returncode == 0, ran.stdout
    assert "[WARNING]" not in ran.stdout


def test_every_section_is_closed() -> None:
    open_ones = [path for path, schema in sections(SCHEMA) if schema.get("additionalProperties") is not False]
    assert open_ones == []


def test_every_value_is_described() -> None:
    silent = [
        (*path, key)
        for path, schema in sections(SCHEMA)
        for key, inner in schema["properties"].items()
        if "[]" not in path and len(inner.get("description", "")) < 5
    ]
    assert silent == []


def test_the_schema_has_the_keys_of_the_defaults_and_no_others() -> None:
    for path, schema in sections(SCHEMA):
        if "[]" not in path:
            here = VALUES
            for key in path:
                here = here[key]
            assert set(here) == schema["properties"].keys() - {"global"}, path


def test_the_defaults_and_every_case_are_allowed() -> None:
    validator = Draft7Validator(SCHEMA)
    Draft7Validator.check_schema(SCHEMA)
    validator.validate(VALUES)
    for case in CASES.values():
        values = {key: value for key, value in case.values.items() if key != "nodeSelector"}
        validator.validate(values)


@pytest.mark.parametrize("path", [path for path, _ in sections(SCHEMA) if "[]" not in path], ids=".".join)
def test_an_unknown_key_is_refused_everywhere(path: tuple[str, ...]) -> None:
    values: dict[str, Any] = {"nonsense": 1}
    for key in reversed(path):
        values = {key: values}
    (error,) = Draft7Validator(SCHEMA).iter_errors(values)
    assert "'nonsense' was unexpected" in error.message


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"admin": {"enable": True}}, "at '/admin': additional properties 'enable' not allowed"),
        ({"namespaces": ["a"]}, "additional properties 'namespaces' not allowed"),
        ({"rules": {"thresholds": {"searchStaledFor": "5m"}}}, "additional properties 'searchStaledFor' not allowed"),
        ({"rules": {"thresholds": {"searchStalledFor": 5}}}, "/rules/thresholds/searchStalledFor"),
        ({"mode": "both"}, "/mode"),
        ({"replicas": 0}, "/replicas"),
        ({"cluster": {"namespaces": []}}, "/cluster/namespaces"),
        ({"cluster": {"namespaces": ["Blast"]}}, "/cluster/namespaces/0"),
        ({"cluster": {"resourceId": "blast"}}, "/cluster/resourceId"),
        ({"image": {"digest": "sha256:12"}}, "/image/digest"),
        ({"workloadIdentity": {"clientId": "me"}}, "/workloadIdentity/clientId"),
        ({"terminationGracePeriodSeconds": 5}, "/terminationGracePeriodSeconds"),
        ({"mode": "outside"}, "mode outside needs config.clusters or config.discovery.subscriptions"),
        ({"config": {"discovery": {"subscriptions": [ID]}}}, "mode inside follows one cluster"),
        ({"config": {"clusters": [{"name": "a"}, {"name": "b"}]}}, "mode inside follows one cluster"),
        ({"admin": {"enabled": True, "callers": "tokens"}}, "admin.tokensSecret is required"),
        ({"config": {"admin": {"enabled": True}}}, "say admin.enabled in place of config.admin.enabled"),
        ({"serviceAccount": {"create": False}}, "serviceAccount.name is required"),
        ({**CASES["fleet"].values, "rehearsal": {"enabled": True}}, "rehearsal.enabled needs mode inside"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_by_name(values: dict[str, Any], said: str) -> None:
    assert said in refused(values)


def test_the_configuration_of_the_daemon_is_merged_over_that_of_the_chart() -> None:
    config = yaml.load(config_of(rendered(CASES["everything said"].values, CASES["everything said"].served)), LOADER)
    assert config["limits"] == {"records": 10000000}
    assert config["log"] == {"level": "debug"}
    (cluster,) = config["clusters"]
    assert cluster["name"] == "blast"
    assert cluster["namespaces"] == ["default"]
    assert cluster["connect"] == {"mode": "in_cluster"}


def test_what_the_configuration_says_of_the_admin_port_is_kept() -> None:
    values = {"admin": {"enabled": True}, "config": {"admin": {"max_objects": 5, "audience": "ours"}}}
    config = yaml.load(config_of(rendered(values)), LOADER)
    assert config["admin"] == {"enabled": True, "callers": "kubernetes", "max_objects": 5, "audience": "ours"}


def test_a_change_of_the_configuration_makes_new_pods() -> None:
    def checksum(values: dict[str, Any]) -> str:
        annotations = the("Deployment", rendered(values))["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum({}) != checksum({"config": {"log": {"level": "debug"}}})
    assert checksum({}) == checksum({"labels": {"team": "blast"}})


def test_what_is_asked_in_the_pod_is_answered_by_the_configuration_of_the_daemon() -> None:
    """Else `check` would answer for the namespace `default`, whatever the daemon follows."""
    (container,) = the("Deployment", rendered())["spec"]["template"]["spec"]["containers"]
    env = {one["name"]: one["value"] for one in container["env"]}
    assert f"--config={env['ELASTICBLAST_EXPORTER_CONFIG']}" in container["args"]
    assert "ELASTICBLAST_EXPORTER_CONFIG" in CONFIGURATION


def test_one_replica_is_replaced_and_never_doubled() -> None:
    """Two pods under one `instance` would tell two values of each counter."""
    assert the("Deployment", rendered())["spec"]["strategy"] == {"type": "Recreate"}
    assert not of("PodDisruptionBudget", rendered())


def test_several_replicas_go_one_at_a_time_and_stand_apart() -> None:
    case = CASES["several"]
    objects = rendered(case.values, case.served)
    assert the("PodDisruptionBudget", objects)["spec"]["maxUnavailable"] == 1
    assert the("Deployment", objects)["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    (pod,) = [pod for key, pod in pod_specs(objects).items() if key.startswith("Deployment/")]
    keys = [one["topologyKey"] for one in pod["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


def test_a_fleet_is_shared_out_by_ordinal() -> None:
    case = CASES["fleet"]
    objects = rendered(case.values, case.served)
    assert yaml.load(config_of(objects), LOADER)["shard"] == "ordinal/3"
    (headless,) = [one for one in of("Service", objects) if one["spec"].get("clusterIP") == "None"]
    assert the("StatefulSet", objects)["spec"]["serviceName"] == headless["metadata"]["name"]
    alone = CASES["one of a fleet"]
    assert "shard" not in yaml.load(config_of(rendered(alone.values, alone.served)), LOADER)


def test_a_cancel_reaches_the_pod_that_follows_the_cluster() -> None:
    """Behind one Service it would reach any, most of which do not know the search."""
    case = CASES["fleet and its own cluster"]
    objects = rendered(case.values, case.served)
    ports = {one["metadata"]["name"]: [port["name"] for port in one["spec"]["ports"]] for one in of("Service", objects)}
    assert ports == {RELEASE: ["metrics"], f"{RELEASE}-pods": ["metrics", "admin"]}
    hosts = yaml.load(config_of(objects), LOADER)["admin"]["hosts"]
    assert {f"{RELEASE}-{number}.{RELEASE}-pods.{NAMESPACE}.svc" for number in range(3)} <= set(hosts)
    one = {"admin": {"enabled": True, "tls": {"secretName": "s"}}}
    assert f"{RELEASE}-admin" in {service["metadata"]["name"] for service in of("Service", rendered(one))}


def test_an_identity_of_azure_is_on_account_and_pod() -> None:
    objects = rendered(CASES["fleet"].values, CASES["fleet"].served)
    account = the("ServiceAccount", objects)["metadata"]["annotations"]
    assert account == {"azure.workload.identity/client-id": ID, "azure.workload.identity/tenant-id": ID}
    labels = the("StatefulSet", objects)["spec"]["template"]["metadata"]["labels"]
    assert labels["azure.workload.identity/use"] == "true"
    assert "azure.workload.identity" not in json.dumps(rendered())


@pytest.mark.parametrize(
    ("pool", "tolerated", "affinity"),
    [
        ("prefer", True, "preferredDuringSchedulingIgnoredDuringExecution"),
        ("require", True, "requiredDuringSchedulingIgnoredDuringExecution"),
        ("ignore", False, None),
    ],
)
def test_the_system_pool_may_be_preferred_required_or_ignored(pool: str, tolerated: bool, affinity: str | None) -> None:
    pod = the("Deployment", rendered({"systemPool": pool}))["spec"]["template"]["spec"]
    assert any(one["key"] == "CriticalAddonsOnly" for one in pod.get("tolerations", [])) is tolerated
    assert list(pod.get("affinity", {}).get("nodeAffinity", {})) == ([affinity] if affinity else [])


def test_own_affinity_and_spread_take_the_place_of_the_charts() -> None:
    spread = [{"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]
    values = {"affinity": {"podAffinity": {}}, "topologySpreadConstraints": spread, "replicas": 2}
    pod = the("Deployment", rendered(values))["spec"]["template"]["spec"]
    assert pod["affinity"] == {"podAffinity": {}}
    assert pod["topologySpreadConstraints"] == spread


def test_a_digest_takes_the_place_of_the_tag() -> None:
    pods = pod_specs(rendered({"image": {"tag": "1.2", "digest": f"sha256:{'a' * 64}"}}))
    images = {container["image"] for pod in pods.values() for container in pod["containers"]}
    assert images == {f"ghcr.io/elasticblast/elasticblast-exporter@sha256:{'a' * 64}"}
