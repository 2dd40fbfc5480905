"""The status of one pod, written the way a kubelet writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exporter.simulator.kinds import Object
from exporter.simulator.world.script import Exit, Script

CREATING = {"waiting": {"reason": "ContainerCreating"}}
INITIALIZING = {"waiting": {"reason": "PodInitializing"}}


@dataclass(slots=True, kw_only=True)
class Box:
    """One container: its present state, the one before, and how often it was restarted."""

    name: str
    image: str
    init: bool
    state: Object = field(default_factory=lambda: dict(INITIALIZING))
    last: Object = field(default_factory=dict)
    restarts: int = 0
    over: bool = False

    @property
    def running(self) -> bool:
        return "running" in self.state

    @property
    def code(self) -> int | None:
        """The exit code of a container that ended and is not restarted."""
        end = self.state.get("terminated")
        return None if end is None else int(end["exitCode"])

    def start(self, now: str) -> None:
        self.state = {"running": {"startedAt": now}}

    def end(self, end: Exit, now: str) -> None:
        started = self.state.get("running", {}).get("startedAt", now)
        self.state = {
            "terminated": {
                "exitCode": end.code,
                "reason": end.word,
                "startedAt": started,
                "finishedAt": now,
                "containerID": f"containerd://{self.name}-{self.restarts}",
            }
        }

    def wait(self, reason: str, message: str = "") -> None:
        if "terminated" in self.state:
            self.last = self.state
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}

    def status(self) -> Object:
        return {
            "name": self.name,
            "image": self.image,
            "imageID": "",
            "ready": self.code == 0 if self.init else self.running,
            "started": self.running,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last,
        }


@dataclass(slots=True, kw_only=True)
class PodRun:
    """A pod on its node. `stopped` ends all its processes; `files` is the directory its containers share."""

    pod: Object
    owner: str
    script: Script
    boxes: list[Box]
    started: str
    files: dict[str, Any] = field(default_factory=dict)
    phase: str = "Pending"
    stopped: bool = False

    @classmethod
    def of(cls, pod: Object, script: Script, now: str) -> PodRun:
        spec = pod["spec"]
        first = dict(INITIALIZING if spec.get("initContainers") else CREATING)
        boxes = [
            Box(name=each["name"], image=each["image"], init=init, state=first)
            for init, group in ((True, "initContainers"), (False, "containers"))
            for each in spec.get(group, ())
        ]
        return cls(pod=pod, owner=owner_uid(pod), script=script, boxes=boxes, started=now)

    @property
    def uid(self) -> str:
        return str(self.pod["metadata"]["uid"])

    @property
    def place(self) -> tuple[str, str]:
        return self.pod["metadata"]["namespace"], self.pod["metadata"]["name"]

    @property
    def node(self) -> str:
        return str(self.pod["spec"]["nodeName"])

    @property
    def inits(self) -> list[Box]:
        return [box for box in self.boxes if box.init]

    @property
    def mains(self) -> list[Box]:
        return [box for box in self.boxes if not box.init]


def owner_uid(pod: Object) -> str:
    """The uid of the owner, or of the pod itself."""
    owners = pod["metadata"].get("ownerReferences") or [pod["metadata"]]
    return str(owners[0]["uid"])


def write_status(run: PodRun, pod: Object, *, now: str, **extra: str) -> None:
    """Bring the status of `pod` in line with `run`; conditions of other writers stay."""
    status = pod.setdefault("status", {})
    status["phase"] = run.phase
    status["startTime"] = run.started
    status.update(extra)
    for group, boxes in (("initContainerStatuses", run.inits), ("containerStatuses", run.mains)):
        if boxes:
            status[group] = [box.status() for box in boxes]
    initialized = all(box.code == 0 for box in run.inits)
    ready = run.phase == "Running" and all(box.running for box in run.mains)
    done = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(run.phase, "")
    set_condition(status, "PodScheduled", True, "", now)
    set_condition(status, "Initialized", initialized, "" if initialized else "ContainersNotInitialized", now)
    for kind in ("Ready", "ContainersReady"):
        set_condition(status, kind, ready, "" if ready else done or "ContainersNotReady", now)


def set_condition(status: Object, kind: str, value: bool, reason: str, now: str, message: str = "") -> None:
    """Set one condition in place; its transition time moves only with its value."""
    conditions = status.setdefault("conditions", [])
    old = next((each for each in conditions if each["type"] == kind), None)
    word = "True" if value else "False"
    same = old is not None and old["status"] == word
    new = {
        "type": kind,
        "status": word,
        "lastProbeTime": None,
        "lastTransitionTime": old["lastTransitionTime"] if same and old else now,
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }
    if old is None:
        conditions.append(new)
    else:
        conditions[conditions.index(old)] = new
