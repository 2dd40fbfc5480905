"""What the chart says of itself: its README, what helm prints at the end, and what it packs."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shlex
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.chart_table import Chart, readme, schema
from exporter import __version__
from exporter.cli import parser
from tests.chart.cases import CASES, OPERATOR
from tests.chart.helm import CHART, NAMESPACE, RELEASE, helm, pod_specs, rendered

README = (CHART / "README.md").read_text("utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"```\n(helm .*?)```", README, re.DOTALL)
MOST_BYTES = 1024 * 1024


def notes(values: dict[str, Any]) -> str:
    ran = helm("install", RELEASE, CHART, f"--namespace={NAMESPACE}", "--dry-run=client", values=values)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.partition("NOTES:\n")[2]


def test_table_and_schema_are_made_from_the_values() -> None:
    """`python -m deploy.chart_table` leaves no difference."""
    chart = Chart.read()
    assert schema(chart) == chart.schema
    assert readme(chart) == chart.readme


def test_the_table_says_each_default() -> None:
    assert '| `cluster.namespaces` | `["default"]` |' in README
    assert '| `searchStalledFor` | `"5m"` | ElbSearchStalled |' in README


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_every_example_of_values_is_taken(number: int) -> None:
    assert rendered(yaml.safe_load(SNIPPETS[number]))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_are_helms(command: str) -> None:
    words = [word for word in shlex.split(command.replace("\\\n", " ")) if word != "deploy/helm/elasticblast-exporter"]
    assert words[:2] == ["helm", "install"]
    ran = helm("template", words[2], CHART, *[word for word in words[3:] if word != "--create-namespace"])
    assert ran.returncode == 0, ran.stderr


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((\.[^)#]*)", README)
    assert links
    assert [link for link in links if not (CHART / link).exists()] == []


def test_chart_image_and_package_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__


@pytest.mark.parametrize("name", ["plain", "admin", "admin by service", "admin by token", "fleet", "tls"])
def test_the_notes_say_commands_that_there_are(name: str) -> None:
    commands = re.findall(r"elasticblast-exporter ((?:check|cancel).*)", notes(CASES[name].values))
    assert commands
    for command in commands:
        parser().parse_args(shlex.split(command.partition(" > ")[0]))


def test_the_notes_say_how_to_scrape_where_nothing_does_it() -> None:
    assert f"{RELEASE}.{NAMESPACE}.svc:9850/metrics with honor_labels: true" in notes({})
    assert "a PodMonitor was made for monitoring.coreos.com" in notes(CASES["forced"].values)


def test_the_notes_say_where_the_rules_are_if_none_were_made() -> None:
    assert "deploy/azure/rules.md" in notes({})
    assert "deploy/azure/rules.md" not in notes(CASES["forced"].values)


def test_the_notes_say_how_to_cancel_where_that_is_possible() -> None:
    assert "It reads and changes nothing." in notes({})
    assert "port-forward deploy/elasticblast-exporter 9851" in notes(CASES["admin"].values)
    assert "networkPolicy.adminFrom" in notes(CASES["admin by service"].values)
    assert "networkPolicy.adminFrom" not in notes(CASES["admin"].values)


@pytest.mark.parametrize("name", ["plain", "rehearsal with cancel", "everything said"])
def test_the_arguments_of_its_containers_are_the_programs(name: str) -> None:
    case = CASES[name]
    containers = [one for pod in pod_specs(rendered(case.values, case.served)).values() for one in pod["containers"]]
    for container in containers:
        if "command" not in container:
            parser().parse_args(container["args"])


def test_the_test_pod_runs_the_script_of_the_chart() -> None:
    (pod,) = [pod for key, pod in pod_specs(rendered()).items() if key.startswith("Pod/")]
    (container,) = pod["containers"]
    assert container["command"] == ["python3", "-c"]
    assert container["args"][0].strip() == (CHART / "files" / "answers.py").read_text("utf-8").strip()


def test_the_package_has_what_is_needed_and_nothing_else(tmp_path: Path) -> None:
    ran = helm("package", CHART, f"--destination={tmp_path}")
    assert ran.returncode == 0, ran.stderr
    with tarfile.open(tmp_path / f"elasticblast-exporter-{__version__}.tgz") as package:
        names = {name.removeprefix("elasticblast-exporter/") for name in package.getnames()}
    folders = ("templates/", "files/", "rules/", "dashboards/")
    assert {name for name in names if not name.startswith(folders)} == {
        ".helmignore", "Chart.yaml", "README.md", "values.yaml", "values.schema.json",
    }  # fmt: skip
    boards = {f"dashboards/{path.name}" for path in (CHART / "dashboards").glob("*.json")}
    assert boards
    assert {name for name in names if name.startswith("dashboards/")} == boards
    assert {name for name in names if name.startswith("rules/")} == {
        f"rules/{path.name}" for path in (CHART / "rules").iterdir()
    }


def test_a_release_fits_into_the_secret_in_which_helm_keeps_it() -> None:
    """Helm keeps files of the chart, values and what it made as JSON, compressed; a Secret has at most 1 MiB."""
    folders = ("templates", "files", "rules")
    files = [path for folder in folders for path in sorted((CHART / folder).rglob("*"))]
    files += sorted((CHART / "dashboards").glob("*.json"))
    texts = [base64.b64encode(path.read_bytes()).decode() for path in files if path.is_file()]
    made = json.dumps(rendered({}, OPERATOR))
    kept = gzip.compress(json.dumps([*texts, README, made]).encode())
    assert len(base64.b64encode(base64.b64encode(kept))) < MOST_BYTES * 0.8
