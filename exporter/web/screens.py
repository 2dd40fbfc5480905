"""The handlers of what is for people, and of the same as JSON. They do no I/O; what is slow to make is made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.domain.snapshots import View
from exporter.web import search_json, search_page, status, status_json
from exporter.web.find import Asked, Found, address, find
from exporter.web.frame import CONTENT_SECURITY_POLICY
from exporter.web.negotiate import gzip_allowed, matches_tag, prefers_json
from exporter.web.shelf import Kept, Shelf

_HTML, _JSON = "text/html; charset=utf-8", status_json.MEDIA_TYPE
_FIXED = {"vary": "Accept, Accept-Encoding", "cache-control": "no-store"}
_OF_HTML = {"content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer"}
_PLACE = ("cluster", "namespace")


def routes(newest: Callable[[], View | None], now: Callable[[], float]) -> list[Route]:
    """`/`, `/searches/{id}`, and both under `/api/v1/`. `newest` is quick and may be called from any thread."""
    shelf = Shelf(newest, now)

    # Not async, so Starlette gives each a thread: a page of 200 searches takes a while, and scrapes go on meanwhile.
    def home(request: Request) -> Response:
        wants_json = prefers_json(",".join(request.headers.getlist("accept")))
        return _all_as_json(request, shelf) if wants_json else _all(request, shelf)

    def one(request: Request) -> Response:
        return _one(request, shelf)

    def listed(request: Request) -> Response:
        return _all_as_json(request, shelf)

    def one_as_json(request: Request) -> Response:
        return _one_as_json(request, shelf)

    return [
        Route("/", home),
        Route("/searches/{id}", one),
        Route("/api/v1/searches", listed),
        Route("/api/v1/searches/{id}", one_as_json),
    ]


def _all(request: Request, shelf: Shelf) -> Response:
    view, live = shelf.view(), _live(request)
    if view is None:
        return _fresh(status.waiting(), _HTML)
    make = partial(status.render, view, view.at, refresh=live)
    return _answer(request, shelf.page(view, ("/", live), make), _HTML)


def _all_as_json(request: Request, shelf: Shelf) -> Response:
    view = shelf.view()
    if view is None:
        return _fresh(status_json.encode(status_json.report_of(None)), _JSON)
    return _answer(request, shelf.page(view, "json", lambda: status_json.encode(status_json.report_of(view))), _JSON)


def _one(request: Request, shelf: Shelf) -> Response:
    view, asked, live = shelf.view(), _asked(request), _live(request)
    if view is None:
        return _fresh(status.waiting(root="../"), _HTML, code=503)
    found = find(view, asked)
    if not found:
        return _fresh(search_page.render_none(view), _HTML, code=404)
    if len(found) > 1:
        return _fresh(search_page.render_choice(view, found, view.at), _HTML, code=300)
    if found[0].search.id != asked.text:
        return _moved(view, found[0], "" if live else "refresh=0")
    query = _query(asked)
    make = partial(search_page.render_search, view, found[0], view.at, query=query, refresh=live)
    return _answer(request, shelf.page(view, ("one", asked, live), make), _HTML)


def _one_as_json(request: Request, shelf: Shelf) -> Response:
    view, asked = shelf.view(), _asked(request)
    found = find(view, asked) if view else ()
    if view is None or len(found) != 1:
        code = 503 if view is None else 300 if found else 404
        return _fresh(search_json.problem(code, found), search_json.PROBLEM_TYPE, code=code)
    if found[0].search.id != asked.text:
        return _moved(view, found[0])
    return _answer(request, shelf.page(view, ("json", asked), lambda: search_json.encode(view, found[0])), _JSON)


def _asked(request: Request) -> Asked:
    given = request.query_params
    text = str(request.path_params["id"])
    return Asked(text=text, cluster=given.get("cluster", ""), namespace=given.get("namespace", ""))


def _query(asked: Asked) -> str:
    """The place, as the address had it."""
    return urlencode({name: value for name in _PLACE if (value := getattr(asked, name))})


def _live(request: Request) -> bool:
    return request.query_params.get("refresh") != "0"


def _moved(view: View, found: Found, more: str = "") -> Response:
    """To the real id, beside this address: a proxy may stand before it. `more` is added to its query."""
    place = address(view, found.cluster, found.search).partition("/")[2]
    place += ("&" if "?" in place else "?") + more if more else ""
    return Response(status_code=302, headers={**_FIXED, "location": quote(place, safe="?&=%+:/")})


def _fresh(content: bytes, kind: str, *, code: int = 200) -> Response:
    """Of what is small and seldom, made for this request alone."""
    return Response(content, status_code=code, headers=_headers(kind))


def _answer(request: Request, kept: Kept, kind: str) -> Response:
    """The page, or 304 for somebody who has it."""
    packed = gzip_allowed(",".join(request.headers.getlist("accept-encoding")))
    etag = f'"{kept.digest}-{"gzip" if packed else "plain"}"'
    headers = {**_headers(kind), "etag": etag}
    if matches_tag(",".join(request.headers.getlist("if-none-match")), etag):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(kept.packed if packed else kept.plain, headers=headers)


def _headers(kind: str) -> Mapping[str, str]:
    return {**_FIXED, "content-type": kind, **(_OF_HTML if kind == _HTML else {})}
