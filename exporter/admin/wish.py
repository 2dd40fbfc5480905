"""The body of a cancel, and the place that a request speaks of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from exporter.admin.problems import refused
from exporter.cancel.desk import ClusterWay
from exporter.domain.cancel import Refusal
from exporter.domain.identity import SearchId

LONGEST_WAIT = 120.0
_NAME = Annotated[str, Meta(max_length=63)]


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a cancel is asked with. `confirm` repeats the id byte for byte; `cluster` is required where clusters have
    names, `namespace` where a cluster has several; `wait` is in seconds."""

    confirm: Annotated[str, Meta(max_length=63)]
    cluster: _NAME | None = None
    namespace: _NAME | None = None
    dry_run: bool = False
    expected_count: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] = 20.0


def wish_of(body: bytes) -> CancelRequest:
    """The request in a body of a few KiB; 400 for anything that is not one, for unknown members and for members that
    stand there twice."""
    try:
        wish = msgspec.json.decode(body, type=CancelRequest)
        json.loads(body, object_pairs_hook=_once)
    except msgspec.ValidationError:
        raise refused(Refusal.BAD_REQUEST, "a member is missing, not known, or not what it must be") from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise refused(Refusal.BAD_REQUEST, "the body is not one JSON object with each member once") from None
    return wish


def search_of(text: str) -> SearchId:
    """422 for what is no id of a search."""
    try:
        return SearchId(text)
    except ValueError:
        raise refused(Refusal.BAD_ID, "the id must be a label value: 1 to 63 letters, digits, dots, dashes") from None


def way_of(ways: Mapping[str, ClusterWay], name: str | None, *, echoed: bool) -> ClusterWay:
    """The cluster that is meant; 422 unless it is clear. `echoed`: a name must be repeated even if there is but one."""
    if name is None:
        if len(ways) == 1 and not (echoed and "" not in ways):
            return next(iter(ways.values()))
        raise refused(Refusal.CLUSTER, "the member cluster must name one of the clusters")
    if name not in ways:
        raise refused(Refusal.CLUSTER, "the member cluster names none of the clusters")
    return ways[name]


def namespace_of(way: ClusterWay, name: str | None) -> str:
    """The namespace that is meant; 422 if that is not clear, 404 for one that is not followed."""
    if name is None:
        if len(way.namespaces) == 1:
            return way.namespaces[0]
        raise refused(Refusal.NAMESPACE, "the member namespace must name one of the namespaces", status=422)
    if name not in way.namespaces:
        raise refused(Refusal.NAMESPACE, "the namespace is not one in which searches can be cancelled here")
    return name


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member twice")
