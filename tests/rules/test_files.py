"""What `make rules` writes is what is committed, and what it refuses; other thresholds are a file of values."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.rules import source
from deploy.rules.__main__ import files
from tests.rules.cases import RULES

ROOT = source.DEPLOY.parent


def generate(*args: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.rules", *map(str, args)]
    return subprocess.run(argv, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_what_is_committed_is_what_is_written() -> None:
    written = {source.DEPLOY / path: text for path, text in files(source.defaults())}
    assert {path: path.read_text("utf-8") for path in written} == written
    assert set((source.DEPLOY / "prometheus").glob("*.rules.yaml")) < set(written)


def test_other_thresholds_are_in_every_form(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("rules:\n  runbookBase: https://wiki\n  thresholds: {nodePressureFor: 7m, jobsPilingUp: 55}\n")
    done = generate("--values", values, "--to", tmp_path)
    assert done.returncode == 0, done.stderr
    nodes = yaml.safe_load((tmp_path / "prometheus" / "nodes-alerts.rules.yaml").read_text("utf-8"))
    [rule] = [rule for group in nodes["groups"] for rule in group["rules"] if rule["alert"] == "ElbNodePressure"]
    assert rule["for"] == "7m"
    assert rule["annotations"]["runbook_url"] == "https://wiki/ElbNodePressure.md"
    azure = (tmp_path / "azure" / "rules.json").read_text("utf-8")
    assert "elasticblast_jobs_stored) > 55" in azure
    assert '"for": "PT7M"' in azure


def test_what_may_not_be_read_on_purpose_is_left_out_as_by_the_chart(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("rbac: {usage: false, events: false, nodes: true}\n")
    assert source.changed(values)["unread"] == "events|(nodes|pods).metrics.k8s.io"


def test_a_threshold_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("rules: {thresholds: {nodePresureFor: 7m}}\n")
    with pytest.raises(ValueError, match="nodePresureFor"):
        source.changed(values)


def test_values_without_rules_change_nothing(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("rules: {enabled: false}\n")
    assert source.changed(values) == source.defaults()


def test_a_marker_without_a_value_is_no_rule() -> None:
    with pytest.raises(KeyError, match="nodePressureFor"):
        list(source.texts({name: value for name, value in source.defaults().items() if name != "nodePressureFor"}))


def test_a_rule_keeps_what_prometheus_knows_of_it() -> None:
    assert RULES["ElbNodeNotReady"]["keep_firing_for"] == "5m"
    assert RULES["ElbSearchStalled"]["expr"].endswith("> 10800")
