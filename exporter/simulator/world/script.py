"""What the processes in a pod do: how long they run and how they end."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.simulator.kinds import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """The end of one container run. `silent` means it died before it could leave its exit code for results-export."""

    code: int = 0
    reason: str = ""
    silent: bool = False

    @property
    def word(self) -> str:
        return self.reason or ("Completed" if self.code == 0 else "Error")


OK = Exit()
BAD_INPUT = Exit(code=1)
NO_DATABASE = Exit(code=2)
OUT_OF_MEMORY = Exit(code=137, reason="OOMKilled", silent=True)
CHILD_OUT_OF_MEMORY = Exit(code=137, reason="Error", silent=True)


@dataclass(slots=True, kw_only=True)
class Run:
    """What a process knows: its pod, how often this container of its Job was started before, the shared files."""

    pod: Object
    container: str
    start: int
    files: dict[str, Any]
    rng: random.Random


Process = Callable[[Run], Generator[float, None, Exit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Processes by container name, the seconds an image takes to come, and whether it comes at all."""

    processes: Mapping[str, Process] = field(default_factory=dict)
    pull: float = 2.0
    image: Callable[[], bool] = lambda: True


def runs(seconds: float, *exits: Exit) -> Process:
    """Run about `seconds`, then end: the n-th start with the n-th exit, further ones with the last; no exit is 0."""

    def process(run: Run) -> Generator[float, None, Exit]:
        yield seconds * run.rng.uniform(0.9, 1.1)
        return exits[min(run.start, len(exits) - 1)] if exits else OK

    return process


def blast(seconds: float, *exits: Exit) -> Process:
    """As `runs`, and leave the exit code in the shared directory unless it was killed."""
    search = runs(seconds, *exits)

    def process(run: Run) -> Generator[float, None, Exit]:
        run.files.pop("exit", None)
        end = yield from search(run)
        if not end.silent:
            run.files["exit"] = end.code
        return end

    return process


def export(own: Exit = OK) -> Process:
    """Wait for BLAST's exit code, upload for 2 to 5 s, end with the same code; with `own` if the upload fails."""

    def process(run: Run) -> Generator[float, None, Exit]:
        while "exit" not in run.files:
            yield 2.0
        yield run.rng.uniform(2.0, 5.0)
        return own if own.code else Exit(code=run.files["exit"])

    return process


def batch_script(seconds: float, *exits: Exit, load: float = 3.0, export_exit: Exit = OK, **fields: Any) -> Script:
    """The script of a batch pod."""
    processes = {
        "import-query-batches": runs(load),
        "load-blastdb-into-ram": runs(load),
        "blast": blast(seconds, *exits),
        "results-export": export(export_exit),
    }
    return Script(processes=processes, **fields)


def setup_script(seconds: float, *exits: Exit, **fields: Any) -> Script:
    """The script of a setup pod: the database takes `seconds`, the queries a few."""
    return Script(processes={"get-blastdb": runs(seconds, *exits), "import-query-batches": runs(5.0)}, **fields)


def serve(_run: Run) -> Generator[float, None, Exit]:
    """Run until stopped."""
    while True:
        yield 3600.0


DEFAULTS: dict[str, Script] = {
    "blast": batch_script(30.0),
    "setup": setup_script(30.0),
    "elb-db-warmup": Script(processes={"warmup": runs(90.0)}),
    "elb-openapi": Script(processes={"openapi": serve}),
}
"""Scripts by the label `app`, for Jobs nobody wrote one for."""
OTHER = Script()
ANY_PROCESS = runs(10.0)
