"""Label and field selectors as predicates."""

from __future__ import annotations

import pytest

from exporter.simulator.errors import ApiError
from exporter.simulator.kinds import KINDS
from exporter.simulator.selectors import both, by_fields, by_labels, everything

JOB = {"metadata": {"name": "a", "namespace": "n", "labels": {"app": "blast", "empty": ""}}, "status": {}}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=blast", True),
        ("app = blast , empty", True),
        ("app in (setup,blast)", True),
        ("app in ()", False),
        ("app notin (setup)", True),
        ("missing notin (x)", True),
        ("missing!=x", True),
        ("missing=", False),
        ("empty=", True),
        ("!app", False),
        ("! missing", True),
    ],
)
def test_label_selectors_match(text: str, matches: bool) -> None:
    assert by_labels(text)(JOB) is matches


@pytest.mark.parametrize("text", ["app=a b", "app in blast", "=x", "a,,b", "app in (a", "a==b=c", f"a={'x' * 64}"])
def test_what_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        by_labels(text)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("status.successful=0", True),
        ("status.successful!=0", False),
        ("metadata.name==a,metadata.namespace=n", True),
        ("metadata.name!=a", False),
    ],
)
def test_field_selectors_match(text: str, matches: bool) -> None:
    assert by_fields(text, KINDS["jobs"])(JOB) is matches


def test_fields_of_other_kinds_are_refused() -> None:
    with pytest.raises(ApiError, match="not supported"):
        by_fields("status.phase=Pending", KINDS["jobs"])


def test_an_empty_half_of_a_conjunction_costs_nothing() -> None:
    labels = by_labels("app=blast")
    assert both(labels, everything) is labels
    assert both(everything, labels) is labels
