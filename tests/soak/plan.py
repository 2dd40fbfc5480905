"""Which deaths there will be, and when: a value that follows from a seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

KINDS: dict[str, tuple[str, float, float]] = {
    "api server killed": ("api server", 1.0, 4.0),
    "api server stopped": ("api server", 0.5, 3.0),
    "api server frozen": ("api server", 2.0, 9.0),
    "etcd killed": ("etcd", 1.0, 4.0),
    "etcd stopped": ("etcd", 0.5, 3.0),
    "etcd frozen": ("etcd", 1.0, 6.0),
    "watches cut": ("wire", 0.0, 0.0),
    "connections refused": ("wire", 2.0, 8.0),
    "black hole": ("wire", 2.0, 8.0),
    "long black hole": ("wire", 27.0, 30.0),
    "mortal killed": ("mortal", 0.2, 3.0),
    "mortal stopped": ("mortal", 0.2, 3.0),
    "mortal frozen": ("mortal", 1.0, 8.0),
    "survivor frozen": ("survivor", 1.0, 8.0),
}
"""Each kind with what it strikes and the bounds of how long it lasts, in seconds. One thing is struck once a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """`at`: seconds from the beginning of its round."""

    kind: str
    at: float
    lasts: float

    @property
    def target(self) -> str:
        return KINDS[self.kind][0]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:.1f} for {self.lasts:.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Deaths that overlap, after `calm` seconds in which everything is well."""

    calm: float
    deaths: tuple[Death, ...]

    def __str__(self) -> str:
        return f"calm {self.calm:.1f} s; " + "; ".join(map(str, self.deaths))


def make_plan(seed: int, deaths: int, *, most: int = 5, leave_out: frozenset[str] = frozenset()) -> list[Round]:
    """Rounds of 1 to `most` deaths. Every kind comes up once before any comes up again."""
    random = Random(seed)
    bags = _bags(random, [kind for kind in KINDS if kind not in leave_out])
    waiting: list[str] = []
    rounds: list[Round] = []
    while deaths:
        size = min(deaths, random.randint(max(1, most - 2), most))
        chosen = _choose(waiting, bags, size)
        deaths -= len(chosen)
        rounds.append(
            Round(calm=round(random.uniform(1.0, 4.0), 1), deaths=tuple(_death(random, kind) for kind in chosen))
        )
    return rounds


def _choose(waiting: list[str], bags: Iterator[str], size: int) -> list[str]:
    """Up to `size` kinds with different targets; those that do not fit wait for the next round."""
    waiting += [next(bags) for _ in range(max(size - len(waiting), 0))]
    chosen: dict[str, str] = {}
    for kind in list(waiting):
        if len(chosen) < size and KINDS[kind][0] not in chosen:
            chosen[KINDS[kind][0]] = kind
            waiting.remove(kind)
    return list(chosen.values())


def _bags(random: Random, kinds: list[str]) -> Iterator[str]:
    while True:
        yield from random.sample(kinds, len(kinds))


def _death(random: Random, kind: str) -> Death:
    _, least, most = KINDS[kind]
    return Death(kind=kind, at=round(random.uniform(0.0, 2.5), 1), lasts=round(random.uniform(least, most), 1))
