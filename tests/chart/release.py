"""Releases of the chart on the real control plane, made with the real helm."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from exporter.cli.check.permissions import Permission
from tests.chart.helm import CHART, LOADER, Manifest, helm
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import Api, expect
from tests.support.tools import tool
from tests.support.waiting import wait_for

RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


class Release:
    """`name` in `namespace`, which exists."""

    def __init__(self, plane: ControlPlane, name: str, namespace: str) -> None:
        self.plane, self.name, self.namespace = plane, name, namespace
        self._place = (f"--namespace={namespace}", f"--kubeconfig={plane.kubeconfig(plane.folder / 'helm.kubeconfig')}")

    def install(self, values: Mapping[str, Any]) -> str:
        """What helm says."""
        return self._helm("install", self.name, CHART, values=values)

    def upgrade(self, values: Mapping[str, Any]) -> str:
        return self._helm("upgrade", self.name, CHART, values=values)

    def uninstall(self) -> str:
        return self._helm("uninstall", self.name)

    def objects(self) -> list[Manifest]:
        """What was installed, without the tests."""
        return _loaded(self._helm("get", "manifest", self.name))

    def tests(self) -> dict[str, Manifest]:
        """The pods of `helm test`, by name."""
        return {one["metadata"]["name"]: one for one in _loaded(self._helm("get", "hooks", self.name))}

    def account(self) -> str:
        return f"{self.namespace}/{self.name}"

    def _helm(self, *arguments: str | Path, values: Mapping[str, Any] | None = None) -> str:
        ran = helm(*arguments, *self._place, values=values)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def kubectl(plane: ControlPlane, *arguments: str | Path, given: str = "") -> str:
    """What kubectl says as the administrator. AssertionError if it fails."""
    config = plane.kubeconfig(plane.folder / "kubectl.kubeconfig")
    command = [tool("kubectl"), f"--kubeconfig={config}", f"--cache-dir={plane.folder / 'cache'}", *arguments]
    ran = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def grant(plane: ControlPlane, namespace: str, name: str, rules: Sequence[Mapping[str, Any]], account: str) -> None:
    """A Role with its binding to `namespace/name`."""
    base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    home, _, own = account.partition("/")
    expect(plane.api.post(f"{base}/roles", {"metadata": {"name": name}, "rules": list(rules)}))
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subjects = [{"kind": "ServiceAccount", "name": own, "namespace": home}]
    binding = {"metadata": {"name": name}, "roleRef": role, "subjects": subjects}
    expect(plane.api.post(f"{base}/rolebindings", binding))


class Places:
    """Where the API server keeps objects, as its discovery says."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, one: Manifest) -> str:
        """The path of an object. Raises KeyError for a kind that is not served."""
        version, metadata = one["apiVersion"], one["metadata"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if version not in self._known:
            found = expect(self._api.get(base))["resources"]
            self._known[version] = {kind["kind"]: kind for kind in found if "/" not in kind["name"]}
        kind = self._known[version][one["kind"]]
        home = f"/namespaces/{metadata['namespace']}" if kind["namespaced"] else ""
        return f"{base}{home}/{kind['name']}/{metadata['name']}"


@contextmanager
def as_account(plane: ControlPlane, account: str) -> Iterator[Api]:
    """The API with a token of `namespace/name`."""
    namespace, _, name = account.partition("/")
    api = plane.client(plane.account_token(name, namespace=namespace))
    yield api
    api.close()


def may(api: Api, namespace: str) -> set[Permission]:
    """All that the owner of a token may do with resources in a namespace, as `kubectl auth can-i --list` asks it."""
    status = expect(api.post(RULES, {"spec": {"namespace": namespace}}))["status"]
    assert not status["incomplete"], status
    return {
        Permission(verb=verb, resource=resource, group=group, name=name)
        for rule in status["resourceRules"]
        for verb in rule["verbs"]
        for group in rule.get("apiGroups", [])
        for resource in rule.get("resources", [])
        for name in rule.get("resourceNames", [""])
    }


def await_rights(api: Api, namespace: str, wanted: Iterable[Permission]) -> None:
    """The API server hears of new Roles by a watch of its own."""
    there = placed(wanted, namespace)
    wait_for(lambda: there <= may(api, namespace), 20.0, f"the rights in {namespace}")


def placed(permissions: Iterable[Permission], namespace: str) -> set[Permission]:
    """Those that hold in a namespace, without saying so."""
    return {
        Permission(verb=one.verb, resource=one.resource, group=one.group, name=one.name)
        for one in permissions
        if one.namespace in ("", namespace)
    }


def _loaded(text: str) -> list[Manifest]:
    return [one for one in yaml.load_all(text, LOADER) if one]
