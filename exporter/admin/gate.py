"""What is checked of a request before anybody is asked about it, each check a Problem. docs/http.md has the order."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from exporter.adapters.tokens import checked_token
from exporter.admin.problems import Problem, refused
from exporter.domain.cancel import Refusal

MOST_BODY = 4096
Name = Literal["page", "openapi", "searches", "plan", "cancel", "progress"]
_METHODS: dict[Name, str] = {
    "page": "GET",
    "openapi": "GET",
    "searches": "GET",
    "plan": "GET",
    "cancel": "POST",
    "progress": "GET",
}
_OPEN = ("page", "openapi")
_QUERY: dict[Name, Collection[str]] = {"searches": ("cluster", "namespace"), "plan": ("cluster", "namespace")}
_PATHS: tuple[tuple[Name, re.Pattern[str]], ...] = (
    ("page", re.compile(r"/")),
    ("openapi", re.compile(r"/openapi\.json")),
    ("searches", re.compile(r"/v1/searches")),
    ("plan", re.compile(r"/v1/searches/([^/]*)")),
    ("cancel", re.compile(r"/v1/searches/([^/]*)/cancel")),
    ("progress", re.compile(r"/v1/cancels/([^/]*)")),
)
_KEY = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_SAME_SITE = ("same-origin", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came in. `path` is not decoded; header names are in lower case; `source` is an address."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    source: str

    def header(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class Route:
    """Which of the paths it is, and the part of it that varies."""

    name: Name
    part: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody need say who they are."""
        return self.name in _OPEN


def route_of(asked: Asked) -> Route:
    """405 for another method than the path has, 404 for another path."""
    for name, pattern in _PATHS:
        if match := pattern.fullmatch(asked.path):
            if asked.method != _METHODS[name]:
                raise _wrong_method(_METHODS[name])
            return Route(name, *match.groups())
    if asked.method not in _METHODS.values():
        raise _wrong_method("GET, POST")
    raise Problem(404, "path", "there is nothing here; /openapi.json says what there is")


def check_head(asked: Asked, route: Route, hosts: Collection[str]) -> None:
    """403 for a foreign host or a web page, 415 and 413 for a body that is none of ours."""
    named = asked.header("host")
    if len(named) != 1 or _host(named[0]) not in hosts:
        raise Problem(403, "host", "admin.hosts of the configuration lists the names that are answered for")
    sites = asked.header("sec-fetch-site")
    if asked.header("origin") or any(site.lower() not in _SAME_SITE for site in sites):
        raise Problem(403, "origin", "the page of another site cannot ask this listener anything")
    if route.name == "cancel":
        _check_body(asked)


def check_body_size(size: int) -> None:
    """413 for a body that is longer than 4 KiB."""
    if size > MOST_BODY:
        raise Problem(413, "size", f"a body has at most {MOST_BODY} bytes")


def token_of(asked: Asked) -> str:
    """The bearer token; 401 for none, or for one that cannot be one."""
    given = asked.header("authorization")
    scheme, _, text = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if not given or scheme.lower() != "bearer":
        raise refused(Refusal.UNAUTHENTICATED, "a bearer token is missing")
    try:
        return checked_token(text)
    except ValueError:
        raise refused(Refusal.UNAUTHENTICATED, "the bearer token is malformed") from None


def query_of(asked: Asked, route: Route) -> dict[str, str]:
    """The query's parameters; 400 for one that is not known, or stands there twice."""
    known = _QUERY.get(route.name, ())
    try:
        pairs = parse_qsl(
            asked.query, keep_blank_values=True, strict_parsing=bool(asked.query), errors="strict", max_num_fields=8
        )
    except ValueError:
        raise refused(Refusal.BAD_REQUEST, "the query cannot be read") from None
    query = dict(pairs)
    if len(query) != len(pairs) or any(name not in known for name in query):
        raise refused(Refusal.BAD_REQUEST, "the query has a parameter that is not known, or one twice")
    return query


def key_of(asked: Asked) -> str:
    """The Idempotency-Key, empty without one; 400 for a bad one."""
    keys = asked.header("idempotency-key")
    if not keys:
        return ""
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise refused(Refusal.BAD_REQUEST, "an Idempotency-Key is 1 to 64 letters, digits, or any of ._~-")
    return keys[0]


def _wrong_method(allowed: str) -> Problem:
    return Problem(405, "method", f"allowed: {allowed}", {"allow": allowed})


def _check_body(asked: Asked) -> None:
    kinds = asked.header("content-type")
    kind, _, rest = kinds[0].partition(";") if len(kinds) == 1 else ("", "", "")
    plain = rest.replace(" ", "").replace('"', "").lower() in ("", "charset=utf-8")
    if kind.strip().lower() != "application/json" or not plain or asked.header("content-encoding"):
        raise Problem(415, "content_type", "the body must be application/json")
    for length in asked.header("content-length"):
        check_body_size(int(length) if length.isdigit() and len(length) < 10 else MOST_BODY + 1)


def _host(named: str) -> str:
    """The host without its port, in lower case; an IPv6 address without its brackets; empty for what is neither."""
    text = named.strip().lower()
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        return address if rest.startswith(":") or not rest else ""
    return text.partition(":")[0].removesuffix(".")
