"""No value ever comes back in a message: it may be a secret in the wrong place."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from exporter.config import ConfigError, load
from exporter.config.model import Config
from exporter.config.shapes import leaves, variable

DATA = Path(__file__).parents[1] / "data" / "config"
CANARY = "hunter2-canary"


def everything_said(path, environ, flags):
    with pytest.raises(ConfigError) as caught:
        load(path, environ, flags)
    told = "".join(traceback.format_exception(caught.value))
    return told + repr(caught.value) + repr(caught.value.problems)


@pytest.mark.fault(108)
@pytest.mark.parametrize("name", ["secret-in-wrong-place", "credentials-in-url"])
def test_a_secret_in_a_file_is_not_repeated(name):
    assert CANARY not in everything_said(DATA / f"{name}.bad.yaml", {}, {})


@pytest.mark.fault(108)
@pytest.mark.parametrize("text", [f"a: [{CANARY}", f"{CANARY}: *{CANARY}", f"a: !{CANARY} 1", f'a: "\\{CANARY}"'])
def test_a_secret_in_broken_yaml_is_not_repeated(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)

    assert CANARY not in everything_said(path, {}, {})


@pytest.mark.fault(108)
@pytest.mark.parametrize("form", [CANARY, f"[{CANARY}", f'["{CANARY} "]', f'{{"a": "{CANARY}"}}'])
def test_a_secret_in_any_variable_is_not_repeated(form):
    environ = {variable(path).replace("<pool>", "P"): form for path, _ in leaves(Config)}
    environ["ELASTICBLAST_EXPORTER_TOKEN"] = CANARY

    assert CANARY not in everything_said(None, environ, {"listen.port": form})


def test_the_name_of_a_key_is_told_short_and_on_one_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text('"a\\nb\\e[31m' + "x" * 500 + '": 1\n')

    with pytest.raises(ConfigError) as caught:
        load(path, {}, {})

    (problem,) = caught.value.problems
    assert problem.key == "a?b?[31m" + "x" * 56 + "…"
