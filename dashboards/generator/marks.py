"""Marks on the time axis: searches that begin and end, cancels, alerts. All come from the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.generator.promql import ENDED, RATE, SEARCH, increase, one, total

_ON = f"on ({', '.join(SEARCH)})"
_SEVERITIES = {"critical": "red", "warning": "orange", "info": "blue"}


def marks_of(shown: Sequence[str], *, one_search: bool) -> list[dict[str, Any]]:
    """Every mark; those named in `shown` are on from the start, a click turns on the others."""
    where = 'elb_job_id="$search"' if one_search else ""
    found = (
        _mark("Search begins", "light-blue", _begins(where), "{{elb_job_id}} begins", exact=True),
        _mark("Search ends", "green", _ends(where), "{{elb_job_id}} ends: {{phase}}", exact=True),
        _mark("Cancel begins", "purple", _cancels(where), "cancel of {{elb_job_id}} begins", exact=True),
        _mark("Cancel ends", "purple", _cancelled(), "a cancel ends: {{result}}"),
        *(
            _mark(f"Alert: {word}", colour, _alerts(word, one_search=one_search), "{{alertname}}")
            for word, colour in _SEVERITIES.items()
        ),
    )
    return [{**mark, "enable": mark["name"] in shown} for mark in found]


def _begins(where: str) -> str:
    return f"1000 * {one('search_created_timestamp_seconds', where)}"


def _ends(where: str) -> str:
    both = ", ".join(part for part in (ENDED, where) if part)
    return (
        f"1000 * ({one('search_phase', both)} == 1) * {_ON} group_left () "
        f"{one('search_phase_start_timestamp_seconds', where)}"
    )


def _cancels(where: str) -> str:
    return f"1000 * {one('search_cancel_start_timestamp_seconds', where)}"


def _cancelled() -> str:
    ended = increase("exporter_cancels_total", 'result!="planned"', over=RATE)
    return f"{total(ended, 'result')} > 0"


def _alerts(severity: str, *, one_search: bool) -> str:
    """Alerts that fire; of those about searches only the ones about the search that is shown."""
    about = ', elb_job_id=~"|$search"' if one_search else ""
    return f'ALERTS{{cluster=~"$cluster", alertstate="firing", alertname=~"Elb.*", severity="{severity}"{about}}}'


def _mark(name: str, colour: str, expr: str, title: str, *, exact: bool = False) -> dict[str, Any]:
    """One annotation; an `exact` one stands at the time that is its value, in milliseconds."""
    return {
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "hide": False,
        "iconColor": colour,
        "name": name,
        "target": {"expr": expr, "interval": "1m", "refId": "Anno"},
        "titleFormat": title,
        **({"useValueForTime": "on"} if exact else {}),
    }
