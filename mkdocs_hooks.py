"""What the site needs beside mkdocs.yml: pages that a folder lists, and what only the forge shows."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

_DIAGRAM = re.compile(r"^```mermaid\n.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()((?:\.\./)+[^)\s]+)(\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A nav entry `folder/*` becomes the pages of that folder, README first."""
    config.nav = [_listed(entry, Path(config.docs_dir)) for entry in config.nav or []]
    return config


def _listed(entry: Any, docs: Path) -> Any:
    if isinstance(entry, dict):
        return {title: _listed(inner, docs) for title, inner in entry.items()}
    if isinstance(entry, list):
        return [_listed(inner, docs) for inner in entry]
    if not entry.endswith("/*"):
        return entry
    pages = sorted((docs / entry).parent.glob("*.md"), key=lambda page: (page.name != "README.md", page.name))
    return [page.relative_to(docs).as_posix() for page in pages]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """A relative link that leaves docs/ leads to the file on the forge: the site has no such page.

    A diagram becomes such a link, too: what draws it would come from another host.
    """
    forge = config.extra["forge"]
    folder = posixpath.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", folder, link[2]))
        inside = target.startswith("docs/")
        return link[0] if inside else f"{link[1]}{forge}/{target}{link[3]}"

    drawn = f"[The same as a diagram]({forge}/docs/{page.file.src_uri})."
    return _DIAGRAM.sub(drawn, _LINK.sub(moved, markdown))
