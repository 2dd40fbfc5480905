"""Which states are worth a line: one per change, repeats counted, a reminder every five minutes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MOST_KEYS = 4096


@dataclass(slots=True)
class _Standing:
    state: str
    since: float
    said_at: float
    repeats: int = 0


class Transitions:
    """Remembers the last state of each key, at most 4,096 keys, the least recently noted forgotten first.

    `clock` gives monotonic seconds. States in `calm` are said once and never repeated. Safe for several threads.
    """

    def __init__(
        self, clock: Callable[[], float], *, remind: float = 300.0, calm: frozenset[str] = frozenset({"ok", "fresh"})
    ) -> None:
        self._clock = clock
        self._remind = remind
        self._calm = calm
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Standing] = OrderedDict()

    def note(self, key: str, state: str, **fields: object) -> dict[str, Any] | None:
        """The fields to log, or None if nothing is to be said.

        Added to `fields`: `key`, `state`; after a change `previous` and its `lasted_seconds`; `repeats`, the notes of
        the state that were kept quiet since the last line.
        """
        now = self._clock()
        with self._lock:
            standing = self._known.pop(key, None)
            if standing is None or standing.state != state:
                self._known[key] = _Standing(state, now, now)
                self._forget()
                return {"key": key, "state": state, **_history(standing, now), **fields}
            self._known[key] = standing
            if state in self._calm or now - standing.said_at < self._remind:
                standing.repeats += 1
                return None
            said = {"key": key, "state": state, "repeats": standing.repeats + 1, **fields}
            standing.said_at, standing.repeats = now, 0
            return said

    def _forget(self) -> None:
        while len(self._known) > _MOST_KEYS:
            self._known.popitem(last=False)


def _history(standing: _Standing | None, now: float) -> dict[str, object]:
    if standing is None:
        return {}
    return {
        "previous": standing.state,
        "lasted_seconds": round(now - standing.since, 3),
        "repeats": standing.repeats,
    }
