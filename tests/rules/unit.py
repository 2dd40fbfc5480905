"""Cases as the files that `promtool test rules` reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from deploy.rules.source import defaults, groups
from tests.rules.cases import Case, Record, expected

ORDER = sorted((group["name"] for group in groups(defaults())), key=lambda name: name.endswith("-alerts"))
"""What is recorded first. promtool takes a group that is not named here for one of the first."""


def document(cases: Iterable[Case | Record], rules: Iterable[Path]) -> str:
    """The text of one file of unit tests, on these files of rules."""
    return yaml.safe_dump(
        {
            "rule_files": [str(path) for path in rules],
            "evaluation_interval": "1m",
            "group_eval_order": ORDER,
            "tests": [_test(case) for case in cases],
        },
        sort_keys=False,
        width=1000,
    )


def write(path: Path, cases: Iterable[Case | Record], rules: Iterable[Path]) -> Path:
    path.write_text(document(cases, rules), "utf-8")
    return path


def _test(case: Case | Record) -> dict[str, Any]:
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    if isinstance(case, Record):
        samples = [{"labels": labels, "value": value} for labels, value in case.gives.items()]
        tests = [{"expr": case.query, "eval_time": f"{case.at}m", "exp_samples": samples}]
        return {"name": case.claim, "interval": "1m", "input_series": series, "promql_expr_test": tests}
    times = [(at, [expected(case)]) for at in case.fires] + [(at, []) for at in case.silent]
    alerts = [{"eval_time": f"{at}m", "alertname": case.alert, "exp_alerts": alerts} for at, alerts in sorted(times)]
    name = f"{case.alert} {case.claim}"
    return {"name": name, "interval": "1m", "input_series": series, "alert_rule_test": alerts}
