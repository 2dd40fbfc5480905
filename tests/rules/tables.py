"""All cases, by the group of rules that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from deploy.rules.source import DEPLOY
from tests.rules import of_azure, of_exporter, of_pods, of_search
from tests.rules.cases import Case, Event, State

TABLES: Mapping[str, Sequence[Case | State | Event]] = {
    "search": (*of_search.STALLED, *of_search.TOO_LONG, *of_search.ENDED, *of_search.FAILING, *of_search.FLAGS),
    "pods": (*of_pods.BUDGET, *of_pods.PODS),
    "nodes": of_azure.NODES,
    "azure": (*of_azure.AZURE, *of_azure.LEAVING, *of_azure.UNNAMED),
    "cost": (*of_azure.COST, of_azure.SPEND_OFF),
    "admin": of_exporter.ADMIN,
    "exporter": of_exporter.EXPORTER,
}
RECORDS = (*of_search.RECORDS, *of_pods.RECORDS)
RECORDED = {"search": "search", "admin": "search", "pods": "fleet", "azure": "fleet", "cost": "fleet"}


def lives(table: Iterable[Case | State | Event]) -> list[Case]:
    return [one for row in table for one in ([row] if isinstance(row, Case) else row.cases())]


def rules(name: str, place: Path = DEPLOY / "prometheus") -> list[Path]:
    """The files that the alerts of a group need: their own, and what is recorded for them."""
    files = [f"{RECORDED[name]}.rules.yaml"] if name in RECORDED else []
    return [place / file for file in (*files, f"{name}-alerts.rules.yaml")]


ALL = [case for table in (*TABLES.values(), of_azure.SPEND) for case in lives(table)]
