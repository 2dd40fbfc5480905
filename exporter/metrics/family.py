"""A metric family as data, and one sample of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of the catalogue.

    `name` is the full name as in the text format (a counter ends in `_total`); `bound` is the largest number of
    series at the default limits; `number` is its row in the catalogue; `bounds` are those of a histogram,
    `values` the closed vocabularies of its labels, `collector` the boundary that its data comes through.
    """

    number: int
    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    bound: int
    bounds: tuple[float, ...] = ()
    values: Mapping[str, tuple[str, ...]] | None = None
    collector: str = ""


class Histogram(NamedTuple):
    """Observations so far: `counts` per bucket (not cumulative, one more than the bounds), and their sum."""

    counts: Sequence[int]
    sum: float


class Sample(NamedTuple):
    """Label values in the order of `family.labels`; a float or int, or a Histogram where the family is one."""

    family: Family
    labels: tuple[str, ...]
    value: float | Histogram


Samples = Iterator[Sample]
