"""The printed docs and the example file are the model, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from exporter.config import describe, example_yaml, load, markdown
from exporter.config.environment import parse_key
from exporter.config.limits import RuleTimes
from exporter.config.model import Config
from exporter.config.shapes import at
from exporter.domain.rules import Rules

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_printer_prints():
    assert (ROOT / "docs" / "configuration.md").read_text() == markdown()


def test_the_example_file_changes_nothing(tmp_path):
    path = tmp_path / "example.yaml"
    path.write_text(example_yaml())

    assert load(path, {}, {}) == load(None, {}, {})


def test_every_key_of_the_model_is_in_the_example():
    text = example_yaml()

    assert [k.key for k in describe() if f"{k.key.split('.')[-1]}:" not in text] == []


@pytest.mark.parametrize("key", describe(), ids=lambda key: key.key)
def test_every_key_is_explained_and_reachable(key):
    """A sentence, a unit where the number has one, a dotted key and a variable that the loader knows."""
    assert key.description.endswith((".", ")"))
    assert at(Config, parse_key(key.key)) is not None
    assert key.unit or not key.type.startswith(("duration", "size"))


def test_the_rules_of_the_domain_are_all_configurable_with_the_same_defaults():
    assert set(RuleTimes.model_fields) == {field.name for field in fields(Rules)}
    assert load(None, {}, {}).rules.to_rules() == Rules()


def frozen(value):
    if isinstance(value, BaseModel):
        return value.model_config["frozen"] and all(frozen(getattr(value, name)) for name in type(value).model_fields)
    return type(value).__name__ in {"str", "int", "float", "bool", "NoneType", "PosixPath", "tuple", "mappingproxy"}


def test_the_configuration_is_frozen_all_through():
    config = load(None, {}, {"metrics.node_hourly_price.blast": {"price": 1, "currency": "USD"}})

    assert frozen(config)
    assert all(frozen(cluster) for cluster in config.clusters)
    assert frozen(config.metrics.node_hourly_price["blast"])
    with pytest.raises(TypeError):
        config.metrics.node_hourly_price["x"] = None


_OTHER_WAYS = ("#phase: Active", "#amount: active")  # to tell a state, of which exactly one is wanted


def test_without_its_marks_the_example_of_a_custom_resource_is_one(tmp_path):
    """Also the lists inside it."""
    lines = example_yaml().split("\n")
    first = lines.index("custom: []")
    length = next(n for n, line in enumerate(lines[first + 1 :]) if line[:1].isalpha())
    shown = [line for line in lines[first + 1 : first + 1 + length] if line.strip() not in _OTHER_WAYS]
    keys = [re.sub(r"^( *)#(?! )", r"\1", line) for line in shown]
    path = tmp_path / "example.yaml"
    path.write_text("\n".join(["custom:", *keys]))
    (made,) = load(path, {}, {}).custom
    assert (made.group, made.plural, made.phase) == ("example.org", "things", "status.phase")
    assert (made.states[0].state, made.states[0].value, made.amounts[0].name) == ("running", "True", "active")
