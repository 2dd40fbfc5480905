"""What is for people without Helm: the manifests, and the unit for a machine with systemd."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from deploy import manifests
from tests.chart.helm import rendered
from tests.chart.schemas import VERSIONS, faults

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "systemd" / "elasticblast-exporter.service"


def test_the_manifests_are_what_the_chart_makes() -> None:
    assert manifests.PLACE.read_text("utf-8") == manifests.printed()


def test_the_manifests_are_whole_and_valid() -> None:
    objects = list(yaml.safe_load_all(manifests.PLACE.read_text("utf-8")))
    plain = rendered({"dashboards": {"enabled": False}})
    kinds = [one["kind"] for one in objects if one["kind"] != "Pod"]
    assert sorted(kinds) == sorted(["Namespace", *(one["kind"] for one in plain if one["kind"] != "Pod")])
    assert not [fault for one in objects for fault in faults(one, VERSIONS[-1])]
    assert {one["metadata"].get("namespace") for one in objects} == {None, "default", manifests.NAME}


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """With a program that exists here in place of the installed one."""
    program = shutil.which("systemd-analyze")
    assert program is not None
    copy = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    copy.write_text(text.replace("/opt/elasticblast-exporter/bin/elasticblast-exporter", sys.executable))
    ran = subprocess.run([program, "verify", copy], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_unit_leaves_little_open() -> None:
    """systemd's own measure: 0 is closed, 10 open. What stays open is the network, which it needs."""
    program = shutil.which("systemd-analyze")
    assert program is not None
    command = [program, "security", "--offline=true", "--threshold=15", UNIT]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout
