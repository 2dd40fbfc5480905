"""What is measured of one exporter against one replay server, from its start to its end."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from subjects import Answer, Child, Seen, Subject, Web, free_port, seen, start_replay

_DEADLINE = 120.0
_SAMPLES = 200
_RELISTS = 3
_LEAST_SAMPLES = 20
_PASS_WAIT = 20.0  # seconds; of an exporter that is always in a pass no end is waited for
Numbers = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long and how hard: seconds of each window, events a second in it, events of a burst, seconds of a poll."""

    seconds: float = 20.0
    rate: float = 100.0
    burst: int = 50_000
    poll: float = 15.0


@dataclass(slots=True, kw_only=True)
class Bench:
    """One running exporter, its page, and the API server that it reads."""

    subject: Subject
    effort: Effort
    child: Child
    page: Web
    api: Web
    began: float

    def look(self) -> Seen | None:
        """What the page says, None if it says nothing new."""
        answer = self.page.scrape(changed_only=True)
        return seen(self.subject, answer.body) if answer.status == 200 else None

    def until(self, done: Callable[[Seen], bool], what: str) -> float:
        """Look at the page until it says so; the moment."""
        ends = time.monotonic() + _DEADLINE
        while time.monotonic() < ends:
            self.child.check()
            found = self.look()
            if found and done(found):
                return time.monotonic()
            time.sleep(self.subject.look_every)
        raise TimeoutError(f"{self.subject.name}: no {what} within {_DEADLINE:.0f} s")

    def facts(self) -> Any:
        return self.api.ask("GET", "/bench/facts")


def measure(subject: Subject, jobs: int, effort: Effort) -> Numbers:
    """Every number of one exporter at one size."""
    server, port = start_replay(jobs)
    api, page_port = Web(port), free_port()
    began = time.monotonic()
    child = Child(subject.command(f"http://127.0.0.1:{port}", page_port, effort.poll))
    bench = Bench(subject=subject, effort=effort, child=child, page=Web(page_port), api=api, began=began)
    try:
        numbers: Numbers = {}
        for step in (_first_sync, _rest, _page, _scrapes, _steady, _latency, _bursts, _end):
            numbers |= step(bench)
        return numbers
    finally:
        child.stop()
        server.stop()


def _first_sync(bench: Bench) -> Numbers:
    expected = bench.facts()["states"]
    at = bench.until(lambda page: page.states == expected and not page.stale, "right page")
    return {
        "first_sync": at - bench.began,
        "first_cpu": bench.child.cpu(),
        "first_bytes": bench.facts()["sent"],
        "first_peak": bench.child.memory("VmHWM"),
    }


def _rest(bench: Bench) -> Numbers:
    time.sleep(1.0)
    cpu = _cpu_share(bench)
    return {"rest_cpu": cpu, "rest_rss": bench.child.memory("VmRSS")}


def _cpu_share(bench: Bench) -> float:
    began, before = time.monotonic(), bench.child.cpu()
    time.sleep(bench.effort.seconds)
    return (bench.child.cpu() - before) / (time.monotonic() - began)


def _page(bench: Bench) -> Numbers:
    plain, packed = bench.page.scrape(), bench.page.scrape(compressed=True)
    return {
        "page_plain": len(plain.body),
        "page_gzip": len(packed.body),
        "series": seen(bench.subject, plain.body).series,
    }


def _scrapes(bench: Bench) -> Numbers:
    """At rest, and while a pass over everything is under way; of an exporter that only polls, that is its next pass."""
    answers = {False: list[Answer](), True: list[Answer]()}

    def scrape() -> None:
        for compressed, kept in answers.items():
            kept.append(bench.page.scrape(compressed=compressed))
            time.sleep(0.005)

    for _ in range(_SAMPLES):
        scrape()
    for _ in range(_RELISTS):
        since = time.monotonic()
        bench.api.ask("POST", "/bench/expire")
        while not _passed(bench, since) and time.monotonic() - since < bench.effort.poll + _PASS_WAIT:
            for _ in range(10):
                scrape()
    passes = list(_passes(bench))
    numbers: Numbers = {}
    for compressed, kept in answers.items():
        form = "gzip" if compressed else "plain"
        during = [a for a in kept if any(a.began < end and a.ended > start for start, end in passes)]
        resting = [a for a in kept if a not in during]
        numbers |= _quantiles(f"scrape_{form}", [a.ended - a.began for a in resting if a.status == 200])
        numbers |= _quantiles(f"relist_{form}", [a.ended - a.began for a in during if a.status == 200])
        numbers["missed"] = numbers.get("missed", 0) + sum(a.status != 200 for a in kept)
    return numbers


