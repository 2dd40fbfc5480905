"""The commands that print: `metrics`, `config`, `once`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.config import load
from exporter.metrics.catalogue import CATALOGUE
from exporter.simulator.access import Rule, User
from exporter.simulator.server import Simulator
from tests.cli.command import ROOT, run, to


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False) as simulator:
        simulator.access.tokens["reader-token"] = User(name="reader")
        simulator.access.grants.append(Rule(user="reader", verbs=("list", "watch")))
        simulator.access.grants.append(Rule(user="reader", verbs=("get",), resources=("leases",)))
        yield simulator


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_catalogue_has_every_metric(form: str) -> None:
    ran = run("metrics", "--format", form)
    assert (ran.code, ran.err) == (0, "")
    for family in CATALOGUE:
        assert family.name in ran.out
    if form == "json":
        assert len(json.loads(ran.out)) > 0


def test_the_documents_are_what_the_commands_print() -> None:
    for command, document in (("metrics", "docs/metrics.md"), ("config", "docs/configuration.md")):
        assert run(command, "--format", "markdown").out == (ROOT / document).read_text(encoding="utf-8")


def test_the_printed_configuration_is_the_default_one(tmp_path: Path) -> None:
    ran = run("config")
    (tmp_path / "config.yaml").write_text(ran.out)
    assert load(tmp_path / "config.yaml", {}, {}) == load(None, {}, {})


@pytest.mark.parametrize(("flag", "end"), [((), "\n"), (("--openmetrics",), "# EOF\n")])
def test_once_prints_the_page(simulator: Simulator, tmp_path: Path, flag: tuple[str, ...], end: str) -> None:
    ran = run("once", *to(simulator, tmp_path, "reader-token"), *flag)
    assert ran.code == 0
    assert "# TYPE elasticblast_searches gauge" in ran.out
    assert ran.out.endswith(end)


def test_once_is_7_when_something_could_not_be_read_and_prints_the_rest(simulator: Simulator, tmp_path: Path) -> None:
    simulator.access.denials.append(Rule(user="reader", resources=("pods",)))
    ran = run("once", *to(simulator, tmp_path, "reader-token"))
    assert ran.code == 7
    assert "pods: denied" in ran.err
    assert "elasticblast_searches{" in ran.out
    assert "elasticblast_pods{" not in ran.out


def test_every_problem_of_a_configuration_is_reported_at_once(tmp_path: Path) -> None:
    ran = run("once", "--set", "log.level=loud", "--set", "lisen.port=1")
    assert (ran.code, ran.out) == (2, "")
    assert "2 problems" in ran.err
