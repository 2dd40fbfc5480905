"""The grammar, and help that is true."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

import pytest

from exporter.cli import parser
from exporter.cli.run import INTERRUPTED
from tests.cli.command import run

COMMANDS = ("run", "demo", "once", "check", "status", "cancel", "rehearse", "token", "metrics", "config")
REQUIRED = {"cancel": ["job-1"], "token": ["alice"]}


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        parser().parse_args([*arguments, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_module_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(import_module(f"exporter.cli.{name}").command)
    assert parser().parse_args([name, *REQUIRED.get(name, [])]).command == name
    assert len(help_of(capsys, name)) > 300


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_terminal_of_120_columns(name: str) -> None:
    ran = run(*filter(None, [name]), "--help", env={"COLUMNS": "120"})
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 120


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_example_of_the_help_is_a_legal_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, *filter(None, [name]))
    examples = re.findall(r"^  (?:kubectl .* -- )?elasticblast-exporter (.*)$", text, re.MULTILINE)
    for example in examples:
        typed = re.split(r"\s{3,}|\s[|>]", example)[0]
        assert parser().parse_args(shlex.split(typed)).command in COMMANDS
    assert examples or name in ("run", "metrics", "config")


def test_the_first_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of(capsys).partition("exit codes:")[2]
    assert re.findall(r"(?:^|\s)(\d+) ", told) == ["0", "1", "2", "3", "4", "5", "6", "7", str(INTERRUPTED)]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_help_names_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(rf"^    {name} ", help_of(capsys), re.MULTILINE)


@pytest.mark.parametrize(
    "typed",
    [(), ("dance",), ("status", "--output", "xml"), ("demo", "--port", "x"), ("check", "x"), ("cancel",), ("token",)],
)
def test_what_is_not_in_the_grammar_is_2(typed: tuple[str, ...]) -> None:
    ran = run(*typed)
    assert (ran.code, ran.out) == (2, "")
    assert "usage: elasticblast-exporter" in ran.err


def test_the_version_is_printed() -> None:
    ran = run("--version")
    assert ran.code == 0
    assert re.fullmatch(r"elasticblast-exporter \d+\.\d+\.\d+\S*\n", ran.out)
