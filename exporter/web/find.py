"""From an address to the search that it means, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from exporter.domain.identity import is_search_id
from exporter.domain.lookup import matches
from exporter.domain.snapshots import ClusterView, SearchView, View


@dataclass(frozen=True, slots=True)
class Found:
    """A search, and the cluster that it is in."""

    cluster: ClusterView
    search: SearchView


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address names. An empty `cluster` or `namespace` means any."""

    text: str
    cluster: str = ""
    namespace: str = ""


def address(view: View, cluster: ClusterView, search: SearchView) -> str:
    """Where the page of a search is, from `/`. It names cluster and namespace where there are several."""
    query = {}
    if len(view.clusters) > 1:
        query["cluster"] = cluster.name
    if len(cluster.namespaces) > 1:
        query["namespace"] = search.namespace
    place = f"searches/{quote(search.id, safe='', errors='replace')}"
    return f"{place}?{urlencode(query, errors='replace')}" if query else place


def find(view: View, asked: Asked) -> Sequence[Found]:
    """The searches that are called so: by their whole id, else by what else may stand for it. Text that can be no id
    means none."""
    if not is_search_id(asked.text):
        return ()
    known = [
        Found(cluster, search)
        for cluster in view.clusters
        if cluster.batch and asked.cluster in ("", cluster.name)
        for search in cluster.batch.searches
        if asked.namespace in ("", search.namespace)
    ]
    exact = [one for one in known if one.search.id == asked.text]
    if exact:
        return exact
    meant = {id(search) for search in matches([one.search for one in known], asked.text)}
    return [one for one in known if id(one.search) in meant]
