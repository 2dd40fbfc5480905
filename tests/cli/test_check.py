"""`check`: what is missing, what it costs, and grants that work."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter import collectors
from exporter.cli.check.findings import NOBODY, REMEDIES, Findings, remedy, report
from exporter.cli.check.grants import grants
from exporter.cli.check.permissions import Permission, cost, needed
from exporter.domain.failures import Failed, Word
from exporter.metrics.catalogue import CATALOGUE
from exporter.simulator.access import Rule, User
from exporter.simulator.server import Simulator
from tests.cli.command import Ran, run, to
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect
from tests.support.waiting import wait_for

ACCOUNT = "system:serviceaccount:monitoring:exporter"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
PLURALS = {"Role": "roles", "RoleBinding": "rolebindings", "ClusterRole": "clusterroles"}
PLURALS |= {"ClusterRoleBinding": "clusterrolebindings"}
GOOD = {
    (): "Everything that the exporter needs is allowed.",
    ("person",): "You may run `cancel` directly on this cluster.",
}


def findings(*missing: Permission, **changes: Any) -> Findings:
    allowed = {one: one not in missing for one in needed(collectors.ALL, ["default"])}
    known = {"cluster": "", "server": "https://10.0.0.1:443", "version": "v1.33.2", "user": ACCOUNT, "poll": 15.0}
    return Findings(**{**known, "allowed": allowed, **changes})


def said(found: Findings) -> str:
    return "\n".join(report(found, width=None, colour=False))


# What is needed


def test_the_permissions_are_those_that_the_collectors_use() -> None:
    found = [(str(one), one.where) for one in needed(collectors.ALL, ["a", "b"])]
    expected = [
        (f"{verb} {resource}", f"namespace {namespace}")
        for resource in ("pods", "persistentvolumeclaims", "events", "jobs.batch")
        for namespace in ("a", "b")
        for verb in ("list", "watch")
    ]
    nodes = [(f"{verb} nodes", "whole cluster") for verb in ("list", "watch")]
    warnings_of_nodes = [(f"{verb} events", "namespace default") for verb in ("list", "watch")]
    assert sorted(found) == sorted([*expected, *nodes, *warnings_of_nodes])


@pytest.mark.parametrize("permission", needed(collectors.ALL, ["default"]), ids=str)
def test_each_missing_permission_has_a_cost_of_its_own(permission: Permission) -> None:
    text = cost(permission, poll=15.0)
    unknown = cost(Permission(verb=permission.verb, resource="unheard"), poll=15.0)
    assert text != unknown
    assert ("every 15 s" in text) == (permission.verb == "watch")


def test_the_metrics_that_a_cost_names_exist() -> None:
    names = {f"elasticblast_{family.name.removeprefix('elasticblast_')}" for family in CATALOGUE}
    text = " ".join(cost(one, poll=15.0) for one in needed(collectors.ALL, ["default"]))
    told = re.findall(r"elasticblast_\w+\*?", text)
    assert len(told) > 10
    for name in told:
        assert any(known == name or (name[-1] == "*" and known.startswith(name[:-1])) for known in names), name


def test_every_failure_word_has_something_to_do() -> None:
    assert set(REMEDIES) == set(Word)
    assert len(set(REMEDIES.values())) == len(Word)


# What is said


def test_a_report_has_a_table_the_costs_and_the_clock() -> None:
    text = said(findings(Permission(verb="watch", resource="pods", namespace="default"), skew=-12.4))
    assert (
        text
        == """\
Cluster
  server   https://10.0.0.1:443, Kubernetes v1.33.2
  you are  system:serviceaccount:monitoring:exporter
  clock    the server's clock is 12 s behind this machine's: ages and estimates are wrong by as much. \
Synchronize the clocks.

PERMISSION                    WHERE              ALLOWED
list pods                     namespace default  yes
watch pods                    namespace default  no
list nodes                    whole cluster      yes
watch nodes                   whole cluster      yes
list persistentvolumeclaims   namespace default  yes
watch persistentvolumeclaims  namespace default  yes
list events                   namespace default  yes
watch events                  namespace default  yes
list jobs.batch               namespace default  yes
watch jobs.batch              namespace default  yes

1 of 10 permissions are missing. Without
  watch pods (namespace default): it is listed every 15 s instead: exit codes are lost: the pod of a Job that runs \
