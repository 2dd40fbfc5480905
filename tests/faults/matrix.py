"""Which tests make which row of the fault matrix, read from the marks in the test files; prints the table."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

from tests.faults.rows import ROWS

TESTS = Path(__file__).resolve().parent.parent
DOCUMENT = TESTS.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- fault matrix: written by `make docs` -->", "<!-- end of the fault matrix -->"


def marked() -> dict[int, list[str]]:
    """Row number → names of its tests, as `file::test`."""
    found: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, number in _marks(_tree(path)):
            found.setdefault(number, []).append(f"{path.relative_to(TESTS)}::{name}")
    return found


def _tree(path: Path) -> ast.Module:
    """Built without garbage collection: CPython 3.11 raises SystemError when one begins meanwhile (gh-106905)."""
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def _marks(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for inner in (part for decorator in node.decorator_list for part in ast.walk(decorator)):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "fault":
                yield from (
                    (node.name, argument.value) for argument in inner.args if isinstance(argument, ast.Constant)
                )


def table() -> str:
    """The matrix as a Markdown table, between its two markers."""
    tests = marked()
    lines = [BEGIN, "", "| # | fault | the exporter | the page | tests |", "|--:|---|---|---|---|"]
    for number, row in ROWS.items():
        names = "<br>".join(f"`{name}`" for name in tests.get(number, []))
        lines.append(f"| {number} | {row.fault} | {row.does} | {row.shows} | {names} |")
    return "\n".join([*lines, "", END])


def written(document: str) -> str:
    """The document with the present table."""
    head, _, rest = document.partition(BEGIN)
    return head + table() + rest.partition(END)[2]


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
