"""Which search a Job belongs to, and how we know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from exporter.domain.records import ROLE_OF_APP, Evidence, Role

ID_LABEL = "elb-job-id"
ID_ENV = "BLAST_ELB_JOB_ID"
_TOO_LONG = 64
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


@dataclass(frozen=True, slots=True)
class SearchId:
    """A search id that may stand in a selector; `str` gives the text. Raises ValueError for a text that is none."""

    text: str

    def __post_init__(self) -> None:
        if not is_search_id(self.text):
            raise ValueError("not a search id")

    def __str__(self) -> str:
        return self.text


def identify(*, app: str, label: str, template: str, env: str, results_path: str) -> Identity:
    """Return the role and the search of a Job; the strongest evidence wins.

    The sources, strongest first: the Job's label, its pod template's label, its containers' environment, a segment of
    its results path. An empty or illegal value is no evidence.
    """
    return _identify(app[:_TOO_LONG], label[:_TOO_LONG], template[:_TOO_LONG], env[:_TOO_LONG], results_path)


@lru_cache(maxsize=1024)
def _identify(app: str, label: str, template: str, env: str, results_path: str) -> Identity:
    role = ROLE_OF_APP.get(app)
    sources: tuple[tuple[Evidence, str], ...] = (
        ("label", label),
        ("template", template),
        ("env", env),
        ("path", _search_in_path(results_path)),
    )
    for evidence, value in sources:
        if is_search_id(value):
            return Identity(role, value, evidence)
    return Identity(role)


def _search_in_path(path: str) -> str:
    return next((part for part in path.split("/") if _PATH_SEGMENT.fullmatch(part)), "")
