"""One request against a server that misbehaves: the fault matrix from the socket up."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from exporter.adapters.transport import Answer, Transport
from exporter.domain.failures import Failed, Word
from tests.adapters.conftest import Dial
from tests.support.hostile import Hostile, Peer, Script, chunk, head

BUDGET = 0.3
PATH = "/apis/batch/v1/jobs"


def ask(transport: Transport, *, budget: float = BUDGET, cap: int = 1 << 20) -> Answer:
    return transport.get(PATH, {"limit": 500}, budget=budget, cap=cap)


def failure(call: Callable[[], object]) -> Failed:
    with pytest.raises(Failed) as caught:
        call()
    return caught.value


def after_request(act: Script) -> Script:
    def script(peer: Peer) -> None:
        while peer.read():
            act(peer)

    return script


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A port whose queue is full: the kernel drops every further SYN."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    for each in (*waiting, listener):
        each.close()


def test_an_answer_comes_with_the_servers_clock(dial: Dial) -> None:
    script = after_request(lambda peer: peer.answer(b'{"a":1}', Date="Sun, 22 Nov 2026 07:00:00 GMT"))
    with Hostile(script) as server:
        assert ask(dial(server, token="t0ken")) == Answer(b'{"a":1}', 1795330800.0)
    asked = server.asked[0]
    assert asked.target == f"{PATH}?limit=500"
    assert asked.headers["authorization"] == "Bearer t0ken"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("elasticblast-exporter/")


def test_requests_share_one_connection(dial: Dial) -> None:
    with Hostile(after_request(lambda peer: peer.answer())) as server:
        transport = dial(server)
        for _ in range(3):
            ask(transport)
    assert (server.accepted, len(server.asked)) == (1, 3)


@pytest.mark.fault(1)
def test_a_refused_connection_is_connect(dial: Dial) -> None:
    with Hostile(lambda peer: None) as server:
        url = server.url
    assert failure(lambda: ask(dial(url))).word is Word.CONNECT


@pytest.mark.fault(2)
def test_a_swallowed_syn_ends_at_the_connect_budget(dial: Dial, full_backlog: str) -> None:
    transport = dial(full_backlog, connect_timeout=0.2)
    started = time.monotonic()
    assert failure(lambda: ask(transport, budget=5.0)).word is Word.TIMEOUT
    assert time.monotonic() - started < 2.5


@pytest.mark.fault(3)
@pytest.mark.parametrize("host", ["api.invalid", "a..b", "a" * 70])
def test_a_name_that_does_not_resolve_is_dns(dial: Dial, host: str) -> None:
    assert failure(lambda: ask(dial(f"http://{host}:6443"))).word is Word.DNS


@pytest.mark.fault(7)
@pytest.mark.fault(8)
@pytest.mark.fault(9)
@pytest.mark.parametrize(
    "act",
    [
        lambda peer: peer.stall(),
        lambda peer: peer.drip(head(Content_Length="2") + b"{}", 0.05),
        lambda peer: (peer.send(head(Content_Length="100")), peer.stall()),
        lambda peer: (peer.send(head(Content_Length="100")), peer.drip(b" " * 100, 0.05)),
        lambda peer: (peer.send(head(Transfer_Encoding="chunked")), peer.drip(chunk(b" " * 100), 0.05)),
        lambda peer: (peer.send(head()), peer.drip(b" " * 100, 0.05)),
    ],
    ids=["silence", "dripped head", "silent body", "dripped body", "dripped chunks", "dripped until closed"],
)
def test_the_wall_deadline_bounds_an_answer(dial: Dial, act: Script) -> None:
    with Hostile(after_request(act)) as server:
        transport = dial(server)
        started = time.monotonic()
        assert failure(lambda: ask(transport)).word is Word.TIMEOUT
        assert BUDGET * 0.9 < time.monotonic() - started < 10 * BUDGET


def test_the_next_request_after_a_deadline_gets_a_connection_of_its_own(dial: Dial) -> None:
    def script(peer: Peer) -> None:
        while peer.read():
            peer.answer() if peer.number else peer.stall()

    with Hostile(script) as server:
        transport = dial(server)
        assert failure(lambda: ask(transport)).word is Word.TIMEOUT
        assert ask(transport).body == b"{}"


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "sent", [b"", head(Content_Length="9999") + b" " * 1024], ids=["before the head", "in the body"]
)
def test_a_reset_is_connect(dial: Dial, sent: bytes) -> None:
    with Hostile(after_request(lambda peer: (peer.send(sent), time.sleep(0.05), peer.reset()))) as server:
        assert failure(lambda: ask(dial(server))).word is Word.CONNECT


@pytest.mark.fault(11)
@pytest.mark.fault(12)
@pytest.mark.parametrize(
    "sent",
    [
        head(Content_Length="100") + b"{}",
        head(Transfer_Encoding="chunked") + chunk(b"{}"),
        head(Transfer_Encoding="chunked") + b"10\r\n{}",
        head(Transfer_Encoding="chunked") + b"zz\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
    ],
    ids=["short body", "no last chunk", "short chunk", "no chunk", "no HTTP", "no status"],
)
def test_a_broken_answer_is_garbled(dial: Dial, sent: bytes) -> None:
    with Hostile(after_request(lambda peer: (peer.send(sent), peer.half_close(), peer.stall()))) as server:
        assert failure(lambda: ask(dial(server))).word is Word.GARBLED


@pytest.mark.fault(14)
def test_a_kept_connection_that_was_closed_is_replaced_without_a_word(dial: Dial) -> None:
    """The server hangs up on the second request of a connection before its first byte."""

    def script(peer: Peer) -> None:
        peer.read()
        peer.answer()
        peer.read()

    with Hostile(script) as server:
        transport = dial(server)
        assert [ask(transport).body for _ in range(3)] == [b"{}"] * 3
    assert server.accepted == 3


@pytest.mark.fault(14)
def test_a_new_connection_that_is_closed_is_not_tried_again(dial: Dial) -> None:
    with Hostile(lambda peer: (peer.read(), None)[1]) as server:
        assert failure(lambda: ask(dial(server))).word is Word.CONNECT
    assert len(server.asked) == 1


def test_a_write_is_sent_once_even_on_a_closed_connection(dial: Dial) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.answer()
        peer.read()

    with Hostile(script) as server:
        transport = dial(server)
        ask(transport)
        assert failure(lambda: transport.send("DELETE", PATH + "/x", {}, budget=1, cap=99)).word is Word.CONNECT
    assert [asked.method for asked in server.asked] == ["GET", "DELETE"]


def test_a_write_sends_its_body_and_its_query(dial: Dial) -> None:
    with Hostile(after_request(lambda peer: peer.answer(b"{}", "201 Created"))) as server:
        dial(server).send("POST", PATH, {"kind": "TokenReview"}, {"dryRun": "All"}, budget=1, cap=99)
    asked = server.asked[0]
    assert (asked.method, asked.target, asked.body) == ("POST", f"{PATH}?dryRun=All", b'{"kind": "TokenReview"}')
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.fault(15)
def test_a_redirect_is_not_followed(dial: Dial) -> None:
    with Hostile(after_request(lambda peer: peer.answer())) as elsewhere:
        script = after_request(lambda peer: peer.answer(b"", "302 Found", Location=elsewhere.url + "/"))
        with Hostile(script) as server:
            assert failure(lambda: ask(dial(server, token="secret"))).word is Word.SERVER
    assert elsewhere.accepted == 0


@pytest.mark.fault(16)
def test_proxies_of_the_environment_are_ignored(dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Hostile(after_request(lambda peer: peer.answer())) as proxy,
        Hostile(after_request(lambda peer: peer.answer())) as server,
    ):
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        ask(dial(server))
    assert (proxy.accepted, server.accepted) == (0, 1)


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b" " * 3_000_000, {}),
        (gzip.compress(b" " * 50_000_000), {"Content_Encoding": "gzip"}),
    ],
    ids=["plain", "gzip"],
)
def test_a_body_over_the_cap_is_oversize(dial: Dial, body: bytes, headers: dict[str, str]) -> None:
    with Hostile(after_request(lambda peer: peer.answer(body, **headers))) as server:
        assert failure(lambda: ask(dial(server), budget=1.0)).word is Word.OVERSIZE


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        ("401 Unauthorized", Word.UNAUTHENTICATED, "401"),
        ("403 Forbidden", Word.DENIED, "403"),
        ("404 Not Found", Word.ABSENT, "404"),
        ("409 Conflict", Word.CONFLICT, "409"),
        ("410 Gone", Word.GONE, "410"),
        ("422 Unprocessable Entity", Word.SERVER, "4xx"),
        ("429 Too Many Requests", Word.THROTTLED, "429"),
        ("500 Internal Server Error", Word.SERVER, "5xx"),
        ("504 Gateway Timeout", Word.TIMEOUT, "5xx"),
    ],
)
def test_a_status_is_a_word_and_is_counted(dial: Dial, status: str, word: Word, code: str) -> None:
    counted: list[tuple[str, str]] = []
    with Hostile(after_request(lambda peer: peer.answer(b"{}", status))) as server:
        transport = dial(server, lambda *told: counted.append(told), token="t")
        assert failure(lambda: ask(transport)).word is word
    assert counted == [("get", code)]
    assert len(server.asked) == 1


def test_a_request_without_an_answer_is_counted_as_none(dial: Dial) -> None:
    counted: list[tuple[str, str]] = []
    with Hostile(lambda peer: (peer.read(), None)[1]) as server:
        failure(lambda: ask(dial(server, lambda *told: counted.append(told))))
    assert counted == [("get", "none")]


@pytest.mark.fault(32)
def test_retry_after_is_reported_and_not_slept(dial: Dial) -> None:
    with Hostile(after_request(lambda peer: peer.answer(b"", "429 Too Many", Retry_After="7"))) as server:
        started = time.monotonic()
        assert failure(lambda: ask(dial(server))).retry_after == 7.0
        assert time.monotonic() - started < 3.5


def test_abort_ends_a_waiting_call_and_every_later_one(dial: Dial) -> None:
    reached = threading.Event()

    def script(peer: Peer) -> None:
        peer.read()
        reached.set()
        peer.stall()

    with Hostile(script) as server:
        transport = dial(server)
        aborted_at: list[float] = []

        def abort() -> None:
            reached.wait(2.0)
            aborted_at.append(time.monotonic())
            transport.abort()

        thread = threading.Thread(target=abort)
        thread.start()
        assert failure(lambda: ask(transport, budget=5.0)) == Failed(Word.CONNECT, "aborted")
        assert time.monotonic() - aborted_at[0] < 2.5
        thread.join()
        assert failure(lambda: ask(transport)) == Failed(Word.CONNECT, "aborted")
    assert len(server.asked) == 1
