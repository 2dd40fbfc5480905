"""The pages when the world around them behaves badly: names, connections, strangers' scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from exporter.domain.phase import Phase
from exporter.domain.snapshots import SearchView, View
from exporter.web.frame import CONTENT_SECURITY_POLICY
from exporter.web.server import HttpServer
from tests.browser.conftest import Open
from tests.browser.tabs import DESKTOP, FAST_FORWARD, PHONE, Tab, served, tab, url_of
from tests.support.controlplane_files import free_port
from tests.support.hostile import Hostile, Peer
from tests.web.views import cluster, failure, rich_view, search, view
from tests.web.wire import Fixed, ask

ONE = search(1)
SCRIPT = '"><script>window.ran = 1</script><img src=x onerror="window.ran = 2">'
RTL = "\u05d0\u05d1\u05d2 \u0627\u0644\u0628\u062d\u062b"
LONG = "averyveryverylongname" * 12


@pytest.fixture
def world() -> Iterator[tuple[Fixed, HttpServer]]:
    with served(showing(ONE)) as made:
        yield made


def showing(*searches: SearchView) -> View:
    return view(cluster(*searches))


def shown_ids(page: Page) -> set[str]:
    links = page.locator("tbody a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    return {link.removeprefix("searches/") for link in links}


def fast(open_tab: Open, server: HttpServer, path: str = "/") -> tuple[Tab, Page]:
    """A tab whose time can be run ahead."""
    opened = open_tab(url_of(server))
    opened.page.clock.install()
    return opened, opened.open(path)


def test_a_changed_phase_is_shown_and_said_and_an_unchanged_page_is_not_sent(
    world: tuple[Fixed, HttpServer], open_tab: Open
) -> None:
    fixed, server = world
    opened, page = fast(open_tab, server)
    opened.until(lambda: ("status", 304) in fixed.seen)
    fixed.view = showing(replace(ONE, phase=Phase.FINALIZING, reason="none"))
    opened.until(lambda: "finalizing" in page.locator("main").inner_text())
    assert page.locator("#news").inner_text() == "blastp nr job-00000001…: finalizing"
    assert opened.stayed


@pytest.mark.parametrize("scrolled", [200, 0])
def test_new_searches_come_and_old_ones_go_around_what_is_open(
    world: tuple[Fixed, HttpServer], open_tab: Open, scrolled: int
) -> None:
    """The open one is first moved down, then up again; it has the focus, so it stays where it is even at the top."""
    fixed, server = world
    fixed.view = showing(search(5), ONE, search(6))
    opened, page = fast(open_tab, server)
    row = page.locator("tbody", has=page.locator(f"a[href*='{ONE.id}']"))
    row.locator("summary").click()
    row.locator("a").first.focus()
    page.set_viewport_size({"width": 1360, "height": 500})
    page.evaluate("(y) => scrollTo(0, y)", scrolled)
    top = row.evaluate("(one) => one.getBoundingClientRect().top")
    for others in ([5, 8, 7], [8, 7, 13, 14], [9, 10, 11, 12]):
        fixed.view = showing(*(replace(search(n), created=ONE.created + n) for n in others), ONE)
        wanted = {search(n).id for n in (*others, 1)}
        opened.until(lambda wanted=wanted: shown_ids(page) == wanted)
        assert row.locator("details").get_attribute("open") is not None
        assert row.locator("a").first.evaluate("(one) => one === document.activeElement")
        assert abs(row.evaluate("(one) => one.getBoundingClientRect().top") - top) < 2
    assert opened.stayed


def test_text_that_is_selected_stays_while_it_is(world: tuple[Fixed, HttpServer], open_tab: Open) -> None:
    fixed, server = world
    opened, page = fast(open_tab, server)
    page.locator(".percent").first.select_text()
    fixed.view = showing(replace(ONE, jobs={**ONE.jobs, "succeeded": 300, "pending": 50}, program="blastx"))
    opened.until(lambda: "blastx" in page.locator("main").inner_text())
    assert page.evaluate("String(getSelection())").strip() == "50 %"
    page.evaluate("getSelection().removeAllRanges()")
    fixed.view = replace(fixed.view, at=fixed.view.at + 9)
    opened.until(lambda: "75 %" in page.locator("main").inner_text())


def test_a_lost_connection_is_said_with_its_time_and_its_return_clears_it(browser: Browser) -> None:
    port = free_port()
    with tab(browser, f"http://127.0.0.1:{port}") as opened:
        opened.expected = ("error: Failed to load resource",)
        opened.page.clock.install()
        with served(showing(ONE), port=port):
            opened.open()
        line = opened.page.locator("#connection")
        opened.until(lambda: line.inner_text() != "")
        assert (
            line.inner_text() == f"As of {opened.page.locator('#as-of').inner_text()}: no answer since. Trying again."
        )
        with served(showing(ONE), port=port):
            opened.until(lambda: line.inner_text() == "")
        assert opened.stayed


def test_a_tab_that_nobody_sees_asks_nothing_and_asks_at_once_when_seen(
    world: tuple[Fixed, HttpServer], open_tab: Open
) -> None:
    fixed, server = world
    opened = open_tab(url_of(server))
    opened.page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.away === true})")
    opened.page.clock.install()
    page = opened.open()
    page.evaluate("window.away = true")
    asked = len(fixed.seen)
    for _ in range(5):
        page.clock.run_for(10_000)
    assert len(fixed.seen) == asked
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    opened.until(lambda: len(fixed.seen) > asked)


def test_a_search_that_goes_while_it_is_looked_at_is_explained(world: tuple[Fixed, HttpServer], open_tab: Open) -> None:
    fixed, server = world
    opened, page = fast(open_tab, server, f"/searches/{ONE.id}")
    opened.expected = ("error: Failed to load resource: the server responded with a status of 404",)
    fixed.view = showing()
    opened.until(lambda: "No search that is known is called so" in page.locator("main").inner_text())
    assert page.locator("#connection").inner_text() == ""


def test_another_version_of_the_page_is_loaded_whole(world: tuple[Fixed, HttpServer], open_tab: Open) -> None:
    opened, page = fast(open_tab, world[1])
    page.evaluate("document.querySelector('meta[name=look]').content = 'older'")
    with page.expect_navigation():
        page.clock.run_for(FAST_FORWARD)
    assert not opened.stayed


def hostile(number: int, name: str) -> SearchView:
    """A search in which everything that others may name is so named."""
    return search(
        number, program=name, db=name, mode=name, client_version=name, openapi_id=name,
        failures=(failure(job=name, node=name, container=name),), phase=Phase.FAILING, reason="batch_failed",
    )  # fmt: skip


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_hostile_names_stay_names(open_tab: Open, size: tuple[int, int]) -> None:
    names = dict(enumerate((SCRIPT, RTL, LONG), 1))
    made = [hostile(number, name) for number, name in names.items()]
    own = cluster(*made, name=SCRIPT, namespaces=("default", LONG))
    with served(view(own, *rich_view().clusters)) as (_, server):
        opened = open_tab(url_of(server), size=size)
        for number, path in enumerate(("/", *(f"/searches/{one.id}" for one in made))):
            page = opened.open(path)
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            assert names.get(number, SCRIPT) in page.locator("main").inner_text()
            assert page.evaluate("window.ran") is None
            assert page.locator("img").count() == 0
            assert opened.sideways() == 0, path
        assert opened.violations() == []


def test_a_right_to_left_name_does_not_turn_its_surroundings(open_tab: Open) -> None:
    with served(showing(search(1, program="", db=RTL))) as (_, server):
        page = open_tab(url_of(server)).open()
        cell = page.locator("tbody th").first
        left = cell.locator("bdi").first.bounding_box()
        around = cell.bounding_box()
        assert left is not None
        assert around is not None
        assert left["x"] - around["x"] < 30
        expect(page.locator("html")).to_have_css("direction", "ltr")


def test_the_policy_stops_a_strangers_script(browser: Browser, world: tuple[Fixed, HttpServer]) -> None:
    """And the console says so: silence elsewhere means that nothing was refused."""
    planted = ask(world[1].port, "/").body.replace(b"</body>", b"<script>window.ran = 1</script></body>")

    def serve(peer: Peer) -> None:
        while peer.read():
            peer.answer(planted, Content_Type="text/html", Content_Security_Policy=CONTENT_SECURITY_POLICY)

    with Hostile(serve) as server, tab(browser, server.url) as opened:
        opened.expected = ("error: Executing inline script violates",)
        assert opened.open().evaluate("window.ran") is None
        assert len(opened.wrong) == 1
