"""Every command of a document is one that its program takes."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest

from exporter.cli import parser
from tests.docs.pages import Page, pages
from tests.support.tools import tool

PROGRAM = "elasticblast-exporter"
_ASSIGNMENT = re.compile(r"[A-Z_]+=")
_ENDS = {"|", ";", "&", "&&", "||", ">", "<", "(", ")"}


def commands(one: Page) -> Iterator[list[str]]:
    """The words of each command, of blocks and of inline code; what follows `--` is one more."""
    shown = [block.text for block in one.blocks if block.language in ("", "sh", "bash", "console")]
    named = [f"{code} --help" if re.fullmatch(rf"{PROGRAM} [a-z]+", code) else code for code in one.codes]
    for line in (*(line for text in shown for line in lines(text)), *named):
        for words in simple(line.removeprefix("$ ")):
            yield from split(words)


def lines(text: str) -> list[str]:
    return text.replace("\\\n", " ").splitlines()


def simple(text: str) -> Iterator[list[str]]:
    """The simple commands of a line of shell; nothing of a line that is none."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if word in _ENDS:
                yield words
                words = []
            else:
                words.append(word)
    except ValueError:
        return
    yield words


def split(words: list[str]) -> Iterator[list[str]]:
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if "--" in words:
        at = words.index("--")
        yield words[at + 1 :]
        words = words[:at]
    yield words


def program(words: list[str]) -> str:
    return words[0].rpartition("/")[2] if words else ""


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_every_command_of_the_exporter_is_legal(one: Page) -> None:
    for words in commands(one):
        if program(words) == PROGRAM and words[1:] and words[1] != "COMMAND":
            code, told = parsed(words[1:])
            assert code == 0, f"{shlex.join(words)}: {told}"


def parsed(arguments: list[str]) -> tuple[object, str]:
    """The exit code of the parser, 0 if it has none, and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            parser().parse_args(arguments)
        except SystemExit as end:
            return end.code, said.getvalue()
    return 0, ""


def test_the_commands_are_found() -> None:
    found = [words[1] for one in pages() for words in commands(one) if program(words) == PROGRAM and words[1:]]
    assert {"run", "demo", "once", "check", "status", "cancel", "token", "rehearse", "metrics"} <= set(found)
    assert len(found) > 50


def flags(name: str, words: list[str]) -> tuple[int, set[str]]:
    """How many of the words name a command of the program, and the flags that it takes."""
    count = 0
    while count < len(words) and re.search(
        rf"^  {words[count]} +\S", asked(name, *words[:count], "--help"), re.MULTILINE
    ):
        count += 1
    told = asked(name, *words[:count], "--help") + (asked(name, "options") if name == "kubectl" else "")
    return count, set(re.findall(r"(?:^|[\s,])(--?[\w-]+)", told))


@cache
def asked(name: str, *arguments: str) -> str:
    return subprocess.run([tool(name), *arguments], capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.parametrize("name", ["helm", "kubectl"])
def test_every_command_and_flag_of_helm_and_kubectl_exists(name: str) -> None:
    seen = 0
    for one in pages():
        for words in commands(one):
            if program(words) != name or len(words) < 3:
                continue
            plain = [word for word in bare(words[1:]) if re.fullmatch(r"[a-z-]+", word)]
            count, known = flags(name, plain)
            used = {re.split(r"[=\d]", word)[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
            assert count, shlex.join(words)
            assert used <= known, f"{one.name}: {shlex.join(words)}: {used - known}"
            seen += 1
    assert seen > 5


def test_a_flag_or_a_command_that_kubectl_does_not_have_would_be_seen() -> None:
    count, known = flags("kubectl", ["get", "pods"])
    assert (count, "--limit" in known) == (1, False)
    assert {"-n", "-l", "--field-selector", "--sort-by", "--context"} <= known
    assert flags("kubectl", ["fetch"])[0] == 0


def bare(words: list[str]) -> list[str]:
    """Without the flags that stand before the command, and their values."""
    while words and words[0].startswith("-"):
        words = words[1:] if "=" in words[0] else words[2:]
    return words
