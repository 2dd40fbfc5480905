"""The custom boundary of a rehearsal: objects of one kind and version are made, listed by label, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from exporter.adapters.transport import Transport
from exporter.domain.custom.objects import Kind
from exporter.rehearsal.rest import Object, Stored, listed, remove, sent, stored


class Custom:
    """The objects of a namespaced kind, in a version that is served. Every method raises Failed."""

    def __init__(self, transport: Transport, kind: Kind, version: str, namespace: str) -> None:
        self._transport = transport
        self._head = {"apiVersion": f"{kind.group}/{version}", "kind": kind.kind}
        self._path = f"/apis/{kind.group}/{version}/namespaces/{quote(namespace, safe='')}/{kind.plural}"

    def create(self, manifest: Mapping[str, Any]) -> Stored:
        """`manifest` without kind and version."""
        return sent(self._transport, "POST", self._path, {**self._head, **manifest})

    def listed(self, selector: str) -> list[Stored]:
        return [stored(one.metadata) for one in listed(self._transport, self._path, selector, Object)]

    def delete(self, name: str, uid: str) -> None:
        """This very object, at once: the garbage collector may not know a young kind yet, and would keep it waiting."""
        remove(self._transport, f"{self._path}/{quote(name, safe='')}", uid, policy="Background")
