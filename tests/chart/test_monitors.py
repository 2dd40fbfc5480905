"""How Prometheus, and Azure's, are told to scrape."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.cases import AZURE, CASES, OPERATOR
from tests.chart.helm import NAMESPACE, RELEASE, Manifest, of, rendered, the

CONSTANT = [
    {"targetLabel": "instance", "replacement": f"{NAMESPACE}/{RELEASE}"},
    {"action": "labeldrop", "regex": "pod"},
]
BY_ORDINAL = [
    {"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "instance"},
    {"action": "labeldrop", "regex": "pod"},
]


def endpoint(monitor: Manifest) -> dict[str, Any]:
    (found,) = monitor["spec"].get("podMetricsEndpoints") or monitor["spec"]["endpoints"]
    return dict(found)


def monitors(name: str) -> list[Manifest]:
    objects = rendered(CASES[name].values, CASES[name].served)
    return of("PodMonitor", objects) + of("ServiceMonitor", objects)


@pytest.mark.parametrize("name", ["monitored", "azure", "both", "forced", "several", "tls", "fleet", "everything said"])
def test_every_monitor_keeps_the_labels_of_the_page_and_names_a_port_that_there_is(name: str) -> None:
    found = monitors(name)
    assert found
    for monitor in found:
        assert endpoint(monitor)["honorLabels"] is True
        assert endpoint(monitor)["port"] == "metrics"
        assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/name"


@pytest.mark.parametrize(
    ("name", "relabelings"),
    [("monitored", CONSTANT), ("several", None), ("fleet", BY_ORDINAL), ("one of a fleet", BY_ORDINAL)],
)
def test_a_target_keeps_its_name_over_its_pods(name: str, relabelings: list[dict[str, Any]] | None) -> None:
    """Else every rollout begins all series anew. Several alike cannot share a name."""
    for monitor in monitors(name):
        assert endpoint(monitor).get("relabelings") == relabelings


def test_azure_gets_a_monitor_of_its_own_group_with_the_limits_that_it_asks_for() -> None:
    (monitor,) = monitors("azure")
    assert monitor["apiVersion"] == "azmonitoring.coreos.com/v1"
    limits = {key: monitor["spec"][key] for key in ("labelLimit", "labelNameLengthLimit", "labelValueLengthLimit")}
    assert limits == {"labelLimit": 63, "labelNameLengthLimit": 511, "labelValueLengthLimit": 1023}


def test_one_is_made_for_each_group_that_is_wanted_and_served() -> None:
    def made(values: dict[str, Any], served: tuple[str, ...]) -> list[str]:
        objects = rendered({"monitor": values}, served)
        return [one["apiVersion"].partition("/")[0] for one in of("PodMonitor", objects)]

    both = ["monitoring.coreos.com", "azmonitoring.coreos.com"]
    assert sorted(made({}, (*OPERATOR, *AZURE))) == sorted(both)
    assert made({}, AZURE) == both[1:]
    assert made({}, ()) == []
    assert made({"groups": both[1:], "force": True}, OPERATOR) == both[1:]
    assert made({"enabled": False, "force": True}, OPERATOR) == []


def test_with_tls_the_scraper_trusts_the_authority_in_the_secret() -> None:
    (monitor,) = monitors("tls")
    assert endpoint(monitor)["scheme"] == "https"
    assert endpoint(monitor)["tlsConfig"] == {
        "ca": {"secret": {"name": "tls", "key": "ca.crt"}},
        "serverName": f"{RELEASE}.{NAMESPACE}.svc",
    }


def test_own_tls_settings_take_the_place_of_the_charts() -> None:
    for monitor in monitors("client certificates"):
        assert endpoint(monitor)["tlsConfig"] == {"insecureSkipVerify": True}


def policy(values: dict[str, Any]) -> Manifest:
    return dict(the("NetworkPolicy", rendered(values))["spec"])


def test_the_network_policy_lets_metrics_in_and_the_apis_out() -> None:
    spec = policy({})
    assert spec["ingress"] == [{"ports": [{"port": "metrics"}]}]
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443, 6443}


def test_who_may_scrape_can_be_named_and_the_tests_still_come_through() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"name": "prometheus"}}}
    (rule,) = policy({"networkPolicy": {"metricsFrom": [peer]}})["ingress"]
    assert rule["from"][0] == peer
    assert [one["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for one in rule["from"][1:]] == ["test"]


def test_nobody_reaches_the_admin_port_who_is_not_named() -> None:
    admin = {"enabled": True, "tls": {"secretName": "s"}}
    peer = {"podSelector": {"matchLabels": {"role": "operator"}}}
    assert len(policy({"admin": admin})["ingress"]) == 1
    assert len(policy({"admin": {"enabled": True}, "networkPolicy": {"adminFrom": [peer]}})["ingress"]) == 1
    _, rule = policy({"admin": admin, "networkPolicy": {"adminFrom": [peer]}})["ingress"]
    assert rule == {"ports": [{"port": "admin"}], "from": [peer]}


def test_only_a_managed_identity_may_ask_its_node_for_tokens() -> None:
    def asked(credential: str) -> bool:
        values = {"config": {"azure": {"credential": credential}}}
        return "169.254.169.254/32" in str(policy(values)["egress"])

    assert asked("managed-identity")
    assert not asked("workload-identity")