out of retries is gone before the next list"""
    )


def test_a_clock_that_is_right_is_not_mentioned() -> None:
    assert "clock" not in said(findings(skew=4.9))
    assert "5 s ahead" in said(findings(skew=5.2))


def test_a_cluster_that_failed_has_no_table_and_no_grants() -> None:
    found = findings(*needed(collectors.ALL, ["default"]), failed=Failed(Word.DNS, "x"))
    assert "not usable: dns: x" in said(found)
    assert "PERMISSION" not in said(found)
    assert remedy(found) == ""


def test_the_grants_are_exactly_what_is_missing() -> None:
    missing = [
        Permission(verb="list", resource="nodes"),
        Permission(verb="watch", resource="pods", namespace="blast"),
        Permission(verb="watch", resource="events", namespace="blast"),
        Permission(verb="list", group="batch", resource="jobs", namespace="blast"),
    ]
    cluster_role, cluster_binding, role, binding = yaml.safe_load_all(grants(missing, ACCOUNT))
    assert [one["kind"] for one in (cluster_role, cluster_binding)] == ["ClusterRole", "ClusterRoleBinding"]
    assert cluster_role["rules"] == [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "blast"
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["watch"]},
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list"]},
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "exporter", "namespace": "monitoring"}]


def test_applying_a_second_time_replaces_nothing_of_the_first() -> None:
    """`kubectl apply` on a Role of the same name would take its rules away."""
    first = [Permission(verb="list", resource="pods", namespace="a")]
    second = [Permission(verb="watch", resource="pods", namespace="a")]
    texts = [grants(first, ACCOUNT), grants(second, ACCOUNT), grants(first, "else")]
    names = [next(iter(yaml.safe_load_all(text)))["metadata"]["name"] for text in texts]
    assert len(set(names)) == 3
    assert grants(first, ACCOUNT) == texts[0]


@pytest.mark.parametrize(
    "user", ['a"b: {c}', "alice@example.com", "# no comment", "ünïcode", "system:serviceaccount:x"]
)
def test_any_user_name_survives_the_yaml(user: str) -> None:
    _, binding = yaml.safe_load_all(grants([Permission(verb="list", resource="nodes")], user))
    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]


def test_an_unknown_identity_leaves_a_place_to_fill_in() -> None:
    assert NOBODY in remedy(findings(Permission(verb="list", resource="nodes"), user=""))


# Against the simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False) as simulator:
        simulator.access.tokens["reader-token"] = User(name="reader")
        simulator.access.grants.append(Rule(user="reader", verbs=("list", "watch")))
        simulator.access.grants.append(Rule(user="reader", verbs=("get",), resources=("leases",)))
        yield simulator


def test_everything_allowed_is_0(simulator: Simulator, tmp_path: Path) -> None:
    ran = run("check", *to(simulator, tmp_path, "reader-token"))
    assert (ran.code, ran.err) == (0, "")
    assert "Kubernetes v1.36.3" in ran.out
    assert "you are  reader" in ran.out
    assert ran.out.rstrip().endswith("Everything that the exporter needs is allowed.")


def test_something_missing_is_1_with_its_cost_and_its_grant(simulator: Simulator, tmp_path: Path) -> None:
    simulator.access.denials.append(Rule(user="reader", verbs=("watch",), resources=("jobs",)))
    simulator.access.denials.append(Rule(user="reader", resources=("nodes",)))
    ran = run("check", *to(simulator, tmp_path, "reader-token"), "--namespace", "blast")
    assert ran.code == 1
    assert "watch jobs.batch (namespace blast): it is listed every 15 s instead" in ran.out
    assert "elasticblast_pool_*" in ran.out
    assert "check --grants | kubectl apply -f -" in ran.out
    alone = run("check", *to(simulator, tmp_path, "reader-token"), "--namespace", "blast", "--grants")
    assert (alone.code, "PERMISSION" in alone.err) == (1, True)
    assert [one["kind"] for one in yaml.safe_load_all(alone.out)] == [
        "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding",
    ]  # fmt: skip


def test_one_bad_cluster_of_two_is_7_and_the_other_is_still_shown(simulator: Simulator, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("reader-token")
    connect = {"mode": "direct", "server": simulator.url, "token_file": str(token), "insecure_http": True}
    clusters = [{"name": "good", "connect": connect}, {"name": "off", "connect": {**connect, "server": closed()}}]
    (tmp_path / "config.yaml").write_text(json.dumps({"clusters": clusters}))
    ran = run("check", "--config", str(tmp_path / "config.yaml"))
    assert ran.code == 7
    assert "Everything that the exporter needs is allowed." in ran.out
    assert "not usable: connect:" in ran.out
    assert "az aks show" in ran.out


def test_a_token_that_nobody_knows_is_7(simulator: Simulator, tmp_path: Path) -> None:
    ran = run("check", *to(simulator, tmp_path, "wrong"))
    assert ran.code == 7
    assert "not usable: unauthenticated: HTTP 401" in ran.out
    assert "az aks get-credentials" in ran.out


def test_a_bad_configuration_is_2(tmp_path: Path) -> None:
    assert run("check", "--set", "log.level=loud").code == 2
    (tmp_path / "empty").write_text("{}")
    ran = run("check", "--kubeconfig", str(tmp_path / "empty"))
    assert (ran.code, "cannot connect" in ran.err) == (2, True)


def closed() -> str:
    """The address of a port on which nothing listens."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}"