def _passes(bench: Bench) -> Iterable[tuple[float, float]]:
    """Stretches of LISTs: the client's work between two pages belongs to them."""
    stretch: tuple[float, float] | None = None
    for start, end in sorted(bench.facts()["lists"]):
        if stretch is not None and start - stretch[1] <= bench.subject.page_time:
            stretch = (stretch[0], max(stretch[1], end))
            continue
        if stretch is not None:
            yield stretch
        stretch = (start, end)
    if stretch is not None:
        yield stretch


def _passed(bench: Bench, since: float) -> bool:
    now = time.monotonic()
    return any(start >= since and now - end > bench.subject.page_time for start, end in _passes(bench))


def _steady(bench: Bench) -> Numbers:
    """CPU while events come, with a scrape now and then as Prometheus does it."""
    bench.api.ask("POST", f"/bench/rate?per_second={bench.effort.rate}")
    bench.page.scrape(compressed=True)
    return {"steady_cpu": _cpu_share(bench)}


def _latency(bench: Bench) -> Numbers:
    """From the moment an event is sent to the page that tells of it: each event adds one to a counter."""
    ends = time.monotonic() + bench.effort.seconds
    base = len(bench.facts()["restarts"])
    found: list[tuple[float, float]] = []
    while time.monotonic() < ends:
        if page := bench.look():
            found.append((time.monotonic(), page.restarts))
        time.sleep(bench.subject.look_every)
    bench.api.ask("POST", "/bench/rate?per_second=0")
    sent = bench.facts()["restarts"]
    last = bench.until(lambda page: page.restarts >= len(sent), "last event")
    found.append((last, len(sent)))
    return _quantiles("event", _delays(sent, found, base))


def _delays(sent: Sequence[float], found: Iterable[tuple[float, float]], base: int) -> list[float]:
    delays: list[float] = []
    shown = base
    for at, restarts in found:
        while shown < min(restarts, len(sent)):
            delays.append(at - sent[shown])
            shown += 1
    return delays


def _bursts(bench: Bench) -> Numbers:
    """Events a second when they come as fast as they are taken, from the first one sent to the page with the last."""
    if not bench.subject.watches:
        return {}
    numbers: Numbers = {}
    for resource in ("pods", "jobs"):
        count, cpu = bench.effort.burst, bench.child.cpu()
        sent = bench.api.ask("POST", f"/bench/burst?resource={resource}&count={count}")
        facts = bench.facts()
        done = sum(states.get("succeeded", 0) for states in facts["states"].values())
        restarts = len(facts["restarts"])

        def shown(page: Seen, done: int = done, restarts: int = restarts) -> bool:
            return page.restarts >= restarts and sum(s.get("succeeded", 0) for s in page.states.values()) >= done

        numbers[f"burst_{resource}"] = count / (bench.until(shown, "end of the burst") - sent["began"])
        numbers[f"burst_{resource}_cpu"] = (bench.child.cpu() - cpu) / count
    return numbers


def _end(bench: Bench) -> Numbers:
    return {"end_peak": bench.child.memory("VmHWM"), "end_rss": bench.child.memory("VmRSS")}


def _quantiles(name: str, values: Sequence[float]) -> Numbers:
    if len(values) < _LEAST_SAMPLES:
        return {}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {f"{name}_p50": cuts[49], f"{name}_p99": cuts[98], f"{name}_n": len(values)}
