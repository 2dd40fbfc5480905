"""What runs behind the API server: Job controller, garbage collector and scheduler, driven by the watch log."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from typing import TypeVar

from exporter.simulator.errors import ApiError
from exporter.simulator.garbage import collect, empty
from exporter.simulator.job_controller import JobController
from exporter.simulator.job_status import TRACKING, is_deleting, is_terminal
from exporter.simulator.journal import ChangeType
from exporter.simulator.kinds import Object
from exporter.simulator.objects import controller_of, key_of, owner_uids
from exporter.simulator.recorder import Recorder
from exporter.simulator.scheduler import Scheduler, is_waiting
from exporter.simulator.store import Key, Store

_RETRY_SECONDS = 300.0


class Controllers:
    """Reads what changed, does what follows, sleeps until the next change or the next due moment.

    `step` does one round by hand; `start` and `stop` run rounds in a thread. A round acts on the changes of earlier
    rounds too, so `settle` repeats it until nothing is left to do now.
    """

    def __init__(self, store: Store, *, period: float = 0.05, scheduler: bool = True) -> None:
        self._store = store
        self._clock = store.clock
        self._period = period
        self._jobs = JobController(store, Recorder(store, "job-controller"))
        self._scheduler = Scheduler(store, Recorder(store, "default-scheduler", series=True)) if scheduler else None
        self._seen: dict[str, int] = {}
        self._dirty_jobs: dict[Key, None] = {}
        self._timers: list[tuple[float, Key]] = []
        self._due: dict[Key, float] = {}
        self._garbage: dict[str, None] = {}
        self._waiting: dict[Key, None] = {}
        self._try_waiting = False
        self._next_retry = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run in a thread until `stop`."""
        self._thread = threading.Thread(target=self._run, name="simulator-controllers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its round."""
        self._stopping.set()
        self._store.touch()
        if self._thread is not None:
            self._thread.join(10.0)

    def settle(self, rounds: int = 100) -> None:
        """Step until nothing changes; RuntimeError if it still does after so many rounds."""
        for _ in range(rounds):
            before = self._store.rv
            self.step()
            if self._store.rv == before:
                return
        raise RuntimeError(f"the controllers are still busy after {rounds} rounds")

    def step(self) -> None:
        """One round."""
        self._look()
        for uid in _emptied(self._garbage):
            self._attempt(collect, self._store, uid)
        now = self._clock.now()
        while self._timers and self._timers[0][0] <= now:
            self._dirty_jobs[heapq.heappop(self._timers)[1]] = None
        for key in _emptied(self._dirty_jobs):
            self._attempt(self._sync_job, key)
        self._schedule(now)

    def _run(self) -> None:
        while not self._stopping.is_set():
            before = self._store.rv
            self.step()
            self._store.wait(before, self._period)

    def _sync_job(self, key: Key) -> None:
        again = self._jobs.sync(*key)
        if again is None:
            self._due.pop(key, None)
        elif self._due.get(key) != again:
            self._due[key] = again
            heapq.heappush(self._timers, (again, key))

    def _schedule(self, now: float) -> None:
        if not self._scheduler or not self._waiting:
            return
        again = now >= self._next_retry
        if again or self._try_waiting:
            self._try_waiting = False
            self._waiting = dict.fromkeys(self._scheduler.schedule(list(self._waiting), remind=again))
        if again:
            self._next_retry = now + self._clock.scaled(_RETRY_SECONDS)

    def _attempt(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except ApiError as error:
            # What is gone or has just changed shows up in the watch log and is looked at again.
            if error.status not in (404, 409):
                raise

    # What a change means

    def _look(self) -> None:
        for resource in tuple(self._store.kinds):
            if resource == "events":
                continue
            try:
                changes = self._store.changes(resource, self._seen.get(resource, -1))
            except ApiError:
                self._look_at_all(resource)
                continue
            for change in changes:
                self._seen[resource] = change.rv
                self._notice(resource, change.entry.obj, change.type)

    def _look_at_all(self, resource: str) -> None:
        self._seen[resource], entries = self._store.snapshot(resource)
        for entry in entries:
            self._notice(resource, entry.obj, "ADDED")

    def _notice(self, resource: str, obj: Object, happened: ChangeType) -> None:
        self._notice_owners(obj, happened)
        if resource == "jobs" and happened != "DELETED":
            self._dirty_jobs[key_of(obj)] = None
        elif resource == "pods":
            self._notice_pod(obj, happened)
        elif resource == "nodes":
            self._try_waiting = True
        elif resource == "namespaces" and happened == "DELETED":
            self._attempt(empty, self._store, obj["metadata"]["name"])

    def _notice_owners(self, obj: Object, happened: ChangeType) -> None:
        metadata = obj["metadata"]
        if happened == "DELETED":
            affected = [owned["metadata"]["uid"] for _, owned in self._store.owned(metadata["uid"])]
            self._garbage.update(dict.fromkeys([*affected, *owner_uids(obj)]))
        elif is_deleting(obj) or (happened == "ADDED" and "ownerReferences" in metadata):
            self._garbage[metadata["uid"]] = None

    def _notice_pod(self, pod: Object, happened: ChangeType) -> None:
        owner = controller_of(pod)
        if owner and owner["kind"] == "Job":
            self._dirty_jobs[(pod["metadata"]["namespace"], owner["name"])] = None
        if happened != "DELETED" and TRACKING in pod["metadata"].get("finalizers", ()):
            self._attempt(self._jobs.release, pod)
        if happened == "DELETED" or not is_waiting(pod):
            self._waiting.pop(key_of(pod), None)
            self._try_waiting = self._try_waiting or happened == "DELETED" or is_terminal(pod)
        elif key_of(pod) not in self._waiting:
            self._waiting[key_of(pod)] = None
            self._try_waiting = True


K = TypeVar("K")


def _emptied(queue: dict[K, None]) -> list[K]:
    items = list(queue)
    queue.clear()
    return items