class Odd(BaseHTTPRequestHandler):
    """An API a minute ahead, that knows no SelfSubjectReview and hides its version."""

    def do_GET(self) -> None:
        self.answer(403, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        known = "selfsubjectaccessreviews" in self.path
        self.answer(201 if known else 404, {"status": {"allowed": True}})

    def answer(self, code: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response_only(code)
        self.send_header("Date", formatdate(time.time() + 60, usegmt=True))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def odd_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Odd) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_what_the_server_does_not_tell_is_left_out_and_its_clock_is_measured() -> None:
    with odd_server() as url:
        sets = {"mode": "direct", "server": url, "insecure_http": "true"}
        ran = run("check", *(p for key, v in sets.items() for p in ("--set", f"clusters[0].connect.{key}={v}")))
    assert ran.code == 0
    assert f"server   {url}\n" in ran.out
    assert "you are" not in ran.out
    assert re.search(r"the server's clock is (59|60) s ahead of this machine's", ran.out)


# Against the real API server


@pytest.mark.controlplane
@pytest.mark.parametrize(
    ("who", "more"), [("account", ()), ("user", ()), ("account", ("--cancel",)), ("user", ("--cancel", "person"))]
)
def test_the_printed_grants_make_check_pass(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, who: str, more: tuple[str, ...]
) -> None:
    """The YAML, applied by an administrator as it is, is enough; less than it was not."""
    token = control_plane.token_of("nobody")
    if who == "account":
        token = control_plane.account_token("exporter", namespace=namespace)
    kubeconfig = str(control_plane.kubeconfig(tmp_path / "kubeconfig", token))
    flags = ("--kubeconfig", kubeconfig, "--namespace", namespace, *more)
    before = run("check", *flags, "--grants")
    (missing, whole) = re.findall(r"(\d+) of (\d+) permissions are missing", before.err)[0]
    assert (before.code, missing, whole) == (1, whole, {(): "13", ("--cancel",): "18"}.get(more, "5"))
    objects = list(yaml.safe_load_all(before.out))
    applied = [_path(one) for one in objects]
    try:
        for path, one in zip(applied, objects, strict=True):
            expect(control_plane.api.post(path, one), 201)
        after = wait_for(lambda: _passed(*flags), 20.0, lambda: run("check", *flags).out)
        assert after.out.rstrip().endswith(GOOD[more[1:]])
        assert run("check", *flags[:2], "--namespace", "kube-system").code == 1
        if "person" in more:
            dry = run("cancel", "job-" + "0" * 32, "--yes", "--audit", str(tmp_path / "audit"), *flags[:4])
            assert dry.code == 5, dry
            return
        once = run("once", *flags[:4])
        assert (once.code, "elasticblast_searches{" in once.out) == (0, True)
    finally:
        for path, one in zip(applied, objects, strict=True):
            control_plane.api.delete(f"{path}/{one['metadata']['name']}")


def _passed(*flags: str) -> Ran | None:
    """The authorizer reads new grants a moment after they are written."""
    ran = run("check", *flags)
    return ran if ran.code == 0 else None


def _path(one: dict[str, Any]) -> str:
    place = one["metadata"].get("namespace")
    return f"{RBAC}/namespaces/{place}/{PLURALS[one['kind']]}" if place else f"{RBAC}/{PLURALS[one['kind']]}"
