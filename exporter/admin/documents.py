"""What is said of the searches that the daemon follows, as documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from exporter.domain.snapshots import ClusterView, SearchView, View


class SearchItem(msgspec.Struct, frozen=True, kw_only=True):
    """One search. `program`, `db` and `openapi_id` are null while they are not known."""

    cluster: str
    namespace: str
    id: str
    phase: str
    terminal: bool
    created: float
    program: str | None
    db: str | None
    openapi_id: str | None


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace of whose searches nothing is known now, or whose cluster cannot say what the caller may see."""

    cluster: str
    namespace: str


class SearchesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The searches that the caller may see, as the daemon saw them last at `at`, Unix seconds; `hidden` more of them
    are beyond limits.searches. What is cancelled is decided by a live look, never by this."""

    at: float | None
    searches: list[SearchItem]
    hidden: int
    unread: list[Unread]


def searches(
    view: View | None, places: Collection[tuple[str, str]], silent: Iterable[tuple[str, str]] = ()
) -> SearchesDocument:
    """The searches of these pairs of cluster and namespace; of `silent` ones nothing can be said."""
    clusters = {cluster.name: cluster for cluster in view.clusters} if view else {}
    readable = {(name, space) for name, one in clusters.items() if one.batch for space in one.batch.namespaces}
    found = [
        _item(cluster.name, search)
        for cluster in clusters.values()
        for search in _of(cluster)
        if (cluster.name, search.namespace) in places
    ]
    asked = {name for name, _ in places}
    unread = [place for place in places if place not in readable]
    return SearchesDocument(
        at=view.at if view else None,
        searches=found,
        hidden=sum(one.batch.hidden for one in clusters.values() if one.batch and one.name in asked),
        unread=[Unread(cluster=name, namespace=space) for name, space in (*unread, *silent)],
    )


def phase_of(view: View | None, cluster: str, namespace: str, search: str) -> str | None:
    """The phase of a search when it was last seen, None if it was not."""
    for one in view.clusters if view else ():
        for found in _of(one):
            if (one.name, found.namespace, found.id) == (cluster, namespace, search):
                return found.phase.value
    return None


def _of(cluster: ClusterView) -> tuple[SearchView, ...]:
    return cluster.batch.searches if cluster.batch else ()


def _item(cluster: str, search: SearchView) -> SearchItem:
    return SearchItem(
        cluster=cluster,
        namespace=search.namespace,
        id=search.id,
        phase=search.phase.value,
        terminal=search.terminal,
        created=search.created,
        program=_known(search.program),
        db=_known(search.db),
        openapi_id=_known(search.openapi_id),
    )


def _known(text: str) -> str | None:
    return None if text in ("", "unknown") else text
