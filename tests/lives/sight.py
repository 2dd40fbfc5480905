"""What a page says about one search and about its namespace, in a form that a test can compare whole."""

from __future__ import annotations

import time
from typing import Any

from tests.lives.world import World
from tests.support.daemon import Daemon, Page, family, moved
from tests.support.recount import recount, recount_pool, recount_search

STATES = ("pending", "running", "succeeded", "failed", "lost")


def search(page: Page, identity: str) -> dict[str, Any]:
    """Phase, reason and the numbers of one search; the empty dict if the page does not show it."""
    phases = family(page, "search_phase", elb_job_id=identity)
    if not phases:
        return {}
    namespaces = {namespace for namespace, _ in phases}
    chosen = [phase for (_, phase), number in phases.items() if number == 1]
    assert len(namespaces) == len(chosen) == 1, phases
    assert len(phases) == 12
    assert set(phases.values()) == {0, 1}
    numbers = {state: n for (_, state), n in family(page, "search_jobs", elb_job_id=identity).items()}
    assert set(numbers) == set(STATES)
    (reason,) = family(page, "search_phase_reason", elb_job_id=identity)
    expected = family(page, "search_jobs_expected", elb_job_id=identity)
    return {
        "phase": chosen[0],
        "reason": reason[1],
        "jobs": {state: n for state, n in numbers.items() if n},
        "expected": next(iter(expected.values()), None),
        "attempts": {word: n for (_, word), n in family(page, "search_attempts_failed", elb_job_id=identity).items()},
        "blocked": {word: n for (_, word), n in family(page, "search_pods_blocked", elb_job_id=identity).items()},
        "flags": {flag for flag, _ in moved(page, "search_flag", elb_job_id=identity)},
    }


def await_search(daemon: Daemon, identity: str, phase: str, *, timeout: float = 15.0, **facts: Any) -> Page:
    """Wait until the page says exactly this of a search: `reason` is `none` if not given, the rest empty or absent."""
    blank = {"reason": "none", "jobs": {}, "expected": None, "attempts": {}, "blocked": {}, "flags": set()}
    wanted = blank | {"phase": phase} | facts
    last: list[object] = []

    def same(page: Page) -> bool:
        last[:] = [search(page, identity)]
        return last[0] == wanted

    try:
        return daemon.wait(same, timeout)
    except TimeoutError as error:
        raise AssertionError(f"the page says {last[0]}, not {wanted}\n{error}") from None


def trail(daemon: Daemon, identity: str) -> list[str]:
    """The phases of a search on the pages read from now on, each once per stay; the list grows."""
    phases: list[str] = []

    def look(page: Page) -> None:
        seen = search(page, identity)
        if seen and phases[-1:] != [seen["phase"]]:
            phases.append(seen["phase"])

    daemon.on_page.append(look)
    return phases


def is_part(phases: list[str], whole: str) -> bool:
    """Whether a trail is `whole` (words in order) without some of its steps: nobody reads every page."""
    steps = iter(whole.split())
    return bool(phases) and all(phase in steps for phase in phases) and phases[-1] == whole.split()[-1]


def check_page(daemon: Daemon, world: World, *searches: str, timeout: float = 15.0) -> Page:
    """Wait for a quiet moment at which the page equals a recount from the API server; `searches` have all their Jobs.

    Both formats of the page say the same then.
    """
    deadline = time.monotonic() + timeout
    while True:
        expected = _recount(world, searches)
        page = daemon.page()
        wrong = difference(page, expected, world)
        if not wrong and expected == _recount(world, searches):
            return daemon.agreed_page()
        if time.monotonic() >= deadline:
            raise AssertionError(f"page and recount differ: {wrong}")
        time.sleep(0.1)


def difference(page: Page, expected: Page, world: World) -> dict[object, object]:
    """Series of the families counted anew whose value is another one, as (page, recount)."""
    names = {name for name, _ in expected}
    mine = {("namespace", world.namespace), ("pool", world.pool)}
    said = {key: number for key, number in page.items() if key[0] in names and key[1] & mine and _told(key, expected)}
    return {
        key: (said.get(key), expected.get(key)) for key in said.keys() | expected if said.get(key) != expected.get(key)
    }


def finished(page: Page, name: str = "jobs_finished_total") -> dict[tuple[str, ...], float]:
    """The counter's series that are not 0, without the namespace (one daemon of these tests reads one)."""
    return {key[1:]: number for key, number in moved(page, name).items()}


def await_finished(daemon: Daemon, wanted: dict[tuple[str, ...], float]) -> Page:
    """Wait until exactly these endings of Jobs are counted: a failure that nobody saw is counted with a delay."""
    page = daemon.page()
    deadline = time.monotonic() + 10.0
    while finished(page) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
        page = daemon.page()
    assert finished(page) == wanted
    return page


def _told(key: tuple[str, frozenset[tuple[str, str]]], expected: Page) -> bool:
    """Searches that were not counted anew are left out."""
    identity = dict(key[1]).get("elb_job_id")
    return identity is None or any(dict(labels).get("elb_job_id") == identity for _, labels in expected)


def _recount(world: World, searches: tuple[str, ...]) -> Page:
    page = recount(world.api, world.namespace) | recount_pool(world.api, world.pool)
    for identity in searches:
        page |= recount_search(world.api, world.namespace, identity)
    return page
