"""Which search a Job belongs to, and how we know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.domain.records import ROLE_OF_APP, Evidence, Role

ID_LABEL = "elb-job-id"
ID_ENV = "BLAST_ELB_JOB_ID"
_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PATH_SEGMENT = re.compile(r"job-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Role None: not one of our Jobs."""

    role: Role | None
    search: str = ""
    evidence: Evidence = ""


def is_search_id(text: str) -> bool:
    """Say whether `text` is a legal, non-empty label value: the only form that a search id has."""
    return _LABEL_VALUE.fullmatch(text) is not None


def identify(
    *,
    labels: Mapping[str, str],
    template_labels: Mapping[str, str],
    env: Mapping[str, str],
    results_path: str,
) -> Identity:
    """Return the role and the search of a Job; the strongest evidence wins.

    The sources, strongest first: the Job's label, its pod template's label, its containers' environment, a segment of
    its results path. An empty or illegal value is no evidence.
    """
    role = ROLE_OF_APP.get(labels.get("app", ""))
    sources: tuple[tuple[Evidence, str], ...] = (
        ("label", labels.get(ID_LABEL, "")),
        ("template", template_labels.get(ID_LABEL, "")),
        ("env", env.get(ID_ENV, "")),
        ("path", _search_in_path(results_path) if results_path else ""),
    )
    for evidence, value in sources:
        if value and is_search_id(value):
            return Identity(role, value, evidence)
    return Identity(role)


def _search_in_path(path: str) -> str:
    return next((part for part in path.split("/") if _PATH_SEGMENT.fullmatch(part)), "")
