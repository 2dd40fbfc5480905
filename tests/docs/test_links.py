"""What a document points at is there: files, headings, pictures, paths, make targets."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, page, pages

_PATH = re.compile(r"(?<![\w/.@-])(?:exporter|docs|deploy|tests|benchmarks|dashboards|adr)(?:/[\w.*<>{}-]+)+/?")
_WORKLOAD = "deploy/elasticblast-exporter"  # as kubectl names a Deployment
_MADE = ("benchmarks/out/", "tests/tools/bin")
_MAKE = re.compile(r"(?:^|`)make ((?:[a-z]+ ?)+)", re.MULTILINE)
_ITEM = re.compile(r" *(?:[*+-]|\d+[.)]) ")


def ids(one: Page) -> str:
    return one.name


@pytest.mark.parametrize("one", pages(), ids=ids)
def test_every_link_leads_to_a_file_and_a_heading_of_it(one: Page) -> None:
    for link in one.links:
        if re.match(r"https?:", link.target):
            continue
        name, _, anchor = link.target.partition("#")
        target = (one.path.parent / name).resolve() if name else one.path
        assert target.exists(), link.target
        assert target.is_relative_to(ROOT), link.target
        assert not anchor or anchor in page(target).anchors, link.target


@pytest.mark.parametrize("one", pages(), ids=ids)
def test_every_picture_says_in_words_what_it_shows(one: Page) -> None:
    assert all(len(link.text) >= 10 for link in one.links if link.image)


@pytest.mark.parametrize("one", pages(), ids=ids)
def test_every_path_that_is_named_exists(one: Page) -> None:
    shown = [word for block in one.blocks if not block.language for word in block.text.split()]
    for path in {path for code in (*one.codes, *shown) for path in _PATH.findall(code.split("::")[0])}:
        if path.startswith(_MADE) or path == _WORKLOAD:
            continue
        pattern = re.sub(r"<\w+>|\{[\w,]+\}", "*", path.rstrip("/"))
        assert list(ROOT.glob(pattern)) or list((ROOT / "tests").glob(pattern)) or list(near(one, pattern)), path


def near(one: Page, pattern: str) -> list[Path]:
    """Paths as seen from the packages whose pages name them."""
    return [found for folder in (ROOT / "exporter", one.path.parent) for found in folder.glob(pattern)]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    texts = [text for one in pages() for text in (*one.codes, *(block.text for block in one.blocks))]
    named = {word for text in texts for words in _MAKE.findall(f"`{text}") for word in words.split()}
    assert {"demo", "test", "site", "docs"} <= named <= targets


@pytest.mark.parametrize("one", pages(), ids=ids)
def test_a_blank_line_stands_before_a_list(one: Page) -> None:
    """The forge needs none, but the site would make one paragraph of it all."""
    lines = one.prose.splitlines()
    for before, line in itertools.pairwise(lines):
        begins = _ITEM.match(line) and not _ITEM.match(before)
        assert not (begins and before.strip() and not before.startswith((" ", "|", "#"))), line


@pytest.mark.parametrize("one", pages(), ids=ids)
def test_no_code_in_a_table_has_a_bar(one: Page) -> None:
    """The forge and the site take it for the end of a cell in different ways."""
    for row in re.findall(r"^ *\|.*\|$", one.prose, re.MULTILINE):
        assert not [code for code in re.findall(r"`([^`]+)`", row) if "|" in code], row
