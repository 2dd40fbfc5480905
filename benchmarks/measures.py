"""What is measured of one exporter against one API server, from its start to its end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from children import Answer, Child, Web, imported
from servers import Replayed, Server
from subjects import EXPORTER, Facts, Seen, Setting, Subject

_DEADLINE = 120.0
_JOBS_A_SECOND = 1000  # on a machine that is busy with other work
_SAMPLES = 200
_SAMPLE_SECONDS = 20.0
_RELISTS = 3
_LEAST_SAMPLES = 5
_LOOK_AT_PASSES = 0.1
_PASS_WAIT = 20.0  # seconds; of an exporter that is always in a pass no end is waited for
Numbers = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long and how hard: seconds of each window, events a second in it, events of a burst, seconds of a poll."""

    seconds: float = 10.0
    rate: float = 100.0
    burst: int = 30_000
    poll: float = 10.0


@dataclass(slots=True, kw_only=True)
class Bench:
    """One running exporter, its page, and the API server that it reads."""

    subject: Subject
    effort: Effort
    child: Child
    page: Web
    server: Server
    began: float
    jobs: int

    @property
    def patience(self) -> float:
        """Seconds after which something has failed."""
        return _DEADLINE + self.jobs / _JOBS_A_SECOND

    def look(self) -> Seen | None:
        """What the page says, None if it says nothing new."""
        answer = self.page.scrape(changed_only=True)
        return self.subject.read(answer.body) if answer.status == 200 else None

    def until(self, done: Callable[[Seen], bool], what: str) -> float:
        """Look at the page until it says so; the moment when that page had come."""
        ends = time.monotonic() + self.patience
        while time.monotonic() < ends:
            self.child.check()
            found, at = self.look(), time.monotonic()
            if found and done(found):
                return at
            time.sleep(self.subject.look_every)
        raise TimeoutError(f"{self.subject.name}: no {what} within {self.patience:.0f} s")


def measure(subject: Subject, server: Server, jobs: int, effort: Effort) -> Numbers:
    """Every number of one exporter against one server with so many Jobs."""
    server.begin()
    steps: list[Callable[[Bench], Numbers]] = [_first_sync, _curl, _rest, _page, _scrapes]
    if isinstance(server, Replayed):
        steps += [partial(step, server) for step in (_relists, _steady, _latency, _bursts)]
    with TemporaryDirectory() as folder:
        setting = Setting(
            server=server.address, kubeconfig=server.kubeconfig, folder=Path(folder), jobs=jobs, poll=effort.poll
        )
        command = subject.command(setting)
        numbers: Numbers = {"imports": imported("exporter.cli.run")} if subject is EXPORTER else {}
        began = time.monotonic()
        child = Child(command)
        bench = Bench(
            subject=subject, effort=effort, child=child, page=Web(setting.port), server=server, began=began, jobs=jobs
        )
        try:
            for step in (*steps, _end):
                numbers |= step(bench)
        finally:
            child.stop()
    return numbers


def _first_sync(bench: Bench) -> Numbers:
    """`client_work`: its CPU time since it answered for the first time, when what it imports was there."""
    while bench.page.scrape().status != 200:
        bench.child.check()
        if time.monotonic() - bench.began > _DEADLINE:
            raise TimeoutError(f"{bench.subject.name}: no answer")
        time.sleep(0.01)
    answered, before = time.monotonic(), bench.child.cpu()
    expected = bench.subject.states(bench.server.facts())
    at = bench.until(lambda page: page.states == expected and not page.stale, "right page")
    return {
        "first_answer": answered - bench.began,
        "first_sync": at - bench.began,
        "list_time": at - bench.server.asked_at(),
        "first_cpu": bench.child.cpu(),
        "client_work": bench.child.cpu() - before,
        "first_peak": bench.child.memory("VmHWM"),
    }


def _curl(bench: Bench) -> Numbers:
    """The same bytes again, by curl. If it did not list, the server streamed what was there: what it read counts."""
    fetched = bench.server.fetch()
    if not fetched.size:
        return {"first_bytes": bench.child.read()}
    return {"curl": fetched.seconds, "first_bytes": fetched.size}


def _rest(bench: Bench) -> Numbers:
    """No events, and one scrape, as Prometheus does it."""
    time.sleep(1.0)
    cpu = _cpu_share(bench)
    return {"rest_cpu": cpu, "rest_rss": bench.child.memory("VmRSS")}


def _cpu_share(bench: Bench) -> float:
    """Of a window with one scrape in it."""
    began, before = time.monotonic(), bench.child.cpu()
    bench.page.scrape(compressed=True)
    time.sleep(max(bench.effort.seconds - (time.monotonic() - began), 0.0))
    return (bench.child.cpu() - before) / (time.monotonic() - began)


def _page(bench: Bench) -> Numbers:
    plain, packed = bench.page.scrape(), bench.page.scrape(compressed=True)
    return {
        "page_plain": len(plain.body),
        "page_gzip": len(packed.body),
        "series": bench.subject.read(plain.body).series,
    }


