"""One search for programs: what the status document says of it, with its history and what to do. docs/http.md
describes it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from exporter.domain.advice import advise
from exporter.domain.history import History
from exporter.domain.measures import UNMEASURED, Measures, measures
from exporter.domain.snapshots import SearchView, View
from exporter.domain.stopping import can_be_cancelled, cancel_command
from exporter.web.find import Found
from exporter.web.status_json import search_document

PROBLEM_TYPE = "application/problem+json"
_DETAILS = {
    300: "Several searches may be meant; say cluster and namespace, or more of the id.",
    404: "No search that is known is called so. One is shown while it lives and for rules.shown_for after its end.",
    503: "Nothing has been read yet.",
}


def encode(view: View, found: Found) -> bytes:
    """The document as UTF-8."""
    search, cluster = found.search, found.cluster
    key = (search.namespace, search.id)
    history = cluster.histories.get(key)
    measured = measures(cluster, view.prices).get(key, UNMEASURED)
    told = {
        **document(search, measured, at=view.at, cluster=cluster.name),
        "history": None if history is None else _history(history),
    }
    return msgspec.json.encode(told) + b"\n"


def document(search: SearchView, measured: Measures, *, at: float | None, cluster: str) -> dict[str, Any]:
    """What is said of one search, but for its history: `status ID` may know it from a daemon that tells none."""
    return {
        "at": at,
        "cluster": cluster,
        "search": search_document(search, measured),
        "advice": advise(search),
        "cancel": cancel_command(search.id, search.namespace, cluster) if can_be_cancelled(search) else None,
    }


def problem(status: int, choices: Sequence[Found] = ()) -> bytes:
    """Why there is no such document (RFC 9457), and which searches may be meant."""
    told: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _DETAILS[status],
    }
    if choices:
        told["choices"] = [
            {"cluster": one.cluster.name, "namespace": one.search.namespace, "id": one.search.id} for one in choices
        ]
    return msgspec.json.encode(told) + b"\n"


def _history(history: History) -> dict[str, Any]:
    return {
        "since": history.since,
        "phases": [{"at": mark.at, "phase": mark.phase} for mark in history.marks],
        "phases_left_out": history.left_out,
        "points": [point._asdict() for point in history.points],
    }
