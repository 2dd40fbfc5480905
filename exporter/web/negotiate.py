"""Which format and which encoding a request gets, from its Accept and Accept-Encoding headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
_WILDCARDS = ("*/*", "text/*")
_STATUS_FORMS = ("text/html", "application/json")
_OFFERS: Mapping[tuple[str, str], Format] = {
    ("text/plain", ""): TEXT,
    ("text/plain", "0.0.4"): TEXT,
    ("application/openmetrics-text", ""): OPENMETRICS,
    ("application/openmetrics-text", "1.0.0"): OPENMETRICS,
    ("application/openmetrics-text", "0.0.1"): OPENMETRICS_0_0_1,
}


def choose_format(accept: str | None) -> Format:
    """The format of the highest q we speak; named types go before wildcards, the first of equals wins.

    Nothing acceptable, nothing readable and no header all mean the text format: a scrape is never refused.
    Every name of ours is valid in each escaping scheme, so `escaping` changes nothing.
    """
    best, best_rank = TEXT, (0.0, False)
    for kind, parameters in _items(accept or ""):
        offer = TEXT if kind in _WILDCARDS else _OFFERS.get((kind, parameters.get("version", "")))
        rank = (_quality(parameters), kind not in _WILDCARDS)
        if offer is not None and rank[0] > 0 and rank > best_rank:
            best, best_rank = offer, rank
    return best


def prefers_json(accept: str | None) -> bool:
    """True when application/json is named, and text/html is not or comes after it: a browser gets the page."""
    best, best_quality = "", 0.0
    for kind, parameters in _items(accept or ""):
        if kind in _STATUS_FORMS and _quality(parameters) > best_quality:
            best, best_quality = kind, _quality(parameters)
    return best == "application/json"


def gzip_allowed(accept_encoding: str | None) -> bool:
    """True when gzip, by its name or else by `*`, has a q above 0."""
    wanted = {name: _quality(parameters) for name, parameters in _items(accept_encoding or "")}
    for name in ("gzip", "x-gzip", "*"):
        if name in wanted:
            return wanted[name] > 0
    return False


def _items(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in header.split(","):
        name, *rest = (part.strip() for part in item.lower().split(";"))
        pairs = (part.partition("=") for part in rest)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _quality(parameters: Mapping[str, str]) -> float:
    """0 for a q that is no number: what cannot be read is not chosen."""
    text = parameters.get("q", "1")
    return min(float(text), 1.0) if _Q.fullmatch(text) else 0.0
