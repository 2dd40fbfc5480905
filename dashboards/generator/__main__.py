"""`python -m dashboards.generator` prints the boards and their page of the docs."""

from __future__ import annotations

from pathlib import Path

from dashboards.generator import boards, docs
from dashboards.generator.board import text

_ROOT = Path(__file__).parents[2]


def main() -> None:
    """Write every file; those that are the same stay the same."""
    for name, content in files().items():
        (_ROOT / name).write_text(content, encoding="utf-8")


def files() -> dict[str, str]:
    """All that is printed: the content by the path from the root of the project."""
    printed = {f"dashboards/{one.uid}.json": text(one) for one in boards.ALL}
    return printed | {"docs/boards.md": docs.page(boards.ALL)}


if __name__ == "__main__":
    main()
