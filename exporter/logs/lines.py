"""A log record as one line, logfmt or JSON, of at most 16 KiB."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType

from exporter.logs.clean import clean, clean_value

Scalar = str | int | float | bool

MOST_BYTES = 16 * 1024
_ROOM = MOST_BYTES - 64
"""What is left when the brackets and the number of fields cut away are set aside."""
_FRAMES = 3
_RESERVED = frozenset({"ts", "level", "msg", "component", "exception", "at", "fields_cut"})
_LEVELS = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warn", logging.ERROR: "error"}
_BARE = re.compile(r"[^\s\"=\\]+")
_BAD_NAME = re.compile(r"[^A-Za-z0-9_.]")


class LineFormatter(logging.Formatter):
    """Never raises, never makes a second line."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        show, joint = (_json_pair, ", ") if self._json else (_logfmt_pair, " ")
        pieces, used, cut = [], 0, 0
        for name, value in _pairs(record):
            piece = show(name, value)
            used += len(piece.encode()) + len(joint)
            if used > _ROOM:
                cut += 1
            else:
                pieces.append(piece)
        if cut:
            pieces.append(show("fields_cut", cut))
        line = joint.join(pieces)
        return f"{{{line}}}" if self._json else line


def _pairs(record: logging.LogRecord) -> Iterator[tuple[str, Scalar]]:
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "ts", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", _level(record.levelno)
    yield "msg", clean(_message(record))
    yield "component", clean(record.name.removeprefix("exporter."))
    given = getattr(record, "fields", None)
    fields = given if isinstance(given, dict) else {}
    seen: set[str] = set()
    for name, value in fields.items():
        key = _name(name if isinstance(name, str) else type(name).__name__)
        if value is not None and key not in seen:
            seen.add(key)
            yield key, clean_value(key, value)
    if record.exc_info and record.exc_info[0] is not None:
        yield from _exception(record.exc_info[0], record.exc_info[2], str(fields.get("error_class", "bug")))


def _exception(
    kind: type[BaseException], trace: TracebackType | None, error_class: str
) -> Iterator[tuple[str, Scalar]]:
    """The class; where it came from only if it is a fault of ours. The exception's own words may hold secrets."""
    yield "exception", clean(kind.__name__)
    if error_class == "bug" and trace is not None:
        frames = traceback.extract_tb(trace)[-_FRAMES:]
        yield "at", clean(" > ".join(f"{PurePath(f.filename).name}:{f.lineno}:{f.name}" for f in frames))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 arguments that do not fit, or whose text cannot be made
        return str(record.msg) if isinstance(record.msg, str) else "message cannot be shown"


def _level(number: int) -> str:
    known = max((level for level in _LEVELS if level <= number), default=logging.DEBUG)
    return _LEVELS[known]


def _name(name: str) -> str:
    cleaned = _BAD_NAME.sub("_", name[:64]) or "_"
    return f"field_{cleaned}" if cleaned in _RESERVED or cleaned[0].isdigit() else cleaned


def _logfmt_pair(name: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return f"{name}={'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f"{name}={value!r}"
    if _BARE.fullmatch(value):
        return f"{name}={value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def _json_pair(name: str, value: Scalar) -> str:
    return f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
