"""Roles of rendered objects as permissions, which `check` asks for one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exporter.cli.check.permissions import Permission
from tests.chart.helm import Manifest


def granted(objects: Iterable[Manifest], account: str) -> set[Permission]:
    """What the bindings give to a ServiceAccount, one permission for each verb, resource and namespace."""
    objects = list(objects)
    roles = {_key(one): one["rules"] for one in objects if one["kind"] in ("Role", "ClusterRole")}
    found: set[Permission] = set()
    for binding in objects:
        if binding["kind"] in ("RoleBinding", "ClusterRoleBinding") and account in _subjects(binding):
            namespace = binding["metadata"].get("namespace", "")
            role = (binding["roleRef"]["kind"], namespace, binding["roleRef"]["name"])
            found.update(permission for rule in roles[role] for permission in _permissions(rule, namespace))
    return found


def _key(role: Manifest) -> tuple[str, str, str]:
    return role["kind"], role["metadata"].get("namespace", ""), role["metadata"]["name"]


def _subjects(binding: Manifest) -> list[str]:
    return [f"{one['namespace']}/{one['name']}" for one in binding["subjects"] if one["kind"] == "ServiceAccount"]


def _permissions(rule: Manifest, namespace: str) -> Iterator[Permission]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames", [""]):
                    yield Permission(verb=verb, resource=resource, group=group, namespace=namespace, name=name)
