"""Paths of the Kubernetes API: what they address."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.simulator.errors import ApiError, no_such_path
from exporter.simulator.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place under /api or /apis. Without a plural it is a version, a group or the root itself."""

    group: str
    version: str = ""
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""


def parse(path: str) -> Address:
    """The address of a path that begins with /api or /apis; ApiError 404 for one that is too long."""
    root, *parts = [part for part in path.split("/") if part]
    group = parts.pop(0) if root == "apis" and parts else ""
    version = parts.pop(0) if parts else ""
    namespace = ""
    if len(parts) >= 3 and parts[0] == "namespaces" and parts[2] not in ("status", "finalize"):
        namespace, parts = parts[1], parts[2:]
    if len(parts) > 3:
        raise no_such_path()
    plural, name, subresource = [*parts, "", "", ""][:3]
    return Address(group=group, version=version, namespace=namespace, plural=plural, name=name, subresource=subresource)


def resource_of(address: Address, kinds: dict[str, Kind]) -> str:
    """The store's name for what is addressed; ApiError 404 if it is not served there."""
    for resource, kind in kinds.items():
        if (kind.group, kind.version, kind.plural) != (address.group, address.version, address.plural):
            continue
        if kind.namespaced or not address.namespace:
            return resource
    raise no_such_path()


def discovery(path: str, kinds: dict[str, Kind]) -> dict[str, object]:
    """The answer for a path without a resource: versions, groups, or the resources of one version."""
    address = parse(path)
    if path.startswith("/apis"):
        if not address.group:
            return _groups(kinds)
    elif not address.version:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    served = [kind for kind in kinds.values() if (kind.group, kind.version) == (address.group, address.version)]
    if not served:
        raise ApiError(404, "NotFound", "404 page not found")
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": served[0].api_version,
        "resources": [_described(kind) for kind in served],
    }


def _groups(kinds: dict[str, Kind]) -> dict[str, object]:
    versions = sorted({(kind.group, kind.version, kind.api_version) for kind in kinds.values() if kind.group})
    groups = [
        {
            "name": group,
            "versions": [{"groupVersion": full, "version": version}],
            "preferredVersion": {"groupVersion": full, "version": version},
        }
        for group, version, full in versions
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _described(kind: Kind) -> dict[str, object]:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    return {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": verbs,
    }
