"""The catalogue in print: for a terminal, for docs/metrics.md, and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from exporter.metrics.catalogue import CATALOGUE, PER_CLUSTER, TOPICS, bound
from exporter.metrics.family import Family

_INTRO = """\
# Metrics

Printed by `elasticblast-exporter metrics --format markdown`; change the declarations in `exporter/metrics/`, then run
`make docs`.

{families} families. At the default limits (100 searches shown, 4 pools, 2 namespaces, 1 cluster) a page has at most
{bound:,} series. What is not known is absent, never 0; a known count of nothing is 0. Once clusters are named in the
configuration, every family but those of the process carries `cluster` as its first label.
"""


def as_text() -> str:
    """One block per family, for a terminal."""
    blocks = [
        f"{_signature(family)}\n    {family.kind}, at most {family.bound:,} series\n    {family.help}\n"
        for family in CATALOGUE
    ]
    return "".join(blocks) + f"{len(CATALOGUE)} families, at most {bound():,} series at the default limits\n"


def as_markdown() -> str:
    """The text of docs/metrics.md."""
    lines = [_INTRO.format(families=len(CATALOGUE), bound=bound())]
    for topic, families in TOPICS.items():
        lines += [f"## {topic}", "", "| # | Name | Type | Labels | Series | Meaning |", "|---|---|---|---|---|---|"]
        lines += [_row(family) for family in families]
        lines.append("")
    lines += ["## Words", "", "The closed vocabularies: no other value is ever given.", ""]
    lines += ["| Label | Of | Words |", "|---|---|---|", *_words(), ""]
    lines += ["## Buckets", "", "| Histogram | Upper bounds in seconds |", "|---|---|", *_buckets()]
    return "\n".join(lines) + "\n"


def as_json() -> str:
    """A list of objects, one per family. `cluster`: whether it carries that label first once clusters are named."""
    return json.dumps([_object(family) for family in CATALOGUE], indent=2) + "\n"


def _signature(family: Family) -> str:
    return f"{family.name}{{{', '.join(family.labels)}}}" if family.labels else family.name


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
    return f"| {family.number} | `{family.name}` | {family.kind} | {labels} | {family.bound:,} | {family.help} |"


def _words() -> Iterator[str]:
    """One line per vocabulary, with the families that share it."""
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for family in CATALOGUE:
        for label, words in (family.values or {}).items():
            shared.setdefault((label, words), []).append(family.name)
    for (label, words), names in sorted(shared.items()):
        of = " ".join(f"`{name}`" for name in names)
        yield f"| `{label}` | {of} | {' '.join(f'`{word}`' for word in words)} |"


def _buckets() -> Iterator[str]:
    for family in CATALOGUE:
        if family.bounds:
            yield f"| `{family.name}` | {' '.join(f'{bound:g}' for bound in family.bounds)} |"


def _object(family: Family) -> dict[str, object]:
    return {
        "number": family.number,
        "name": family.name,
        "type": family.kind,
        "labels": list(family.labels),
        "cluster": family.name in PER_CLUSTER,
        "words": {label: list(words) for label, words in (family.values or {}).items()},
        "buckets": list(family.bounds),
        "series": family.bound,
        "collector": family.collector,
        "help": family.help,
    }
