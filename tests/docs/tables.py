"""The tables of the documents that follow from the code: printed between markers by `make docs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from exporter.domain import remedies
from exporter.domain.remedies import Remedy
from exporter.domain.words import BLOCK_REASONS, FAILURE_REASONS, FLAGS, PHASES, RESOURCE_STATES
from exporter.web import plain

ROOT = Path(__file__).resolve().parents[2]
CONCEPTS = ROOT / "docs" / "concepts.md"
ALERTS = ROOT / "docs" / "alerts.md"
RULES = ROOT / "deploy" / "prometheus"
_TOPICS = ("search", "pods", "nodes", "azure", "cost", "admin", "fleet", "exporter")


def words(order: Iterable[str], meaning: Mapping[str, str], remedy: Mapping[str, Remedy]) -> list[str]:
    """One row a word: what it means, and what to do; a word that asks for nothing has no second text."""
    head = ["| word | it means | what to do |", "|---|---|---|"]
    return head + [f"| `{word}` | {meaning.get(word, '')} | {_todo(remedy, word)} |" for word in order]


def _todo(remedy: Mapping[str, Remedy], word: str) -> str:
    return remedy[word].text.format(batch="NNN") if word in remedy else ""


def failures() -> list[str]:
    rows = [f"| `{word}` | {_todo(remedies.FAILURES, word)} |" for word in FAILURE_REASONS]
    return ["| word | what it means, and what to do |", "|---|---|", *rows]


def states() -> list[str]:
    rows = [f"| `{word}` | {plain.STATES[word][1]} |" for word in RESOURCE_STATES]
    return ["| word | it means |", "|---|---|", *rows]


def alerts() -> list[str]:
    """One row an alert, in the order of the groups."""
    head = ["| alert | severity | for whom | after | says |", "|---|---|---|---|---|"]
    return head + [_alert(rule) for rule in rules() if "alert" in rule]


def recorded() -> list[str]:
    """One query a rule, under its name."""
    found = [(rule["record"], rule["expr"].strip()) for rule in rules() if "record" in rule]
    return [line for name, expr in found for line in (f"`{name}`:", "", "```promql", expr, "```", "")][:-1]


def rules() -> list[dict[str, Any]]:
    """Every rule of deploy/prometheus: those of searches first, those of the exporter last."""
    documents = [yaml.safe_load(path.read_text("utf-8")) for path in RULES.glob("*.rules.yaml")]
    groups = [group for document in documents for group in document["groups"]]
    return [rule for group in sorted(groups, key=_place) for rule in group["rules"]]


def _place(group: Mapping[str, Any]) -> tuple[int, str]:
    topic = group["name"].removeprefix("elasticblast-").removesuffix("-alerts")
    return _TOPICS.index(topic) if topic in _TOPICS else len(_TOPICS), topic


def _alert(rule: Mapping[str, Any]) -> str:
    name, labels = rule["alert"], rule["labels"]
    summary = rule["annotations"]["summary"].replace("|", "\\|")
    link = f"[{name}](runbook/{name}.md)"
    return f"| {link} | {labels['severity']} | {labels['audience']} | {rule.get('for', 'at once')} | {summary} |"


def tables(document: Path) -> Mapping[str, list[str]]:
    """Name of a marker → lines of its table."""
    if document == ALERTS:
        return {"alerts": alerts(), "recorded": recorded()}
    return {
        "phases": words(PHASES, {word: text for word, (_, text) in plain.PHASES.items()}, remedies.PHASES),
        "reasons": words(plain.REASONS, plain.REASONS, remedies.REASONS),
        "failures": failures(),
        "blocks": words(BLOCK_REASONS, plain.BLOCKS, remedies.BLOCKS),
        "flags": words(FLAGS, plain.FLAGS, remedies.FLAGS),
        "states": states(),
    }


def written(document: Path) -> str:
    """The document with the present tables. A marker that is missing raises ValueError."""
    text = document.read_text("utf-8")
    for name, lines in tables(document).items():
        begin, end = f"<!-- {name}: written by `make docs` -->", f"<!-- end of {name} -->"
        head, found, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not (found and ended):
            raise ValueError(f"{document.name}: no markers for {name}")
        text = "\n".join([f"{head}{begin}", "", *lines, "", f"{end}{tail}"])
    return text


if __name__ == "__main__":
    for path in (CONCEPTS, ALERTS):
        path.write_text(written(path), "utf-8")
