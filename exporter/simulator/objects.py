"""Plain JSON objects: copies, names, owners, and the metadata that only the server writes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.simulator import defaults
from exporter.simulator.clock import SimClock
from exporter.simulator.errors import bad_request, invalid
from exporter.simulator.kinds import Kind, Object

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_ON_CREATE = ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_FOR_LIFE = (*_ON_CREATE, "uid", "creationTimestamp", "name", "namespace")


def copied(obj: Object) -> Object:
    """A deep copy of plain JSON; ApiError 400 for anything else."""
    try:
        made: Object = msgspec.json.decode(msgspec.json.encode(obj))
    except (TypeError, msgspec.MsgspecError) as error:
        raise bad_request(f"object is not plain JSON: {error}") from error
    return made


def prepared(resource: str, kind: Kind, obj: Object, clock: SimClock) -> Object:
    """A new object as the server would store it, except for its resourceVersion; ApiError 422 without a name."""
    identity: Object = {"kind": kind.kind, "apiVersion": kind.api_version}
    made = identity | copied(obj) | identity
    metadata = made.setdefault("metadata", {})
    if not metadata.get("name"):
        if not metadata.get("generateName"):
            raise invalid(kind.kind, "", "metadata.name: Required value: name or generateName is required")
        metadata["name"] = metadata["generateName"] + suffix()
    if kind.namespaced:
        metadata.setdefault("namespace", "default")
    for field in _ON_CREATE:
        metadata.pop(field, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = clock.stamp()
    if kind.custom:
        metadata["generation"] = 1
        made.pop("status", None)
    defaults.fill(resource, made)
    return made


def restore(new: Object, old: Object) -> None:
    """Undo what a writer may not change."""
    new["kind"], new["apiVersion"] = old["kind"], old["apiVersion"]
    for field in _FOR_LIFE:
        if field in old["metadata"]:
            new["metadata"][field] = old["metadata"][field]
        else:
            new["metadata"].pop(field, None)


def suffix() -> str:
    """Five characters as the API server appends to a generateName."""
    return "".join(random.choices(_SUFFIX, k=5))  # noqa: S311 - a name, not a secret


def owner_uids(obj: Object) -> Iterable[str]:
    """The uids in the ownerReferences."""
    references: list[dict[str, Any]] = obj["metadata"].get("ownerReferences") or []
    return [reference["uid"] for reference in references]


def controller_of(obj: Object) -> dict[str, Any] | None:
    """The ownerReference of the controller."""
    return next((r for r in obj["metadata"].get("ownerReferences") or () if r.get("controller")), None)


def key_of(obj: Object) -> tuple[str, str]:
    """Namespace and name; the namespace of a cluster-wide object is empty."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
