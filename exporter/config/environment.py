"""Environment variables and flags as single assignments to paths of the model."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.config.problems import Path, Problem, dotted, printable
from exporter.config.section import Section
from exporter.config.shapes import PREFIX, at, is_list, item_of, leaves, section_of, variable

FILE_VARIABLE = f"{PREFIX}CONFIG"
ADMIN_URL, ADMIN_TOKEN = f"{PREFIX}ADMIN_URL", f"{PREFIX}ADMIN_TOKEN"
"""What the command `cancel` reads for itself: no keys."""

_NO_KEYS = (FILE_VARIABLE, ADMIN_URL, ADMIN_TOKEN)
_STEP = re.compile(r"([^.\[\]]+)((?:\[[0-9]{1,4}\])*)")
_SERVICE_LINK = re.compile(r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_SERVICE_URL = re.compile(r"(tcp|udp|sctp)://.+")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value for one key, and where it was said."""

    path: Path
    source: str
    value: Any


def from_environment(model: type[Section], environ: Mapping[str, str]) -> Iterator[Assignment | Problem]:
    """What the variables say, in the order of their names."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in _NO_KEYS or _is_service_link(name, environ[name]):
            continue
        path = tuple(_step(part) for part in name.removeprefix(PREFIX).split("__"))
        if name != name.upper() or at(model, path) is None:
            yield Problem(key=dotted(path), source=printable(name), sentence=_unknown_variable(model, name))
        else:
            yield _assignment(model, path, name, environ[name])


def from_flags(model: type[Section], flags: Mapping[str, object]) -> Iterator[Assignment | Problem]:
    """What the flags say; each key is dotted, such as `clusters[0].name`."""
    for key, value in flags.items():
        path = parse_key(key)
        if path is None or at(model, path) is None:
            yield Problem(key=printable(key), source="flag", sentence="is not a known key")
        elif isinstance(value, str):
            yield _assignment(model, path, "flag", value)
        else:
            yield Assignment(path, "flag", value)


def parse_key(key: str) -> Path | None:
    """The path of a dotted key, or None if it is not one."""
    path: list[str | int] = []
    for part in key.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            return None
        path += [match[1], *(int(i) for i in re.findall(r"[0-9]+", match[2]))]
    return tuple(path)


def _step(part: str) -> str | int:
    return int(part) if re.fullmatch(r"[0-9]{1,4}", part) else part.lower()


def _assignment(model: type[Section], path: Path, source: str, text: str) -> Assignment | Problem:
    annotation = at(model, path)
    item = item_of(annotation)
    if item is None and section_of(annotation) is None:
        return Assignment(path, source, text)
    words = is_list(annotation) and section_of(item) is None
    if words and not text.lstrip().startswith("["):
        return Assignment(path, source, [word.strip() for word in text.split(",")] if text.strip() else [])
    try:
        return Assignment(path, source, json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        sentence = "must be JSON" if not words else "must be words with commas between them, or a JSON list"
        return Problem(key=dotted(path), source=source, sentence=sentence)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError("not a number of JSON")


def _is_service_link(name: str, value: str) -> bool:
    """Kubernetes describes a Service named elasticblast-exporter to every pod of its namespace in such variables."""
    rest = name.removeprefix(PREFIX)
    return bool(_SERVICE_LINK.fullmatch(rest)) or (rest.endswith("PORT") and bool(_SERVICE_URL.fullmatch(value)))


def _unknown_variable(model: type[Section], name: str) -> str:
    known = [variable(path).removeprefix(PREFIX) for path, _ in leaves(model)]
    close = difflib.get_close_matches(name.removeprefix(PREFIX).upper(), known, n=1, cutoff=0.7)
    return "is not a known variable" + (f"; did you mean {PREFIX}{close[0]}?" if close else "")
