"""The accounts may do exactly what `check` would ask for under the same configuration, and nothing more."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import yaml

from exporter import collectors
from exporter.cli.check.permissions import Permission, needed, of_cancel, of_custom, of_reviews
from exporter.config import Cluster, Config
from exporter.config.custom import kinds
from exporter.domain.cancel import STAGES
from exporter.domain.custom.kinds import KINDS
from exporter.domain.custom.objects import Kind
from exporter.domain.custom.usage import NODE_METRICS, POD_METRICS
from exporter.domain.identity import ID_LABEL
from exporter.domain.records import ROLE_OF_APP
from tests.chart.cases import CASES, Case
from tests.chart.helm import CHART, LOADER, NAMESPACE, RELEASE, config_of, of, pod_specs, rendered, the
from tests.chart.rights import granted

ACCOUNT = f"{NAMESPACE}/{RELEASE}"
OWN = ("auto", "in_cluster")


def config_in(case: Case) -> Config:
    """Without its files, which are not here."""
    document = yaml.load(config_of(rendered(case.values, case.served)), LOADER)
    document.pop("listen", None)
    document["admin"] = {"callers": document.get("admin", {}).get("callers", "kubernetes")}
    document["admin"] |= {"tokens_file": "/there"} if document["admin"]["callers"] == "tokens" else {}
    return Config.model_validate(document)


def served(config: Config, case: Case) -> Iterable[Kind]:
    """The kinds that the daemon lists on that cluster: known ones that it serves, and what is asked for by name."""
    everything = case.values.get("rbac", {}).get("customResources") == "all"
    for kind in kinds(config.custom):
        names = [name for name in case.served if name.startswith(f"{kind.group}/") and name.endswith(f"/{kind.kind}")]
        if names or everything or not kind.optional:
            yield kind


def own(config: Config) -> list[Cluster]:
    return [cluster for cluster in config.listed if cluster.connect.mode in OWN]


def expected(case: Case) -> set[Permission]:
    config = config_in(case)
    found: list[Permission] = []
    for cluster in own(config):
        found += needed(collectors.ALL, cluster.namespaces)
        found += of_custom((NODE_METRICS, POD_METRICS, *served(config, case)), cluster.namespaces)
        if case.values.get("admin", {}).get("enabled"):
            found += of_cancel(cluster.namespaces)
            found += of_reviews() if config.admin.callers == "kubernetes" else []
    return set(found)


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"less rights", "no rights", "everything said"}))
def test_the_exporter_may_do_what_it_needs_and_nothing_else(name: str) -> None:
    case = CASES[name]
    assert granted(rendered(case.values, case.served), ACCOUNT) == expected(case)


def test_what_is_switched_off_is_not_granted() -> None:
    case = CASES["less rights"]
    resources = {permission.qualified for permission in granted(rendered(case.values), ACCOUNT)}
    assert resources == {"jobs.batch", "pods"}


@pytest.mark.parametrize(
    ("switch", "lost"),
    [
        ("nodes", {"nodes"}),
        ("events", {"events"}),
        ("volumes", {"persistentvolumeclaims"}),
        ("usage", {"nodes.metrics.k8s.io", "pods.metrics.k8s.io"}),
        ("leases", {"leases.coordination.k8s.io"}),
    ],
)
def test_each_switch_takes_away_its_own_right(switch: str, lost: set[str]) -> None:
    values = {"rbac": {switch: False}, "cluster": {"namespaces": ["blast"]}}
    all_of_them = granted(rendered({"cluster": {"namespaces": ["blast"]}}), ACCOUNT)
    left = granted(rendered(values), ACCOUNT)
    assert {permission.qualified for permission in all_of_them - left} == lost
    assert left < all_of_them


def test_without_roles_nothing_is_granted_and_the_named_account_is_used() -> None:
    case = CASES["no rights"]
    objects = rendered(case.values)
    assert not of("Role", objects)
    assert not of("ClusterRole", objects)
    assert not of("ServiceAccount", objects)
    assert {pod.get("serviceAccountName") for pod in pod_specs(objects).values()} == {"given", None}


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_granted_by_a_wildcard_or_to_anybody_else(name: str) -> None:
    case = CASES[name]
    objects = rendered(case.values, case.served)
    accounts = {f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in of("ServiceAccount", objects)}
    for role in (*of("Role", objects), *of("ClusterRole", objects)):
        for rule in role["rules"]:
            assert not any("*" in word for words in rule.values() for word in words)
    for binding in (*of("RoleBinding", objects), *of("ClusterRoleBinding", objects)):
        assert {f"{one['namespace']}/{one['name']}" for one in binding["subjects"]} <= accounts


def test_without_the_admin_port_no_verb_changes_anything() -> None:
    for name, case in CASES.items():
        if not case.values.get("admin", {}).get("enabled"):
            verbs = {permission.verb for permission in granted(rendered(case.values, case.served), ACCOUNT)}
            assert verbs <= {"get", "list", "watch"}, name


def test_who_rehearses_may_do_so_in_one_namespace() -> None:
    """What docs/rehearse.md asks for, without nodes, namespaces and MPIJobs."""
    case = CASES["rehearsal with cancel"]
    found = granted(rendered(case.values), f"{ACCOUNT}-rehearsal")
    verbs = ("list", "create", "delete")
    jobs = {Permission(verb=verb, resource="jobs", group="batch", namespace="play") for verb in verbs}
    assert found == jobs | {Permission(verb="list", resource="pods", namespace="play")}


def test_the_table_of_known_kinds_is_that_of_the_exporter() -> None:
    table = yaml.safe_load((CHART / "files" / "kinds.yaml").read_text("utf-8"))
    assert [tuple(row.values()) for row in table] == [
        (kind.group, kind.plural, kind.kind, kind.namespaced) for kind in KINDS
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_token_of_the_cluster_is_mounted_where_the_cluster_is_read_and_nowhere_else(name: str) -> None:
    case = CASES[name]
    for key, pod in pod_specs(rendered(case.values, case.served)).items():
        assert pod["automountServiceAccountToken"] is False
        tokens = [
            source["serviceAccountToken"]
            for volume in pod.get("volumes", [])
            for source in volume.get("projected", {}).get("sources", [])
            if "serviceAccountToken" in source
        ]
        reads = bool(own(config_in(case))) if not key.startswith("Pod/") else key.endswith("-rehearse")
        assert [one for one in tokens if "audience" not in one] == (
            [{"path": "token", "expirationSeconds": 3600}] if reads else []
        )


def test_the_api_server_refuses_the_account_every_other_deletion() -> None:
    """As the policy says it; a test with the real API server tries it."""
    policy = the("ValidatingAdmissionPolicy", rendered(CASES["admin in several"].values))
    binding = the("ValidatingAdmissionPolicyBinding", rendered(CASES["admin in several"].values))
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    spec = policy["spec"]
    assert spec["failurePolicy"] == "Fail"
    (condition,) = spec["matchConditions"]
    assert condition["expression"] == f'request.userInfo.username == "system:serviceaccount:{NAMESPACE}:{RELEASE}"'
    said = " ".join(one["expression"] for one in spec["validations"])
    assert f'"{ID_LABEL}" in oldObject.metadata.labels' in said
    apps = sorted((app for app, role in ROLE_OF_APP.items() if role in STAGES), key=said.index)
    assert f"in [{', '.join(f'{chr(34)}{app}{chr(34)}' for app in apps)}]" in said


def test_no_policy_is_made_without_the_admin_port() -> None:
    assert not of("ValidatingAdmissionPolicy", rendered({"admin": {"enabled": True, "admissionPolicy": False}}))
    assert not of("ValidatingAdmissionPolicy", rendered({}))
