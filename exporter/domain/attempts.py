"""Failed attempts: which runs of which containers failed, each counted once, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from exporter.domain.records import ContainerRecord, Ending, PodRecord, value_class

Counted = tuple[tuple[str, int], ...]
"""How many runs of each container have been looked at ("" for the pod as a whole), by name."""
NONE_COUNTED: Counted = ()
SIGKILL = 137
SIGTERM = 143
_BLAST_CODES = {1: "bad_input", 2: "database", 3: "engine", 4: "memory", 5: "network", 6: "output", 255: "exit_255"}
_START_REASONS = frozenset({"StartError", "ContainerCannotRun"})
_POD_REASONS = {"Evicted": "evicted", "DeadlineExceeded": "deadline", "NodeLost": "evicted"}


@value_class
class Attempt:
    """One failed attempt, or `times` of them that nobody saw end. `container` is empty where the pod failed as a whole;
    `ending` is None if nobody saw it."""

    container: str
    reason: str
    ending: Ending | None = None
    times: int = 1


def new_attempts(pod: PodRecord, counted: Counted) -> tuple[Sequence[Attempt], Counted]:
    """The failed attempts that this state of the pod shows and `counted` does not hold yet; and what is counted now.

    A run that ended while nobody looked is a failed attempt for the reason `other`: containers of Jobs restart
    only after a failure.
    """
    whole = _POD_REASONS.get(pod.status_reason)
    known = dict(counted)
    attempts: list[Attempt] = []
    news = False
    if whole and not known.get(""):
        news = True
        known[""] = 1
        attempts.append(Attempt(container="", reason=whole))
    for container in pod.containers:
        seen, runs = known.get(container.name, 0), _runs_ended(container)
        if runs <= seen:
            continue
        news = True
        known[container.name] = runs
        if not whole:
            attempts += _of_container(pod, container, range(seen, runs))
    return attempts, _one(tuple(known.items())) if news else counted


@lru_cache(maxsize=1024)
def _one(counted: Counted) -> Counted:
    """Of equal ones, one object: most pods of a search have ended as many runs."""
    return counted


def _of_container(pod: PodRecord, container: ContainerRecord, runs: range) -> Iterator[Attempt]:
    """The failed ones of these runs, numbered from 0. Only the last one or two tell how they ended."""
    passed_on = _failed_runs_of_blast(pod) if container.name == "results-export" else 0
    known = [ending for ending in (container.last, container.ended) if ending is not None][-len(runs) :]
    unseen = len(range(max(runs.start, passed_on), runs.stop - len(known)))
    if unseen:
        yield Attempt(container=container.name, reason="other", times=unseen)
    for run, ending in enumerate(known, start=runs.stop - len(known)):
        if run >= passed_on and _is_failure(pod, ending):
            reason = failure_reason(pod, container, ending)
            yield Attempt(container=container.name, reason=reason, ending=ending)


def _runs_ended(container: ContainerRecord) -> int:
    # While a container waits to be restarted, lastState already is the run that restartCount numbers.
    waits = container.running_since is None and container.ended is None
    return container.restarts + (1 if container.ended or (waits and container.last) else 0)


def _is_failure(pod: PodRecord, ending: Ending) -> bool:
    if ending.exit_code == 0:
        return False
    stopped = pod.deleting and not pod.disruption and ending.exit_code in (SIGKILL, SIGTERM)
    return not stopped or ending.reason == "OOMKilled"


def _failed_runs_of_blast(pod: PodRecord) -> int:
    """How many runs of results-export only pass BLAST's own exit code through: the same failed attempts."""
    blast = next((c for c in pod.containers if c.name == "blast"), None)
    if blast is None:
        return 0
    return _runs_ended(blast) - (blast.ended is not None and blast.ended.exit_code == 0)


def failure_reason(pod: PodRecord, container: ContainerRecord, ending: Ending) -> str:
    """The failure reason, one of words.FAILURE_REASONS, of one failed run."""
    code = ending.exit_code
    if ending.reason == "OOMKilled":
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
