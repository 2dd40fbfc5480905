"""Measure the daemon against replayed clusters and, with --real, against a kube-apiserver; others beside it.

make bench ARGS="--jobs 1000 10000 50000 150000 --real 10000 --write" KSM=path/to/kube-state-metrics
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from measures import Effort, Numbers, measure
from plot import growth
from report import Results, Run, report
from servers import Server, real, replayed
from subjects import EXPORTER, NAIVE, Subject, kube_state_metrics

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "performance.md"
_PICTURE = _ROOT / "docs" / "growth.svg"
_NUMBERS = Path(__file__).parent / "out" / "numbers.json"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_LEAST_JOBS = 200
_BESIDE = 10_000  # the others are measured at the largest size up to this one


@dataclass(frozen=True, slots=True)
class Step:
    """One run: who, against which kind of server, with how many Jobs."""

    run: Run
    subject: Subject


def main() -> None:
    """Measure what the arguments ask for, print the tables, write the page and the picture if told to."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes it started are ended too
    effort = Effort(seconds=given.seconds, rate=given.rate, burst=given.burst, poll=given.poll)
    results = _loaded(given.read) if given.read else _measured(given, effort)
    if not any(run.name == EXPORTER.name and run.server == "replay" for run in results):
        sys.exit("the exporter was not measured against the replay server")
    text = report(results, effort)
    print(text)
    if given.write:
        before, _, rest = _PAGE.read_text().partition(_BEGIN)
        after = rest.partition(_END)[2]
        _PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")
        _PICTURE.write_text(growth(results))


def _arguments() -> argparse.Namespace:
    effort = Effort()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1000, 10_000], help="Jobs of the replayed clusters")
    parser.add_argument("--real", type=int, default=0, metavar="JOBS", help="also against the real kube-apiserver")
    parser.add_argument("--ksm", default="", metavar="PROGRAM", help="kube-state-metrics, to be measured beside")
    parser.add_argument("--only", choices=(EXPORTER.name,), default="", help="without the others")
    parser.add_argument("--repeat", type=int, default=3, help=f"runs at up to {_BESIDE:,} Jobs, the median counts")
    parser.add_argument("--minutes", type=float, default=15.0, help="no run begins later; what is missing is told")
    parser.add_argument("--seconds", type=float, default=effort.seconds, help="length of each window")
    parser.add_argument("--rate", type=float, default=effort.rate, help="events a second at the steady rate")
    parser.add_argument("--burst", type=int, default=effort.burst, help="events of a burst")
    parser.add_argument("--poll", type=float, default=effort.poll, help="seconds between two passes of the naive one")
    parser.add_argument("--read", type=Path, metavar="FILE", help=f"print the numbers of an earlier run: {_NUMBERS}")
    parser.add_argument("--write", action="store_true", help="put the tables and the picture into docs/")
    given = parser.parse_args()
    if min(given.jobs) < _LEAST_JOBS:
        parser.error(f"--jobs: at least {_LEAST_JOBS}, so that every search has batches in every state")
    return given


def _measured(given: argparse.Namespace, effort: Effort) -> Results:
    """Every run there is time for; the numbers are kept in a file after each. What failed or is missing is told."""
    began = time.monotonic()
    found: dict[Run, list[Numbers]] = {}
    steps = list(_steps(given))
    with ExitStack() as stack:
        plane: Server | None = None
        for count, step in enumerate(steps, 1):
            minutes, load = (time.monotonic() - began) / 60, os.getloadavg()[0]
            _tell(f"{minutes:5.1f} min  {count}/{len(steps)}  {step.run}, load {load:.1f}")
            if minutes > given.minutes:
                _tell("no time for this one")
                continue
            try:
                if step.run.server == "real":
                    plane = plane or stack.enter_context(real(given.real))
                numbers = _once(step, plane, effort)
            except (TimeoutError, RuntimeError) as error:
                _tell(f"failed: {error}")
                continue
            found.setdefault(step.run, []).append({"load": load, **numbers})
            _keep(found)
    return {run: _median(runs) for run, runs in found.items()}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _steps(given: argparse.Namespace) -> Iterator[Step]:
    """What matters most comes first."""
    main_size = max((size for size in given.jobs if size <= _BESIDE), default=min(given.jobs))
    others = [] if given.only else [*([kube_state_metrics(given.ksm)] if given.ksm else []), NAIVE]
    sizes = [main_size, *(size for size in given.jobs if size != main_size)]
    for size in sizes:
        repeat = given.repeat if size == main_size else 1
        for subject in [EXPORTER] * repeat + (others if size == main_size else []):
            yield Step(Run(subject.name, "replay", size), subject)
    if given.real:
        for subject in [EXPORTER, *others]:
            yield Step(Run(subject.name, "real", given.real), subject)


def _once(step: Step, plane: Server | None, effort: Effort) -> Numbers:
    if plane is not None and step.run.server == "real":
        return measure(step.subject, plane, step.run.jobs, effort)
    with replayed(step.run.jobs) as server:
        return measure(step.subject, server, step.run.jobs, effort)


def _median(runs: Sequence[Numbers]) -> Numbers:
    keys = set.intersection(*(set(numbers) for numbers in runs))
    return {"runs": len(runs)} | {key: statistics.median(run[key] for run in runs) for key in sorted(keys)}


def _keep(found: dict[Run, list[Numbers]]) -> None:
    _NUMBERS.parent.mkdir(exist_ok=True)
    rows = [{"run": [run.name, run.server, run.jobs], "numbers": _median(runs)} for run, runs in found.items()]
    _NUMBERS.write_text(json.dumps(rows, indent=1))


def _loaded(file: Path) -> Results:
    return {Run(*row["run"]): row["numbers"] for row in json.loads(file.read_text())}


if __name__ == "__main__":
    main()
