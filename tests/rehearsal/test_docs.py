"""docs/rehearse.md says what the command does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.adapters.endpoint import KubeSettings
from exporter.cli.rehearse.grammar import REHEARSE
from exporter.rehearsal.manifests import RUN_LABEL
from exporter.simulator.access import Rule, User
from exporter.simulator.server import Simulator
from tests.cli.command import ROOT
from tests.contract.targets import Target
from tests.rehearsal.playing import Player, rehearsed

TEXT = (ROOT / "docs" / "rehearse.md").read_text()
ROLES: list[dict[str, Any]] = list(yaml.safe_load_all(TEXT.partition("```yaml")[2].partition("```")[0]))


def test_the_document_has_the_label_and_every_exit_code_of_the_help() -> None:
    assert f"`{RUN_LABEL}`" in TEXT
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == [str(code) for code in REHEARSE.exits]


@pytest.mark.parametrize("target", ["simulator"], indirect=True)
@pytest.mark.usefixtures("served")
def test_the_rights_of_the_document_are_enough(
    target: Target, settings: KubeSettings, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.access.tokens["rehearser-token"] = User(name="rehearser")
    for role in ROLES:
        places = (target.namespace,) if role["kind"] == "Role" else ("*",)
        for rule in role["rules"]:
            groups, resources, verbs = (rule[key] for key in ("apiGroups", "resources", "verbs"))
            grant = Rule(user="rehearser", groups=groups, resources=resources, verbs=verbs, namespaces=places)
            simulator.access.grants.append(grant)
    with Player(target) as player, rehearsed(target, settings, tmp_path) as play:
        (tmp_path / "token").write_text("rehearser-token")
        ran = play.rehearse(*play.admin, "--node", player.node, "--mpi")
    assert (ran.code, "failed" in ran.out, "skipped" in ran.out) == (0, False, False), ran.out
