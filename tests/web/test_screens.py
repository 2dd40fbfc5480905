"""The pages for people and their JSON, over real sockets: which address means which search, and what an answer says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.history import History, Point, noted
from exporter.domain.phase import Phase
from exporter.domain.snapshots import View
from exporter.web.find import Asked, address, find
from exporter.web.server import HttpServer
from tests.web.test_status import words_of
from tests.web.views import NOW, cluster, search, view
from tests.web.wire import Answer, Fixed, ask, listening

ONE = search(0x7C1D90AA, openapi_id="4fa1c09be377")
TWIN = search(0x7C1D90AA, namespace="blast")
OTHER = search(0x11E0)
KEY = (ONE.namespace, ONE.id)
USD = {"amounts": {"USD": 3.0}, "unpriced": [], "incomplete": False}


def history() -> History:
    told = noted(History(), Phase.PENDING, Point(NOW - 600, 0, 0))
    return noted(told, Phase.RUNNING, Point(NOW - 60, 200, 50))


def shown() -> View:
    """Two clusters; the first has the same id in two namespaces."""
    first = cluster(
        ONE, TWIN, OTHER,
        name="prod", namespaces=("default", "blast"),
        histories={KEY: history()}, node_seconds={(*KEY, "blastpool"): 7200.0},
    )  # fmt: skip
    seen = view(first, cluster(search(0x99), name="test"))
    return View(at=seen.at, clusters=seen.clusters, process=seen.process, prices={"blastpool": (1.5, "USD")})


@pytest.fixture
def fixed() -> Fixed:
    return Fixed(view=shown())


@pytest.fixture
def server(fixed: Fixed) -> Iterator[HttpServer]:
    with listening(fixed.app()) as server:
        yield server


def document(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_a_search_has_a_page_of_its_own(server: HttpServer, fixed: Fixed) -> None:
    answer = ask(server.port, f"/searches/{OTHER.id}")
    assert answer.code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert OTHER.id in words_of(answer.body)
    assert fixed.seen == [("status", 200)]


def test_the_page_of_a_search_says_all_that_is_known(server: HttpServer) -> None:
    said = words_of(ask(server.port, f"/searches/{ONE.id}?namespace=default").body)
    for part in (
        f"blastp nr {ONE.id}", "running BLAST is running", "200 of 400", "3.00 USD", "Nothing to do.",
        "Watched since 08:43:20 UTC , 1 h 2 min after it was created; what was before was not seen",
        "From 08:43 UTC to 08:52 UTC: from 0 to 200 of 400 batches ended. Phases: pending, then running.",
        "cancel", "--cluster prod", "4fa1c09be377",
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize("name", ["4fa1c09be377", ONE.id[:9], ONE.id[-8:], ONE.id[:20]])
def test_what_stands_for_an_id_leads_to_the_real_one(name: str) -> None:
    with listening(Fixed(view=view(cluster(ONE))).app()) as server:
        for folder in ("searches", "api/v1/searches"):
            answer = ask(server.port, f"/{folder}/{name}")
            assert (answer.code, answer.headers["location"]) == (302, ONE.id)
            assert ask(server.port, f"/{folder}/{ONE.id}").code == 200


def test_who_is_led_to_the_real_id_is_not_updated_against_their_will() -> None:
    with listening(Fixed(view=view(cluster(ONE), cluster(OTHER, name="b"))).app()) as server:
        answer = ask(server.port, f"/searches/{OTHER.id[:12]}?refresh=0")
        assert answer.headers["location"] == f"{OTHER.id}?cluster=b&refresh=0"
        answer = ask(server.port, f"/api/v1/searches/{OTHER.id[:12]}?refresh=0")
        assert answer.headers["location"] == f"{OTHER.id}?cluster=b"


@pytest.mark.parametrize("name", ["a\r\nx: y", "b&namespace=c#d", "//elsewhere", "%0d%0a", "é \ud800"])
def test_a_name_of_a_cluster_or_namespace_cannot_leave_its_place_in_a_location(name: str) -> None:
    one = replace(ONE, namespace=name)
    shown = view(cluster(one, name=name, namespaces=(name, "b")), cluster(name="c"))
    with listening(Fixed(view=shown).app()) as server:
        moved = ask(server.port, f"/searches/{ONE.id[:20]}")
        assert moved.code == 302
        assert "x" not in moved.headers
        place = urlsplit(moved.headers["location"])
        assert (place.scheme, place.netloc, place.path, place.fragment) == ("", "", ONE.id, "")
        seen = name.encode("utf-8", "replace").decode()
        assert parse_qs(place.query, strict_parsing=True) == {"cluster": [seen], "namespace": [seen]}
        assert ask(server.port, f"/searches/{moved.headers['location']}").code == (200 if seen == name else 404)


def test_where_several_may_be_meant_one_can_choose(server: HttpServer) -> None:
    answer = ask(server.port, f"/searches/{ONE.id}")
    assert answer.code == 300
    for place in (f"../searches/{ONE.id}?cluster=prod&amp;namespace={name}" for name in ("default", "blast")):
        assert place.encode() in answer.body
    found = document(ask(server.port, f"/api/v1/searches/{ONE.id}"))
    assert [one["namespace"] for one in found["choices"]] == ["default", "blast"]
    for query, code in (
        ("cluster=prod&namespace=blast", 200), ("namespace=blast", 200), ("cluster=test", 404), ("cluster=prod", 300),
    ):  # fmt: skip
        assert ask(server.port, f"/searches/{ONE.id}?{query}").code == code, query


def test_every_address_on_the_page_leads_to_its_search(server: HttpServer, fixed: Fixed) -> None:
    assert fixed.view is not None
    for around in fixed.view.clusters:
        for one in around.batch.searches if around.batch else ():
            place = address(fixed.view, around, one)
            assert f'href="{place}"'.encode().replace(b"&", b"&amp;") in ask(server.port, "/").body
            answer = ask(server.port, "/api/v1/" + place)
            assert (answer.code, document(answer)["search"]["namespace"]) == (200, one.namespace)


@pytest.mark.parametrize(
    "text", ["nothing", "job-ffff", "a%20b", "%3Cscript%3E", "x" * 200, "%00", "-", "%C3%A9", ".."]
)
def test_who_asks_for_none_is_told_why_and_nothing_is_repeated(server: HttpServer, fixed: Fixed, text: str) -> None:
    answer = ask(server.port, f"/searches/{text}")
    assert answer.code == 404
    assert answer.body == ask(server.port, "/searches/another").body
    assert "rules.shown_for" in words_of(answer.body)
    problem = ask(server.port, f"/api/v1/searches/{text}")
    assert (problem.code, problem.headers["content-type"]) == (404, "application/problem+json")
    assert document(problem)["title"] == "Not Found"


def test_before_the_first_look_there_is_no_search_and_no_404(server: HttpServer, fixed: Fixed) -> None:
    fixed.view = None
    with listening(fixed.app()) as server:
        assert ask(server.port, f"/searches/{ONE.id}").code == 503
        assert ask(server.port, f"/api/v1/searches/{ONE.id}").code == 503
        assert document(ask(server.port, "/api/v1/searches"))["clusters"] is None
        assert b"Nothing has been read yet" in ask(server.port, "/").body


def test_the_list_is_the_status_document(server: HttpServer) -> None:
    listed = ask(server.port, "/api/v1/searches")
    assert listed.headers["content-type"] == "application/json"
    assert listed.body == ask(server.port, "/", accept="application/json").body
    one = document(listed)["clusters"][0]["searches"][0]
    assert (one["id"], one["cost"], one["speed"]) == (ONE.id, USD, 200 * 60 / 540)


def test_one_as_json_has_its_history_and_what_to_do(server: HttpServer) -> None:
    found = document(ask(server.port, f"/api/v1/searches/{ONE.id}?namespace=default"))
    assert found["cluster"] == "prod"
    assert found["search"]["id"] == ONE.id
    assert found["advice"][0]["text"] == "Nothing to do."
    assert "cancel" in found["cancel"]
    assert found["history"] == {
        "since": NOW - 600,
        "phases": [{"at": NOW - 600, "phase": "pending"}, {"at": NOW - 60, "phase": "running"}],
        "phases_left_out": 0,
        "points": [{"at": NOW - 600, "ended": 0, "running": 0}, {"at": NOW - 60, "ended": 200, "running": 50}],
    }
    assert document(ask(server.port, f"/api/v1/searches/{OTHER.id}"))["history"] is None


@pytest.mark.parametrize("path", ["/", f"/searches/{OTHER.id}", "/api/v1/searches", f"/api/v1/searches/{OTHER.id}"])
def test_who_has_a_page_gets_304_and_gzip_says_the_same(server: HttpServer, path: str) -> None:
    plain, packed = ask(server.port, path), ask(server.port, path, accept_encoding="gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["vary"] == "accept, accept-encoding"
    assert plain.headers["etag"] != packed.headers["etag"]
    same = ask(server.port, path, if_none_match=plain.headers["etag"])
    assert (same.code, same.body, same.headers["etag"]) == (304, b"", plain.headers["etag"])
    assert ask(server.port, path, "HEAD").code == 200
    assert ask(server.port, path, "POST").code == 405


def test_updating_can_be_turned_off_and_the_place_stays(server: HttpServer) -> None:
    on = ask(server.port, f"/searches/{ONE.id}?namespace=default").body
    off = ask(server.port, f"/searches/{ONE.id}?namespace=default&refresh=0").body
    assert b"<script>" in on
    assert b'href="?namespace=default&amp;refresh=0"' in on
    assert b"<script>" not in off
    assert b"http-equiv" not in off
    assert b'href="?namespace=default"' in off


@given(st.text(max_size=80))
def test_text_that_is_no_id_means_no_search(text: str) -> None:
    found = find(shown(), Asked(text=text))
    for one in found:
        identity = one.search.id
        assert identity.startswith(text) or identity.endswith(text) or one.search.openapi_id.startswith(text)
    assert quote(text, safe="", errors="replace") == text or not found
