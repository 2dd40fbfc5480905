"""The core boundary of a rehearsal: pods are listed, a namespace made and deleted, a label put on a node."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from exporter.adapters.transport import Transport
from exporter.rehearsal.rest import Object, Stored, listed, read, remove, sent, stored

_NAMESPACES = "/api/v1/namespaces"
_NODES = "/api/v1/nodes"


class Core:
    """Every method raises Failed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def pods(self, namespace: str, selector: str) -> list[Stored]:
        path = f"{_NAMESPACES}/{quote(namespace, safe='')}/pods"
        return [stored(one.metadata) for one in listed(self._transport, path, selector, Object)]

    def namespace(self, name: str) -> Stored | None:
        found = read(self._transport, f"{_NAMESPACES}/{quote(name, safe='')}", Object)
        return stored(found.metadata) if found else None

    def create_namespace(self, name: str, labels: Mapping[str, str]) -> Stored:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
        return sent(self._transport, "POST", _NAMESPACES, body)

    def delete_namespace(self, name: str, uid: str) -> None:
        """With all that is in it."""
        remove(self._transport, f"{_NAMESPACES}/{quote(name, safe='')}", uid)

    def node(self, name: str) -> Stored | None:
        found = read(self._transport, f"{_NODES}/{quote(name, safe='')}", Object)
        return stored(found.metadata) if found else None

    def nodes(self, selector: str) -> list[Stored]:
        return [stored(one.metadata) for one in listed(self._transport, _NODES, selector, Object)]

    def label_node(self, name: str, key: str, value: str | None) -> Stored:
        """Put one label on a node, or take it off with None; nothing else of the node is sent."""
        body = {"metadata": {"labels": {key: value}}}
        return sent(self._transport, "PATCH", f"{_NODES}/{quote(name, safe='')}", body)
