"""The fold of Warning events: each repetition counted once, by uid and the API's own count."""

from __future__ import annotations

from exporter.domain.fold.counts import Counts
from exporter.domain.fold.nodes import NodeFold
from exporter.domain.records import EventRecord, Uid
from exporter.domain.words import EVENT_REASONS

_KNOWN = frozenset(EVENT_REASONS)
_KINDS = frozenset(kind for kind, _ in EVENT_REASONS)


class EventFold:
    """Warning events by uid. What the first listing shows is old and moves no counter."""

    def __init__(self, *, counts: Counts, nodes: NodeFold) -> None:
        self._counts = counts
        self._nodes = nodes
        self._seen: dict[Uid, tuple[str, int]] = {}

    def seen(self, event: EventRecord, *, silent: bool) -> None:
        _, known = self._seen.get(event.uid, ("", 0))
        news = event.count - known
        self._seen[event.uid] = (event.namespace, max(event.count, known))
        if event.reason == "OOMKilling" and event.kind == "Node" and event.at is not None:
            self._nodes.oom_killing(event.subject, event.at)
        if news > 0 and not silent:
            self._counts.add("events_total", words(event), news)

    def gone(self, uid: Uid) -> None:
        self._seen.pop(uid, None)

    def missing(self, namespace: str, uids: set[Uid]) -> list[Uid]:
        return [uid for uid, (where, _) in self._seen.items() if where == namespace and uid not in uids]


def words(event: EventRecord) -> tuple[str, str]:
    """The (kind, reason) an event is counted under: one of words.EVENT_REASONS."""
    kind = event.kind if event.kind in _KINDS else "other"
    return (kind, event.reason) if (kind, event.reason) in _KNOWN else (kind, "other")
