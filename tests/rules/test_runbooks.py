"""The runbooks: one for each alert, of one form, with commands that only look.

That commands, flags, metrics and links exist is proved for every document by tests/docs.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from deploy.rules.source import defaults
from tests.rules.cases import RULES

PLACE = Path(__file__).resolve().parents[2] / "docs" / "runbook"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(PLACE.glob("Elb*.md"))}
HEADINGS = ["What it means", "How sure we are", "Three commands", "What to do", "What not to do"]
FILTERS = {"grep"}
PROGRAMS = {"kubectl", "elasticblast-exporter", "az", "azcopy", "curl", "date"}
CHANGING = {"delete", "apply", "scale", "stop", "start", "update", "edit", "patch", "create", "drain", "cordon"}


def commands(page: str) -> list[str]:
    """The lines of the one block of a page."""
    [block] = re.findall(r"^```\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    lines: list[str] = block.splitlines()
    return lines


def first(command: str) -> list[str]:
    """The words before the first pipe; what follows it only filters."""
    words = shlex.split(command)
    parts = " ".join("\n" if word == "|" else shlex.quote(word) for word in words).split("\n")
    assert all(shlex.split(part)[0] in FILTERS for part in parts[1:]), command
    return shlex.split(parts[0])


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    assert set(PAGES) == set(RULES)


def test_the_index_leads_to_every_page_once() -> None:
    found = re.findall(r"^\* \[(\w+)\]\((\w+)\.md\): \w.+\.$", (PLACE / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(found) == [(name, name) for name in sorted(RULES)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_headings_three_commands_and_is_short(name: str) -> None:
    page = PAGES[name]
    assert re.findall(r"^#+ .*$", page, re.MULTILINE) == [f"# {name}", *(f"## {heading}" for heading in HEADINGS)]
    assert len(commands(page)) == len(set(commands(page))) == 3
    assert len(page.split()) < 260
    for part in re.split(r"^## .*$", page, flags=re.MULTILINE)[1:]:
        assert part.strip()


def test_the_three_commands_change_nothing() -> None:
    for page in PAGES.values():
        for words in map(first, commands(page)):
            assert not CHANGING & set(words), words
            assert "cancel" not in words or "--dry-run" in words, words


def test_only_programs_are_named_that_a_reader_has() -> None:
    assert {first(line)[0] for page in PAGES.values() for line in commands(page)} <= PROGRAMS


def test_every_threshold_that_is_named_exists() -> None:
    for name, page in PAGES.items():
        thresholds = set(re.findall(r"`(\w+(?:For|Seconds|Ratio|PerHour))`", page))
        assert thresholds <= set(defaults()), (name, thresholds)
