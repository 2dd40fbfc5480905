"""Which search a Job belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.fold.nameendings import NameEndings
from exporter.domain.identity import Identity, identify, is_search_id

ONE, TWO = "job-" + "1" * 32, "job-" + "2" * 32


def identity(label: str = "", template: str = "", env: str = "", path: str = "", app: str = "blast") -> Identity:
    return identify(app=app, label=label, template=template, env=env, results_path=path)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"label": ONE}, Identity("blast", ONE, "label")),
        ({"label": ONE, "template": ONE, "env": ONE}, Identity("blast", ONE, "label")),
        ({"template": ONE, "env": ONE}, Identity("blast", ONE, "template")),
        ({"env": ONE}, Identity("blast", ONE, "env")),
        ({"path": f"https://a/results/{ONE}/x"}, Identity("blast", ONE, "path")),
        ({"path": f"https://a/results/{ONE}0/x"}, Identity("blast")),
        ({"label": ONE, "env": TWO}, Identity("blast", ONE, "label")),
        ({"env": ONE, "path": TWO}, Identity("blast", ONE, "env")),
        ({"label": "a\n", "env": ONE}, Identity("blast", ONE, "env")),
        ({}, Identity("blast")),
        ({"label": ONE, "app": "web"}, Identity(None, ONE, "label")),
        ({"app": "elb-db-warmup"}, Identity("warmup")),
    ],
)
def test_the_strongest_source_wins(given: dict[str, str], found: Identity) -> None:
    assert identity(**given) == found


@pytest.mark.parametrize("text", ["a", "A-b_c.9", ONE, "x" * 63])
def test_a_legal_label_value_is_an_id(text: str) -> None:
    assert is_search_id(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", "a\n", "a b", "x" * 64, "a/b", "x,app=blast", "%2f", "é", ".."])
def test_anything_else_is_none(text: str) -> None:
    assert not is_search_id(text)


@given(st.text(max_size=70))
def test_an_id_holds_only_what_a_selector_can(text: str) -> None:
    if is_search_id(text):
        assert 1 <= len(text) <= 63
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def matching(name: str, *ids: str) -> str:
    names = NameEndings()
    for identity in ids:
        names.know("default", identity)
    return names.match("default", name)


def test_a_name_finds_the_one_known_id_that_it_ends_with() -> None:
    other = "job-" + "3" * 24 + "1" * 8
    assert matching("elb-finalizer-11111111", ONE, TWO) == ONE
    assert matching("elb-finalizer-11111111", ONE, other) == ""
    assert matching("elb-finalizer-x11111111", ONE) == ""
    assert matching("elb-finalizer-run_7".replace("_", "-"), "7", "run-7") == ""
    assert matching("elb-finalizer-run-7", "run-7") == "run-7"
    assert matching("init-pv", ONE) == ""


def test_a_job_that_waits_is_found_by_the_id_that_comes() -> None:
    names = NameEndings()
    names.wait("default", "elb-finalizer-11111111", "uid")
    assert names.waiting_for("other", ONE) == names.waiting_for("default", TWO) == []
    assert names.waiting_for("default", ONE) == ["uid"]
    names.leave("default", "elb-finalizer-11111111", "uid")
    assert names.waiting_for("default", ONE) == []
