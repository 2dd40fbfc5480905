"""The histories of the searches of one cluster, as long as each may be shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exporter.domain.history import History, Point, noted
from exporter.domain.progress import done_jobs
from exporter.domain.snapshots import BatchSnapshot, SearchView

Key = tuple[str, str]
_NEW = History()


def recorded(
    histories: Mapping[Key, History],
    batch: BatchSnapshot | None,
    now: float,
    *,
    known: Collection[Key],
    stale: Collection[str],
) -> Mapping[Key, History]:
    """The histories after one more look at `now` (Unix seconds), by (namespace, id).

    Those of searches that are not shown any more go; those of namespaces that cannot be read stay while the search is
    `known`. Of the `stale` namespaces nothing new was seen.
    """
    readable = batch.namespaces if batch else ()
    kept = {key: one for key, one in histories.items() if key[0] not in readable and key in known}
    for search in batch.searches if batch else ():
        key = (search.namespace, search.id)
        before = histories.get(key, _NEW)
        kept[key] = before if search.namespace in stale else _seen(before, search, now)
    return {key: one for key, one in kept.items() if one.marks}


def _seen(history: History, search: SearchView, now: float) -> History:
    ended = done_jobs(search.expected, search.jobs)
    if ended is None:
        return history
    return noted(history, search.phase, Point(now, ended, search.jobs.get("running", 0)))
