"""What promtool says: the rules are sound, and each alert speaks when it should and only then."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.rules.source import DEPLOY, defaults, texts
from tests.rules import of_azure
from tests.rules.cases import RULES
from tests.rules.tables import ALL, RECORDS, TABLES, lives, rules
from tests.rules.unit import write
from tests.support.tools import tool

COMMITTED = sorted((DEPLOY / "prometheus").glob("*.rules.yaml"))
RECORDING = [DEPLOY / "prometheus" / f"{name}.rules.yaml" for name in ("search", "fleet")]
ALONE = {"ElbExporterDown", "ElbExporterTargetDown", "ElbCancelAuditFailed", "ElbAdminAuthFailures"}
"""Alerts on a process or its target: two replicas are two of these."""


def promtool(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("promtool"), *args], check=False, capture_output=True, text=True, timeout=150)


def verdict(path: Path) -> str:
    """What promtool has to say about a file of tests; nothing if they pass."""
    done = promtool("test", "rules", path)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def doubled(series: Mapping[str, str]) -> dict[str, str]:
    """The same from two replicas of one shard."""
    return {
        name.replace("{", f'{{instance="{which}",pod="{which}",', 1): values
        for name, values in series.items()
        for which in ("r1", "r2")
        if "build_info" not in name and not name.startswith("up{")
    } | {name: values for name, values in series.items() if "build_info" in name or name.startswith("up{")}


def test_the_committed_rules_pass_promtools_lint() -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *COMMITTED)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_for_prometheus_passes_and_takes_the_rules_in() -> None:
    done = promtool("check", "config", "--lint=all", DEPLOY / "prometheus" / "prometheus.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(COMMITTED)} rule files found" in done.stdout


@pytest.mark.parametrize("name", TABLES)
def test_each_alert_speaks_when_it_should_and_only_then(name: str, tmp_path: Path) -> None:
    found = verdict(write(tmp_path / "test.yaml", lives(TABLES[name]), rules(name)))
    assert not found, found


@pytest.mark.parametrize("name", TABLES)
def test_two_replicas_of_one_shard_are_one_alert(name: str, tmp_path: Path) -> None:
    speaking = [one for one in lives(TABLES[name]) if one.fires and one.alert not in ALONE]
    cases = [replace(one, series=doubled(one.series)) for one in speaking]
    found = verdict(write(tmp_path / "test.yaml", cases, rules(name)))
    assert not found, found


def test_recording_rules_give_what_they_say_from_one_replica_and_from_two(tmp_path: Path) -> None:
    twice = [replace(one, series=doubled(one.series)) for one in RECORDS]
    found = verdict(write(tmp_path / "test.yaml", (*RECORDS, *twice), RECORDING))
    assert not found, found


def test_a_limit_on_spending_switches_its_alert_on(tmp_path: Path) -> None:
    for name, text in texts(defaults() | {"spendRateHighPerHour": 10}):
        (tmp_path / f"{name}.rules.yaml").write_text(text, "utf-8")
    found = verdict(write(tmp_path / "test.yaml", of_azure.SPEND, rules("cost", tmp_path)))
    assert not found, found


def test_promtool_is_not_passed_by_a_case_that_is_wrong(tmp_path: Path) -> None:
    """Else none of the above could fail: another label, another value, another minute."""
    good = next(one for one in ALL if one.alert == "ElbNodePressure" and one.fires)
    wrong = (
        replace(good, labels=good.labels.replace("disk", "pid")),
        replace(good, value="7"),
        replace(good, fires=good.silent, silent=()),
    )
    for one in wrong:
        assert "FAILED" in verdict(write(tmp_path / "test.yaml", [one], rules("nodes")))


def test_every_alert_has_a_life_with_it_before_it_and_after_it() -> None:
    """promtool passes a misspelt alert that is never expected; here its name must be that of a rule."""
    whole = {
        one.alert for one in ALL if one.fires and min(one.silent) < min(one.fires) and max(one.silent) > max(one.fires)
    }
    assert whole == set(RULES)


def test_what_is_critical_and_lasts_does_not_end_and_begin_again_with_a_new_pod() -> None:
    """A counter's window spans the gap, and the exporter's own alerts are about it."""
    lasting = {
        name
        for name, rule in RULES.items()
        if rule["labels"]["severity"] == "critical" and not re.search(r"increase|build_info|ratio_rate", rule["expr"])
    }
    assert {name for name, rule in RULES.items() if "keep_firing_for" in rule} == {*lasting, "ElbNodeNotReady"}


def test_every_alert_with_a_for_begins_to_speak_on_the_minute() -> None:
    """But one, which looks back over a window whose edges no minute marks."""
    exact = {one.alert for one in ALL for fires in one.fires for silent in one.silent if fires - silent == 1}
    assert {name for name, rule in RULES.items() if "for" in rule} - exact == {"ElbNodePoolIdle"}


@pytest.mark.parametrize(
    ("claim", "concerned"),
    [
        (r"blip|just in time|little|one |few|before its time|restart", r"^for$"),
        (r"restart", r"(rate|increase)\(|absent|searches:sum\[1h|jobs_failed_infra"),
        (r"born", r"(rate|increase)\(|jobs_failed_infra"),
        (r"stop", r"power_state"),
        (r"Starting|Stopping", r"unless.*aks_provisioning_state"),
    ],
)
def test_what_must_be_silent_has_a_case_of_its_own(claim: str, concerned: str) -> None:
    """For whatever has a `for` a blip; for what counts a restart and a birth; for what Azure may explain the excuse."""
    has = {one.alert for one in ALL if re.search(claim, one.claim) and not one.fires}
    needs = {
        name
        for name, rule in RULES.items()
        if re.search(concerned, " ".join(rule["expr"].split())) or concerned[1:-1] in rule
    }
    assert needs
    assert needs <= has, needs - has
