"""Measure the daemon, and a naive exporter beside it, against a replayed cluster; print the table.

make bench ARGS="--jobs 1000 10000 --repeat 3 --write"
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from measures import Effort, Numbers, measure
from subjects import EXPORTER, NAIVE, Subject

_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_LEAST_JOBS = 200
Results = dict[tuple[str, int], Numbers]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a number of `measures`, its title, how it is printed, and whether less is better."""

    key: str
    title: str
    unit: str
    scale: float = 1.0
    digits: int = 0
    compared: bool = True

    def text(self, numbers: Numbers) -> str:
        value = numbers.get(self.key)
        return "–" if value is None else f"{value / self.scale:,.{self.digits}f} {self.unit}".strip()


_MIB, _MS = 1024.0**2, 1e-3
_ROWS = (
    Row("first_sync", "Start to a page with every search right", "s", digits=2),
    Row("first_cpu", "CPU time until then", "s", digits=2),
    Row("first_bytes", "Bytes read until then", "MiB", _MIB, 1),
    Row("first_peak", "Peak memory until then", "MiB", _MIB, 1),
    Row("rest_rss", "Memory at rest", "MiB", _MIB, 1),
    Row("end_peak", "Peak memory of the whole run", "MiB", _MIB, 1),
    Row("rest_cpu", "CPU at rest", "cores", digits=4),
    Row("steady_cpu", "CPU at the steady rate of events", "cores", digits=4),
    Row("event_p50", "Event to page, p50", "ms", _MS),
    Row("event_p99", "Event to page, p99", "ms", _MS),
    Row("burst_pods", "Pod events, whole path", "/s"),
    Row("burst_jobs", "Job events, whole path", "/s"),
    Row("burst_pods_cpu", "CPU time of a pod event", "µs", 1e-6, 1),
    Row("burst_jobs_cpu", "CPU time of a Job event", "µs", 1e-6, 1),
    Row("scrape_plain_p50", "Scrape at rest, plain, p50", "ms", _MS, 2),
    Row("scrape_plain_p99", "Scrape at rest, plain, p99", "ms", _MS, 2),
    Row("scrape_gzip_p50", "Scrape at rest, gzip, p50", "ms", _MS, 2),
    Row("scrape_gzip_p99", "Scrape at rest, gzip, p99", "ms", _MS, 2),
    Row("relist_plain_p50", "Scrape during a full list, plain, p50", "ms", _MS, 2),
    Row("relist_plain_p99", "Scrape during a full list, plain, p99", "ms", _MS, 2),
    Row("relist_gzip_p50", "Scrape during a full list, gzip, p50", "ms", _MS, 2),
    Row("relist_gzip_p99", "Scrape during a full list, gzip, p99", "ms", _MS, 2),
    Row("missed", "Scrapes without an answer", "", compared=False),
    Row("series", "Series", "", compared=False),
    Row("page_plain", "Page, plain", "kB", 1000, 1, compared=False),
    Row("page_gzip", "Page, gzip", "kB", 1000, 1, compared=False),
    Row("load", "Load average before the run", "", digits=1, compared=False),
)


def main() -> None:
    """Measure what the arguments ask for, print a markdown table, write the page if told to."""
    given = _arguments()
    effort = Effort(seconds=given.seconds, rate=given.rate, burst=given.burst, poll=given.poll)
    subjects = [subject for subject in (EXPORTER, NAIVE) if given.only in ("", subject.name)]
    repeats = {EXPORTER.name: given.repeat, NAIVE.name: given.naive_repeat}
    results: Results = {}
    for jobs in given.jobs:
        for subject in subjects:
            results[subject.name, jobs] = _medians(subject, jobs, effort, repeats[subject.name])
            if given.json:
                given.json.write_text(json.dumps({f"{name} {n}": r for (name, n), r in results.items()}, indent=1))
    text = "\n".join([_facts(effort, repeats), "", *_table(results, given.jobs, subjects), *_growth(results)])
    print(text)
    if given.write:
        before, _, rest = _PAGE.read_text().partition(_BEGIN)
        after = rest.partition(_END)[2]
        _PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")


def _arguments() -> argparse.Namespace:
    effort = Effort()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1000, 10_000], help="Jobs of the cluster, by column")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the median counts (default %(default)s)")
    parser.add_argument("--naive-repeat", type=int, default=1, help="the same for the naive one (default %(default)s)")
    parser.add_argument("--only", choices=(EXPORTER.name, NAIVE.name), default="", help="one of the two")
    parser.add_argument("--seconds", type=float, default=effort.seconds, help="length of each window")
    parser.add_argument("--rate", type=float, default=effort.rate, help="events a second at the steady rate")
    parser.add_argument("--burst", type=int, default=effort.burst, help="events of a burst")
    parser.add_argument("--poll", type=float, default=effort.poll, help="seconds between two passes of the naive one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    given = parser.parse_args()
    if min(given.jobs) < _LEAST_JOBS:
        parser.error(f"--jobs: at least {_LEAST_JOBS}, so that every search has batches in every state")
    return given


def _medians(subject: Subject, jobs: int, effort: Effort, repeat: int) -> Numbers:
    runs = []
    for run in range(repeat):
        load = os.getloadavg()[0]
        print(f"{subject.name}, {jobs} Jobs, run {run + 1} of {repeat}, load {load:.1f}", file=sys.stderr)
        runs.append({"load": load, **measure(subject, jobs, effort)})
    keys = set.intersection(*(set(numbers) for numbers in runs))
    return {key: statistics.median(run[key] for run in runs) for key in sorted(keys)}


def _facts(effort: Effort, repeats: dict[str, int]) -> str:
    cores = len(os.sched_getaffinity(0))
    runs = " and ".join(f"{count} ({name})" for name, count in repeats.items())
    return (
        f"{cores} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}. "
        f"Medians of runs: {runs}; windows of {effort.seconds:g} s; steady rate {effort.rate:g} events a second; "
        f"bursts of {effort.burst:,} events; the naive exporter polls every {effort.poll:g} s."
    )


def _table(results: Results, sizes: list[int], subjects: list[Subject]) -> list[str]:
    """Beside the two columns of a size, how many times the naive number is ours."""
    ratios = len(subjects) > 1
    heads = [[f"{s.name}, {jobs:,} Jobs" for s in subjects] + ["ratio"] * ratios for jobs in sizes]
    names = ["", *(head for group in heads for head in group)]
    lines = [f"| {' | '.join(names)} |", f"|---{'|---:' * (len(names) - 1)}|"]
    for row in _ROWS:
        cells = [row.title]
        for jobs in sizes:
            numbers = [results[subject.name, jobs] for subject in subjects]
            cells += [row.text(each) for each in numbers] + [_ratio(row, numbers)] * ratios
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _ratio(row: Row, numbers: list[Numbers]) -> str:
    ours, theirs = numbers[0].get(row.key), numbers[-1].get(row.key)
    return f"{theirs / ours:,.1f}" if row.compared and ours and theirs else ""


def _growth(results: Results) -> list[str]:
    """What one more Job with its pod costs, from the smallest and the largest size."""
    sizes = sorted({jobs for _, jobs in results})
    ours = [results.get((EXPORTER.name, jobs)) for jobs in (sizes[0], sizes[-1])]
    if len(sizes) < 2 or ours[0] is None or ours[1] is None:
        return []
    each = (ours[1]["rest_rss"] - ours[0]["rest_rss"]) / (sizes[-1] - sizes[0])
    return ["", f"Each further Job with its pod adds {each:,.0f} bytes to the exporter's memory at rest."]


if __name__ == "__main__":
    main()
