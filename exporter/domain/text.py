"""Text from outside, made safe for label values and log lines."""

from __future__ import annotations

REPLACEMENT = "\ufffd"


def clean(value: str, limit: int = 128) -> str:
    """Return at most `limit` printable, encodable characters of `value`.

    Controls, line ends, bidirectional marks, lone surrogates and unassigned characters become U+FFFD.
    """
    value = value[:limit]
    if value.isprintable():
        return value
    return "".join(char if char.isprintable() else REPLACEMENT for char in value)
