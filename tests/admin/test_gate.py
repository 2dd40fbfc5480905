"""What is refused before anybody is asked: each check, the order of the checks, and no request to any API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.admin.port import ELSEWHERE, OPERATOR, READER, STRANGER, A, B, Port, Said, listening, with_token

CANCEL = f"/v1/searches/{A}/cancel"
JSON = {"content-type": "application/json"}
GOOD = json.dumps({"confirm": A}).encode()
# Every request is wrong in all that comes after its own fault too: so the first fault is what is told.
ORDER: list[tuple[str, int, str, Callable[[Port], Said]]] = [
    ("method", 405, "method", lambda port: port.send("PUT", "/nowhere", headers={"host": "evil.example"})),
    ("path", 404, "path", lambda port: port.send("POST", "/nowhere", headers={"host": "evil.example"})),
    ("method of the path", 405, "method", lambda port: port.send("GET", CANCEL, headers={"host": "evil.example"})),
    ("host", 403, "host", lambda port: post(port, b"no", host="evil.example", origin="https://evil.example")),
    ("origin", 403, "origin", lambda port: post(port, b"no", origin="null", content_type="text/plain")),
    ("content type", 415, "content_type", lambda port: post(port, b"x" * 5000, content_type="text/plain")),
    ("size", 413, "size", lambda port: post(port, b"x" * 5000)),
    ("json", 400, "bad_request", lambda port: post(port, b'{"confirm": "x"')),
    ("members", 400, "bad_request", lambda port: post(port, b'{"confirm": "x", "force": true}')),
    ("token", 401, "unauthenticated", lambda port: post(port, b'{"confirm": "x"}', authorization="")),
    ("id", 422, "bad_id", lambda port: post(port, b'{"confirm": "x"}', path="/v1/searches/..;/cancel")),
    ("confirm", 422, "confirm", lambda port: post(port, b'{"confirm": "x", "cluster": "no", "namespace": "no"}')),
    ("cluster", 422, "cluster", lambda port: post(port, body(cluster="no", namespace="no"))),
    ("namespace", 404, "namespace", lambda port: post(port, body(namespace="kube-system"))),
]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    with listening(tmp_path_factory.mktemp("admin"), cancels_per_caller=1000, cancels_per_minute=1000) as port:
        yield port


@pytest.fixture
def port(standing: Port) -> Port:
    """One port for all tests: nothing that is asked here comes as far as to change anything."""
    standing.simulator.api.seen.clear()
    standing.counted.clear()
    return standing


def body(**members: object) -> bytes:
    return json.dumps({"confirm": A, **members}).encode()


def post(port: Port, content: bytes, *, path: str = CANCEL, **headers: str) -> Said:
    named = {"content-type": "application/json", "authorization": f"Bearer {STRANGER}"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return port.send("POST", path, content, headers={name: value for name, value in named.items() if value})


@pytest.mark.parametrize(("status", "name", "ask"), [one[1:] for one in ORDER], ids=[one[0] for one in ORDER])
def test_the_first_fault_is_told_and_no_api_is_asked(
    port: Port, status: int, name: str, ask: Callable[[Port], Said]
) -> None:
    answer = ask(port)
    assert (answer.status, answer.problem) == (status, name)
    assert port.asked() == []


def test_the_rate_comes_after_the_body_and_before_the_token(tmp_path: Path) -> None:
    with listening(tmp_path, requests_per_minute=1) as port:
        assert port.get("/openapi.json", token="").status == 200
        assert post(port, b"{}").problem == "bad_request"
        limited = post(port, GOOD, authorization="")
        assert (limited.status, limited.problem) == (429, "limited")
        assert int(limited.headers["retry-after"]) >= 1


@pytest.mark.fault(86)
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Basic b3A6cHc=", 401),
        (f"Token {OPERATOR}", 401),
        ("Bearer a b", 401),
        ("Bearer t\x7f", 400),
        ("Bearer té", 401),
        ("Bearer " + "x" * 7000, 401),
        ("Bearer " + "x" * 1024**2, 431),
    ],
    ids=[
        "none",
        "empty",
        "no-token",
        "blank",
        "basic",
        "scheme",
        "blank-in-it",
        "control",
        "not-ascii",
        "long",
        "1-MiB",
    ],
)
def test_a_token_that_cannot_be_one_is_refused_before_any_api_call(
    port: Port, authorization: str | None, status: int
) -> None:
    """A long one that might be a token is for the reviewer to judge; one beyond the limit of the head never gets in."""
    headers = JSON | ({} if authorization is None else {"authorization": authorization})
    if status == 431:
        assert answer_to_flood(port, headers) in (431, None)
    else:
        for method, path, content in (("POST", CANCEL, GOOD), ("GET", f"/v1/searches/{A}", None)):
            assert port.send(method, path, content, headers=headers).status == status
    reviews = [one for one in port.asked() if "tokenreviews" in one]
    assert len(reviews) == (2 if authorization == "Bearer " + "x" * 7000 else 0)
    assert [one for one in port.asked() if "jobs" in one] == []


def answer_to_flood(port: Port, headers: dict[str, str]) -> int | None:
    """The status; None where the connection was reset before it could be read."""
    try:
        return port.send("POST", CANCEL, GOOD, headers=headers).status
    except (OSError, IndexError, ValueError):
        return None


def test_two_tokens_are_none(port: Port) -> None:
    request = f"GET /v1/searches HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {OPERATOR}\r\n"
    answer = port.raw(f"{request}authorization: Bearer {OPERATOR}\r\n\r\n".encode())
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "bearer")


@pytest.mark.fault(90)
@pytest.mark.parametrize(
    "text",
    ["", "..", "a%0a", "a" * 64, "x,app=blast", "%2f", "%C3%A9", "-a", "a-", "a%20b", "a;b", "%00", "*", "a=b", "(a)"],
)
def test_an_id_that_is_none_is_refused_before_any_api_call(port: Port, text: str) -> None:
    shown = port.get(f"/v1/searches/{text}")
    done = port.send("POST", f"/v1/searches/{text}/cancel", body(confirm=text), headers=with_token(OPERATOR, JSON))
    told = [(shown.status, shown.problem), (done.status, done.problem)]
    assert told == [(422, "bad_id")] * 2 or (len(text) == 64 and told == [(422, "bad_id"), (400, "bad_request")])
    assert port.asked() == []
    assert text not in shown.body.decode() or text in ("", "-a", "a-", "*", "..")


@pytest.mark.fault(91)
def test_a_wrong_confirmation_or_count_deletes_nothing(tmp_path: Path) -> None:
    with listening(tmp_path) as port:
        port.search()
        before = port.jobs()
        wrong = port.cancel(A, confirm=B)
        assert (wrong.status, wrong.problem) == (422, "confirm")
        for count in (0, 4, 6):
            answer = port.cancel(expected_count=count)
            assert (answer.status, answer.problem, answer.json["outcome"]) == (409, "count", "refused")
        assert (port.jobs(), port.deletes()) == (before, [])
        assert port.admin.tally.freeze().refused == {"confirm": 1, "count": 3}


@pytest.mark.fault(92)
@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"origin": "https://evil.example"}, 403),
        ("POST", {"origin": "null"}, 403),
        ("POST", {"sec-fetch-site": "cross-site"}, 403),
        ("POST", {"sec-fetch-site": "same-site"}, 403),
        ("POST", {"host": "rebound.example"}, 403),
        ("POST", {"host": "localhost.evil.example"}, 403),
        ("POST", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", {"content-type": "text/plain"}, 415),
        ("POST", {"content-type": "application/json, text/plain"}, 415),
        ("POST", {"content-encoding": "gzip"}, 415),
        ("GET", {}, 405),
        ("OPTIONS", {"origin": "https://evil.example", "access-control-request-method": "POST"}, 405),
    ],
)
def test_the_page_of_another_site_can_do_nothing(port: Port, method: str, headers: dict[str, str], status: int) -> None:
    answer = port.send(method, CANCEL, GOOD, headers={**JSON, **with_token(OPERATOR, {}), **headers})
    assert answer.status == status
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert port.asked() == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9851", "127.0.0.1:1", "[::1]:9851", "cancel.example:443"])
def test_the_names_that_are_listed_are_answered_for(tmp_path: Path, host: str) -> None:
    with listening(tmp_path, hosts=("cancel.example",)) as port:
        assert port.get("/openapi.json", token="", host=host).status == 200


@pytest.mark.parametrize(
    "hosts", [[], ["localhost", "localhost"], [""], ["evil.example@localhost"], ["[::1]evil.example"]]
)
def test_a_host_must_be_named_once(port: Port, hosts: list[str]) -> None:
    lines = "".join(f"host: {host}\r\n" for host in hosts)
    assert port.raw(f"GET / HTTP/1.1\r\n{lines}\r\n".encode()).status == 403


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'{"confirm": 1}',
        b'{"confirm": "x", "confirm": "%s"}' % A.encode(),
        b'{"confirm": "x", "dry_run": 1}',
        b'{"confirm": "x", "expected_count": -1}',
        b'{"confirm": "x", "expected_count": 1e99}',
        b'{"confirm": "x", "wait": 121}',
        b'{"confirm": "x", "wait": -1}',
        b'{"confirm": "x", "reason": "%s"}' % (b"r" * 201),
        b'{"confirm": "\xff"}',
        b'{"confirm": "x"} {}',
        b"[" * 4000,
    ],
)
def test_a_body_that_is_not_one_is_refused(port: Port, content: bytes) -> None:
    answer = port.send("POST", CANCEL, content, headers=with_token(OPERATOR, JSON))
    assert (answer.status, answer.problem) == (400, "bad_request")
    assert port.asked() == []


def test_a_body_without_a_length_has_the_same_limit(port: Port) -> None:
    head = f"POST {CANCEL} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked"
    answer = port.raw(f"{head}\r\n\r\n1400\r\n{'x' * 0x1400}\r\n0\r\n\r\n".encode())
    assert (answer.status, answer.problem) == (413, "size")


@pytest.mark.parametrize("query", ["force=true", "cluster=&cluster=", "namespace=default&x=", "=", "%ff=1", "&&&=a"])
def test_a_query_that_is_not_known_is_refused(port: Port, query: str) -> None:
    assert port.get(f"/v1/searches?{query}").problem == "bad_request"
    assert port.cancel().status == 404
    answer = port.send("POST", f"{CANCEL}?{query}", GOOD, headers=with_token(OPERATOR, JSON))
    assert answer.problem == "bad_request"


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 65, "a/b"])
def test_a_key_that_is_none_is_refused(port: Port, key: str) -> None:
    assert port.cancel(headers={"idempotency-key": key}).problem == "bad_request"
    assert port.asked() == []


@pytest.mark.fault(105)
def test_a_caller_who_asks_too_often_is_limited_and_others_are_served(tmp_path: Path) -> None:
    with listening(tmp_path, cancels_per_caller=2) as port:
        port.simulator.access.tokens["other-op"] = port.simulator.access.tokens[OPERATOR].__class__(
            name="op2", groups=("operators",), audiences=("elasticblast-exporter",)
        )
        assert [port.cancel().status for _ in range(2)] == [404, 404]
        limited = port.cancel()
        assert (limited.status, limited.problem) == (429, "limited")
        assert 1 <= int(limited.headers["retry-after"]) <= 30
        assert port.cancel(token="other-op").status == 404
        assert port.admin.tally.freeze().refused == {"limited": 1}


@pytest.mark.fault(105)
def test_all_callers_together_are_limited(tmp_path: Path) -> None:
    with listening(tmp_path, cancels_per_minute=1) as port:
        assert port.cancel().status == 404
        assert port.cancel().problem == "limited"


@pytest.mark.fault(106)
@pytest.mark.parametrize("namespace", ["kube-system", "default/../other", "", "DEFAULT"])
def test_a_namespace_that_is_not_followed_is_not_looked_at(port: Port, namespace: str) -> None:
    before = port.admin.tally.freeze().refused.get("namespace", 0)
    answer = port.cancel(namespace=namespace)
    assert (answer.status, answer.problem) == (404, "namespace")
    assert port.get(f"/v1/searches/{A}?namespace={namespace.replace('/', '%2F')}").status == 404
    assert port.asked() == []
    assert port.admin.tally.freeze().refused["namespace"] == before + 1


def test_clusters_with_names_must_be_named(tmp_path: Path) -> None:
    """One is enough for a look, a cancel repeats the name; where a cluster has several namespaces, one is named."""
    with listening(tmp_path, clusters={"west": ("default", "blast")}) as port:
        port.search(A, namespace="blast")
        assert port.get(f"/v1/searches/{A}?namespace=blast").json["cluster"] == "west"
        assert [one.problem for one in (port.get(f"/v1/searches/{A}"), port.cancel(namespace="blast"))] == [
            "namespace",
            "cluster",
        ]
        assert port.cancel(cluster="west").status == 422
        assert port.cancel(cluster="east", namespace="blast").problem == "cluster"
        assert port.cancel(cluster="west", namespace="blast").json["outcome"] == "done"
        assert port.jobs(A, "blast") == []


def test_two_clusters_are_told_apart(tmp_path: Path) -> None:
    with listening(tmp_path, clusters={"west": ("default",), "east": ("default",)}) as port:
        port.search()
        assert port.get(f"/v1/searches/{A}").problem == "cluster"
        assert port.get(f"/v1/searches/{A}?cluster=east").json["command"].endswith("--cluster east")


def test_every_answer_forbids_guessing_and_keeping(port: Port) -> None:
    answers = [port.get("/"), port.get("/openapi.json"), port.get("/v1/searches"), port.get("/x"), port.cancel()]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["connection"] == "close"


def test_answers_are_counted_by_handler(port: Port) -> None:
    for path in ("/", "/openapi.json", "/v1/searches", "/x"):
        port.get(path)
    port.get("/v1/searches", READER)
    port.get("/v1/searches", ELSEWHERE)
    port.raw(b"nonsense\r\n\r\n")
    assert port.counted == [
        ("admin_page", 200),
        ("admin_openapi", 200),
        ("admin_searches", 200),
        ("admin_other", 404),
        ("admin_searches", 200),
        ("admin_searches", 401),
        ("none", 400),
    ]
