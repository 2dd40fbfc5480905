"""Everything is listed anew while the page is scraped: 2,500 times for each of four causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.process.bench import Bench
from tests.process.gate import RESOURCES, Gate
from tests.process.pages import searches, states, total
from tests.process.program import Program
from tests.runtime.play import activate, complete, pod_of, remove
from tests.soak.scrapes import Lines, Scraper
from tests.support.daemon import Page
from tests.support.proxy import Proxy
from tests.support.waiting import wait_for

SCRAPES = 2500
SEARCHES, BATCHES, PAGE = 12, 4, 10
BETWEEN = 330  # scrapes for which each request of a list is held back


def status(code: int, reason: str) -> Response:
    return JSONResponse({"kind": "Status", "status": "Failure", "reason": reason, "code": code}, code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why everything is listed anew: what watches are answered (None: that their version is gone, by the store), how
    that is counted, and what befalls a later page of the list (None: nothing)."""

    result: str
    answer: Callable[[], Response] | None = None
    stumble: Callable[[Bench], Response | None] | None = None


def expire_tokens(bench: Bench) -> None:
    bench.simulator.expire_continue_tokens()


CAUSES = {
    "version gone": Cause(result="gone"),
    "version gone, as a status; the list is begun again": Cause(
        result="gone", answer=lambda: status(410, "Expired"), stumble=expire_tokens
    ),
    "line garbled; a page of the list fails": Cause(
        result="garbled",
        answer=lambda: PlainTextResponse("<html>\n"),
        stumble=lambda _: status(500, "InternalError"),
    ),
    "watch denied": Cause(result="denied", answer=lambda: status(403, "Forbidden")),
}


@pytest.fixture
def proxy(bench: Bench) -> Iterator[Proxy]:
    with Proxy(int(bench.simulator.url.rpartition(":")[2])) as proxy:
        yield proxy


def start(bench: Bench, proxy: Proxy) -> Program:
    cluster = bench.cluster(url=f"http://127.0.0.1:{proxy.port}")
    bench.write(cluster, limits={"page_items": PAGE, "list_deadline": "120s"})
    program = bench.run()
    program.await_ready()
    program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")
    return program


def running(bench: Bench, number: int) -> str:
    """A search one of whose batches runs; its id."""
    search = bench.search(number, batches=BATCHES)
    name = names_of(bench, search)[0]
    pod_of(bench.simulator.store, name)
    activate(bench.simulator.store, name)
    return search


def names_of(bench: Bench, search: str) -> list[str]:
    found = bench.simulator.store.list("jobs", "default", f"elb-job-id={search},app=blast")
    return [job["metadata"]["name"] for job in found]


def change(bench: Bench, known: list[str]) -> str:
    """A batch of each search succeeds, one of the first search goes, and a search is new; its id."""
    store = bench.simulator.store
    for search in known:
        complete(store, names_of(bench, search)[1])
    remove(store, names_of(bench, known[0])[-1])
    return bench.search(SEARCHES, batches=BATCHES)


def torn(page: Lines) -> str:
    """Every batch is in one state at any time, and every pod that was there is."""
    batches: Counter[str] = Counter()
    pods = 0
    for series, number in page.items():
        if series.startswith("elasticblast_search_jobs{"):
            batches[series.partition(",state=")[0]] += int(float(number))
        pods += int(float(number)) if series.startswith("elasticblast_pods{") else 0
    wrong = {search: number for search, number in batches.items() if number != BATCHES}
    return f"{wrong} batches, {pods} pods" if wrong or pods < SEARCHES else ""


def result(page: Page, word: str) -> dict[str, float]:
    return {name: total(page, "exporter_collector_runs_total", resource=name, result=word) for name in RESOURCES}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES.keys())
def test_no_scrape_during_a_relist_shows_a_hole_a_double_or_a_fall(bench: Bench, proxy: Proxy, cause: Cause) -> None:
    """Jobs have ended, gone and come meanwhile. Every request of the list is under way for hundreds of scrapes."""
    known = [running(bench, number) for number in range(SEARCHES)]
    program = start(bench, proxy)
    scraper = Scraper(program.url, pause=0.0, also=torn)
    gate = Gate(lambda: scraper.count)
    bench.simulator.api.intercept = gate
    before = program.await_page(lambda page: searches(page) == set(known), what="the searches")
    scraper.start()
    gate.away = True
    proxy.cut()
    wait_for(lambda: gate.waiting >= set(RESOURCES), what="watches that are asked for again")
    known.append(change(bench, known))
    if cause.answer:
        gate.breaks = {name: cause.answer() for name in RESOURCES}
    else:
        bench.simulator.store.compact()
    if cause.stumble:
        stumble = cause.stumble
        gate.stumble = lambda: stumble(bench)
    gate.pace, gate.away = BETWEEN, False
    program.await_page(lambda page: searches(page) == set(known) or not scraper.alive, 120.0, "everything listed anew")
    gate.pace = 0
    assert scraper.alive, scraper.stop()
    page = program.await_page(lambda page: states(page) == {"fresh"}, 60.0, "fresh")
    scraper.stop()
    assert gate.span >= SCRAPES
    assert gate.stumble is None
    rises = {name: number - result(before, cause.result)[name] for name, number in result(page, cause.result).items()}
    assert all(rise >= 1 for rise in rises.values()), rises
    tally = {state: total(page, "search_jobs", state=state) for state in ("running", "succeeded", "lost")}
    assert tally == {"running": SEARCHES, "succeeded": SEARCHES, "lost": 1}
    assert total(page, "jobs_finished_total", result="succeeded") == SEARCHES
    assert program.stop() == 0
