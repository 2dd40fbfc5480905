"""What a hostile or a slow client gets: an end, soon; and what everybody else gets meanwhile: their answer."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress

import pytest
from starlette.types import Receive, Scope, Send

from exporter.web.guard import Limits
from exporter.web.negotiate import TEXT
from exporter.web.server import HttpServer, HttpSettings, ListenError
from tests.web.wire import Answer, Fixed, ask, dial, eventually, head, listening, page_of, parse, until_closed


def limits(**changes: object) -> Limits:
    plain: dict[str, object] = {"header_timeout": 0.3, "request_timeout": 0.6, "keep_alive": 1}
    return Limits(**{**plain, **changes})


def silent(_client: socket.socket) -> None:
    """Never speaks."""


def half_a_head(client: socket.socket) -> None:
    client.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n")


def dripping_head(client: socket.socket) -> None:
    client.sendall(b"GET /metrics HTTP/1.1\r\n")
    _drip(client, b"x: y\r\n")


def dripping_blank_lines(client: socket.socket) -> None:
    _drip(client, b"\r\n")


def dripping_second_head(client: socket.socket) -> None:
    client.sendall(head("/livez"))
    client.recv(4096)
    client.sendall(b"GET /metrics HTTP/1.1\r\n")
    _drip(client, b"x: y\r\n")


def dripping_body(client: socket.socket) -> None:
    client.sendall(head("/livez", content_length="1000000"))
    _drip(client, b"x")


def _drip(client: socket.socket, drop: bytes) -> None:
    """A drop every 50 ms until the other side has had enough, at most 2 s."""
    deadline = time.monotonic() + 2
    try:
        while time.monotonic() < deadline:
            client.sendall(drop)
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.fault(82)
@pytest.mark.parametrize(
    "behave", [silent, half_a_head, dripping_head, dripping_blank_lines, dripping_second_head, dripping_body]
)
def test_a_client_that_does_not_finish_its_request_is_cut_off(behave: Callable[[socket.socket], None]) -> None:
    rejected: list[int] = []
    with listening(Fixed().app(), limits=limits(on_reject=rejected.append)) as server, dial(server.port) as client:
        began = time.monotonic()
        behave(client)
        until_closed(client)
        assert 0.2 < time.monotonic() - began < 1.5
        assert rejected == [408]
        assert ask(server.port).code == 200


@pytest.mark.fault(82)
def test_a_reader_that_stalls_is_cut_off_and_others_are_served() -> None:
    rejected: list[int] = []
    fixed = Fixed(page=page_of(1, series=200_000))
    fixed.page.body(TEXT, compressed=False)  # what it takes to render it is not the reader's time
    fixed_limits = limits(on_reject=rejected.append, request_timeout=1.0)
    with listening(fixed.app(), limits=fixed_limits) as server, closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(5)
        client.connect(("127.0.0.1", server.port))
        client.sendall(head())
        assert eventually(lambda: fixed.seen == [("metrics", 200)])
        assert ask(server.port, "/livez").code == 200
        assert eventually(lambda: rejected == [408])
        assert len(until_closed(client)) < 4_000_000


def test_a_slow_but_steady_reader_gets_its_page() -> None:
    fixed = Fixed(page=page_of(1, series=50_000))
    with listening(fixed.app(), limits=limits(request_timeout=5)) as server, dial(server.port) as client:
        client.sendall(head(connection="close"))
        raw = bytearray()
        while data := client.recv(65536):
            raw += data
            time.sleep(0.002)
    answer = parse(bytes(raw))
    assert len(answer.body) == int(answer.headers["content-length"]) > 1_000_000


def test_the_deadline_of_a_request_does_not_cut_the_next_one() -> None:
    """Each request of a connection has its own time; the connection as a whole has none."""
    with listening(Fixed().app(), limits=limits()) as server, dial(server.port) as client:
        began = time.monotonic()
        while time.monotonic() - began < 1.0:
            client.sendall(head("/livez"))
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
            time.sleep(0.1)


def test_an_idle_connection_is_closed_after_keep_alive_and_is_no_offence() -> None:
    rejected: list[int] = []
    with listening(Fixed().app(), limits=limits(on_reject=rejected.append)) as server, dial(server.port) as client:
        client.sendall(head("/livez"))
        began = time.monotonic()
        until_closed(client)
        assert 0.8 < time.monotonic() - began < 5.0
        assert rejected == []


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("piece", [1000, 20_000])
def test_a_head_over_its_limit_is_refused_with_431(whole: bool, piece: int) -> None:
    """Whether it comes in one piece or many, and whether it ever ends."""
    rejected: list[int] = []
    with listening(Fixed().app(), limits=limits(on_reject=rejected.append)) as server, dial(server.port) as client:
        raw = head(cookie="c" * 9000) if whole else head(cookie="c" * 9000)[:-4]
        for start in range(0, len(raw), piece):
            client.sendall(raw[start : start + piece])
        answer = parse(until_closed(client))
        assert (answer.code, answer.headers["connection"], rejected) == (431, "close", [431])


def test_a_head_just_under_its_limit_is_served() -> None:
    with listening(Fixed().app(), limits=limits()) as server:
        assert ask(server.port, cookie="c" * 8000).code == 200


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x02\x00hello there\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_not_http_gets_400(raw: bytes) -> None:
    rejected: list[int] = []
    with listening(Fixed().app(), limits=limits(on_reject=rejected.append)) as server, dial(server.port) as client:
        client.sendall(raw)
        assert parse(until_closed(client)).code == 400
        assert rejected == [400]


@pytest.mark.fault(81)
def test_of_200_scrapes_at_once_64_are_served_and_the_rest_refused_quickly() -> None:
    rejected: list[int] = []
    with listening(Fixed().app(), limits=Limits(on_reject=rejected.append)) as server:
        with ExitStack() as stack:
            clients = [stack.enter_context(dial(server.port)) for _ in range(200)]
            assert eventually(lambda: len(rejected) == 136)
            began = time.monotonic()
            codes = Counter(_scrape(client).code for client in clients)
            assert codes == {200: 64, 503: 136}
            assert time.monotonic() - began < 5.0
        assert rejected == [503] * 136
        assert eventually(lambda: ask(server.port).code == 200)


def _scrape(client: socket.socket) -> Answer:
    """A refused client may find its answer there, and the connection closed, before it has spoken."""
    with suppress(OSError):
        client.sendall(head(connection="close"))
    return parse(until_closed(client))


def test_a_port_in_use_is_named() -> None:
    with listening(Fixed().app()) as server:
        second = HttpServer(Fixed().app(), HttpSettings(address="127.0.0.1", port=server.port))
        with pytest.raises(ListenError, match=f"127.0.0.1 port {server.port}: it is in use") as raised:
            second.start()
        assert (raised.value.address, raised.value.port) == ("127.0.0.1", server.port)
        assert ask(server.port).code == 200


def test_an_address_of_another_machine_is_a_listen_error() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1 port 0"):
        HttpServer(Fixed().app(), HttpSettings(address="192.0.2.1", port=0)).start()


@pytest.mark.parametrize(("address", "client"), [("::1", "::1"), ("::", "::1"), ("::", "127.0.0.1")])
def test_ipv6_addresses_work_and_the_open_one_takes_ipv4_too(address: str, client: str) -> None:
    with listening(Fixed().app(), address=address) as server, dial(server.port, client) as connection:
        connection.sendall(head("/livez", connection="close"))
        assert parse(until_closed(connection)).body == b"ok\n"


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.began.set()
        for _ in range(500):
            if self.may_end.is_set():
                break
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})


def test_an_answer_may_take_longer_than_a_head() -> None:
    slow = Slow()
    with listening(slow, limits=limits(request_timeout=2)) as server, dial(server.port) as client:
        client.sendall(head(connection="close"))
        time.sleep(0.5)
        slow.may_end.set()
        assert parse(until_closed(client)).body == b"done"


def test_stop_finishes_the_request_under_way_and_takes_no_new_one() -> None:
    slow = Slow()
    with listening(slow) as server, dial(server.port) as client:
        client.sendall(head())
        assert slow.began.wait(2)
        stopper = threading.Thread(target=server.stop, args=(2.0,))
        stopper.start()
        assert eventually(lambda: _refuses(server.port))
        slow.may_end.set()
        answer = parse(until_closed(client))
        stopper.join()
        assert (answer.code, answer.body) == (200, b"done")


def _refuses(port: int) -> bool:
    try:
        dial(port).close()
    except ConnectionRefusedError:
        return True
    return False


def test_stop_cuts_what_outlasts_its_grace_and_frees_the_port() -> None:
    slow = Slow()
    with listening(slow, limits=Limits(request_timeout=30)) as server, dial(server.port) as client, dial(server.port):
        client.sendall(head())
        assert slow.began.wait(2)
        began = time.monotonic()
        server.stop(0.3)
        assert time.monotonic() - began < 5.0
        assert parse(until_closed(client) or b"HTTP/1.1 0\r\n\r\n").body != b"done"
        again = HttpServer(Fixed().app(), HttpSettings(address="127.0.0.1", port=server.port))
        again.start()
        assert ask(again.port).code == 200
        again.stop(0.1)


def test_a_server_that_never_started_can_be_stopped() -> None:
    HttpServer(Fixed().app(), HttpSettings(address="127.0.0.1", port=0)).stop()
