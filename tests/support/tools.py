"""Programs that the tests need and pip cannot give."""

from __future__ import annotations

from pathlib import Path

BIN = Path(__file__).resolve().parents[1] / "tools" / "bin"


def tool(name: str) -> Path:
    """The path of a program in tests/tools/bin. Raises FileNotFoundError that says how to get it."""
    path = BIN / name
    if not path.exists():
        raise FileNotFoundError(f"{name} is not in {BIN}: run tests/tools/install")
    return path
