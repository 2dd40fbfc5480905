"""Failed attempts: which runs of which containers failed, each counted once, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.domain.records import ContainerRecord, Ending, PodRecord

SIGKILL = 137
SIGTERM = 143
_BLAST_CODES = {1: "bad_input", 2: "database", 3: "engine", 4: "memory", 5: "network", 6: "output", 255: "exit_255"}
_START_REASONS = frozenset({"StartError", "ContainerCannotRun"})
_POD_REASONS = {"Evicted": "evicted", "DeadlineExceeded": "deadline", "NodeLost": "evicted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One failed attempt. `container` is empty where the pod failed as a whole; `ending` None if nobody saw it."""

    container: str
    reason: str
    ending: Ending | None = None


def new_attempts(pod: PodRecord, counted: dict[str, int], *, oom_node: bool = False) -> Iterator[Attempt]:
    """The failed attempts that this state of the pod shows and `counted` does not hold yet; `counted` is updated.

    `counted` maps a container's name to how many of its runs have been looked at ("" for the pod as a whole).
    A run that ended while nobody looked is a failed attempt for the reason `other`: containers of Jobs restart
    only after a failure. `oom_node`: its node has just reported OOMKilling.
    """
    whole = _POD_REASONS.get(pod.status_reason)
    if whole and not counted.get(""):
        counted[""] = 1
        yield Attempt(container="", reason=whole)
    for container in pod.containers:
        for run, ending in _ended_runs(container, counted):
            if not whole and _is_failure(pod, container, run, ending):
                reason = failure_reason(pod, container, ending, oom_node=oom_node) if ending else "other"
                yield Attempt(container=container.name, reason=reason, ending=ending)


def _ended_runs(container: ContainerRecord, counted: dict[str, int]) -> Iterator[tuple[int, Ending | None]]:
    """Runs not looked at before, by number from 0, with their endings; None where a run ended unseen."""
    runs = _runs_ended(container)
    seen = counted.get(container.name, 0)
    if runs <= seen:
        return
    counted[container.name] = runs
    known = [container.ended] if container.ended else []
    if container.last:
        known.insert(0, container.last)
    known = known[-(runs - seen) :]
    yield from enumerate([*[None] * (runs - seen - len(known)), *known], start=seen)


def _runs_ended(container: ContainerRecord) -> int:
    # While a container waits to be restarted, lastState already is the run that restartCount numbers.
    waits = container.running_since is None and container.ended is None
    return container.restarts + (1 if container.ended or (waits and container.last) else 0)


def _is_failure(pod: PodRecord, container: ContainerRecord, run: int, ending: Ending | None) -> bool:
    if container.name == "results-export" and run < _failed_runs_of_blast(pod):
        return False  # it passes BLAST's own exit code through: the same failed attempt
    if ending is None:
        return True
    if ending.exit_code == 0:
        return False
    stopped = pod.deleting and not pod.disruption and ending.exit_code in (SIGKILL, SIGTERM)
    return not stopped or ending.reason == "OOMKilled"


def _failed_runs_of_blast(pod: PodRecord) -> int:
    blast = next((c for c in pod.containers if c.name == "blast"), None)
    if blast is None:
        return 0
    return _runs_ended(blast) - (blast.ended is not None and blast.ended.exit_code == 0)


def failure_reason(pod: PodRecord, container: ContainerRecord, ending: Ending, *, oom_node: bool) -> str:
    """The failure reason, one of words.FAILURE_REASONS, of one failed run."""
    code = ending.exit_code
    if ending.reason == "OOMKilled" or (code == SIGKILL and oom_node):
        return "memory"
    if ending.reason in _START_REASONS:
        return "start"
    if code in (SIGKILL, SIGTERM):
        return "killed" if code == SIGKILL else "terminated"
    if container.init or pod.role in ("setup", "warmup"):
        return "download"
    if container.name == "results-export":
        return "export"
    return _BLAST_CODES.get(code, "other") if pod.role == "blast" else "other"
