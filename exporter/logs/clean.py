"""Text from anywhere as one short, harmless line without secrets."""

from __future__ import annotations

import re

MOST_CHARACTERS = 256
_LOOKED_AT = 2048
_MASK = "***"

_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_HARMFUL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SECRET_NAMES = re.compile(
    r"(?:^|_)(?:authorization|bearer|password|passwd|secret|token|credentials?|api_?key|private_?key|sig|signature)$",
    re.IGNORECASE,
)
_SECRETS = (
    re.compile(r"(?P<kept>authorization[\"']?\s*[:=]\s*[\"']?)(?:[a-z]+\s+)?[^\s,;\"']+", re.IGNORECASE),
    re.compile(r"(?P<kept>\b(?:bearer|basic|negotiate)\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE),
    re.compile(r"(?P<kept>)eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*"),
    re.compile(r"(?P<kept>\bsig(?:nature)?=)[^\s&;,\"']+", re.IGNORECASE),
    re.compile(
        r"(?P<kept>(?:password|passwd|client_secret|secret|access_token|refresh_token|id_token|token|api_?key)"
        r"[\"']?\s*[:=]\s*[\"']?)[^\s&;,\"']+",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<kept>://)[^\s/@]+@"),
)


def clean(text: str) -> str:
    """At most 256 characters on one line: no control, direction or surrogate characters, secrets masked."""
    flat = _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub(" ", text[:_LOOKED_AT]))
    for secret in _SECRETS:
        flat = secret.sub(rf"\g<kept>{_MASK}", flat)
    cut = len(flat) > MOST_CHARACTERS or len(text) > _LOOKED_AT
    return flat[: MOST_CHARACTERS - 1] + "…" if cut else flat


def clean_value(name: str, value: object) -> str | int | float | bool:
    """A field's value as it may be logged. An exception is its class only; anything else is its text, cleaned."""
    if _SECRET_NAMES.search(name):
        return _MASK if not isinstance(value, bool | int | float) else value
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    try:
        return clean(_text(value))
    except Exception:  # noqa: BLE001 a foreign __str__ may raise anything, and a log line must not
        return clean(f"<{type(value).__name__}>")


def _text(value: object) -> str:
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, bytes):
        return value[:_LOOKED_AT].decode("utf-8", "replace")
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(_text(item) for item in list(value)[:MOST_CHARACTERS])
    return str(value)
