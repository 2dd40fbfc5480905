"""A Dockerfile as its stages: instructions in order, continued lines joined, comments left out."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Stage:
    """`given` are the instructions after FROM, each with its text."""

    image: str
    name: str
    given: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [text for word, text in self.given if word == instruction]

    def the(self, instruction: str) -> str:
        (text,) = self.all(instruction)
        return text

    def pairs(self, instruction: str) -> dict[str, str]:
        """The `NAME=value` of all of them together."""
        return dict(part.split("=", 1) for text in self.all(instruction) for part in shlex.split(text))

    def array(self, instruction: str) -> list[str]:
        found: list[str] = json.loads(self.the(instruction))
        return found


def parsed(path: Path) -> tuple[dict[str, str], list[Stage]]:
    """The arguments before the first FROM with their defaults, and the stages."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, text = line.strip().partition(" ")
        if word == "FROM":
            image, _, name = text.partition(" AS ")
            stages.append(Stage(image.split()[-1], name))
        elif stages and word:
            stages[-1].given.append((word, " ".join(text.split())))
        elif word:
            arguments.update([text.split("=", 1)])
    return arguments, stages


def copied(stage: Stage) -> list[str]:
    """What a stage copies out of the folder in which it is built."""
    found = [shlex.split(text) for text in stage.all("COPY") if not text.startswith("--from=")]
    return [source for parts in found for source in parts[:-1]]
