"""Pages made of a view are made once, and never of one that is long over."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from exporter.domain.snapshots import View
from exporter.web.shelf import MOST, Shelf
from tests.web.views import NOW, cluster, view


@dataclass
class World:
    """What a shelf looks at, and how often it had to make a page."""

    newest: View | None = None
    now: float = NOW
    made: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shelf = Shelf(lambda: self.newest, lambda: self.now)

    def page(self, key: str = "/") -> bytes:
        shown = self.shelf.view()
        assert shown is not None

        def make() -> bytes:
            self.made.append(shown.at)
            return f"{key} of {shown.at}".encode()

        return self.shelf.page(shown, key, make).plain


def moment(at: float) -> View:
    shown = view(cluster())
    return View(at=at, clusters=shown.clusters, process=shown.process)


def test_a_page_is_made_once_for_everybody_who_asks() -> None:
    world = World(moment(1.0))
    assert {world.page() for _ in range(5)} == {b"/ of 1.0"}
    assert world.page("json") == b"json of 1.0"
    assert world.made == [1.0, 1.0]


def test_a_newer_view_is_followed_after_a_second_and_not_before() -> None:
    world = World(moment(1.0))
    world.page()
    world.newest = moment(2.0)
    world.now += 0.9
    assert world.page() == b"/ of 1.0"
    world.now += 0.1
    assert world.page() == b"/ of 2.0"
    assert world.made == [1.0, 2.0]


def test_a_first_view_is_not_waited_for() -> None:
    world = World()
    assert world.shelf.view() is None
    world.newest = moment(1.0)
    assert world.page() == b"/ of 1.0"


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    world = World(moment(1.0))
    world.page()
    world.newest, world.now = moment(2.0), world.now - 4000
    assert world.page() == b"/ of 2.0"


def test_a_page_of_a_view_that_is_over_meanwhile_is_its_own() -> None:
    world = World(moment(1.0))
    old = world.shelf.view()
    assert old is not None
    world.newest, world.now = moment(2.0), world.now + 5
    world.page()
    assert world.shelf.page(old, "/", lambda: b"old").plain == b"old"
    assert world.page() == b"/ of 2.0"


def test_no_more_than_some_pages_are_held() -> None:
    """The one that was not asked for the longest goes."""
    world = World(moment(1.0))
    for number in range(MOST + 1):
        world.page(f"/{number}")
    world.page(f"/{MOST}")
    assert len(world.made) == MOST + 1
    world.page("/0")
    assert len(world.made) == MOST + 2


def test_what_everybody_reads_stays_while_many_others_are_asked_for_once() -> None:
    world = World(moment(1.0))
    for number in range(5 * MOST):
        world.page("/")
        world.page(f"/{number}")
    assert len(world.made) == 1 + 5 * MOST


def test_both_forms_say_the_same_and_a_digest_tells_pages_apart() -> None:
    world = World(moment(1.0))
    shown = world.shelf.view()
    assert shown is not None
    one, other = (world.shelf.page(shown, text, text.encode) for text in ("one", "other"))
    assert gzip.decompress(one.packed) == one.plain == b"one"
    assert one.digest != other.digest
