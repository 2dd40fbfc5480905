"""How to stop a search: the status page and `status ID` offer the plan and its command, never a button."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from exporter.cli import parser
from exporter.cli.status.detail import detail
from exporter.domain.phase import Phase
from exporter.domain.snapshots import SearchView
from exporter.domain.stopping import UNLABELLED, cancel_command
from exporter.web.find import Found
from exporter.web.search_page import render_search
from tests.web.test_status import Reader, words_of
from tests.web.views import NOW, cluster, search, view

LIVE = replace(
    search(), evidence="label", roles={("blast", "running"): 50, ("blast", "pending"): 12, ("finalizer", "running"): 1}
)
PLAN = "To stop it (1 finalizer, 62 blast Jobs, nothing else); this shows the plan, and asks first:"


def page(shown: SearchView, name: str = "") -> bytes:
    """The search's own page."""
    around = cluster(shown, name=name)
    return render_search(view(around), Found(around, shown), NOW)


def said(shown: SearchView, name: str) -> tuple[str, str]:
    """What the page says, and what the command line does."""
    lines = detail(shown, NOW, cluster=name, width=None, colour=False)
    return words_of(page(shown, name)), " ".join(line.strip() for line in lines)


@pytest.mark.parametrize("name", ["", "prod"])
def test_a_live_search_has_its_plan_and_the_exact_command(name: str) -> None:
    command = cancel_command(LIVE.id, LIVE.namespace, name)
    for text in said(LIVE, name):
        assert f"{PLAN} {command}" in text
    typed = parser().parse_args(shlex.split(command)[1:])
    assert (typed.command, typed.id, typed.namespace, typed.cluster) == ("cancel", LIVE.id, ["default"], name or None)
    assert not typed.yes


def test_the_page_has_no_button_and_no_form() -> None:
    tags = Reader(page(LIVE)).tags
    assert not {"button", "form", "input"} & set(tags)


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.CANCELLED, Phase.FAILED])
def test_what_has_ended_has_no_such_command(phase: Phase) -> None:
    for text in said(replace(LIVE, phase=phase, terminal=True), ""):
        assert "elasticblast-exporter cancel" not in text


@pytest.mark.parametrize("evidence", ["template", "env", "path"])
def test_an_old_clients_search_is_said_to_be_refused(evidence: str) -> None:
    for text in said(replace(LIVE, evidence=evidence), ""):
        assert UNLABELLED in text
        assert "elasticblast-exporter cancel job" not in text
