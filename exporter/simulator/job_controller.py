"""The Job controller: makes pods, counts how they end, ends the Job, and removes it when its TTL is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exporter.simulator.clock import epoch_of, rfc3339
from exporter.simulator.deletion import set_finalizers
from exporter.simulator.job_status import (
    COMPLETED,
    TRACKING,
    Tally,
    Verdict,
    add_up,
    condition,
    final_condition,
    is_deleting,
    note,
    set_condition,
    tally,
    verdict,
)
from exporter.simulator.kinds import Object
from exporter.simulator.objects import controller_of, copied, key_of, suffix
from exporter.simulator.recorder import Recorder
from exporter.simulator.store import Store

_FIRST_BACKOFF = 10.0
_LONGEST_BACKOFF = 600.0


class JobController:
    """Moves one Job at a time.

    Remembers nothing but exact moments (of starts, of ends, of pod failures): timestamps in objects have whole seconds,
    which is coarse once durations are shortened.
    """

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._clock = store.clock
        self._recorder = recorder
        self._last_failure: dict[str, float] = {}
        self._moments: dict[str, tuple[str, float]] = {}

    def sync(self, namespace: str, name: str) -> float | None:
        """Do all that is due for one Job; returns the epoch second at which it wants to be looked at again."""
        job = self._store.find("jobs", namespace, name)
        if job is None:
            return None
        if is_deleting(job):
            self._forget(job)
            self._untrack(self._pods(job))
            return None
        if final_condition(job):
            return self._expire(job)
        return self._progress(job)

    def release(self, pod: Object) -> None:
        """Take the tracking finalizer off a pod that has no Job any more."""
        owner = controller_of(pod)
        if owner is None or self._store.by_uid(owner["uid"]) is None:
            self._untrack([pod])

    def _progress(self, job: Object) -> float | None:
        counts = tally(self._pods(job))
        if counts.failed:
            self._last_failure[job["metadata"]["uid"]] = self._clock.now()
        due = self._deadline(job)
        if end := verdict(job, counts, late=due is not None and self._clock.now() >= due):
            return self._finish(job, end)
        if job["spec"]["suspend"]:
            self._suspend(job, counts)
            return None
        again = self._create_pods(job, counts)
        job = self._count(job, self._mark_started)
        moments = [moment for moment in (again, self._deadline(job)) if moment is not None]
        return min(moments, default=None)

    def _deadline(self, job: Object) -> float | None:
        limit, started = job["spec"].get("activeDeadlineSeconds"), job["status"].get("startTime")
        if limit is None or started is None or job["spec"]["suspend"]:
            return None
        return self._moment(job, started) + self._clock.scaled(limit)

    def _moment(self, job: Object, stamp: str) -> float:
        """The exact moment of a timestamp this controller wrote last, else the timestamp itself."""
        known = self._moments.get(job["metadata"]["uid"])
        return known[1] if known and known[0] == stamp else epoch_of(stamp)

    def _stamp(self, job: Object) -> str:
        now = self._clock.now()
        self._moments[job["metadata"]["uid"]] = (rfc3339(now), now)
        return rfc3339(now)

    def _forget(self, job: Object) -> None:
        self._last_failure.pop(job["metadata"]["uid"], None)
        self._moments.pop(job["metadata"]["uid"], None)

    def _pods(self, job: Object) -> list[Object]:
        owned = self._store.owned(job["metadata"]["uid"])
        return [obj for resource, obj in owned if resource == "pods"]

    # Counting: a pod that has ended is noted by uid, then loses its finalizer, then becomes a number.

    def _count(
        self, job: Object, first: Callable[[Object], None], last: Callable[[Object], None] | None = None
    ) -> Object:
        counts = tally(self._pods(job))

        def begin(new: Object) -> None:
            note(new, counts)
            first(new)

        def finish(new: Object) -> None:
            add_up(new)
            if last and not counts.terminating:
                last(new)

        job = self._update(job, begin)
        self._untrack([*counts.succeeded, *counts.failed])
        return self._update(job, finish)

    def _mark_started(self, job: Object) -> None:
        if "startTime" in job["status"]:
            return
        job["status"]["startTime"] = self._stamp(job)
        if condition(job, "Suspended"):
            self._set_condition(job, "Suspended", "False", "JobResumed", "Job resumed")
            self._recorder.normal(job, "Resumed", "Job resumed")

    # Ending

    def _finish(self, job: Object, end: Verdict) -> float | None:
        if end is not COMPLETED:
            self._delete(job, tally(self._pods(job)).active)

        def interim(new: Object) -> None:
            if condition(new, end.interim) is None:
                self._set_condition(new, end.interim, "True", end.reason, end.message)

        job = self._count(job, interim, lambda new: self._close(new, end))
        if not final_condition(job):
            return None
        if end is COMPLETED:
            self._recorder.normal(job, "Completed", "Job completed")
        else:
            self._recorder.warning(job, end.reason, end.message)
        return self._expire(job)

    def _close(self, job: Object, end: Verdict) -> None:
        job["status"]["terminating"] = 0
        now = self._stamp(job)
        set_condition(job, end.type, "True", reason=end.reason, message=end.message, now=now)
        if end is COMPLETED:
            job["status"]["completionTime"] = now

    def _expire(self, job: Object) -> float | None:
        ttl, final = job["spec"].get("ttlSecondsAfterFinished"), final_condition(job)
        if ttl is None or final is None:
            return None
        due = self._moment(job, final["lastTransitionTime"]) + self._clock.scaled(ttl)
        if self._clock.now() < due:
            return due
        self._store.delete("jobs", *key_of(job), propagation="Foreground")
        return None

    def _suspend(self, job: Object, counts: Tally) -> None:
        self._untrack(counts.active)
        self._delete(job, counts.active)
        fresh = condition(job, "Suspended") is None

        def change(new: Object) -> None:
            new["status"].pop("startTime", None)
            if fresh:
                self._set_condition(new, "Suspended", "True", "JobSuspended", "Job suspended")

        job = self._count(job, change)
        if fresh:
            self._recorder.normal(job, "Suspended", "Job suspended")

    # Pods

    def _create_pods(self, job: Object, counts: Tally) -> float | None:
        spec, status = job["spec"], job["status"]
        succeeded = status.get("succeeded", 0) + len(counts.succeeded)
        failed = status.get("failed", 0) + len(counts.failed)
        missing = min(spec["parallelism"], spec["completions"] - succeeded) - len(counts.active)
        if spec["podReplacementPolicy"] == "Failed":
            missing -= len(counts.terminating)
        if missing <= 0:
            return None
        ready_at = self._backoff_end(job, failed)
        if ready_at > self._clock.now():
            return ready_at
        for _ in range(missing):
            self._create_pod(job)
        return None

    def _backoff_end(self, job: Object, failures: int) -> float:
        last = self._last_failure.get(job["metadata"]["uid"])
        if last is None or failures == 0:
            return 0.0
        return last + self._clock.scaled(min(_FIRST_BACKOFF * 2 ** (failures - 1), _LONGEST_BACKOFF))

    def _create_pod(self, job: Object) -> None:
        name, template = job["metadata"]["name"][:57], copied(job["spec"]["template"])
        metadata = {
            **template["metadata"],
            "name": f"{name}-{suffix()}",
            "generateName": f"{name}-",
            "namespace": job["metadata"]["namespace"],
            "finalizers": [TRACKING],
            "ownerReferences": [_reference(job)],
        }
        made = self._store.create("pods", {"metadata": metadata, "spec": template["spec"]})
        self._recorder.normal(job, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _delete(self, job: Object, pods: Sequence[Object]) -> None:
        for pod in pods:
            self._store.delete("pods", *key_of(pod))
            self._recorder.normal(job, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _untrack(self, pods: Sequence[Object]) -> None:
        for pod in pods:
            if self._store.find("pods", *key_of(pod)):
                self._store.update("pods", *key_of(pod), _drop_tracking)

    def _update(self, job: Object, change: Callable[[Object], None]) -> Object:
        return self._store.update("jobs", *key_of(job), change)

    def _set_condition(self, job: Object, kind: str, status: str, reason: str, message: str) -> None:
        set_condition(job, kind, status, reason=reason, message=message, now=self._clock.stamp())


def _drop_tracking(pod: Object) -> None:
    set_finalizers(pod, [f for f in pod["metadata"].get("finalizers", ()) if f != TRACKING])


def _reference(job: Object) -> Object:
    return {
        "apiVersion": job["apiVersion"],
        "kind": job["kind"],
        "name": job["metadata"]["name"],
        "uid": job["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
