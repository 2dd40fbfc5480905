"""The catalogue: every family by topic, checked when it is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from exporter.metrics import arm, cancel, cluster, custom, fleet, own, searches
from exporter.metrics.family import Family

PREFIX = "elasticblast_"
BANNED_LABELS = frozenset(
    {"status", "outcome", "search", "aks_cluster", "boundary", "job", "instance", "pod", "node", "container"}
    | {"cluster", "le", "quantile"}
)
HELP_LIMIT = 200

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")

TOPICS: Mapping[str, tuple[Family, ...]] = {
    "One search": searches.FAMILIES,
    "All searches and Jobs": fleet.FAMILIES,
    "Pods, nodes and storage": cluster.FAMILIES,
    "Usage, custom resources and the submit Lease": custom.FAMILIES,
    "Azure": arm.FAMILIES,
    "Collectors": (*own.COLLECTOR_FAMILIES, arm.RATELIMIT),
    "Cancel": (*cancel.CLUSTER_FAMILIES, *cancel.PROCESS_FAMILIES),
    "Process": own.PROCESS_FAMILIES,
}


def problems(families: Iterable[Family]) -> Iterator[str]:
    """What breaks the rules of the catalogue, one line each."""
    names: set[str] = set()
    numbers: set[int] = set()
    for family in families:
        if family.name in names:
            yield f"{family.name}: name used twice"
        if family.number in numbers:
            yield f"{family.name}: number {family.number} used twice"
        names.add(family.name)
        numbers.add(family.number)
        yield from (f"{family.name}: {problem}" for problem in _of_family(family))


def _of_family(family: Family) -> Iterator[str]:
    if not _NAME.fullmatch(family.name):
        yield "not a legal name"
    if (family.kind == "counter") != family.name.endswith("_total"):
        yield "counters, and only they, end in _total"
    if (family.kind == "histogram") != bool(family.bounds) or list(family.bounds) != sorted(set(family.bounds)):
        yield "histograms, and only they, have rising bounds"
    if not 0 < len(family.help) <= HELP_LIMIT or "\n" in family.help or not family.help.endswith("."):
        yield f"help is one sentence of at most {HELP_LIMIT} characters"
    if len(set(family.labels)) != len(family.labels):
        yield "a label is named twice"
    for label in family.labels:
        if not _NAME.fullmatch(label) or label in BANNED_LABELS:
            yield f"{label} is not a legal label"
    for label, words in (family.values or {}).items():
        yield from _of_words(family, label, words)


def _of_words(family: Family, label: str, words: tuple[str, ...]) -> Iterator[str]:
    if label not in family.labels:
        yield f"words for {label}, which is no label of it"
    if not words or len(set(words)) != len(words):
        yield f"the words of {label} are none, or not distinct"
    for word in words:
        if not _WORD.fullmatch(word) or word in ("Other", "Unknown", "None"):
            yield f"{word!r} is not a legal word of {label}"


def _checked(families: tuple[Family, ...]) -> tuple[Family, ...]:
    found = list(problems(families))
    if found:
        raise ValueError("; ".join(found))
    return tuple(sorted(families, key=lambda family: family.number))


CATALOGUE = _checked(tuple(family for families in TOPICS.values() for family in families))

PER_CLUSTER: Mapping[str, Family] = {
    family.name: replace(family, labels=("cluster", *family.labels))
    for family in CATALOGUE
    if family not in (*own.PROCESS_FAMILIES, *cancel.PROCESS_FAMILIES)
}
"""The families of a cluster by name, as they are when clusters are named: `cluster` is their first label."""


def short(family: Family) -> str:
    """The name without the prefix, as it keys the counters."""
    return family.name.removeprefix(PREFIX)


def bound() -> int:
    """The largest number of series at the default limits: 100 searches, 4 pools, 2 namespaces, 1 cluster."""
    return sum(family.bound for family in CATALOGUE)
