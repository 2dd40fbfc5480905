"""docs/cli.md: the manuals of all commands as one document, printed from the parser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping

from exporter.cli import MANUALS, TOP, parser
from exporter.cli.manual import PROGRAM, Manual, typed

_HEAD = f"""\
# Commands

Printed by `python -m exporter.cli.reference`. `{PROGRAM} COMMAND --help` says the same on a terminal.
"""


def document() -> str:
    """The whole document as Markdown."""
    top = parser()
    commands = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction)).choices
    parts = [_HEAD, *_overview()]
    for manual in MANUALS:
        parts += _section(manual, commands[manual.name])
    return "\n".join(parts)


def _overview() -> Iterator[str]:
    yield "| Command | |\n|---|---|"
    yield "\n".join(f"| [`{one.name}`](#{one.name}) | {_cell(one.summary)} |" for one in MANUALS)
    yield "\nExit codes mean the same in all of them:\n"
    yield _table("Exit code", {str(code): text for code, text in TOP.exits.items()})


def _section(manual: Manual, command: argparse.ArgumentParser) -> Iterator[str]:
    yield f"\n## {manual.name}\n"
    yield f"{manual.summary}\n"
    yield f"```text\n{_synopsis(command)}\n```\n"
    yield "\n\n".join(_paragraph(part) for part in manual.text.strip("\n").split("\n\n"))
    for group in command._action_groups:
        flags = {_invocation(action): _help(action, command) for action in group._group_actions if _told(action)}
        if flags:
            yield f"\n{_table(str(group.title).capitalize(), flags)}"
    for title, known in (
        ("Exit code", {str(code): text for code, text in manual.exits.items()}),
        ("Variable", {f"`{name.replace(', ', '` `')}`": text for name, text in manual.environment.items()}),
    ):
        if known:
            yield f"\n{_table(title, known)}"
    if manual.examples:
        yield "\n```sh\n" + "\n".join(line for one in manual.examples for line in _example(*one)) + "\n```"
    yield "\nSee also: " + ", ".join(_link(name) for name in manual.see)


def _synopsis(command: argparse.ArgumentParser) -> str:
    """The flags are told below; words without a flag are part of the line."""
    words = command._get_positional_actions()
    named = (f"[{one.metavar}]" if one.nargs == "?" else str(one.metavar) for one in words)
    return " ".join([command.prog, "[OPTION]...", *named])


def _paragraph(text: str) -> str:
    if any(line.startswith("  ") for line in text.splitlines()):
        return f"```text\n{text}\n```"
    return text


def _invocation(action: argparse.Action) -> str:
    value = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else "")
    value = f"[{value}]" if action.nargs == "?" and action.option_strings else value
    names = ", ".join(action.option_strings)
    return f"`{' '.join(str(part) for part in (names, value) if part)}`"


def _told(action: argparse.Action) -> bool:
    return action.help is not argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)


def _help(action: argparse.Action, command: argparse.ArgumentParser) -> str:
    return str(action.help) % {**vars(action), "prog": command.prog}


def _table(head: str, rows: Mapping[str, str]) -> str:
    lines = (f"| {name.replace('|', chr(92) + '|')} | {_cell(text)} |" for name, text in rows.items())
    return "\n".join([f"| {head} | |", "|---|---|", *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _example(example: str, why: str) -> Iterator[str]:
    if why:
        yield f"# {why.rstrip(':.')}"
    yield typed(example)


def _link(name: str) -> str:
    """A page by its address beside this one, a command by its heading."""
    if name.startswith("docs/"):
        page = name.removeprefix("docs/")
        return f"[{page}]({page})"
    return f"[{name}](#{name})"


if __name__ == "__main__":
    sys.stdout.write(document())
