"""Every snippet of YAML is what its reader will make of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from exporter.config import Config, ConfigError, load
from tests.docs.pages import ROOT, Block, Page, blocks
from tests.support.tools import tool

CHART = ROOT / "deploy" / "helm" / "elasticblast-exporter"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SNIPPETS = list(blocks("yaml"))
MISSING_FILE = "cannot be read"


def kind(document: dict[str, Any]) -> str:
    """What a snippet is, told by its keys."""
    keys = set(document)
    if "apiVersion" in keys:
        return "object"
    if keys <= {"scrape_configs", "rule_files"}:
        return "prometheus"
    return "config" if fits(document, Config) else "values"


def fits(document: dict[str, Any], model: Any) -> bool:
    """Whether every key is one of the daemon's, down to the last section: `admin` is one of the chart, too."""
    for key, inner in document.items():
        field = model.model_fields.get(key)
        if field is None:
            return False
        section = field.annotation
        if isinstance(inner, dict) and hasattr(section, "model_fields") and not fits(inner, section):
            return False
    return True


def documents(wanted: str) -> Iterator[tuple[Page, Block, dict[str, Any]]]:
    for one, block in SNIPPETS:
        for document in yaml.safe_load_all(block.text):
            if kind(document) == wanted:
                yield one, block, document


@pytest.mark.parametrize("wanted", ["object", "prometheus", "config", "values"])
def test_there_is_one_of_each_kind(wanted: str) -> None:
    assert list(documents(wanted))


def test_every_configuration_is_loaded_by_the_daemon(tmp_path: Path) -> None:
    """That a file which it names is not on this machine is the one thing that may be wrong with it."""
    for one, block, _ in documents("config"):
        file = tmp_path / "config.yaml"
        file.write_text(block.text)
        try:
            load(file, {}, {})
        except ConfigError as error:
            wrong = [problem for problem in error.problems if MISSING_FILE not in problem.sentence]
            assert not wrong, f"{one.name}: {wrong}"


def test_every_object_is_one_of_kubernetes() -> None:
    for _, _, document in documents("object"):
        kubernetes_validate.validate(document, "1.36", strict=True)


def test_all_values_are_taken_by_the_chart() -> None:
    """As Helm judges them: merged over the chart's own, by its schema, which knows no other key."""
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    for _, _, document in documents("values"):
        jsonschema.validate(merged(VALUES, document), schema)


def merged(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {key: merged(under.get(key), over[key]) if key in over else under[key] for key in {**under, **over}}


def test_every_configuration_of_prometheus_is_right(tmp_path: Path) -> None:
    for one, block, _ in documents("prometheus"):
        file = tmp_path / "prometheus.yml"
        file.write_text(block.text)
        ran = subprocess.run(
            [tool("promtool"), "check", "config", "--syntax-only", file], capture_output=True, check=False
        )
        assert ran.returncode == 0, f"{one.name}: {ran.stderr!r}"
