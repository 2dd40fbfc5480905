"""A feed against a server that lies, stalls and cuts: it says so in one word, keeps the last truth, and recovers."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from exporter.collectors.base import Collector, Known, Listing, Pages, Query, Resource
from exporter.collectors.core import COLLECTOR as CORE
from exporter.runtime.pager import ListLimits
from tests.runtime.follow import LISTS, faster, following
from tests.support.hostile import Hostile, Peer, chunk, head
from tests.support.waiting import wait_for

CLAIMS = "persistentvolumeclaims"
Act = Callable[[Peer], None]
SMALL = ListLimits(deadline=0.5, page_bytes=64 * 1024)


def body(name: str, version: str) -> dict[str, object]:
    metadata = {"name": name, "namespace": "default", "uid": f"u-{name}", "resourceVersion": version}
    return {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": metadata, "status": {"phase": "Bound"}}


def page(*names: str) -> bytes:
    listing = {"kind": "PersistentVolumeClaimList", "apiVersion": "v1", "metadata": {"resourceVersion": "100"}}
    return json.dumps({**listing, "items": [body(name, "90") for name in names]}).encode()


def good(peer: Peer) -> None:
    peer.answer(page("one"))


def line(kind: str, name: str, version: str) -> bytes:
    return json.dumps({"type": kind, "object": body(name, version)}).encode() + b"\n"


def streamed(*lines: bytes, then: Act) -> Act:
    """A watch that sends lines and goes on with `then`."""

    def act(peer: Peer) -> None:
        peer.send(head(Transfer_Encoding="chunked"), *(chunk(each) for each in lines))
        then(peer)

    return act


def stall(peer: Peer) -> None:
    peer.stall()


def end(peer: Peer) -> None:
    peer.send(chunk(b""))


def cut(peer: Peer) -> None:
    peer.send(chunk(line("ADDED", "three", "103")[:40]), chunk(b""))


@dataclass
class Server:
    """What a server does on a list and on a watch, to be changed while it runs; when it was asked for which."""

    on_list: Act = good
    on_watch: Act = field(default_factory=lambda: streamed(then=stall))
    listed: list[float] = field(default_factory=list)
    watched: list[float] = field(default_factory=list)

    def script(self, peer: Peer) -> None:
        while (asked := peer.read()) is not None:
            watch = "watch=1" in asked.target
            (self.watched if watch else self.listed).append(time.monotonic())
            (self.on_watch if watch else self.on_list)(peer)


def any_of(*acts: Act) -> Act:
    """One of the acts, thrown anew each time but always in the same order."""
    dice = random.Random(7)

    def act(peer: Peer) -> None:
        dice.choice(acts)(peer)

    return act


def text(content: bytes, **headers: str) -> Act:
    return lambda peer: peer.answer(content, **headers)


def short(peer: Peer) -> None:
    peer.send(head(Content_Length="9999"), b'{"kind":"Persist')
    peer.half_close()


def no_last_chunk(peer: Peer) -> None:
    peer.send(head(Transfer_Encoding="chunked"), chunk(b'{"kind":"Persist'))
    peer.half_close()


def endless(peer: Peer) -> None:
    peer.send(head(Transfer_Encoding="chunked"))
    while not peer.closing.is_set():
        peer.send(chunk(b" " * 65536))


def reset(peer: Peer) -> None:
    peer.send(head(Content_Length="9999"), b"{" * 1024)
    peer.reset()


def status(peer: Peer) -> None:
    peer.answer(b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":500}')


LIES = [
    pytest.param(text(b"<html>log in</html>", Content_Type="text/html"), "garbled", marks=pytest.mark.fault(37)),
    pytest.param(status, "garbled", marks=pytest.mark.fault(38)),
    pytest.param(text(b""), "garbled", marks=pytest.mark.fault(39)),
    pytest.param(text(page("one")[:-9]), "garbled", marks=pytest.mark.fault(13)),
    pytest.param(short, "garbled", marks=pytest.mark.fault(11)),
    pytest.param(no_last_chunk, "garbled", marks=pytest.mark.fault(12)),
    pytest.param(endless, "oversize", marks=pytest.mark.fault(17)),
    pytest.param(reset, "connect", marks=pytest.mark.fault(10)),
    pytest.param(stall, "timeout", marks=pytest.mark.fault(7)),
    pytest.param(lambda peer: peer.answer(b"{}", "422 Unprocessable Entity"), "server", marks=pytest.mark.fault(31)),
    pytest.param(lambda peer: peer.answer(b"{}", "504 Gateway Timeout"), "timeout", marks=pytest.mark.fault(36)),
]


@pytest.mark.parametrize(("lie", "word"), LIES)
def test_a_bad_answer_fails_the_pass_and_the_last_truth_stays(lie: Act, word: str) -> None:
    gone = b'{"type":"ERROR","object":{"kind":"Status","metadata":{},"code":410}}\n'
    server = Server(on_watch=streamed(gone, then=end))
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS], lists=SMALL) as follower:
        wait_for(lambda: follower.claims() == {"one"}, 5.0, follower.told)
        server.on_list = lie
        wait_for(lambda: follower.runs(CLAIMS, word) >= 2, 5.0, follower.told)
        assert follower.claims() == {"one"}
        assert follower.state(CLAIMS) == "stale"
        server.on_watch = streamed(then=stall)
        server.on_list = good
        wait_for(lambda: follower.state(CLAIMS) == "fresh", 5.0, follower.told)
        assert follower.claims() == {"one"}


@pytest.mark.fault(20)
def test_a_silent_watch_is_given_up_and_listed_again() -> None:
    server = Server()
    times = faster(silence=0.3)
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS], times=times) as follower:
        wait_for(lambda: len(server.listed) >= 2, 5.0, follower.told)
        assert 0.3 <= server.listed[1] - server.watched[0] < 0.8
        assert follower.runs(CLAIMS, "timeout") >= 1
        assert follower.claims() == {"one"}


def test_a_watch_that_ends_at_once_every_time_is_not_hammered() -> None:
    server = Server(on_watch=streamed(then=end))
    times = faster(silence=1.0)
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS], times=times) as follower:
        wait_for(lambda: len(server.watched) >= 6, 5.0, follower.told)
        waits = [later - earlier for earlier, later in pairwise(server.watched)]
        assert all(wait >= 0.02 for wait in waits)
        assert waits[4] >= 0.1
        wait_for(lambda: len(server.listed) >= 2, 5.0, "a list, though no watch ever told anything")


def test_a_line_that_is_cut_short_means_list_again_and_keeps_what_came_before() -> None:
    server = Server(on_watch=streamed(line("ADDED", "two", "101"), then=cut))
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.claims() == {"one", "two"}, 5.0, follower.told)
        wait_for(lambda: follower.runs(CLAIMS, "garbled") >= 1, 5.0, follower.told)
        wait_for(lambda: len(server.listed) >= 2, 5.0)


def test_what_came_before_a_garbled_line_is_folded() -> None:
    """A deletion in the same batch is believed before the list that follows has an answer."""
    garbage = b'{"type":"ADDED","object":"nothing"}\n'
    server = Server(on_watch=streamed(line("DELETED", "one", "101") + garbage, then=stall))

    def once(peer: Peer) -> None:
        server.on_list = stall
        good(peer)

    server.on_list = once
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS]) as follower:
        wait_for(lambda: len(server.listed) >= 2, 5.0, follower.told)
        assert follower.runs(CLAIMS, "garbled") >= 1
        assert not follower.claims()


def test_an_error_event_ends_the_session_at_the_last_good_version() -> None:
    error = b'{"type":"ERROR","object":{"kind":"Status","metadata":{},"code":500}}\n'
    after = line("ADDED", "never", "999")
    server = Server(on_watch=streamed(line("ADDED", "two", "101") + error + after, then=end))
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS]) as follower:
        wait_for(lambda: len(server.watched) >= 2, 5.0, follower.told)
        assert follower.claims() == {"one", "two"}
        asked = [each.target for each in hostile.asked if "watch=1" in each.target]
        assert "resourceVersion=100" in asked[0]
        assert "resourceVersion=101" in asked[1]
        assert follower.runs(CLAIMS, "server") >= 1
        assert len(server.listed) == 1


def test_a_broken_object_in_a_watch_is_counted_and_the_watch_goes_on() -> None:
    broken = line("ADDED", "bad", "102").replace(b'"u-bad"', b'""')
    server = Server(on_watch=streamed(broken, line("ADDED", "two", "103"), then=stall))
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.claims() == {"one", "two"}, 5.0, follower.told)
        assert follower.total("exporter_records_rejected_total", CLAIMS) == 1
        assert follower.state(CLAIMS) == "fresh"


@pytest.mark.fault(64)
def test_a_bug_in_a_listing_is_counted_and_the_feed_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    calls = [0]

    def listing(pages: Pages, known: Known) -> Listing:
        calls[0] += 1
        if calls[0] == 1:
            raise KeyError("decoder")
        return pages(Query())

    claims = next(resource for resource in CORE.resources if resource.name == CLAIMS)
    buggy = Resource(name=CLAIMS, path=claims.path, watch=Query(), listing=listing)
    collectors = [Collector(name="core", resources=(buggy,))]
    server = Server()
    with Hostile(server.script) as hostile, following(hostile.url, collectors=collectors) as follower:
        wait_for(lambda: follower.claims() == {"one"}, 5.0, follower.told)
        assert follower.runs(CLAIMS, "bug") == 1
        assert follower.state(CLAIMS) == "fresh"
        assert [record.getMessage() for record in caplog.records].count("feed_bug") == 1


@pytest.mark.fault(1)
@pytest.mark.fault(18)
def test_an_api_that_flaps_makes_no_flapping_series() -> None:
    """Refusals, errors, resets, silence and good answers, at random, for two seconds."""
    acts: list[Act] = [good, good, reset, status, lambda peer: peer.answer(b"{}", "503 Service Unavailable")]
    server = Server(on_watch=any_of(streamed(then=end), streamed(then=cut), reset, status))
    with Hostile(server.script) as hostile, following(hostile.url, only=[CLAIMS], lists=LISTS) as follower:
        wait_for(lambda: follower.claims() == {"one"}, 5.0, follower.told)
        server.on_list = any_of(*acts)
        ends = time.monotonic() + 2.0
        while time.monotonic() < ends:
            assert follower.claims() == {"one"}
            assert follower.state(CLAIMS) in ("fresh", "stale")
            time.sleep(0.01)
        assert len(server.listed) + len(server.watched) < 100
        server.on_list, server.on_watch = good, streamed(then=stall)
        wait_for(lambda: follower.state(CLAIMS) == "fresh", 5.0, follower.told)
