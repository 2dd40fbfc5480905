"""A container of a pod as a process on this machine: its command, with its volumes made of what the API server has.

No kubelet runs here, so nothing else runs pods. What differs from the container: volumes lie in a folder, addresses of
Services are those of this machine, and so the token of the account is named by flags.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect

Object = dict[str, Any]
TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True)
class Local:
    """`argv` and `env` of the process; `connection` are flags that lead it to the API as the pod's account, which has
    a fixed place in a container."""

    argv: list[str]
    env: dict[str, str]
    connection: list[str]


def local(
    plane: ControlPlane, pod: Object, folder: Path, *, namespace: str, addresses: Mapping[str, str] | None = None
) -> Local:
    """The only container of a pod. `addresses` replace hosts and ports, such as `name.namespace.svc:9850`."""
    spec = pod["spec"]
    (container,) = spec["containers"]
    volumes = {one["name"]: one for one in spec.get("volumes", [])}
    places = {one["mountPath"]: folder / one["name"] for one in container.get("volumeMounts", [])}
    changed = {path: str(place) for path, place in places.items()} | dict(addresses or {})
    for mount in container.get("volumeMounts", []):
        for name, content in _files(plane, namespace, spec, volumes[mount["name"]]).items():
            file = places[mount["mountPath"]] / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_replaced(content, changed))
    command = container.get("command", [])
    program = [sys.executable, *command[1:]] if command else [sys.executable, "-m", "exporter"]
    env = {one["name"]: _text(one["value"], changed) for one in container.get("env", [])}
    argv = [*program, *(_text(argument, changed) for argument in container["args"])]
    return Local(argv=argv, env=env, connection=_connection(plane, places.get(TOKENS)))


def _connection(plane: ControlPlane, account: Path | None) -> list[str]:
    if account is None:
        return []
    keys = {"mode": "direct", "server": plane.url, "token_file": account / "token", "ca_file": account / "ca.crt"}
    return [part for key, text in keys.items() for part in ("--set", f"clusters[0].connect.{key}={text}")]


def _files(plane: ControlPlane, namespace: str, spec: Object, volume: Object) -> dict[str, bytes]:
    """What a volume shows, by the names of its files."""
    if "projected" in volume:
        sources = volume["projected"]["sources"]
        return {k: v for one in sources for k, v in _source(plane, namespace, spec, one).items()}
    kind = "configMap" if "configMap" in volume else "secret"
    name = volume[kind]["name" if kind == "configMap" else "secretName"]
    return _data(plane, namespace, f"{kind.lower()}s", name, volume[kind].get("items"))


def _source(plane: ControlPlane, namespace: str, spec: Object, source: Object) -> dict[str, bytes]:
    if "serviceAccountToken" in source:
        wanted = source["serviceAccountToken"]
        return {wanted["path"]: _token(plane, namespace, spec["serviceAccountName"], wanted).encode()}
    if "downwardAPI" in source:
        assert all(one["fieldRef"]["fieldPath"] == "metadata.namespace" for one in source["downwardAPI"]["items"])
        return {one["path"]: namespace.encode() for one in source["downwardAPI"]["items"]}
    assert source["configMap"]["name"] == "kube-root-ca.crt", "the control plane publishes no other one"
    return {one["path"]: plane.ca_pem for one in source["configMap"]["items"]}


def _token(plane: ControlPlane, namespace: str, account: str, wanted: Object) -> str:
    """As the kubelet asks for it, but not bound to a pod."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    spec = {"expirationSeconds": wanted["expirationSeconds"], "audiences": []}
    spec["audiences"] = [wanted["audience"]] if "audience" in wanted else []
    token: str = expect(plane.api.post(path, {"spec": spec}))["status"]["token"]
    return token


def _data(plane: ControlPlane, namespace: str, kind: str, name: str, items: Any) -> dict[str, bytes]:
    found = expect(plane.api.get(f"/api/v1/namespaces/{namespace}/{kind}/{name}"))["data"]
    data = {k: base64.b64decode(v) if kind == "secrets" else v.encode() for k, v in found.items()}
    return {one["path"]: data[one["key"]] for one in items} if items else data


def _replaced(content: bytes, changed: Mapping[str, str]) -> bytes:
    return _text(content.decode(), changed).encode()


def _text(text: str, changed: Mapping[str, str]) -> str:
    """Longer ones first: a path may begin like another."""
    for old in sorted(changed, key=len, reverse=True):
        text = text.replace(old, changed[old])
    return text
