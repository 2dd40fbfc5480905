"""The pages of a living exporter in a real browser: what they show, that they live, and who can use them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.tabs import DESKTOP, PHONE, Scheme
from tests.process.pages import searches
from tests.process.program import Program

_UNFOLD = "document.querySelectorAll('details').forEach((one) => one.open = true)"
_UNFOLD_SOME = "Array.from(document.querySelectorAll('details')).slice(0, 3).forEach((one) => one.open = true)"
_PHASES = "JSON.stringify(Array.from(document.querySelectorAll('[data-phase]'), (one) => [one.id, one.dataset.phase]))"


@pytest.fixture(scope="module")
def patient(demo: Program) -> str:
    """The id of the search that goes on for hours."""
    found = re.search(r" cancel (\S+)", demo.said)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def address(demo: Program, patient: str) -> str:
    """The path of that search's page, as the status page has it."""
    found = re.search(rf'href="(searches/{patient}[^"]*)"', demo.get("/").text)
    assert found is not None
    return "/" + found[1].replace("&amp;", "&")


def test_it_shows_every_search_with_its_link(demo: Program, open_tab: Open) -> None:
    before = searches(demo.page())
    page = open_tab(demo.url).open()
    page.evaluate(_UNFOLD)
    stayed = before & searches(demo.page())
    assert len(stayed) >= 8
    links = page.locator("a[href^='searches/']").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert {one for one in stayed if not any(one in link for link in links)} == set()
    for head in ("Searches", "Node pools", "Collectors"):
        expect(page.get_by_role("heading", name=head, exact=True).first).to_be_visible()


def test_phases_change_without_a_reload_and_nothing_is_lost(demo: Program, patient: str, open_tab: Open) -> None:
    tab = open_tab(demo.url)
    page = tab.open()
    row = page.locator("tbody", has=page.locator(f"a[href*='{patient}']"))
    summary = row.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    summary.scroll_into_view_if_needed()
    before, as_of = page.evaluate(_PHASES), page.locator("#as-of").inner_text()
    tab.wait(lambda: page.evaluate(_PHASES) != before)
    assert tab.stayed
    assert page.locator("#as-of").inner_text() != as_of
    assert row.locator("details").get_attribute("open") is not None
    assert summary.evaluate("(one) => one === document.activeElement")
    expect(summary).to_be_in_viewport()
    assert page.locator("#news").inner_text() != ""
    assert page.locator("#connection").inner_text() == ""


def test_a_search_page_tells_its_life_to_eyes_and_ears(demo: Program, address: str, open_tab: Open) -> None:
    tab = open_tab(demo.url)
    page = tab.open(address)
    chart = page.get_by_role("img", name="Batches ended over time")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    assert box["width"] > 800
    assert "batches ended" in chart.locator("desc").inner_html()
    phases = page.get_by_role("table", name="Phases, newest first")
    assert phases.get_by_role("row").count() >= 2
    page.get_by_text("Batches over time as numbers").click()
    numbers = page.get_by_role("table", name="Batches over time", exact=True)
    as_of = page.locator("#as-of").inner_text()
    tab.wait(lambda: page.locator("#as-of").inner_text() != as_of)
    expect(numbers).to_be_visible()
    assert tab.stayed


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", DESKTOP), ("dark", PHONE)])
def test_axe_finds_nothing(demo: Program, address: str, open_tab: Open, scheme: Scheme, size: tuple[int, int]) -> None:
    tab = open_tab(demo.url, scheme=scheme, size=size)
    tab.expected = ("error: Failed to load resource: the server responded with a status of 404",)
    one = f"{address}{'&' if '?' in address else '?'}refresh=0"
    for path in ("/?refresh=0", one, "/searches/none") if size == DESKTOP else (one,):
        tab.open(path).evaluate(_UNFOLD_SOME)
        assert tab.violations() == [], path


def test_a_phone_is_wide_enough(demo: Program, address: str, open_tab: Open) -> None:
    tab = open_tab(demo.url, size=PHONE)
    for path in ("/", address):
        tab.open(path).evaluate(_UNFOLD)
        assert tab.sideways() == 0, path


@pytest.mark.parametrize("width", [780, 1000, 1100])
def test_nor_is_any_screen_between_too_narrow(demo: Program, open_tab: Open, width: int) -> None:
    tab = open_tab(demo.url, size=(width, 900))
    tab.open().evaluate(_UNFOLD)
    assert tab.sideways() == 0


def test_the_keyboard_reaches_everything(demo: Program, open_tab: Open) -> None:
    """The skip link comes first and leads past the head; every link and fold is a stop; Enter opens and follows."""
    page = open_tab(demo.url).open("/?refresh=0")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    stops = page.locator("main a, main summary").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).length"
    )
    for _ in range(stops):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('footer') !== null")
    link = page.locator("main a").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/searches/**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_without_script_it_says_the_same_and_loads_anew(demo: Program, patient: str, open_tab: Open) -> None:
    page = open_tab(demo.url, script=False).page
    page.goto(demo.url)
    expect(page.locator(f"a[href*='{patient}']")).to_be_visible()
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
