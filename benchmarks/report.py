"""The numbers as markdown: the machine, the goals, and three tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from goals import GOALS, Goal
from measures import Effort, Numbers


@dataclass(frozen=True, slots=True)
class Run:
    """Who was measured, against which server (replay or real), with how many Jobs."""

    name: str
    server: str
    jobs: int

    def __str__(self) -> str:
        return f"{self.name}, {self.jobs:,} Jobs, {self.server}"


Results = dict[Run, Numbers]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a number of `measures`, its title, how it is printed, and whether less is better."""

    key: str
    title: str
    unit: str
    scale: float = 1.0
    digits: int = 0
    compared: bool = True

    def text(self, numbers: Numbers) -> str:
        value = numbers.get(self.key)
        return "–" if value is None else f"{value / self.scale:,.{self.digits}f} {self.unit}".strip()


_MB, _MS = 1e6, 1e-3
_ROWS = (
    Row("first_answer", "Start to first answer", "s", digits=2),
    Row("first_sync", "Start to a page with everything right", "s", digits=2),
    Row("list_time", "First LIST to that page", "s", digits=2),
    Row("curl", "curl, the same bytes", "s", digits=2, compared=False),
    Row("curl_ratio", "First LIST to that page, ÷ curl", "", digits=2),
    Row("first_bytes", "Bytes listed", "MB", _MB, 1),
    Row("first_cpu", "CPU time until then", "s", digits=2),
    Row("client_work", "of it, after the first answer", "s", digits=2),
    Row("first_peak", "Peak memory until then", "MB", _MB, 1),
    Row("rest_rss", "Memory at rest", "MB", _MB, 1),
    Row("end_peak", "Peak memory of the whole run", "MB", _MB, 1),
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
    Row("series", "Series", ""),
    Row("page_plain", "Page, plain", "kB", 1000, 1),
    Row("page_gzip", "Page, gzip", "kB", 1000, 1),
    Row("load", "Load average before the run", "", digits=1, compared=False),
)
_MORE_IS_BETTER = ("burst_pods", "burst_jobs")
_QUIET = 1.0  # load average up to which times are the exporter's own
_NO_RACE = ("first_answer", "client_work", "curl_ratio")  # an interpreter starts later than a program; it is told


def report(results: Results, effort: Effort) -> str:
    """Everything that stands between the marks of docs/performance.md."""
    results = {run: _derived(numbers) for run, numbers in results.items()}
    replayed = {run: numbers for run, numbers in results.items() if run.server == "replay"}
    beside = next((run.jobs for run in replayed if run.name != "exporter"), min(run.jobs for run in replayed))
    by_name = {run.name: numbers for run, numbers in replayed.items() if run.jobs == beside}
    by_size = {f"{r.jobs:,} Jobs": n for r, n in sorted(replayed.items(), key=_jobs) if r.name == "exporter"}
    lines = [_facts(effort), "", *_goals(by_name, by_size)]
    if len(by_name) > 1:
        lines += ["", f"### {beside:,} Jobs, beside others", "", *_table(by_name, ratios=True)]
    lines += ["", "### By size", "", *_table(by_size), "", *_sizing(replayed)]
    actual = {run.name: numbers for run, numbers in results.items() if run.server == "real"}
    if actual:
        jobs = next(run.jobs for run in results if run.server == "real")
        lines += ["", f"### Against a kube-apiserver, {jobs:,} Jobs", "", *_table(actual, ratios=True)]
    return "\n".join(lines)


def _derived(numbers: Numbers) -> Numbers:
    missed = sum(numbers.get(f"{name}_missed", 0) for name in ("scrape", "relist"))
    ratio = {"curl_ratio": numbers["list_time"] / numbers["curl"]} if "curl" in numbers else {}
    return {**numbers, **ratio, "missed": missed}


def _jobs(item: tuple[Run, Numbers]) -> int:
    return item[0].jobs


def _facts(effort: Effort) -> str:
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}; "
        f"windows of {effort.seconds:g} s; steady rate {effort.rate:g} events a second; "
        f"bursts of {effort.burst:,} events; the naive exporter polls every {effort.poll:g} s."
    )


