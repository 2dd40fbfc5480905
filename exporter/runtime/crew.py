"""A bounded number of threads for what is asked now and then: who is slow does not keep the others waiting."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

MOST, EACH = 32, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to do for `whom`; `doubtful`: it failed the last time, and may hang again."""

    whom: Hashable
    call: Callable[[], object]
    doubtful: bool = False


class Crew:
    """At most `most` chores at once and `each` of one party; what is doubtful has no more than half of the threads.

    Chores of a round that ran over its time still count in the next one. Safe across threads.
    """

    def __init__(self, *, most: int = MOST, each: int = EACH) -> None:
        self._most = most
        self._each = each
        self._changed = threading.Condition()
        self._busy: Counter[Hashable] = Counter()
        self._doubtful = 0

    def do(self, chores: Iterable[Chore], *, within: float) -> list[Chore]:
        """Do all, the parties in turn, and wait for them for so many seconds; those for which there was no thread until
        then."""
        ends = time.monotonic() + within
        queues: dict[Hashable, deque[Chore]] = {}
        for one in chores:
            queues.setdefault(one.whom, deque()).append(one)
        own: list[threading.Thread] = []
        left: list[Chore] = []
        while queues and (chore := self._next(queues, ends)):
            thread = threading.Thread(target=self._work, args=(chore,), name="chore", daemon=True)
            try:
                thread.start()
                own.append(thread)
            except RuntimeError:  # this process can have no more threads now
                self._release(chore)
                left.append(chore)
        for thread in own:
            thread.join(max(ends - time.monotonic(), 0.0))
        return left + [one for queue in queues.values() for one in queue]

    def _next(self, queues: dict[Hashable, deque[Chore]], ends: float) -> Chore | None:
        """The next chore, out of its queue and counted, as soon as there is a thread for it; None when time is over."""
        with self._changed:
            while True:
                for whom in list(queues):
                    if self._room(queues[whom][0]):
                        return self._taken(queues, whom)
                left = ends - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)

    def _taken(self, queues: dict[Hashable, deque[Chore]], whom: Hashable) -> Chore:
        """Whose chore was taken comes last in the next turn."""
        queue = queues.pop(whom)
        chore = queue.popleft()
        if queue:
            queues[whom] = queue
        self._busy[whom] += 1
        self._doubtful += chore.doubtful
        return chore

    def _room(self, chore: Chore) -> bool:
        doubted = chore.doubtful and self._doubtful >= self._most // 2
        return self._busy.total() < self._most and self._busy[chore.whom] < self._each and not doubted

    def _work(self, chore: Chore) -> None:
        try:
            chore.call()
        finally:
            self._release(chore)

    def _release(self, chore: Chore) -> None:
        with self._changed:
            self._busy[chore.whom] -= 1
            self._doubtful -= chore.doubtful
            if not self._busy[chore.whom]:
                del self._busy[chore.whom]
            self._changed.notify_all()
