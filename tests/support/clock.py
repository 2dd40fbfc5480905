"""Clocks that a test moves."""

from __future__ import annotations


class ManualClock:
    """`advance` moves both clocks; `step` only the wall clock, as an administrator does."""

    def __init__(self, wall: float = 1_800_000_000.0, mono: float = 1_000.0) -> None:
        self._wall = wall
        self._mono = mono

    def wall(self) -> float:
        return self._wall

    def mono(self) -> float:
        return self._mono

    def advance(self, seconds: float) -> None:
        self._wall += seconds
        self._mono += seconds

    def step(self, seconds: float) -> None:
        self._wall += seconds
