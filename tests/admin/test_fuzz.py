"""Whatever is sent: an answer with a legal status, in time, and nothing is read or written for who is not known."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exporter.domain.identity import is_search_id
from tests.admin.port import OPERATOR, A, Port, listening
from tests.web.wire import dial, parse, until_closed

BOUNDED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LEGAL = {status.value for status in HTTPStatus}
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#? "), max_size=80)
LATIN = st.text(st.characters(min_codepoint=1, max_codepoint=0xFF, exclude_characters="\r\n\0"), max_size=60)
PATHS = st.sampled_from(
    ["/", "/openapi.json", "/v1/searches", f"/v1/searches/{A}", f"/v1/searches/{A}/cancel", "/v1/cancels/k"]
)
BODIES = st.binary(max_size=200) | st.builds(
    lambda members: json.dumps(members).encode(),
    st.dictionaries(
        st.sampled_from(["confirm", "dry_run", "wait", "namespace", "cluster", "reason", "expected_count", "x"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=80)
        | st.just(A)
        | st.lists(st.none()),
    ),
)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """With a search that is there to be harmed."""
    many = {"requests_per_minute": 100_000, "cancels_per_caller": 10_000, "cancels_per_minute": 10_000}
    with listening(tmp_path_factory.mktemp("admin"), **many) as port:
        port.search()
        yield port


@pytest.fixture
def port(standing: Port) -> Port:
    standing.simulator.api.seen.clear()
    return standing


def send(port: Port, raw: bytes, *, hang_up: bool = False) -> int:
    """The status of the first answer, 0 if the server closed without one, as it does when the client hangs up."""
    with dial(port.number) as client:
        client.settimeout(20.0)
        client.sendall(raw)
        if hang_up:
            client.shutdown(socket.SHUT_WR)
        got = until_closed(client)
    return parse(got).code if got.startswith(b"HTTP/1.1 ") else 0


def unharmed(port: Port) -> None:
    """No API was asked for anything but whose token it is."""
    assert {one for one in port.asked() if "tokenreviews" not in one} == set()


@BOUNDED
@given(st.binary(max_size=300))
@example(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@example(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
@example(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
def test_any_bytes_are_answered_or_hung_up_on(port: Port, raw: bytes) -> None:
    assert send(port, raw, hang_up=True) in LEGAL | {0}
    unharmed(port)


@BOUNDED
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]),
    path=PATHS | VISIBLE.map(lambda text: f"/{text}") | VISIBLE.map(lambda text: f"/v1/searches/{text}/cancel"),
    names=st.lists(st.sampled_from(["origin", "host", "content-type", "idempotency-key", "authorization", "x"])),
    values=st.lists(LATIN, min_size=6, max_size=6),
    body=BODIES,
)
def test_who_has_no_token_of_ours_causes_no_look_and_no_write(
    port: Port, method: str, path: str, names: list[str], values: list[str], body: bytes
) -> None:
    headers = {"host": "localhost", "content-type": "application/json", "authorization": "Bearer guess"}
    headers |= dict(zip(names, values, strict=False))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
    assert send(port, head.encode("latin-1") + body) in LEGAL
    unharmed(port)
    assert len(port.jobs()) == 5


@BOUNDED
@given(text=VISIBLE.filter(lambda text: not is_search_id(text)))
def test_an_id_that_is_none_causes_no_call_at_all_even_of_the_operator(port: Port, text: str) -> None:
    shown = port.get(f"/v1/searches/{text}")
    assert shown.status in (400, 404, 405, 422)
    body = json.dumps({"confirm": text}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {OPERATOR}"}
    assert port.send("POST", f"/v1/searches/{text}/cancel", body, headers=headers).status in (400, 404, 405, 422)
    assert port.asked() == []


@BOUNDED
@given(body=BODIES)
def test_no_body_but_a_true_confirmation_harms_the_search(port: Port, body: bytes) -> None:
    """An operator who sends nonsense, or confirms something else, deletes nothing; nor does a dry run."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {OPERATOR}"}
    path = "/v1/searches/job-other/cancel"
    assert port.send("POST", path, body, headers=headers).status in LEGAL
    assert [one for one in port.asked() if one.startswith("DELETE")] == []
    assert len(port.jobs()) == 5


@BOUNDED
@given(token=LATIN)
def test_any_text_may_stand_for_a_token(port: Port, token: str) -> None:
    head = f"GET /v1/searches/{A} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
    assert send(port, head.encode("latin-1")) in (400, 401)
    unharmed(port)