class _Scraper:
    """Scrapes plain and gzip by turns, and keeps the answers."""

    def __init__(self, bench: Bench) -> None:
        self.page = bench.page
        self.answers = {False: list[Answer](), True: list[Answer]()}

    def both(self) -> None:
        for compressed, kept in self.answers.items():
            kept.append(self.page.scrape(compressed=compressed))
            time.sleep(0.005)

    def numbers(self, name: str, counts: Callable[[Answer], bool] = lambda _: True) -> Numbers:
        """Quantiles of the answers that count, by form, and how many scrapes had no answer."""
        numbers: Numbers = {}
        for compressed, kept in self.answers.items():
            times = [a.ended - a.began for a in kept if a.status == 200 and counts(a)]
            numbers |= _quantiles(f"{name}_{'gzip' if compressed else 'plain'}", times)
        missed = sum(answer.status != 200 for kept in self.answers.values() for answer in kept)
        return {**numbers, f"{name}_missed": missed}


def _scrapes(bench: Bench) -> Numbers:
    """At rest: 200 of each form, or as many as 20 s allow. A poll that is under way counts as rest for who polls."""
    scraper, ends = _Scraper(bench), time.monotonic() + _SAMPLE_SECONDS
    for done in range(_SAMPLES):
        if done >= _LEAST_SAMPLES and time.monotonic() > ends:
            break
        scraper.both()
    return scraper.numbers("scrape")


def _relists(server: Replayed, bench: Bench) -> Numbers:
    """While a pass over everything is under way; of an exporter that only polls, that is its next pass."""
    scraper = _Scraper(bench)
    watched = set(server.facts()["watched"])
    for _ in range(_RELISTS):
        since = time.monotonic()
        server.order("expire")
        while not _passed(bench, since) and time.monotonic() - since < bench.effort.poll + _PASS_WAIT:
            look_again = time.monotonic() + _LOOK_AT_PASSES
            while time.monotonic() < look_again:
                scraper.both()
    _await(lambda: watched <= set(server.facts()["watched"]))
    passes = list(_passes(bench))
    return scraper.numbers("relist", lambda a: any(a.began < end and a.ended > start for start, end in passes))


def _await(done: Callable[[], bool]) -> None:
    """Wait until it is so, or until the deadline: what comes next then tells."""
    ends = time.monotonic() + _DEADLINE
    while not done() and time.monotonic() < ends:
        time.sleep(0.1)


def _passes(bench: Bench) -> Iterable[tuple[float, float]]:
    """Stretches of LISTs: the client's work between two pages belongs to them."""
    stretch: tuple[float, float] | None = None
    for start, end in sorted(bench.server.facts()["lists"]):
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


def _steady(server: Replayed, bench: Bench) -> Numbers:
    """CPU while events come, with one scrape too."""
    server.order(f"rate?per_second={bench.effort.rate}")
    return {"steady_cpu": _cpu_share(bench)}


def _latency(server: Replayed, bench: Bench) -> Numbers:
    """From the moment an event is sent to the page that tells of it: each event adds one to a counter."""
    ends = time.monotonic() + bench.effort.seconds
    base = len(server.facts()["restarts"])
    found: list[tuple[float, float]] = []
    while time.monotonic() < ends:
        if page := bench.look():
            found.append((time.monotonic(), page.restarts))
        time.sleep(bench.subject.look_every)
    server.order("rate?per_second=0")
    sent = server.facts()["restarts"]
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


def _bursts(server: Replayed, bench: Bench) -> Numbers:
    """Events a second when they come as fast as they are taken, from the first one sent to the page with the last."""
    if not server.facts()["watched"]:
        return {}
    numbers: Numbers = {}
    for resource in ("pods", "jobs"):
        count, cpu = bench.effort.burst, bench.child.cpu()
        sent = server.order(f"burst?resource={resource}&count={count}")
        facts = server.facts()
        done, restarts = _succeeded(bench, facts), len(facts["restarts"])
        shown = bench.until(partial(_tells, done, restarts), "end of the burst")
        numbers[f"burst_{resource}"] = count / (shown - sent["began"])
        numbers[f"burst_{resource}_cpu"] = (bench.child.cpu() - cpu) / count
    return numbers


def _succeeded(bench: Bench, facts: Facts) -> int:
    return sum(counts.get("succeeded", 0) for counts in bench.subject.states(facts).values())


def _tells(done: int, restarts: int, page: Seen) -> bool:
    return page.restarts >= restarts and sum(each.get("succeeded", 0) for each in page.states.values()) >= done


def _end(bench: Bench) -> Numbers:
    return {"end_peak": bench.child.memory("VmHWM"), "end_rss": bench.child.memory("VmRSS")}


def _quantiles(name: str, values: Sequence[float]) -> Numbers:
    """Quantiles by nearest rank: a 99th percentile of few values is the largest of them."""
    if len(values) < _LEAST_SAMPLES:
        return {}
    ranked = sorted(values)
    at = {share: ranked[math.ceil(share / 100 * len(ranked)) - 1] for share in (50, 99)}
    return {f"{name}_p50": at[50], f"{name}_p99": at[99], f"{name}_n": len(values)}
