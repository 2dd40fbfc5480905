"""Seven outages at once: the API of each of seven clusters is out of reach, or answers nonsense, in another way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.process.bench import Bench
from tests.process.pages import searches, state, states, total
from tests.support.daemon import Page, family
from tests.support.proxy import Proxy

WORDS = ("connect", "timeout", "server", "throttled", "garbled", "denied", "unauthenticated")
EXPIRE = 15.0
POLL = 5.0
HOLD = dict.fromkeys(WORDS, EXPIRE) | {"denied": 5 * POLL}  # without the right to watch it polls: held for five polls
SLACK = 5.0  # seconds by which a busy machine may serve a page late
RETURN = 60.0  # seconds; the longest back-off is 30
STATUSES = {"server": 500, "throttled": 429, "denied": 403, "unauthenticated": 401}
STATES = dict.fromkeys(("denied", "unauthenticated"), ("denied",))
HELD = ("search_phase", "search_jobs", "jobs", "pods")


class Outages:
    """One way to the simulated API for each word, which is also a cluster's name. The API knows them by their port."""

    def __init__(self, target: int) -> None:
        self.ways = {word: Proxy(target) for word in WORDS}
        self.on = False

    async def __call__(self, request: Request) -> Response | None:
        port = request.url.port
        word = next(word for word, way in self.ways.items() if way.port == port)
        if not self.on or word in ("connect", "timeout"):
            return None
        if word == "garbled":
            return PlainTextResponse("<html>sign in</html>")
        return JSONResponse({"kind": "Status", "status": "Failure"}, STATUSES[word])

    def begin(self) -> None:
        self.on = self.ways["connect"].refuse = self.ways["timeout"].swallow = True
        for word, way in self.ways.items():
            if word != "timeout":
                way.cut()

    def end(self) -> None:
        self.on = self.ways["connect"].refuse = self.ways["timeout"].swallow = False
        self.ways["timeout"].cut()


@pytest.fixture
def outages(bench: Bench) -> Iterator[Outages]:
    outages = Outages(int(bench.simulator.url.rpartition(":")[2]))
    bench.simulator.api.intercept = outages
    with ExitStack() as stack:
        for way in outages.ways.values():
            stack.enter_context(way)
        yield outages


def heard(page: Page, word: str) -> float:
    """When the Jobs of a cluster were last heard of, in Unix seconds."""
    name = "exporter_collector_last_success_timestamp_seconds"
    (at,) = family(page, name, cluster=word, resource="jobs").values()
    return at


def runs(page: Page, word: str) -> float:
    return total(page, "exporter_collector_runs_total", cluster=word, resource="jobs", result=word)


def held(page: Page, word: str) -> list[str]:
    """The families of which a cluster shows something."""
    return [name for name in HELD if family(page, name, cluster=word)]


def says(before: Page, word: str, page: Page) -> bool:
    """Whether the word has been counted and the state follows from it: the tick after."""
    told = state(page, cluster=word) in STATES.get(word, ("stale", "expired"))
    return told and runs(page, word) > runs(before, word)


def check_ages(page: Page) -> None:
    """What is shown of Jobs is not older than it may be."""
    for word in WORDS:
        age = time.time() - heard(page, word)
        assert age < HOLD[word] + SLACK or "jobs" not in held(page, word), f"{word}: {age:.1f} s old"


def test_in_any_outage_the_word_and_the_age_are_said_and_nothing_old_is_shown(bench: Bench, outages: Outages) -> None:
    """Held at first, then dropped; fresh again after it, with what came meanwhile, and no counter has fallen."""
    first = bench.search(1)
    clusters = [bench.cluster(url=f"http://127.0.0.1:{way.port}", name=word) for word, way in outages.ways.items()]
    bench.write(*clusters, limits={"bookmark_silence": "10s", "expire": f"{EXPIRE}s", "list_deadline": "5s"})
    program = bench.run()
    program.await_ready(30.0)
    program.await_page(lambda page: states(page) == {"fresh"} and searches(page) == {first}, 30.0, "fresh")
    program.on_page.append(check_ages)
    outages.begin()
    second = bench.search(2)
    before = program.page()
    for word in WORDS:
        page = program.await_page(partial(says, before, word), 30.0, word)
        assert searches(page) <= {first}
    silent = {word: heard(page, word) for word in WORDS}
    page = program.await_page(lambda page: not any(held(page, word) for word in WORDS), 60.0, "everything dropped")
    assert silent == {word: heard(page, word) for word in WORDS}
    outages.end()
    program.await_page(lambda page: states(page) == {"fresh"}, RETURN, "fresh again")
    page = program.await_page(lambda page: searches(page) == {first, second}, what="both searches")
    assert all(len(family(page, "search_phase", cluster=word, elb_job_id=second)) == 12 for word in WORDS)
    assert program.stop() == 0
