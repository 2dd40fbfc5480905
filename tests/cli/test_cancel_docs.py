"""docs/cancel.md and docs/security.md say what the program does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from exporter import collectors
from exporter.admin.problems import STATUS_OF_OUTCOME, STATUS_OF_REFUSAL
from exporter.cli import parser
from exporter.cli.cancel.values import EXIT_CODES
from exporter.cli.check.permissions import Permission, needed, of_cancel, of_reviews
from exporter.domain.cancel import Outcome, Refusal
from tests.cli.command import ROOT

CANCEL = (ROOT / "docs" / "cancel.md").read_text()
SECURITY = (ROOT / "docs" / "security.md").read_text()


def rows(text: str) -> dict[str, list[str]]:
    """The cells of every table row by its first cell."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {cells[0].strip("`"): cells for cells in lines}


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.REFUSED])
def test_every_outcome_has_its_status_and_exit_code(outcome: Outcome) -> None:
    _, status, code, *_ = rows(CANCEL)[outcome.value]
    assert (int(status), int(code)) == (STATUS_OF_OUTCOME[outcome], EXIT_CODES[outcome])


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_status(refusal: Refusal) -> None:
    assert int(rows(CANCEL)[refusal.value][1]) == STATUS_OF_REFUSAL[refusal]


def test_every_exit_code_is_in_the_table_and_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    codes = {str(code) for code in (*EXIT_CODES.values(), 2, 130)}
    assert codes <= set(rows(CANCEL))
    with pytest.raises(SystemExit):
        parser().parse_args(["cancel", "--help"])
    told = capsys.readouterr().out.partition("exit codes:")[2].partition("environment:")[0]
    assert codes == set(re.findall(r"^  (\d+) ", told, re.MULTILINE))


def test_the_roles_are_exactly_what_is_asked_for() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", SECURITY, re.DOTALL)
    reader, canceller = ([*yaml.safe_load_all(block)] for block in blocks)
    assert granted(*reader) == set(needed(collectors.ALL, ["default"]))
    assert granted(*canceller) == {*of_cancel(["default"]), *of_reviews()}


def granted(*roles: dict[str, Any]) -> set[Permission]:
    return {
        Permission(verb=verb, group=group, resource=resource, namespace=role["metadata"].get("namespace", ""))
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