def _goals(by_name: dict[str, Numbers], by_size: dict[str, Numbers]) -> list[str]:
    lines = [_goal(goal, by_size[goal.size]) for goal in GOALS if goal.size in by_size]
    rival = by_name.get("kube-state-metrics")
    if rival and "exporter" in by_name:
        behind = [row.title for row in _ROWS if _is_behind(row, by_name["exporter"], rival)]
        told = "yes | |" if not behind else f"no | behind in: {'; '.join(behind)} |"
        lines.append(f"| Ahead of kube-state-metrics in the next table, the first answer aside | | {told}")
    return ["| Goal | Measured | Met | If not: known limit |", "|---|---:|---|---|", *lines] if lines else []


def _goal(goal: Goal, numbers: Numbers) -> str:
    try:
        value, most = goal.value(numbers), goal.most(numbers)
    except KeyError:  # too few samples for a quantile
        return f"| {goal.size}: {goal.title} | – | not measured | |"
    met = value <= most if goal.less else value >= most
    busy = f"other work on the machine (load {numbers['load']:.1f}); else: " * (numbers["load"] > _QUIET)
    told = "yes | |" if met else f"no | {busy}{goal.limit} |"
    sign = "≤" if goal.less else "≥"
    return f"| {goal.size}: {goal.title} {sign} {goal.text(most)} | {goal.text(value)} | {told}"


def _is_behind(row: Row, ours: Numbers, theirs: Numbers) -> bool:
    if not row.compared or row.key in _NO_RACE or row.key not in ours or row.key not in theirs:
        return False
    ours_less = ours[row.key] < theirs[row.key]
    return ours_less if row.key in _MORE_IS_BETTER else ours[row.key] > theirs[row.key]


def _table(columns: dict[str, Numbers], *, ratios: bool = False) -> list[str]:
    """With `ratios`: beside each column after the first, how many times better the first one is."""
    first = next(iter(columns.values()))
    heads = [""]
    for name, numbers in columns.items():
        heads += [name] + ["ratio"] * (ratios and numbers is not first)
    lines = [f"| {' | '.join(heads)} |", f"|---{'|---:' * (len(heads) - 1)}|"]
    for row in _ROWS:
        if not any(row.key in numbers for numbers in columns.values()):
            continue
        cells = [row.title]
        for numbers in columns.values():
            cells += [row.text(numbers)] + [_ratio(row, first, numbers)] * (ratios and numbers is not first)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _ratio(row: Row, first: Numbers, other: Numbers) -> str:
    ours, theirs = first.get(row.key), other.get(row.key)
    if not row.compared or not ours or not theirs:
        return ""
    return f"{ours / theirs if row.key in _MORE_IS_BETTER else theirs / ours:,.1f}"


def _sizing(results: Results) -> Sequence[str]:
    """What a Job, an event and a list cost, from the smallest and the largest size."""
    ours = sorted(((run, numbers) for run, numbers in results.items() if run.name == "exporter"), key=_jobs)
    (small, first), (large, last) = ours[0], ours[-1]
    if small == large:
        return []
    more = large.jobs - small.jobs
    memory = (last["rest_rss"] - first["rest_rss"]) / more
    base = (first["rest_rss"] - memory * small.jobs) / _MB
    listed = (last["client_work"] - first["client_work"]) / more
    event = max(last["burst_pods_cpu"], last["burst_jobs_cpu"])
    return [
        "### Sizing",
        "",
        f"Between {small.jobs:,} and {large.jobs:,} Jobs, the lines through the two ends:",
        "",
        f"* memory at rest: {base:,.0f} MB and {memory:,.0f} bytes for each Job with its pod; "
        f"while a list is read, {last['first_peak'] / last['rest_rss']:.2f} times that;",
        f"* CPU of a full list (at the start, and after a 410): {listed * 1e6:,.0f} µs for each Job with its pod, "
        f"{1 / listed:,.0f} Jobs for each second of one core;",
        f"* CPU of an event: {event * 1e6:,.0f} µs, {1 / event:,.0f} events a second fill one core;",
        f"* CPU at rest: {last['rest_cpu']:.3f} cores at {large.jobs:,} Jobs.",
    ]
