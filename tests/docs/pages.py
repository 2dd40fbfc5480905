"""The documents as tests read them: prose, blocks of code, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("docs", "deploy", "dashboards", "benchmarks", "tests/tools")
_NOT_OURS = {"bin", "out", "node_modules"}
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})(\w*)[^\n]*\n(.*?)^ *\2`* *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(<?([^)\s>]+)>?\)")
_HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*#*$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_DASHES = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its language (may be empty), its text without the indentation of a list."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    image: bool
    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Page:
    """`prose` is the text without its blocks of code; `codes` are the inline ones, line breaks made blanks."""

    path: Path
    text: str
    prose: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def codes(self) -> list[str]:
        return [" ".join(code.split()) for _, code in _CODE.findall(self.prose)]

    @property
    def links(self) -> list[Link]:
        """Every inline link but those within inline code."""
        text = _CODE.sub(lambda code: "`" * len(code[0]), self.prose)
        return [Link(image=bool(mark), text=words, target=target) for mark, words, target in _LINK.findall(text)]

    @property
    def anchors(self) -> set[str]:
        return set(_anchors(self.prose))


def page(path: Path) -> Page:
    text = path.read_text("utf-8")
    blocks = tuple(Block(language, _dedented(body, len(indent))) for indent, _, language, body in _FENCE.findall(text))
    return Page(path, text, _FENCE.sub("", text), blocks)


@cache
def pages() -> tuple[Page, ...]:
    """Every document of the project."""
    found = [*ROOT.glob("*.md"), *(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.md"))]
    return tuple(page(path) for path in sorted(found) if _NOT_OURS.isdisjoint(path.parts))


def blocks(*languages: str) -> Iterator[tuple[Page, Block]]:
    """Every block in one of the languages; the empty one is that of commands and output."""
    return ((one, block) for one in pages() for block in one.blocks if block.language in languages)


def _dedented(body: str, indent: int) -> str:
    return "".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in body.splitlines(keepends=True))


def _anchors(prose: str) -> Iterator[str]:
    """As the forge makes them: lower case, blanks to dashes, no other signs; the second of a name has -1."""
    seen: dict[str, int] = {}
    for _, heading in _HEADING.findall(prose):
        words = _LINK.sub(lambda link: link[2], heading).replace("`", "").lower()
        name = _DASHES.sub("", words).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        yield f"{name}-{count}" if count else name
