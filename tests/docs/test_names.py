"""Every metric, label, query, alert and key that a document names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from exporter.config import Config, describe
from exporter.metrics.catalogue import CATALOGUE
from tests.docs.pages import ROOT, Page, blocks, pages
from tests.docs.tables import rules
from tests.docs.test_snippets import VALUES

FAMILIES = {family.name: family for family in CATALOGUE}
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
ALERTS = {rule["alert"] for rule in rules() if "alert" in rule}
TARGET_LABELS = {"cluster", "job", "instance", "pod"}
_NAME = re.compile(r"(?<![\w/.:-])(elasticblast_[a-z0-9_]+)(\*?)")
_SUFFIX = re.compile(r"_(bucket|sum|count)$")
_KEY = re.compile(r"([a-z_]+)((?:(?:\[\d\])?\.[\w<>]+)+)(?:: .+)?")
_SECTIONS = tuple(Config.model_fields)
KEYS = {
    key
    for one in describe()
    for key in (one.key.replace("[0]", ""), one.key.replace("[0]", "").removeprefix("clusters."))
}
NO_KEY = re.compile(r".*\.(?:io|json|yaml)")  # a group of the API, or a file


def family(name: str) -> str:
    return name if name in FAMILIES else _SUFFIX.sub("", name)


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_every_metric_that_is_named_is_in_the_catalogue(one: Page) -> None:
    for name, star in _NAME.findall(re.sub(r"[a-z]+:elasticblast_\w+:\w+", "", one.text)):
        if star or name.endswith("_"):
            assert any(known.startswith(name) for known in FAMILIES), name
        elif name != "elasticblast_exporter":
            assert family(name) in FAMILIES, name


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_every_alert_and_recording_rule_that_is_named_exists(one: Page) -> None:
    assert set(re.findall(r"\bElb[A-Z]\w+", one.text)) <= ALERTS
    assert set(re.findall(r"\b[a-z]+:elasticblast_\w+:\w+", one.text)) <= RECORDED


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_every_key_that_is_named_is_one_of_the_daemon_or_the_chart(one: Page) -> None:
    for code in one.codes:
        found = _KEY.fullmatch(code)
        if found and found[1] in _SECTIONS and not NO_KEY.fullmatch(code):
            path = found[1] + re.sub(r"\[\d\]", "", found[2])
            ours = any(key == path or key.startswith(f"{path}.") for key in KEYS)
            assert ours or inside(VALUES, path.split(".")), code


def inside(tree: Any, steps: list[str]) -> bool:
    if not steps:
        return True
    return isinstance(tree, dict) and steps[0] in tree and inside(tree[steps[0]], steps[1:])


def queries() -> Iterator[tuple[Page, str]]:
    for one, block in blocks("promql"):
        yield one, block.text
    for one in pages():
        yield from ((one, code) for code in one.codes if re.match(r"elasticblast_\w+\{|[a-z]+\(.*elasticblast_", code))


def test_every_query_parses_and_its_labels_are_those_of_the_family() -> None:
    seen = 0
    for one, query in queries():
        tree = promql_parser.parse(query.replace("…", "elasticblast_searches"))
        for selector in selectors(tree):
            seen += 1
            labels = {matcher.name for matcher in selector.matchers.matchers} - {"__name__"}
            if selector.name and selector.name.startswith("elasticblast_"):
                known = {*FAMILIES[family(selector.name)].labels, *TARGET_LABELS}
                assert labels <= known, f"{one.name}: {query}"
    assert seen > 30


def selectors(node: Any) -> Iterator[Any]:
    """Every vector selector of an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for part in ("expr", "lhs", "rhs", "param", "vs", "vector_selector"):
        inner = getattr(node, part, None)
        if inner is not None and not isinstance(inner, str):
            yield from selectors(inner)
    for argument in getattr(node, "args", None) or ():
        yield from selectors(argument)


def test_every_word_of_a_label_is_one_that_it_has() -> None:
    """In a query `state="redy"` finds nothing, and says so to nobody."""
    for one, query in queries():
        for selector in selectors(promql_parser.parse(query.replace("…", "elasticblast_searches"))):
            if not (selector.name or "").startswith("elasticblast_"):
                continue
            words = FAMILIES[family(selector.name)].values or {}
            for matcher in selector.matchers.matchers:
                asked = set(matcher.value.split("|"))
                assert matcher.name not in words or asked <= set(words[matcher.name]), f"{one.name}: {query}"


def test_the_thresholds_that_are_named_are_those_of_the_chart() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text("utf-8")
    example = yaml.safe_load(text.partition("### Thresholds")[2].partition("```yaml")[2].partition("```")[0])
    assert set(example["rules"]["thresholds"]) <= set(VALUES["rules"]["thresholds"])
