"""From counts to samples: full matrices, one-hot sets, and the guard of the closed vocabularies.

A word outside its vocabulary is replaced by `other`, else by `unknown`, whichever the vocabulary has; numbers that meet
under one label set by that are added. Where it has neither, the sample is left out. Replaced words are counted where
they are read, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TypeVar

from exporter.domain.snapshots import CountsSnapshot, Tally
from exporter.metrics.family import Family, Histogram, Sample, Samples

Labels = tuple[str, ...]
Key = TypeVar("Key", bound=Labels)


def legal(family: Family, label: str, word: str) -> str | None:
    """`word`, or what stands for it in the vocabulary of `label`; None if nothing may."""
    words = (family.values or {}).get(label)
    if words is None or word in words:
        return word
    return next((stand_in for stand_in in ("other", "unknown") if stand_in in words), None)


def admit(family: Family, labels: Labels) -> Labels | None:
    """Label values that the catalogue allows; None if one of them has no legal stand-in."""
    admitted: list[str] = []
    for label, word in zip(family.labels, labels, strict=True):
        allowed = legal(family, label, word)
        if allowed is None:
            return None
        admitted.append(allowed)
    return tuple(admitted)


def matrix(family: Family, counts: Mapping[Key, float], **known: Iterable[str]) -> Samples:
    """One sample per combination of words, 0 where `counts` has none.

    `known` gives the words of the labels that have no closed vocabulary; a key of `counts` beyond them is kept.
    """
    words = {**(family.values or {}), **known}
    full: dict[Labels, float] = dict.fromkeys(product(*(words[label] for label in family.labels)), 0)
    for labels, count in counts.items():
        admitted = admit(family, labels)
        if admitted is not None:
            full[admitted] = full.get(admitted, 0) + count
    for combination, count in full.items():
        yield Sample(family, combination, count)


def sparse(family: Family, head: Labels, counts: Mapping[str, float]) -> Samples:
    """One sample per word of the last label whose count is not 0; `head` is the labels before it."""
    label = family.labels[-1]
    seen: dict[str, float] = {}
    for word, count in counts.items():
        allowed = legal(family, label, word)
        if allowed is not None:
            seen[allowed] = seen.get(allowed, 0) + count
    for word in (family.values or {})[label]:
        if seen.get(word):
            yield Sample(family, (*head, word), seen[word])


def one_hot(family: Family, head: Labels, word: str) -> Samples:
    """1 for `word`, 0 for every other word of the last label; nothing if no word may stand for it."""
    label = family.labels[-1]
    chosen = legal(family, label, word)
    if chosen is None:
        return
    for candidate in (family.values or {})[label]:
        yield Sample(family, (*head, candidate), int(candidate == chosen))


def counted(counts: CountsSnapshot, families: Mapping[str, Family]) -> Samples:
    """Every counter and histogram of `counts`. `families` is by name without prefix; a name it lacks is a KeyError."""
    totals: dict[tuple[str, Labels], float] = {}
    for (name, labels), total in counts.totals.items():
        admitted = admit(families[name], labels)
        if admitted is not None:
            totals[name, admitted] = totals.get((name, admitted), 0) + total
    for (name, labels), total in totals.items():
        yield Sample(families[name], labels, total)
    tallies: dict[tuple[str, Labels], Tally] = {}
    for (name, labels), tally in counts.tallies.items():
        admitted = admit(families[name], labels)
        if admitted is not None:
            tallies[name, admitted] = _plus(tallies.get((name, admitted)), tally)
    for (name, labels), tally in tallies.items():
        yield Sample(families[name], labels, Histogram(tally.counts, tally.sum))


def _plus(left: Tally | None, right: Tally) -> Tally:
    if left is None:
        return right
    return Tally(tuple(a + b for a, b in zip(left.counts, right.counts, strict=True)), left.sum + right.sum)
