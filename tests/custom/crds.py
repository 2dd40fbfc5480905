"""CustomResourceDefinitions for the kinds of the table, made, changed and removed on a real API server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exporter.domain.custom.objects import Kind
from tests.custom.objects import Object
from tests.support.kubeapi import Api, expect
from tests.support.waiting import wait_for

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def define(api: Api, kind: Kind, versions: Sequence[str] = ("v1",)) -> None:
    """Serve a kind in these versions, the last of them stored, and wait until it can be listed."""
    define_all(api, [kind], versions)


def define_all(api: Api, kinds: Sequence[Kind], versions: Sequence[str] = ("v1",)) -> None:
    """The same of several kinds, which come up side by side."""
    for kind in kinds:
        expect(api.post(CRDS, _definition(kind, versions)), 201)
    for kind in kinds:
        serve(api, kind, versions)


def redefine(api: Api, kind: Kind, versions: Sequence[str]) -> None:
    """Serve other versions of a kind that is there; no object of it may be stored in a version that goes."""
    path = f"{CRDS}/{kind.qualified}"
    body = expect(api.get(path))
    body["spec"]["versions"] = _definition(kind, versions)["spec"]["versions"]
    expect(api.put(path, body))
    body = expect(api.get(path))
    body["status"]["storedVersions"] = [versions[-1]]
    expect(api.put(f"{path}/status", body))
    serve(api, kind, versions)


def serve(api: Api, kind: Kind, versions: Sequence[str]) -> None:
    """Wait until exactly these versions are served."""

    def settled() -> bool:
        found = next((g for g in expect(api.get("/apis"))["groups"] if g["name"] == kind.group), {"versions": []})
        return {one["version"] for one in found["versions"]} >= set(versions) and all(
            _told(api, kind, version) and api.get(f"/apis/{kind.group}/{version}/{kind.plural}")[0] == 200
            for version in versions
        )

    wait_for(settled, 30.0, f"{kind.qualified} in {versions}")


def _told(api: Api, kind: Kind, version: str) -> bool:
    """Whether the discovery of the version has it; that comes after the discovery of its group."""
    status, body = api.get(f"/apis/{kind.group}/{version}")
    return status == 200 and any(one["name"] == kind.plural for one in body["resources"])


def undefine(api: Api, kind: Kind) -> None:
    """Serve a kind no more, and wait until it is gone with all its objects."""
    undefine_all(api, [kind])


def undefine_all(api: Api, kinds: Sequence[Kind]) -> None:
    """The same of several kinds; those that are not there are gone already."""
    for kind in kinds:
        expect(api.delete(f"{CRDS}/{kind.qualified}"), 200, 404)
    wait_for(lambda: not _left(api, kinds), 30.0, lambda: f"still there: {_left(api, kinds)}")


def _left(api: Api, kinds: Sequence[Kind]) -> list[str]:
    return [kind.qualified for kind in kinds if api.get(f"{CRDS}/{kind.qualified}")[0] != 404]


def place(kind: Kind, namespace: str, version: str) -> str:
    """The path of a collection."""
    return f"/apis/{kind.group}/{version}/" + (f"namespaces/{namespace}/" if kind.namespaced else "") + kind.plural


def put(api: Api, kind: Kind, namespace: str, obj: Object) -> None:
    """Make an object and set its status, as an operator would."""
    version = obj["apiVersion"].rpartition("/")[2]
    path = place(kind, namespace, version)
    fields = {key: value for key, value in obj.items() if key != "status"}
    metadata = {**obj["metadata"], **({"namespace": namespace} if kind.namespaced else {})}
    metadata.pop("uid", None)
    expect(api.post(path, {**fields, "metadata": metadata}), 201)
    set_status(api, kind, namespace, obj)


def set_status(api: Api, kind: Kind, namespace: str, obj: Object) -> None:
    version, name = obj["apiVersion"].rpartition("/")[2], obj["metadata"]["name"]
    if "status" in obj:
        expect(api.patch(f"{place(kind, namespace, version)}/{name}/status", {"status": obj["status"]}))


def _definition(kind: Kind, versions: Sequence[str]) -> dict[str, Any]:
    annotations = {"api-approved.kubernetes.io": "unapproved, for a test"} if kind.group.endswith("k8s.io") else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.qualified, "annotations": annotations},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "plural": kind.plural,
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "singular": kind.kind.lower(),
            },
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[-1],
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {"spec": _ANYTHING, "status": _ANYTHING},
                        }
                    },
                    "subresources": {"status": {}},
                }
                for version in versions
            ],
        },
    }
