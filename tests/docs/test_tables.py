"""What a document repeats from elsewhere is what stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT, page
from tests.docs.tables import ALERTS, CONCEPTS, rules, written

PERFORMANCE = (ROOT / "docs" / "performance.md").read_text("utf-8")


@pytest.mark.parametrize("document", [CONCEPTS, ALERTS], ids=lambda path: path.name)
def test_the_tables_are_those_of_the_code(document: Path) -> None:
    """If this fails: `make docs`."""
    assert written(document) == document.read_text("utf-8")


def test_every_alert_has_its_row() -> None:
    names = re.findall(r"^\| \[(Elb\w+)\]\(runbook/\1\.md\)", ALERTS.read_text("utf-8"), re.MULTILINE)
    assert names == [rule["alert"] for rule in rules() if "alert" in rule]
    assert len(names) > 20


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    text = (ROOT / "README.md").read_text("utf-8").partition("## How it compares")[2].partition("## More")[0]
    rows = re.findall(r"^\| [^|]+ \| ([\d.,]+[^|]*?) \| ([\d.,]+[^|]*?) \|$", text, re.MULTILINE)
    assert len(rows) == 4
    for ours, theirs in rows:
        assert f"| {ours} | {theirs} |" in PERFORMANCE, (ours, theirs)


def test_the_figures_of_the_questions_are_those_that_were_measured() -> None:
    text = " ".join((ROOT / "docs" / "faq.md").read_text("utf-8").split())
    theirs, ours = re.search(r"is ([\d,]+) series there and ([\d,]+) here", text).groups()  # type: ignore[union-attr]
    assert f"| Series | {ours} | {theirs} |" in PERFORMANCE
    base = re.search(r"about (\d+) MB, and less than 1 kB", text).group(1)  # type: ignore[union-attr]
    bytes_each = re.search(rf"memory at rest: {base} MB and (\d+) bytes", PERFORMANCE)
    assert bytes_each is not None
    assert int(bytes_each[1]) < 1000


def test_the_versions_are_those_that_are_tested() -> None:
    cells = dict(re.findall(r"^\| (\w+) \| ([\d.]+)", page(ROOT / "docs" / "compatibility.md").prose, re.MULTILINE))
    tools = ROOT / "tests" / "tools"
    modules = (tools / "controlplane" / "go.mod").read_text() + (tools / "prometheus" / "go.mod").read_text()
    assert f"k8s.io/kubernetes v{cells['Kubernetes']}" in modules
    assert f"prometheus/alertmanager v{cells['Alertmanager']}" in modules
    major, minor, patch = cells["Prometheus"].split(".")
    assert f"prometheus/prometheus v0.{major}{int(minor):02d}.{patch}" in modules
    chart = yaml.safe_load((ROOT / "deploy/helm/elasticblast-exporter/Chart.yaml").read_text("utf-8"))
    assert "1.30" in chart["kubeVersion"]
    pinned = re.search(r"grafana-foundation-sdk==\d+!([\d.]+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert pinned is not None
    assert pinned[1].startswith(f"{cells['Grafana']}.")
