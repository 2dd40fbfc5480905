"""The routes of the metrics port, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import re
import threading
import time
from collections.abc import Iterator

import pytest

from exporter.web.app import Check
from exporter.web.guard import OneWriteTransport
from exporter.web.server import HttpServer
from tests.web.test_negotiate import PROMETHEUS_3_5
from tests.web.views import cluster, search, view
from tests.web.wire import Fixed, ask, dial, head, listening, page_of, parse, until_closed


@pytest.fixture
def fixed() -> Fixed:
    return Fixed()


@pytest.fixture
def server(fixed: Fixed) -> Iterator[HttpServer]:
    with listening(fixed.app()) as server:
        yield server


def test_a_scrape_gets_the_page_with_its_exact_type_and_length(server: HttpServer, fixed: Fixed) -> None:
    answer = ask(server.port, accept=PROMETHEUS_3_5)
    assert answer.code == 200
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "accept, accept-encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    assert "server" not in answer.headers
    assert answer.body.endswith(b'elb_things{state="s0"} 1.0\n# EOF\n')
    assert fixed.seen == [("metrics", 200)]


def test_no_accept_header_gets_the_text_format(server: HttpServer) -> None:
    assert ask(server.port).headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_gzip_and_plain_say_the_same(server: HttpServer) -> None:
    packed, plain = ask(server.port, accept_encoding="gzip"), ask(server.port, accept_encoding="gzip;q=0")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz", "/healthz", "/"])
def test_head_is_get_without_its_body(server: HttpServer, path: str) -> None:
    whole, top = ask(server.port, path), ask(server.port, path, "HEAD")
    assert top.body == b""
    assert {**top.headers, "date": ""} == {**whole.headers, "date": ""}
    assert top.code == whole.code == 200


def test_a_known_tag_is_answered_304_until_the_next_generation(server: HttpServer, fixed: Fixed) -> None:
    tag = ask(server.port).headers["etag"]
    same = ask(server.port, if_none_match=f'"other", W/{tag}')
    assert (same.code, same.body, same.headers["etag"]) == (304, b"", tag)
    assert ask(server.port, if_none_match="*").code == 304
    assert ask(server.port, if_none_match=tag, accept_encoding="gzip").code == 200
    fixed.page = page_of(2)
    assert ask(server.port, if_none_match=tag).code == 200
    assert [code for _, code in fixed.seen] == [200, 304, 304, 200, 200]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_405_and_say_what_is_allowed(server: HttpServer, fixed: Fixed, method: str) -> None:
    answer = ask(server.port, method=method)
    assert answer.code == 405
    assert set(answer.headers["allow"].split(", ")) == {"get", "head"}
    assert fixed.seen == [("metrics", 405)]


@pytest.mark.parametrize(
    "path", ["/metrics/", "/v1/searches", "/metricsx", "/../metrics", "/%2e", "//", "/favicon.ico"]
)
def test_every_other_path_is_404_and_echoes_nothing(server: HttpServer, fixed: Fixed, path: str) -> None:
    answer = ask(server.port, path)
    assert (answer.code, answer.body) == (404, b"Not Found")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert fixed.seen == [("other", 404)]


def test_a_probe_is_200_while_every_check_holds(server: HttpServer, fixed: Fixed) -> None:
    fixed.live = (Check("scheduler", True), Check("batch", True))
    for path in ("/livez", "/healthz"):
        assert ask(server.port, path).body == b"ok\n"
        assert ask(server.port, path + "?verbose").body == b"[+] scheduler ok\n[+] batch ok\nlivez check passed\n"
    assert ask(server.port, "/livez").headers["cache-control"] == "no-store"


def test_a_failed_check_makes_its_probe_503_and_is_named(server: HttpServer, fixed: Fixed) -> None:
    fixed.ready = (Check("page", True), Check("batch", False, "not synced"))
    answer = ask(server.port, "/readyz")
    assert answer.code == 503
    assert answer.body == b"[+] page ok\n[-] batch failed: not synced\nreadyz check failed\n"
    assert ask(server.port, "/livez").code == 200
    assert fixed.seen == [("readyz", 503), ("livez", 200)]


def test_the_status_page_forbids_everything_but_its_own_style(server: HttpServer, fixed: Fixed) -> None:
    assert b"nothing has been read yet" in ask(server.port, "/").body
    fixed.view = view(cluster(search()))
    answer = ask(server.port, "/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["cache-control"] == "no-store"
    assert b"blastp nr" in answer.body
    assert b"http-equiv" in answer.body
    assert b"http-equiv" not in ask(server.port, "/?refresh=0").body


def test_a_broken_page_is_500_and_counted(server: HttpServer, fixed: Fixed) -> None:
    fixed.page = None
    answer = ask(server.port)
    assert (answer.code, answer.body) == (500, b"Internal Server Error")
    assert fixed.seen == [("metrics", 500)]
    assert ask(server.port, "/livez").code == 200


def test_one_connection_serves_many_scrapes(server: HttpServer) -> None:
    with dial(server.port) as client:
        for _ in range(3):
            client.sendall(head())
            assert b"elb_things" in client.recv(65536)


def test_pipelined_requests_are_answered_in_order(server: HttpServer) -> None:
    with dial(server.port) as client:
        client.sendall(head("/livez") + head("/nowhere") + head("/readyz", connection="close"))
        raw = until_closed(client)
    assert re.findall(rb"HTTP/1.1 (\d+)", raw) == [b"200", b"404", b"200"]


@pytest.mark.fault(83)
def test_a_scrape_shows_one_generation_while_pages_are_swapped(server: HttpServer, fixed: Fixed) -> None:
    """Every series carries its page's number; a mix would show two."""
    done = threading.Event()

    def swap() -> None:
        for number in range(1, 100_000):
            fixed.page = page_of(number, series=300)
            if done.wait(0.0005):
                return

    writer = threading.Thread(target=swap)
    writer.start()
    try:
        generations = [_generations(server.port, packed) for _ in range(20) for packed in (True, False)]
    finally:
        done.set()
        writer.join()
    assert all(len(numbers) == 1 for numbers in generations)
    assert len(set.union(*generations)) > 5


def _generations(port: int, packed: bool) -> set[bytes]:
    answer = ask(port, accept_encoding="gzip" if packed else "identity")
    text = gzip.decompress(answer.body) if packed else answer.body
    numbers = re.findall(rb"\} (\S+)\n", text)
    assert len(numbers) == 300
    return set(numbers)


def test_head_and_body_leave_in_one_write() -> None:
    """Two writes would cost a scraper 40 ms where the kernel waits for an acknowledgement."""
    assert asyncio.run(_writes()) == [b"head body", b"last"]


async def _writes() -> list[bytes]:
    sent = Recorded()
    transport = OneWriteTransport(sent, asyncio.get_running_loop())
    transport.write(b"head ")
    transport.write(b"body")
    assert transport.get_write_buffer_size() == 9
    await asyncio.sleep(0)
    transport.write(b"last")
    transport.close()
    await asyncio.sleep(0)
    return sent.writes


class Recorded(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


def test_a_scrape_of_a_large_page_is_quick(server: HttpServer, fixed: Fixed) -> None:
    fixed.page = page_of(1, series=5000)
    ask(server.port)
    best = min(_seconds(server.port) for _ in range(10))
    assert best < 0.05


def _seconds(port: int) -> float:
    with dial(port) as client:
        began = time.perf_counter()
        client.sendall(head(connection="close"))
        assert len(parse(until_closed(client)).body) > 100_000
        return time.perf_counter() - began
