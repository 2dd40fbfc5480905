"""The example for Alertmanager: who is told what, and what is left out. Asked of amlint, and of the real one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from amlint.routing import Inhibitor, Router

from deploy.rules.source import DEPLOY
from tests.rules.cases import RULES
from tests.support.controlplane_files import free_port
from tests.support.process import Process
from tests.support.tools import tool
from tests.support.waiting import wait_for

CONFIG = DEPLOY / "prometheus" / "alertmanager.yaml"
EXAMPLE: dict[str, Any] = yaml.safe_load(CONFIG.read_text("utf-8"))
SEARCH = {"cluster": "blast", "namespace": "default", "elb_job_id": "job-1"}
POOL = {"cluster": "blast", "pool": "blastpool"}
ELSEWHERE = {"cluster": "other"}
Alert = dict[str, str]


def alert(name: str, **labels: str) -> Alert:
    return {"alertname": name, **RULES[name]["labels"], **labels}


INHIBITED = [
    (alert("ElbSearchFailureRatioHigh", **SEARCH), alert("ElbSearchFailing", **SEARCH, reason="batch_failed")),
    (alert("ElbNodePoolProvisioningFailed", **POOL), alert("ElbNodePoolBelowTarget", **POOL)),
    (alert("ElbBatchJobErrorBudgetBurn", cluster="blast"), alert("ElbSearchFailed", **SEARCH, reason="batch_failed")),
    (alert("ElbClusterApiUnreachable", cluster="blast"), alert("ElbSearchStalled", **SEARCH)),
    (alert("ElbClusterApiUnreachable", cluster="blast"), alert("ElbJobsPilingUp", cluster="blast", namespace="a")),
    (alert("ElbClusterOperationStuck", cluster="blast", state="Upgrading"), alert("ElbNodeNotReady", **POOL)),
]
TOLD = [
    (alert("ElbSearchFailureRatioHigh", **SEARCH), alert("ElbSearchFailing", **SEARCH | {"elb_job_id": "job-2"})),
    (alert("ElbClusterApiUnreachable", cluster="blast"), alert("ElbSearchStalled", **SEARCH | ELSEWHERE)),
    (alert("ElbClusterApiUnreachable", cluster="blast"), alert("ElbQuotaNearlyUsed", cluster="blast", family="cores")),
    (alert("ElbClusterApiUnreachable", cluster="blast"), alert("ElbClusterProvisioningFailed", cluster="blast")),
    (alert("ElbCancelAuditFailed", job="exporter"), alert("ElbAdminAuthFailures", reason="invalid")),
]


def test_amlint_finds_nothing_to_say() -> None:
    argv = [Path(sys.executable).with_name("amlint"), "check", CONFIG]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout


@pytest.mark.parametrize("name", RULES)
def test_every_alert_goes_to_one_place_by_severity_then_audience(name: str) -> None:
    labels = RULES[name]["labels"]
    wanted = {"critical": "on-call", "info": "digest"}.get(labels["severity"]) or {
        "scientist": "scientists",
        "cost": "cost-owners",
        "operator": "operators",
    }[labels["audience"]]
    assert [match.receiver for match in Router(EXAMPLE["route"]).match(alert(name))] == [wanted]


@pytest.mark.parametrize(("greater", "lesser"), INHIBITED)
def test_the_greater_alert_hushes_the_lesser(greater: Alert, lesser: Alert) -> None:
    assert Inhibitor(EXAMPLE["inhibit_rules"]).inhibited_by(lesser, [greater])


@pytest.mark.parametrize(("one", "other"), TOLD)
def test_what_has_another_cause_is_told(one: Alert, other: Alert) -> None:
    assert not Inhibitor(EXAMPLE["inhibit_rules"]).inhibited_by(other, [one])


def test_nothing_critical_is_hushed_but_by_what_is_as_critical() -> None:
    firing = [alert(name, **SEARCH | POOL) for name in RULES]
    hushed = {
        name
        for name, rule in RULES.items()
        if rule["labels"]["severity"] == "critical"
        and Inhibitor(EXAMPLE["inhibit_rules"]).inhibited_by(alert(name, **SEARCH | POOL), firing)
    }
    assert hushed == {"ElbSearchFailureRatioHigh"}


def test_every_alert_that_the_example_names_exists() -> None:
    matchers = [text for rule in EXAMPLE["inhibit_rules"] for side in ("source", "target")
                for text in rule[f"{side}_matchers"]]  # fmt: skip
    patterns = [found[1] for text in matchers if (found := re.fullmatch(r'alertname=~?"(.+)"', text))]
    assert patterns
    for pattern in patterns:
        for part in pattern.split("|") if "(" not in pattern else [pattern]:
            assert any(re.fullmatch(part, name) for name in RULES), part
    [prefixes] = [found[1] for pattern in patterns if (found := re.fullmatch(r"Elb\((.+)\)\.\+", pattern))]
    assert all(any(name.startswith(f"Elb{prefix}") for name in RULES) for prefix in prefixes.split("|"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real Alertmanager with the example; nobody listens where it sends to."""
    folder, port = tmp_path_factory.mktemp("alertmanager"), free_port()
    argv = [
        tool("alertmanager"),
        f"--config.file={CONFIG}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    process = Process(argv=argv, log=folder / "log")
    process.start()
    try:
        wait_for(lambda: _get(f"http://127.0.0.1:{port}/-/ready"), timeout=30.0, what=process.tail)
        yield f"http://127.0.0.1:{port}/api/v2"
    finally:
        process.kill()


def _get(url: str) -> urllib3.BaseHTTPResponse | None:
    try:
        answer = urllib3.request("GET", url, retries=False, timeout=5.0)
    except urllib3.exceptions.HTTPError:
        return None
    return answer if answer.status == 200 else None


def _states(url: str) -> dict[str, dict[str, Any]]:
    answer = _get(f"{url}/alerts")
    return {one["labels"]["alertname"]: one for one in answer.json()} if answer else {}


def test_the_real_alertmanager_takes_the_example_and_hushes_and_routes_by_it(url: str) -> None:
    greater, lesser = INHIBITED[3]
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    sent = [{"labels": labels, "endsAt": ends} for labels in (greater, lesser, TOLD[2][1])]
    assert urllib3.request("POST", f"{url}/alerts", json=sent, retries=False).status == 200
    wait_for(lambda: _states(url).get("ElbSearchStalled", {}).get("status", {}).get("inhibitedBy"), timeout=20.0)
    found = _states(url)
    assert found["ElbSearchStalled"]["status"]["state"] == "suppressed"
    assert not found["ElbQuotaNearlyUsed"]["status"]["inhibitedBy"]
    receivers = {name: [one["name"] for one in state["receivers"]] for name, state in found.items()}
    assert receivers == {
        "ElbClusterApiUnreachable": ["on-call"],
        "ElbSearchStalled": ["scientists"],
        "ElbQuotaNearlyUsed": ["operators"],
    }
