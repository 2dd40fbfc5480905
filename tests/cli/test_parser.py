"""The grammar, and help that is true."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from importlib import import_module

import pytest

from exporter.cli import MANUALS, TOP, module_of, parser
from exporter.cli.manual import Manual, typed
from exporter.cli.reference import document
from exporter.cli.run import INTERRUPTED
from exporter.simulator.world.demo import SPEED
from tests.cli.command import ROOT, run

COMMANDS = ("run", "demo", "once", "check", "status", "cancel", "rehearse", "token", "metrics", "config")
REQUIRED = {"cancel": ["job-1"], "token": ["alice"]}
SECTIONS = ("exit codes:", "environment:", "examples:", "see also:")


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        parser().parse_args([*arguments, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every parser of the whole grammar, by the command that leads to it."""
    top = parser()
    yield "", top
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def options() -> Iterator[tuple[str, argparse.Action]]:
    for name, one in parsers():
        for action in one._actions:
            if not isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
                yield f"{name} {action.option_strings or action.dest}", action


def examples() -> Iterator[tuple[str, list[str]]]:
    """What is typed after the program's name in each example of each manual, up to a pipe."""
    for manual in (TOP, *MANUALS):
        for example, _ in manual.examples:
            words = shlex.split(typed(example))
            ends = [number for number, word in enumerate(words) if word in ("|", ">")] or [len(words)]
            yield manual.name, words[words.index("elasticblast-exporter") + 1 : ends[0]]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_module_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(import_module(module_of(name)).command)
    assert parser().parse_args([name, *REQUIRED.get(name, [])]).command == name
    assert len(help_of(capsys, name)) > 300


def test_every_command_has_a_manual() -> None:
    assert tuple(name for name, _ in parsers() if name) == COMMANDS == tuple(one.name for one in MANUALS)


@pytest.mark.parametrize("columns", ["60", "80", "240"])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_80_columns_and_a_narrower_terminal_where_it_is_filled(
    name: str, columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = help_of(capsys, *filter(None, [name]))
    assert max(map(len, text.splitlines())) <= 80
    filled = text.partition("\n\n")[2].partition("\n\n")[0]
    assert max(map(len, filled.splitlines())) <= int(columns)


def test_every_option_has_help_that_names_what_it_takes_and_its_default() -> None:
    for where, action in options():
        assert action.help, where
        if not action.option_strings or action.nargs == 0:
            continue
        assert action.metavar or action.choices, where
        assert "default" in action.help or "may be repeated" in action.help, where
        if action.default not in (None, "", []):
            assert "%(default)" in action.help, where


def test_one_flag_means_the_same_everywhere() -> None:
    """Of the flags that several commands have, those of the configuration and of the output are the same text."""
    told: dict[str, set[str]] = {}
    for _, action in options():
        for flag in action.option_strings:
            told.setdefault(flag, set()).add(str(action.help))
    for flag in ("--config", "--set", "--kubeconfig", "--context", "--namespace", "--ca-file"):
        assert len(told[flag]) == 1, flag


@pytest.mark.parametrize("manual", MANUALS, ids=lambda manual: manual.name)
def test_the_parts_of_a_manual_are_there_and_in_order(manual: Manual, capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, manual.name)
    found = [text.index(f"\n{section}\n") for section in SECTIONS if f"\n{section}\n" in text]
    assert found == sorted(found)
    assert len(found) == (4 if manual.environment else 3)
    assert 0 in manual.exits
    assert 2 <= len(manual.examples) <= 5 or manual.name in ("metrics", "config", "token")


def test_every_example_is_a_legal_command() -> None:
    seen = {name: parser().parse_args(words).command for name, words in examples()}
    assert set(seen) == {"", *COMMANDS}
    assert all(name in ("", "demo", command) for name, command in seen.items())


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_what_the_help_shows_of_an_example_can_be_pasted(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(capsys, *filter(None, [name])).partition("\nexamples:\n")[2].partition("\nsee also:")[0]
    joined = re.sub(r" \\\n\s+", " ", shown)
    pasted = [shlex.split(line) for line in re.findall(r"^    (\S.*)$", joined, re.MULTILINE)]
    manual = next(one for one in (TOP, *MANUALS) if one.name == name)
    assert pasted == [shlex.split(typed(example)) for example, _ in manual.examples]


def test_what_is_to_be_seen_also_is_there() -> None:
    for manual in MANUALS:
        for name in manual.see:
            assert name in COMMANDS or (ROOT / name).is_file(), (manual.name, name)


def test_the_first_help_names_every_exit_code_that_a_command_has() -> None:
    assert set(TOP.exits) == {code for manual in MANUALS for code in manual.exits}
    assert INTERRUPTED in TOP.exits


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_help_names_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(rf"^    {name} ", help_of(capsys), re.MULTILINE)


def test_the_speed_of_the_demo_is_the_one_that_its_help_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"(default {SPEED:g})" in " ".join(help_of(capsys, "demo").split())


def test_the_document_is_printed_from_the_parser() -> None:
    assert document() == (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    for _, action in options():
        for flag in action.option_strings:
            assert f"`{flag}" in document() or flag == "--version"


@pytest.mark.parametrize(
    "typed",
    [
        (),
        ("dance",),
        ("status", "--output", "xml"),
        ("status", "--watch", "0"),
        ("status", "--watch", "nan"),
        ("demo", "--port", "x"),
        ("check", "x"),
        ("cancel",),
        ("token",),
    ],
)
def test_what_is_not_in_the_grammar_is_2(typed: tuple[str, ...]) -> None:
    ran = run(*typed)
    assert (ran.code, ran.out) == (2, "")
    assert "usage: elasticblast-exporter" in ran.err


def test_an_id_after_watch_is_refused_with_the_reason() -> None:
    ran = run("status", "--watch", "1f9a7b6c")
    assert (ran.code, "'1f9a7b6c' is not a number of seconds" in ran.err) == (2, True)


def test_the_version_is_printed() -> None:
    ran = run("--version")
    assert ran.code == 0
    assert re.fullmatch(r"elasticblast-exporter \d+\.\d+\.\d+\S*\n", ran.out)
