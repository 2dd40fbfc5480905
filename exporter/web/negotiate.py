"""Which format and which encoding a request gets, from its Accept and Accept-Encoding headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_Q = re.compile(r"[01](\.[0-9]{0,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One exposition format: `key` is part of its ETag."""

    key: str
    content_type: str
    openmetrics: bool


TEXT = Format(key="text", content_type="text/plain; version=0.0.4; charset=utf-8", openmetrics=False)
OPENMETRICS = Format(
    key="om1", content_type="application/openmetrics-text; version=1.0.0; charset=utf-8", openmetrics=True
)
OPENMETRICS_0_0_1 = Format(
    key="om0", content_type="application/openmetrics-text; version=0.0.1; charset=utf-8", openmetrics=True
)
_STATUS_FORMS = ("text/html", "application/json")
_FORMATS = (TEXT, OPENMETRICS, OPENMETRICS_0_0_1)
_Range = tuple[str, str]
_Rank = tuple[float, bool, int]
_REFUSED: _Rank = (0.0, False, 0)


def choose_format(accept: str | None) -> Format:
    """The format of the highest q we speak; named types go before wildcards, the first of equals wins.

    The most specific range that fits a format speaks for it, so that a q of 0 refuses it whatever a wildcard says.
    Nothing acceptable, nothing readable and no header all mean the text format: a scrape is never refused.
    Every name of ours is valid in each escaping scheme, so `escaping` changes nothing.
    """
    asked: dict[_Range, tuple[float, int]] = {}
    for position, (kind, parameters) in enumerate(_items(accept or "")):
        wanted = (kind, parameters.get("version", ""))
        asked[wanted] = max(asked.get(wanted, (0.0, 0)), (_quality(parameters), -position))
    return max(_FORMATS, key=lambda form: _rank(form, asked))


def _rank(form: Format, asked: Mapping[_Range, tuple[float, int]]) -> _Rank:
    found = next((wanted for wanted in _ranges(form) if wanted in asked), None)
    if found is None or asked[found][0] == 0:
        return _REFUSED
    quality, place = asked[found]
    return (quality, False, 0) if found[0].endswith("*") else (quality, True, place)


def _ranges(form: Format) -> Sequence[_Range]:
    """The (type, version) that fit a format, the most specific first."""
    kind, parameters = next(_items(form.content_type))
    return ((kind, parameters["version"]), (kind, ""), (f"{kind.partition('/')[0]}/*", ""), ("*/*", ""))


def prefers_json(accept: str | None) -> bool:
    """True when application/json is named, and text/html is not or comes after it: a browser gets the page."""
    best, best_quality = "", 0.0
    for kind, parameters in _items(accept or ""):
        if kind in _STATUS_FORMS and _quality(parameters) > best_quality:
            best, best_quality = kind, _quality(parameters)
    return best == "application/json"


def gzip_allowed(accept_encoding: str | None) -> bool:
    """True when gzip, by its name or else by `*`, has a q above 0 and not below that of identity."""
    wanted = {name: _quality(parameters) for name, parameters in _items(accept_encoding or "")}
    gzip = next((wanted[name] for name in ("gzip", "x-gzip", "*") if name in wanted), 0.0)
    return gzip > 0 and gzip >= wanted.get("identity", 0.0)


def matches_tag(if_none_match: str, etag: str) -> bool:
    """Whether somebody has what this strong tag stands for."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


def _items(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in header.split(","):
        name, *rest = (part.strip() for part in item.lower().split(";"))
        pairs = (part.partition("=") for part in rest)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _quality(parameters: Mapping[str, str]) -> float:
    """0 for a q that is no number: what cannot be read is not chosen."""
    text = parameters.get("q", "1")
    return min(float(text), 1.0) if _Q.fullmatch(text) else 0.0
