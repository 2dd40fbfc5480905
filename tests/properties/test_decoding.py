"""What holds for decoding whatever comes in."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.adapters.decode import ResourceName, decode_event, decode_page
from exporter.domain.failures import Failed
from tests.support import recorded

resources = st.sampled_from(get_args(ResourceName))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def outcome(resource: str, body: bytes) -> Any:
    """The page, or None where it is refused. Nothing else may be raised."""
    try:
        return decode_page(resource, body)
    except Failed:
        return None


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the parts of a JSON value are."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@given(resources, st.binary(max_size=200))
def test_d1_any_bytes_are_a_failure_or_a_result(resource: str, data: bytes) -> None:
    outcome(resource, data)
    try:
        decode_event(resource, data)
    except Failed:
        return


@given(resources, st.data())
def test_d1_a_real_body_with_other_bytes_in_it_is_a_failure_or_a_page(resource: str, data: st.DataObject) -> None:
    body = recorded.page(resource)
    start = data.draw(st.integers(0, len(body)))
    cut = data.draw(st.integers(0, 20))
    outcome(resource, body[:start] + data.draw(st.binary(max_size=20)) + body[start + cut :])


@given(resources, st.data())
def test_d1_a_real_list_with_any_value_in_any_place_is_a_failure_or_a_page(resource: str, data: st.DataObject) -> None:
    body = recorded.body(resource)
    path = data.draw(st.sampled_from(places(body)))
    outcome(resource, json.dumps(replaced(body, path, data.draw(values))).encode())


@pytest.mark.fault(13)
@given(resources, st.data())
@settings(max_examples=300)
def test_d2_no_proper_prefix_of_a_list_is_a_page(resource: str, data: st.DataObject) -> None:
    body = recorded.page(resource).rstrip()
    assert outcome(resource, body) is not None
    assert outcome(resource, body[: data.draw(st.integers(0, len(body) - 1))]) is None


@given(st.sampled_from(["jobs", "pods", "nodes"]), st.data())
def test_d3_a_change_to_one_item_changes_that_item_only(resource: str, data: st.DataObject) -> None:
    items = recorded.body(resource)["items"]
    index = data.draw(st.integers(0, len(items) - 1))
    path = data.draw(st.sampled_from(places(items[index])))
    items[index] = replaced(items[index], path, data.draw(values))
    encoded = json.dumps(items[index], allow_nan=True)
    page = outcome(resource, recorded.with_items(resource, items))
    if page is None:
        assert any(word in encoded for word in ("NaN", "Infinity")), "only what is not JSON spoils a page"
        return
    others = outcome(resource, recorded.with_items(resource, items[:index] + items[index + 1 :]))
    alone = outcome(resource, recorded.with_items(resource, [items[index]]))
    assert page.rejects == others.rejects + alone.rejects
    assert sorted(map(repr, page.records)) == sorted(map(repr, others.records + alone.records))


@given(resources, st.data())
def test_d4_the_split_into_pages_does_not_matter(resource: str, data: st.DataObject) -> None:
    items = recorded.body(resource)["items"]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(items)), max_size=4)))
    parts = [items[start:end] for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True)]
    pages = [outcome(resource, recorded.with_items(resource, part)) for part in parts]
    assert [record for page in pages for record in page.records] == outcome(resource, recorded.page(resource)).records


@given(resources, st.data())
def test_d5_fields_that_we_do_not_know_change_nothing(resource: str, data: st.DataObject) -> None:
    body = recorded.body(resource)
    objects = [path for path in places(body) if isinstance(at(body, path), dict) and _has_fixed_fields(path)]
    path = data.draw(st.sampled_from(objects))
    new = {**at(body, path), "x-" + data.draw(st.text(max_size=5)): data.draw(values.filter(_is_json))}
    encoded = json.dumps(replaced(body, path, new)).encode()
    assert outcome(resource, encoded) == outcome(resource, recorded.page(resource))


@given(st.sampled_from(["jobs", "pods"]), st.text(min_size=3, max_size=10))
def test_d5_conditions_that_we_do_not_know_are_no_verdict(resource: str, kind: str) -> None:
    def without_types(records: list[Any]) -> list[tuple[Any, ...]]:
        names = [field.name for field in fields(records[0]) if field.name != "conditions"]
        return [tuple(getattr(record, name) for name in names) for record in records]

    items = recorded.body(resource)["items"]
    for item in items:
        condition = {
            "type": "x" + kind,
            "status": "True",
            "reason": "Why",
            "lastTransitionTime": "2030-01-01T00:00:00Z",
        }
        item["status"].setdefault("conditions", []).append(condition)
    changed = outcome(resource, recorded.with_items(resource, items))
    before = outcome(resource, recorded.page(resource))
    assert without_types(changed.records) == without_types(before.records)


@given(resources, st.data())
def test_d6_whatever_comes_out_is_bounded_and_clean(resource: str, data: st.DataObject) -> None:
    items = recorded.body(resource)["items"]
    texts = [path for path in places(items) if isinstance(at(items, path), str)]
    hostile = st.text(st.characters(exclude_categories=()), max_size=300)
    for path in data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=3)):
        items = replaced(items, path, data.draw(hostile))
    page = outcome(resource, recorded.with_items(resource, items))
    for record in page.records if page else ():
        check(record)


def check(value: Any, name: str = "") -> None:
    """Walk a record: strings are short, printable and encodable, numbers finite."""
    if isinstance(value, str):
        assert len(value) <= (256 if name == "unschedulable" else 128)
        assert value.isprintable()
        assert value.encode().decode() == value
    elif isinstance(value, float):
        assert isfinite(value)
    elif isinstance(value, tuple | frozenset):
        for item in value:
            check(item)
    elif is_dataclass(value):
        for field in fields(value):
            check(getattr(value, field.name), field.name)


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _has_fixed_fields(path: tuple[Any, ...]) -> bool:
    """Not a free map, such as labels."""
    return path[-1:] not in [("labels",), ("allocatable",), ("requests",), ("overhead",)]


def _is_json(value: Any) -> bool:
    encoded = json.dumps(value)
    return "NaN" not in encoded and "Infinity" not in encoded
