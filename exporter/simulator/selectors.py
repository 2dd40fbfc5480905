"""Label and field selectors: text in, predicate on an object out."""

from __future__ import annotations

import re
from collections.abc import Callable

from exporter.simulator.errors import bad_request
from exporter.simulator.kinds import Kind, Object

Matches = Callable[[Object], bool]
_LabelTest = Callable[[dict[str, str]], bool]

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z")
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)\Z")
_EQUAL = re.compile(rf"({_KEY})\s*(==|!=|=)\s*([^\s!=,()]*)\Z")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})\Z")
_COMMA = re.compile(r",(?![^(]*\))")


def everything(_: Object) -> bool:
    """The selector that is empty."""
    return True


def by_labels(text: str) -> Matches:
    """A predicate for a label selector; ApiError 400 if it does not parse."""
    if not text.strip():
        return everything
    tests = [_requirement(part.strip()) for part in _COMMA.split(text)]

    def matches(obj: Object) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return all(test(labels) for test in tests)

    return matches


def by_fields(text: str, kind: Kind) -> Matches:
    """A predicate for a field selector on that kind; ApiError 400 for a field the kind does not support."""
    terms = [_field_term(part, kind) for part in text.split(",") if part]
    if not terms:
        return everything

    def matches(obj: Object) -> bool:
        return all((field_of(obj, field) == value) is wanted for field, value, wanted in terms)

    return matches


def both(first: Matches, second: Matches) -> Matches:
    """The conjunction of two predicates."""
    if first is everything:
        return second
    if second is everything:
        return first
    return lambda obj: first(obj) and second(obj)


def field_of(obj: Object, path: str) -> str:
    """The text a field selector compares; a missing field is empty, a missing count is 0."""
    if path == "status.successful":
        return str(obj.get("status", {}).get("succeeded", 0))
    if path == "spec.unschedulable":
        return "true" if obj.get("spec", {}).get("unschedulable") else "false"
    if path == "source":
        return str(obj.get("source", {}).get("component") or obj.get("reportingComponent") or "")
    value: object = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def _requirement(text: str) -> _LabelTest:
    if found := _SET.match(text):
        return _membership(found[1], found[2] == "in", frozenset(_checked(v.strip()) for v in found[3].split(",")))
    if found := _EQUAL.match(text):
        return _membership(found[1], found[2] != "!=", frozenset((_checked(found[3]),)))
    if found := _EXISTS.match(text):
        return _presence(found[2], not found[1])
    raise bad_request(f"unable to parse requirement: {text!r}")


def _membership(key: str, inside: bool, values: frozenset[str]) -> _LabelTest:
    if inside:
        return lambda labels: key in labels and labels[key] in values
    return lambda labels: labels.get(key) not in values


def _presence(key: str, wanted: bool) -> _LabelTest:
    return lambda labels: (key in labels) is wanted


def _checked(value: str) -> str:
    if not _VALUE.match(value):
        raise bad_request(f"unable to parse requirement: values: Invalid value: {value!r}")
    return value


def _field_term(text: str, kind: Kind) -> tuple[str, str, bool]:
    found = re.match(r"([^=!]+)(==|!=|=)([^=]*)\Z", text)
    if not found:
        raise bad_request(f'invalid selector: "{text}"; can\'t understand "{text}"')
    if found[1] not in ("metadata.name", "metadata.namespace", *kind.fields):
        raise bad_request(f"field label not supported: {found[1]}")
    return found[1], found[3], found[2] != "!="
