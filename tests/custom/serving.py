"""An API server that answers from a table, and the documents of its discovery."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exporter.domain.custom.objects import Kind
from tests.support.hostile import Peer, Script

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Answers = dict[str, Reply | Callable[[str], Reply]]


def answering(answers: Answers) -> Script:
    """Answers a path from the table as it is at that moment; a function gets the query. 404 for other paths."""

    def script(peer: Peer) -> None:
        while (asked := peer.read()) is not None:
            path, _, query = asked.target.partition("?")
            found = answers.get(path, (404, {"kind": "Status"}))
            status, body, *more = found(query) if callable(found) else found
            headers = {"Content_Type": "application/json", **(more[0] if more else {})}
            peer.answer(body if isinstance(body, bytes) else json.dumps(body).encode(), f"{status} Told", **headers)

    return script


def groups(**versions: Sequence[str]) -> Reply:
    """/apis: groups with their versions, the preferred one first; `_` in a name is a dot."""
    found = [
        {
            "name": name.replace("__", "-").replace("_", "."),
            "versions": [{"groupVersion": f"{name}/{one}", "version": one} for one in sorted(every)],
            "preferredVersion": {"version": every[0]},
        }
        for name, every in versions.items()
    ]
    return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def resources(*kinds: Kind, more: Sequence[Mapping[str, Any]] = ()) -> Reply:
    """/apis/<group>/<version>: kinds with their status subresource."""
    found = [
        {"name": name, "kind": kind.kind, "namespaced": kind.namespaced}
        for kind in kinds
        for name in (kind.plural, f"{kind.plural}/status")
    ]
    return 200, {"kind": "APIResourceList", "groupVersion": "any", "resources": [*found, *more]}
