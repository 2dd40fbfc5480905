"""All kubelets of the cluster: they move bound pods through the life their script tells."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from typing import Any

from exporter.simulator.errors import ApiError
from exporter.simulator.kinds import Object
from exporter.simulator.recorder import Recorder
from exporter.simulator.store import Store
from exporter.simulator.world.agenda import Actor, Agenda
from exporter.simulator.world.podstatus import Box, PodRun, set_condition, write_status
from exporter.simulator.world.script import ANY_PROCESS, DEFAULTS, OTHER, Exit, Run, Script

LOOK_EVERY = 1.0
SCRIPT_LIFE = 6 * 3600.0
FIRST_BACK_OFF, LONGEST_BACK_OFF = 10.0, 300.0
IGNORES_TERM = frozenset({"blast", "results-export", "finalizer"})


class Kubelet:
    """Runs pods by the script written for their Job, by the label `app`, or for ten seconds with exit code 0.

    Everything but `write` runs on the agenda's thread.
    """

    def __init__(self, store: Store, agenda: Agenda, *, seed: int) -> None:
        self._store, self._agenda, self._seed = store, agenda, seed
        self._recorder = Recorder(store, "kubelet")
        self._kernel = Recorder(store, "kernel-monitor")
        self._scripts: dict[str, tuple[float, Script]] = {}
        self._runs: dict[str, PodRun] = {}
        self._done: set[str] = set()
        self._starts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._unplugged: set[str] = set()

    def write(self, job: str, script: Script) -> None:
        """Give the pods of a Job their script, before the Job exists."""
        self._scripts[job] = (self._store.clock.now(), script)

    def knows(self, job: str) -> bool:
        return job in self._scripts

    def watch(self) -> Actor:
        """Look at every changed pod, for ever."""
        seen = 0
        while True:
            try:
                changes = self._store.changes("pods", seen)
            except ApiError:
                seen = self._look_again()
                continue
            for change in changes:
                seen = change.rv
                if change.type == "DELETED":
                    self._forget(change.entry.obj)
                else:
                    self._see(change.entry.obj)
            yield LOOK_EVERY

    def _look_again(self) -> int:
        rv, entries = self._store.snapshot("pods")
        pods = {str(entry.obj["metadata"]["uid"]): entry.obj for entry in entries}
        self._done &= pods.keys()
        for run in [run for uid, run in self._runs.items() if uid not in pods]:
            self._forget(run.pod)
        for pod in pods.values():
            self._see(pod)
        return rv

    def unplug(self, node: str) -> None:
        """Let a node go silent: its processes end, nobody reports it. A node of that name never comes back."""
        self._unplugged.add(node)
        for run in self._runs.values():
            run.stopped = run.stopped or run.node == node

    def evict(self, pod: Object, message: str) -> None:
        """End a pod because its node ran out of something."""
        run = self._runs.get(pod["metadata"]["uid"])
        if run is None or run.stopped:
            return
        self._leave(run)
        self._end_all(run, Exit(code=137))
        self._recorder.warning(pod, "Evicted", message)
        self._publish(run, cause="TerminationByKubelet", reason="Evicted", message=message)

    def prune(self) -> None:
        """Forget counts of Jobs that are gone, and their scripts some hours later."""
        live = {job["metadata"]["name"] for job in self._store.list("jobs")}
        oldest = self._store.clock.now() - self._store.clock.scaled(SCRIPT_LIFE)
        for name in [name for name, (at, _) in self._scripts.items() if at < oldest and name not in live]:
            del self._scripts[name]
        for uid in [uid for uid in self._starts if self._store.by_uid(uid) is None]:
            del self._starts[uid]

    # One pod

    def _see(self, pod: Object) -> None:
        uid, node = pod["metadata"]["uid"], pod["spec"].get("nodeName")
        run = self._runs.get(uid)
        if uid in self._done:
            if node not in self._unplugged and pod["metadata"].get("deletionGracePeriodSeconds"):
                self._take_away(pod)  # it ended while it was being deleted: its grace is nobody's any more
            return
        if run is not None:
            run.pod = pod
            if "deletionTimestamp" in pod["metadata"] and not run.stopped:
                run.stopped = True
                self._agenda.spawn(self._terminate(run))
        elif node and node not in self._unplugged and pod.get("status", {}).get("phase", "Pending") == "Pending":
            run = PodRun.of(pod, self._script(pod), self._store.clock.stamp())
            self._runs[uid] = run
            self._agenda.spawn(alive(run, self._live(run)))

    def _forget(self, pod: Object) -> None:
        self._done.discard(pod["metadata"]["uid"])
        run = self._runs.pop(pod["metadata"]["uid"], None)
        if run is not None:
            run.stopped = True

    def _script(self, pod: Object) -> Script:
        labels = pod["metadata"].get("labels") or {}
        written = self._scripts.get(labels.get("batch.kubernetes.io/job-name", ""))
        return written[1] if written else DEFAULTS.get(labels.get("app", ""), OTHER)

    def _live(self, run: PodRun) -> Actor:
        self._publish(run)
        yield from self._pull(run)
        for box in run.inits:
            code = yield from self._contain(run, box)
            if code:
                self._finish(run)
                return
        run.phase = "Running"
        for box in run.mains:
            self._agenda.spawn(alive(run, self._main(run, box)))

    def _main(self, run: PodRun, box: Box) -> Actor:
        yield from self._contain(run, box)
        if all(each.over for each in run.mains):
            self._finish(run)
        else:
            self._publish(run)

    def _pull(self, run: PodRun) -> Actor:
        first, pause = run.boxes[0], FIRST_BACK_OFF
        while not run.script.image():
            message = f'failed to pull image "{first.image}": not found'
            first.wait("ErrImagePull", message)
            self._publish(run)
            self._recorder.warning(run.pod, "Failed", f"Failed: {message}")
            yield 3.0
            first.wait("ImagePullBackOff", f'Back-off pulling image "{first.image}"')
            self._publish(run)
            yield pause
            pause = min(2 * pause, LONGEST_BACK_OFF)
        yield run.script.pull

    def _contain(self, run: PodRun, box: Box) -> Generator[float, None, int]:
        """Run a container until it is not restarted any more; its last exit code."""
        pause, policy = FIRST_BACK_OFF, run.pod["spec"]["restartPolicy"]
        while True:
            process = run.script.processes.get(box.name, ANY_PROCESS)
            box.start(self._store.clock.stamp())
            self._publish(run)
            end = yield from process(self._facts(run, box))
            box.end(end, self._store.clock.stamp())
            self._report(run, box, end)
            if policy == "Never" or (end.code == 0 and policy == "OnFailure"):
                box.over = True
                return end.code
            self._publish(run)
            yield 1.0
            box.wait("CrashLoopBackOff", f"back-off {pause:.0f}s restarting failed container={box.name}")
            self._publish(run)
            yield pause
            pause = min(2 * pause, LONGEST_BACK_OFF)
            box.restarts += 1

    def _facts(self, run: PodRun, box: Box) -> Run:
        start = self._starts[run.owner][box.name]
        self._starts[run.owner][box.name] += 1
        name = run.pod["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name", run.place[1])
        rng = random.Random(f"{self._seed}/{name}/{box.name}/{start}")  # noqa: S311 - a simulation, not a secret
        return Run(pod=run.pod, container=box.name, start=start, files=run.files, rng=rng)

    def _report(self, run: PodRun, box: Box, end: Exit) -> None:
        if end.code == 0:
            return
        self._recorder.warning(run.pod, "BackOff", f"Back-off after {box.name} ended")
        if end.silent:
            node = self._store.find("nodes", None, run.node)
            if node is not None:
                message = f"Memory cgroup out of memory: Killed process of {run.place[1]}"
                self._kernel.warning(node, "OOMKilling", message)

    def _finish(self, run: PodRun) -> None:
        run.phase = "Failed" if any(box.code for box in run.boxes) else "Succeeded"
        self._leave(run)
        self._publish(run)

    def _leave(self, run: PodRun) -> None:
        run.stopped = True
        self._done.add(run.uid)
        self._runs.pop(run.uid, None)

    def _terminate(self, run: PodRun) -> Actor:
        grace = run.pod["metadata"].get("deletionGracePeriodSeconds", 30)
        running = [box for box in run.boxes if box.running]
        if running:
            self._recorder.normal(run.pod, "Killing", f"Stopping container {running[0].name}")
        stubborn = any(box.name in IGNORES_TERM for box in running)
        yield float(grace) if stubborn else min(2.0, grace)
        self._end_all(run, Exit(code=137) if stubborn else Exit(code=143))
        self._publish(run)
        self._leave(run)
        self._take_away(run.pod)

    def _take_away(self, pod: Object) -> None:
        place, uid = (pod["metadata"]["namespace"], pod["metadata"]["name"]), pod["metadata"]["uid"]
        self._quietly(lambda: self._store.delete("pods", *place, grace_seconds=0, preconditions={"uid": uid}))

    def _end_all(self, run: PodRun, end: Exit) -> None:
        for box in run.boxes:
            if box.running:
                box.end(end, self._store.clock.stamp())
        run.phase = "Failed"

    def _publish(self, run: PodRun, cause: str = "", **extra: str) -> None:
        now = self._store.clock.stamp()

        def change(pod: Object) -> None:
            if pod["metadata"]["uid"] == run.uid:
                write_status(run, pod, now=now, **extra)
                if cause:
                    set_condition(pod["status"], "DisruptionTarget", True, cause, now)

        self._quietly(lambda: self._store.update("pods", *run.place, change))

    def _quietly(self, write: Callable[[], Any]) -> None:
        """Write to a pod that may be gone or replaced by now."""
        try:
            write()
        except ApiError as error:
            if error.status not in (404, 409):
                raise


def alive(run: PodRun, actor: Actor) -> Actor:
    """`actor`, until the pod is stopped."""
    while not run.stopped:
        try:
            pause = next(actor)
        except StopIteration:
            return
        yield pause
    actor.close()
