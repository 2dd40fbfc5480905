"""The status page for programs: the same view as JSON, and the way back from JSON to values.

Times are Unix seconds, the unknown is null. docs/http.md describes the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import msgspec

from exporter.domain.azure.arm import ClusterFacts, Usage
from exporter.domain.cost import Prices
from exporter.domain.measures import UNMEASURED, Key, Measures, measures
from exporter.domain.phase import Phase
from exporter.domain.snapshots import ClusterView, PoolView, ResourceHealth, SearchView, View
from exporter.domain.words import FLAGS, JOB_VIEW

MEDIA_TYPE = "application/json"
_FIELDS = tuple(one.name for one in fields(SearchView))
_MEASURES = tuple(one.name for one in fields(Measures))
_TEXTS = ("phase", "evidence", "program", "db", "mode", "client_version", "openapi_id")
_UNKNOWN = ("", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterReport:
    """One cluster. `searches` are those of the `readable` namespaces, None while there is none; `pools` is None while
    its nodes cannot be read; `azure` and `quota` are None where ARM says nothing."""

    name: str
    namespaces: tuple[str, ...]
    readable: tuple[str, ...] = ()
    searches: tuple[SearchView, ...] | None = None
    hidden: int | None = None
    pools: tuple[PoolView, ...] | None = None
    health: tuple[ResourceHealth, ...] = ()
    measures: Mapping[Key, Measures] = field(default_factory=dict)
    azure: ClusterFacts | None = None
    quota: tuple[Usage, ...] | None = None

    @property
    def dark(self) -> tuple[str, ...]:
        """The namespaces of whose searches nothing is known."""
        return tuple(name for name in self.namespaces if name not in self.readable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the document says. `clusters` is None before the first look; `at` is Unix seconds."""

    at: float | None = None
    version: str = ""
    clusters: tuple[ClusterReport, ...] | None = None


def report_of(view: View | None) -> Report:
    """The report of a view; an empty one without a view."""
    if view is None:
        return Report()
    return Report(
        at=view.at, version=view.process.version, clusters=tuple(_cluster(one, view.prices) for one in view.clusters)
    )


def encode(report: Report) -> bytes:
    """The document as UTF-8; a number that is none becomes null."""
    clusters = None if report.clusters is None else [_cluster_document(cluster) for cluster in report.clusters]
    document = {"at": report.at, "version": report.version or None, "clusters": clusters}
    return msgspec.json.encode(document) + b"\n"


def decode(body: bytes) -> Report:
    """The report that a document holds. Raises ValueError for anything else; members that are not known are passed
    over."""
    raw = msgspec.json.decode(body, type=dict[str, Any])
    try:
        clusters = raw["clusters"]
        known = None if clusters is None else [_cluster_fields(cluster) for cluster in clusters]
        values = {"at": raw["at"], "version": raw.get("version") or "", "clusters": known}
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a status document") from None
    return msgspec.convert(values, Report)


def search_document(search: SearchView, measured: Measures = UNMEASURED) -> dict[str, Any]:
    """One search as the document has it."""
    document = {name: getattr(search, name) for name in _FIELDS}
    document |= {name: getattr(measured, name) for name in _MEASURES}
    document |= {name: None for name in _TEXTS if document[name] in _UNKNOWN}
    document["jobs"] = {state: search.jobs.get(state) for state in JOB_VIEW}
    document["flags"] = {flag: search.flags.get(flag) for flag in FLAGS}
    document["roles"] = _by_role(search.roles)
    return document


def _cluster(cluster: ClusterView, prices: Prices) -> ClusterReport:
    return ClusterReport(
        name=cluster.name,
        namespaces=cluster.namespaces,
        readable=cluster.batch.namespaces if cluster.batch else (),
        searches=cluster.batch.searches if cluster.batch else None,
        hidden=cluster.batch.hidden if cluster.batch else None,
        pools=cluster.core.pools if cluster.core else None,
        health=cluster.health,
        measures=measures(cluster, prices),
        azure=cluster.arm.cluster if cluster.arm else None,
        quota=cluster.arm.usages if cluster.arm else None,
    )


def _cluster_document(cluster: ClusterReport) -> dict[str, Any]:
    known = cluster.searches
    searches = None if known is None else [search_document(one, _measured(cluster, one)) for one in known]
    return {
        "name": cluster.name,
        "namespaces": cluster.namespaces,
        "readable": cluster.readable,
        "searches": searches,
        "hidden": cluster.hidden,
        "pools": cluster.pools,
        "health": cluster.health,
        "azure": cluster.azure,
        "quota": cluster.quota,
    }


def _measured(cluster: ClusterReport, search: SearchView) -> Measures:
    return cluster.measures.get((search.namespace, search.id), UNMEASURED)


def _by_role(roles: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (role, state), count in sorted(roles.items()):
        nested.setdefault(role, {})[state] = count
    return nested


def _cluster_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    searches = raw["searches"]
    measured = {(one["namespace"], one["id"]): _measures_fields(one) for one in searches or ()}
    known = None if searches is None else [_search_fields(search) for search in searches]
    return {**raw, "searches": known, "measures": measured}


def _measures_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: raw[name] for name in _MEASURES if name in raw}


def _search_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in raw.items() if value is not None}
    known.setdefault("phase", Phase.UNKNOWN)
    known["roles"] = {(role, state): n for role, states in raw["roles"].items() for state, n in states.items()}
    for name in ("jobs", "flags"):
        known[name] = {word: value for word, value in raw[name].items() if value is not None}
    return known
