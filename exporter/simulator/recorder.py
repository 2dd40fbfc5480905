"""Events as controllers write them: one object per kind of happening, counted when it happens again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from exporter.simulator.clock import rfc3339_micro
from exporter.simulator.errors import ApiError
from exporter.simulator.kinds import Object
from exporter.simulator.objects import suffix
from exporter.simulator.store import Store

_REMEMBERED = 5000  # happenings that are counted up; an older one that happens again is a new event


class Recorder:
    """Writes events about objects in the name of one component; the same words about the same object are one event.

    `series=True` writes them as users of the newer events API do (the scheduler): eventTime and series
    instead of count, firstTimestamp and lastTimestamp.
    """

    def __init__(self, store: Store, component: str, *, series: bool = False) -> None:
        self._store = store
        self._component = component
        self._series = series
        self._known: dict[tuple[str, str, str], str] = {}

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Something that is meant to happen."""
        self._record(about, "Normal", reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Something a person should know."""
        self._record(about, "Warning", reason, message)

    def _record(self, about: Object, severity: str, reason: str, message: str) -> None:
        identity = (about["metadata"]["uid"], reason, message)
        namespace = about["metadata"].get("namespace", "default")
        name = self._known.get(identity)
        if name is not None and self._again(namespace, name):
            return
        # An event about something in a namespace that is gone is lost.
        with suppress(ApiError):
            self._known[identity] = self._create(about, namespace, severity, reason, message)
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def _again(self, namespace: str, name: str) -> bool:
        try:
            self._store.update("events", namespace, name, self._raise_count)
        except ApiError:
            return False
        return True

    def _raise_count(self, event: Object) -> None:
        if self._series:
            count = event.get("series", {}).get("count", 1) + 1
            event["series"] = {"count": count, "lastObservedTime": rfc3339_micro(self._store.clock.now())}
        else:
            event["count"] += 1
            event["lastTimestamp"] = self._store.clock.stamp()

    def _create(self, about: Object, namespace: str, severity: str, reason: str, message: str) -> str:
        metadata = about["metadata"]
        event = {
            "metadata": {"name": f"{metadata['name']}.{suffix()}{suffix()}", "namespace": namespace},
            "involvedObject": {
                "kind": about["kind"],
                "apiVersion": about["apiVersion"],
                "namespace": metadata.get("namespace", ""),
                "name": metadata["name"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "reason": reason,
            "message": message,
            "type": severity,
            "reportingComponent": self._component,
            **self._times(),
        }
        return str(self._store.create("events", event)["metadata"]["name"])

    def _times(self) -> dict[str, Any]:
        clock = self._store.clock
        if self._series:
            return {
                "source": {},
                "reportingInstance": self._component,
                "firstTimestamp": None,
                "lastTimestamp": None,
                "eventTime": rfc3339_micro(clock.now()),
            }
        now = clock.stamp()
        return {
            "source": {"component": self._component},
            "reportingInstance": "",
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "eventTime": None,
        }
