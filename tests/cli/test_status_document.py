"""The status page as a document for programs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from exporter.domain.snapshots import View
from exporter.web.status_json import decode, encode, report_of
from tests.cli.command import ROOT
from tests.cli.shown import DARK
from tests.support.views import views
from tests.web.views import cluster, rich_view, view
from tests.web.wire import Fixed, ask, listening


def asked(port: int, accept: str) -> tuple[str, bytes]:
    answer = ask(port, "/", accept=accept)
    assert answer.code == 200
    assert answer.headers["vary"] == "accept, accept-encoding"
    return answer.headers["content-type"], answer.body


@pytest.mark.parametrize(
    ("accept", "json_wanted"),
    [
        ("application/json", True),
        ("application/json, */*", True),
        ("application/json, text/html;q=0.5", True),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("application/json;q=0, */*", False),
    ],
)
def test_json_is_for_those_that_ask_for_it(fixed: Fixed, accept: str, json_wanted: bool) -> None:
    with listening(fixed.app()) as server:
        kind, body = asked(server.port, accept)
    assert kind == ("application/json" if json_wanted else "text/html; charset=utf-8")
    assert body.startswith(b"{") == json_wanted


def test_unknown_is_null_in_the_document(fixed: Fixed) -> None:
    with listening(fixed.app()) as server:
        _, body = asked(server.port, "application/json")
    dark = next(one for one in json.loads(body)["clusters"][0]["searches"] if one["id"] == DARK.id)
    for member in ("phase", "program", "db", "expected", "eta"):
        assert dark[member] is None, member
    assert set(dark["jobs"].values()) == {None}
    assert dark["flags"]["zombie"] is None


def test_before_the_first_look_there_are_no_clusters() -> None:
    assert json.loads(encode(report_of(None))) == {"at": None, "version": None, "clusters": None}


def test_jobs_that_cannot_be_read_are_not_an_empty_list() -> None:
    document = json.loads(encode(report_of(view(cluster(batch=None)))))
    assert document["clusters"][0]["searches"] is None
    assert document["clusters"][0]["readable"] == []


def test_the_document_names_the_namespaces_that_its_searches_speak_of() -> None:
    report = report_of(view(cluster(namespaces=("default", "blast"))))
    one = json.loads(encode(report))["clusters"][0]
    assert (one["namespaces"], one["readable"], one["searches"]) == (["default", "blast"], ["default"], [])
    assert [known.dark for known in decode(encode(report)).clusters or ()] == [("blast",)]


@given(views())
def test_what_is_encoded_can_be_read_back(view: View) -> None:
    body = encode(report_of(view))
    assert encode(decode(body)) == body


def test_docs_name_every_member() -> None:
    text = (ROOT / "docs/http.md").read_text(encoding="utf-8")
    document = json.loads(encode(report_of(rich_view())))
    one = document["clusters"][0]
    shown = next(search for search in one["searches"] if search["failures"])
    for member in (*document, *one, *shown, *shown["failures"][0], *one["pools"][0], *one["health"][0]):
        assert f"`{member}`" in text, member


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"at":1,"clusters":[1]}', b'{"at":1,"clusters":[{}]}', b"<html>"]
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(body)
