"""A list pass reads all or nothing, under one deadline and under caps."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.adapters.clock import SystemClock
from exporter.collectors.base import Listing, Pages, Query
from exporter.domain.failures import Failed, Word
from exporter.runtime.pager import ListLimits, PassReport, pass_over
from exporter.simulator.server import Simulator
from tests.runtime.follow import open_access
from tests.runtime.play import batches, claim
from tests.support.hostile import Asked, Hostile, Peer

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"


class Reader:
    """Passes over the claims of a server."""

    def __init__(self, url: str, token: str = "") -> None:
        self.access = open_access(url, token)
        self.transport = self.access.transport("test")
        self.report = PassReport()

    def begin(self, **limits: Any) -> Pages:
        return pass_over(
            self.transport,
            "persistentvolumeclaims",
            CLAIMS,
            limits=ListLimits(**{"deadline": 5.0, "page_items": 10, **limits}),
            clock=SystemClock(),
            report=self.report,
        )

    def read(self, **limits: Any) -> Listing:
        return self.begin(**limits)(Query())

    def word(self, **limits: Any) -> Word:
        with pytest.raises(Failed) as caught:
            self.read(**limits)
        return caught.value.word

    def close(self) -> None:
        self.transport.close()
        self.access.close()


@pytest.fixture
def reader(simulator: Simulator) -> Iterator[Reader]:
    """A reader of a cluster with 25 claims."""
    for number in range(25):
        claim(simulator.store, f"claim-{number:02}")
    reader = Reader(simulator.url, simulator.token)
    yield reader
    reader.close()


def asked(simulator: Simulator) -> list[dict[str, str]]:
    return [seen.query for seen in simulator.api.seen if seen.path == CLAIMS]


def test_pages_are_read_to_the_end_at_the_version_of_the_first(simulator: Simulator, reader: Reader) -> None:
    version = str(simulator.store.rv)
    listing = reader.read()
    assert sorted(record.name for record in listing.records) == [f"claim-{n:02}" for n in range(25)]
    assert listing.resource_version == version
    assert [query["limit"] for query in asked(simulator)] == ["10", "10", "10"]
    assert ["continue" in query for query in asked(simulator)] == [False, True, True]
    assert "resourceVersion" not in asked(simulator)[0]


def test_what_changes_between_pages_does_not_move_the_version_on(simulator: Simulator, reader: Reader) -> None:
    version = str(simulator.store.rv)

    async def meddle(request: Request) -> None:
        if "continue" in request.query_params:
            batches(simulator.store, f"job-{simulator.store.rv:032x}", 1)

    simulator.api.intercept = meddle
    assert reader.read().resource_version == version


@pytest.mark.fault(30)
def test_a_continue_token_that_expires_once_starts_the_list_again(simulator: Simulator, reader: Reader) -> None:
    left = [1]

    async def expire(request: Request) -> None:
        if "continue" in request.query_params and left:
            left.pop()
            simulator.expire_continue_tokens()

    simulator.api.intercept = expire
    assert len(reader.read().records) == 25
    assert ["continue" in query for query in asked(simulator)] == [False, True, False, True, True]


@pytest.mark.fault(30)
def test_a_continue_token_that_expires_twice_ends_the_pass(simulator: Simulator, reader: Reader) -> None:
    async def expire(request: Request) -> None:
        if "continue" in request.query_params:
            simulator.expire_continue_tokens()

    simulator.api.intercept = expire
    assert reader.word() is Word.INCOMPLETE
    assert len(asked(simulator)) == 4


@pytest.mark.parametrize(("limits", "requests"), [({"pages": 2}, 2), ({"records": 24}, 3), ({"records": 9}, 1)])
def test_a_cap_on_pages_or_records_ends_the_pass(
    simulator: Simulator, reader: Reader, limits: dict[str, int], requests: int
) -> None:
    assert reader.word(**limits) is Word.INCOMPLETE
    assert len(asked(simulator)) == requests


def test_the_cap_on_records_is_for_all_lists_of_a_pass(reader: Reader) -> None:
    pages = reader.begin(records=49)
    assert len(pages(Query()).records) == 25
    with pytest.raises(Failed) as caught:
        pages(Query())
    assert caught.value.word is Word.INCOMPLETE


def test_a_page_over_the_byte_cap_is_oversize(reader: Reader) -> None:
    assert reader.word(page_bytes=500) is Word.OVERSIZE


def page(*names: str, token: str = "", version: str = "100") -> bytes:
    items = [{"metadata": {"name": n, "namespace": "default", "uid": f"u-{n}"}} for n in names]
    head = {"resourceVersion": version, **({"continue": token} if token else {})}
    body = {"kind": "PersistentVolumeClaimList", "apiVersion": "v1", "metadata": head, "items": items}
    return json.dumps(body).encode()


def query_of(request: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.target).query)


@pytest.mark.fault(44)
def test_a_token_that_repeats_ends_the_pass() -> None:
    def script(peer: Peer) -> None:
        while peer.read() is not None:
            peer.answer(page("one", token="again"))

    with Hostile(script) as server:
        reader = Reader(server.url)
        assert reader.word() is Word.INCOMPLETE
        assert len(server.asked) == 2
        reader.close()


@pytest.mark.fault(44)
def test_tokens_without_end_stop_at_the_page_cap() -> None:
    def script(peer: Peer) -> None:
        while peer.read() is not None:
            peer.answer(page("one", token=f"t{len(peer.asked)}"))

    with Hostile(script) as server:
        reader = Reader(server.url)
        assert reader.word(pages=7) is Word.INCOMPLETE
        assert len(server.asked) == 7
        reader.close()


@pytest.mark.fault(43)
@pytest.mark.fault(45)
def test_an_object_on_two_pages_counts_once_and_the_first_version_is_where_to_go_on() -> None:
    def script(peer: Peer) -> None:
        while (request := peer.read()) is not None:
            peer.answer(
                page("one", "two", version="200") if "continue" in query_of(request) else page("one", token="t")
            )

    with Hostile(script) as server:
        reader = Reader(server.url)
        listing = reader.read()
        assert [record.uid for record in listing.records] == ["u-one", "u-two"]
        assert listing.resource_version == "100"
        reader.close()


@pytest.mark.fault(36)
def test_all_lists_of_a_pass_share_one_deadline() -> None:
    def script(peer: Peer) -> None:
        while peer.read() is not None:
            peer.closing.wait(0.6)
            peer.answer(page("one"))

    with Hostile(script) as server:
        reader, began = Reader(server.url), time.monotonic()
        pages = reader.begin(deadline=1.5)
        assert len([pages(Query()), pages(Query())]) == 2
        with pytest.raises(Failed) as caught:
            pages(Query())
        assert caught.value.word is Word.TIMEOUT
        assert time.monotonic() - began < 4.0
        reader.close()


@pytest.mark.fault(41)
def test_a_broken_object_is_left_out_and_counted(simulator: Simulator, reader: Reader) -> None:
    async def spoil(_: Request) -> Response:
        good = json.loads(page(*[f"c{n}" for n in range(9)]))
        good["items"].append({"metadata": {"name": 7}})
        return JSONResponse(good)

    simulator.api.intercept = spoil
    assert len(reader.read().records) == 9
    assert reader.report.rejects == 1


@pytest.mark.fault(30)
def test_what_is_left_out_counts_once_when_the_list_is_started_again() -> None:
    """Page one has a broken object; its token expires once."""
    expired = []

    def script(peer: Peer) -> None:
        while (request := peer.read()) is not None:
            if "continue" not in query_of(request):
                body = json.loads(page("one", token="t"))
                body["items"].append({"metadata": {"name": 7}})
                peer.answer(json.dumps(body).encode())
            elif not expired:
                expired.append(request)
                peer.answer(b"{}", "410 Gone")
            else:
                peer.answer(page("two"))

    with Hostile(script) as server:
        reader = Reader(server.url)
        assert len(reader.read().records) == 2
        assert len(server.asked) == 4
        assert reader.report.rejects == 1
        reader.close()


@pytest.mark.parametrize("ahead", [-3600, -1, 0, 1, 3600])
def test_the_skew_is_that_of_the_servers_clock(ahead: int) -> None:
    """A Date header has whole seconds: the middle of that second is at most half a second off."""

    def script(peer: Peer) -> None:
        while peer.read() is not None:
            peer.answer(page("one"), Date=formatdate(time.time() + ahead, usegmt=True))

    with Hostile(script) as server:
        reader = Reader(server.url)
        skews = []
        for _ in range(10):
            reader.read()
            assert reader.report.skew is not None
            skews.append(reader.report.skew - ahead)
            time.sleep(0.1)
        reader.close()
    assert -0.6 < min(skews) < max(skews) < 0.6
    assert abs(sum(skews) / len(skews)) < 0.2
