"""How a command explains itself: the parts of its manual, in one order and one form, and the lines of `--help`."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PROGRAM = "elasticblast-exporter"
_WIDEST = 80
_OPTIONS_AT = 26
Flags = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """One command. Paragraphs of `text` have a blank line between them; a line that begins with blanks stays as it is.

    `examples` are what is typed, without the program's name, and what it is for, which may be empty; one that has the
    name in it, such as a pipe, stands as it is. `see` are commands and pages.
    """

    name: str
    summary: str
    text: str
    flags: Flags
    exits: Mapping[int, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    examples: Sequence[tuple[str, str]] = ()
    see: Sequence[str] = ()


class Formatter(argparse.HelpFormatter):
    """Help that fits the terminal, and 80 columns where that is wider; text that begins with blanks is not filled."""

    def __init__(self, prog: str, **more: Any) -> None:
        columns = min(shutil.get_terminal_size().columns, _WIDEST)
        super().__init__(prog, max_help_position=_OPTIONS_AT, width=max(columns - 2, 2 * _OPTIONS_AT), **more)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(_paragraph(part, width, indent) for part in text.strip("\n").split("\n\n"))


def epilog(manual: Manual) -> str:
    """What stands after the options."""
    sections = (
        ("exit codes", _pairs({str(code): text for code, text in manual.exits.items()})),
        ("environment", _pairs(manual.environment)),
        ("examples", _examples(manual.examples)),
        ("see also", _wrapped(", ".join(manual.see))),
    )
    return "\n\n".join(f"{title}:\n" + "\n".join(lines) for title, lines in sections if lines)


def typed(example: str) -> str:
    """What a reader types: the program's name comes first unless it is in it somewhere."""
    return example if PROGRAM in example.split() else f"{PROGRAM} {example}"


def _examples(examples: Sequence[tuple[str, str]]) -> list[str]:
    return [line for example, why in examples for line in (*_wrapped(why), *_typed(typed(example)))]


def _typed(line: str) -> Iterator[str]:
    """A command of two lines for the shell where one is too long."""
    *first, last = textwrap.wrap(line, _WIDEST - 10, break_long_words=False, break_on_hyphens=False)
    yield from (f"    {part} \\" for part in first[:1])
    yield from (f"        {part} \\" for part in first[1:])
    yield f"{'        ' if first else '    '}{last}"


def _pairs(known: Mapping[str, str]) -> list[str]:
    longest = max(map(len, known), default=0)
    if longest > _OPTIONS_AT - 4:
        return [line for name, text in known.items() for line in (f"  {name}", *_wrapped(text, indent=6))]
    return [line for name, text in known.items() for line in _hanging(f"  {name:<{longest}}  ", text)]


def _hanging(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDEST - 2, initial_indent=head, subsequent_indent=" " * len(head))


def _wrapped(text: str, indent: int = 2) -> list[str]:
    blanks = " " * indent
    return textwrap.wrap(text, _WIDEST - 2, initial_indent=blanks, subsequent_indent=blanks, break_on_hyphens=False)


def _paragraph(text: str, width: int, indent: str) -> str:
    if any(line.startswith("  ") for line in text.splitlines()):
        return text
    return textwrap.fill(
        " ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
