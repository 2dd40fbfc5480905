"""A metrics page as a mapping from series to values, and what tests ask of it."""

from __future__ import annotations

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from tests.support.daemon import Page, family, moved, read_families

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
STATES = "exporter_collector_state"


def read_text(text: str) -> Page:
    """The series of a page in the text format 0.0.4; none may be there twice."""
    return read_families(text_string_to_metric_families(text))


def read_openmetrics(text: str) -> Page:
    """The series of a page in OpenMetrics; none may be there twice."""
    return read_families(openmetrics.text_string_to_metric_families(text))


def state(page: Page, resource: str = "jobs", **labels: str) -> str:
    """The state of a resource's collector."""
    (word,) = (key[-1] for key in moved(page, STATES, resource=resource, **labels))
    return word


def states(page: Page) -> set[str]:
    """The states of all collectors that read on their own, without the polled ones."""
    return {key[-1] for key in moved(page, STATES) if key[0] != "custom" and key[1] != "jobs_stored"}


def searches(page: Page) -> set[str]:
    """The ids of the searches shown."""
    return {dict(labels)["elb_job_id"] for name, labels in page if name == "elasticblast_search_phase"}


def phases(page: Page) -> list[str]:
    """The phase of each search shown; each has exactly one."""
    return [
        dict(labels)["phase"] for name, labels in page if name == "elasticblast_search_phase" and page[name, labels]
    ]


def total(page: Page, name: str, **labels: str) -> float:
    """The sum of the series of one name (without the prefix) that carry `labels`."""
    return sum(family(page, name, **labels).values())
