"""What can be wrong with a configuration, as values."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where a value stands: names of keys and positions in lists."""

_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault. `source` is `file:line`, an environment variable or `flag`; empty where nobody wrote anything."""

    key: str
    source: str
    sentence: str

    def __str__(self) -> str:
        where = f" ({self.source})" if self.source else ""
        subject = f"{self.key}: " if self.key else ""
        return f"{subject}{self.sentence}{where}"


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds every fault that was found; none repeats a value."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        noun = "problem" if len(problems) == 1 else "problems"
        super().__init__("\n".join((f"{len(problems)} {noun} in the configuration:", *(f"  {p}" for p in problems))))
        self.problems = problems


def dotted(path: Path) -> str:
    """`("clusters", 0, "name")` as `clusters[0].name`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{printable(step)}" if text else printable(step)
    return text


def printable(name: str) -> str:
    """A name that somebody typed, short and on one line."""
    cleaned = "".join(c if c.isprintable() else "?" for c in name[:_LONGEST_NAME])
    return f"{cleaned}…" if len(name) > _LONGEST_NAME else cleaned
