"""The command as its users have it, beside a daemon that watches the same namespace."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.adapters.endpoint import KubeSettings
from exporter.cancel.statictokens import new_token
from exporter.domain.custom.kinds import MPIJOB
from exporter.rehearsal.manifests import RUN_LABEL
from tests.cli.command import Ran, run
from tests.contract.targets import Target
from tests.custom import crds
from tests.rehearsal.playing import Player, rehearsed, stopped
from tests.support.waiting import wait_for


def verdicts(ran: Ran) -> dict[str, str]:
    """What was looked at, and what came of it."""
    lines = [line.split(maxsplit=1) for line in ran.out.splitlines() if line.startswith(("ok ", "failed ", "skipped "))]
    return {what: verdict for verdict, what in lines}


def node_labels(target: Target, name: str) -> Mapping[str, str]:
    node = target.core.node(name)
    assert node
    return node.labels


def test_all_that_is_played_is_seen_and_nothing_is_left(
    target: Target, settings: KubeSettings, served: str, tmp_path: Path
) -> None:
    target.make_job("theirs", suspend=True)
    with Player(target) as player, rehearsed(target, settings, tmp_path) as play:
        before = node_labels(target, player.node)
        ran = play.rehearse(*play.admin, "--node", player.node, "--mpi")
        assert (ran.code, ran.err) == (0, ""), ran.out
        assert verdicts(ran) == dict.fromkeys(
            (
                "setup",
                "submit and batches",
                "finalizer",
                "phase of the search",
                "a neighbour lives",
                "a search to cancel lives",
                "cancel",
                "left of it",
                "phase of the cancelled search",
                "everything else of this rehearsal",
                f"label {RUN_LABEL} on a node",
                "label off again",
                "nodes on the page",
                "MPIJobs on the page",
            ),
            "ok",
        )
        assert node_labels(target, player.node) == before
    assert target.names(target.jobs) == ["theirs"]
    assert target.names(crds.place(MPIJOB, target.namespace, served)) == []


def test_where_no_admin_port_is_named_the_cancel_is_skipped_and_said_so(
    target: Target, settings: KubeSettings, tmp_path: Path
) -> None:
    with Player(target), rehearsed(target, settings, tmp_path) as play:
        ran = play.rehearse("--mpi")
    assert ran.code == 0, ran.out
    told = verdicts(ran)
    assert (told["cancel"], told["MPIJobs on the page"], told["finalizer"]) == ("skipped", "skipped", "ok")
    assert "no admin port: name it with --admin-url" in ran.out
    assert play.made() == set()


def test_an_admin_port_that_was_named_and_is_off_is_a_failure(
    target: Target, settings: KubeSettings, tmp_path: Path
) -> None:
    with Player(target), rehearsed(target, settings, tmp_path, **{"admin.enabled": False}) as play:
        ran = play.rehearse(*play.admin)
    assert (ran.code, verdicts(ran)["cancel"], "connection refused" in ran.out) == (1, "failed", True), ran.out


def test_an_admin_port_that_was_named_and_does_not_know_us_is_a_failure(
    target: Target, settings: KubeSettings, tmp_path: Path
) -> None:
    with Player(target), rehearsed(target, settings, tmp_path) as play:
        (tmp_path / "alice.token").write_text(new_token("eve")[0])
        ran = play.rehearse(*play.admin)
    told = verdicts(ran)
    assert (ran.code, told["cancel"], told["everything else of this rehearsal"]) == (1, "failed", "ok"), ran.out
    assert play.made() == set()


def test_jobs_that_fail_are_told_and_deleted(target: Target, settings: KubeSettings, tmp_path: Path) -> None:
    with Player(target, exit_code=1), rehearsed(target, settings, tmp_path) as play:
        ran = play.rehearse("--wait", "3")
    assert (ran.code, verdicts(ran)) == (1, {"setup": "failed", "cancel": "skipped"}), ran.out
    assert "not succeeded: init-ssd-" in ran.out
    assert play.made() == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rehearsal_takes_everything_away(
    target: Target, settings: KubeSettings, tmp_path: Path, number: signal.Signals
) -> None:
    with Player(target), rehearsed(target, settings, tmp_path) as play:
        child = play.begun(*play.admin)
        code, out = stopped(child, number, lambda: len(play.made()) >= 7)
        assert (code, "Interrupted" in out) == (130, True), out
        assert play.made() == set()


def test_what_a_crash_has_left_is_found_and_nothing_else_is_taken(
    target: Target, settings: KubeSettings, tmp_path: Path
) -> None:
    target.make_job("theirs", suspend=True)
    with Player(target) as player, rehearsed(target, settings, tmp_path) as play:
        stopped(play.begun(*play.admin), signal.SIGKILL, lambda: len(play.made()) >= 7)
        target.core.label_node(player.node, RUN_LABEL, "crashed")
        ran = play.rehearse("--cleanup")
        assert ran.code == 0, ran.out
        assert RUN_LABEL not in node_labels(target, player.node)
        assert "nothing, for there was nothing" in play.rehearse("--cleanup").out
    assert target.names(target.jobs) == ["theirs"]


def test_a_namespace_of_its_own_is_made_and_deleted(target: Target, settings: KubeSettings, tmp_path: Path) -> None:
    own = f"{target.namespace}-own"
    with rehearsed(target, settings, tmp_path, namespace=own) as play:
        without = play.rehearse("--wait", "1")
        assert (without.code, "--create-namespace makes it" in without.err) == (2, True)
        ran = play.rehearse("--create-namespace", "--wait", "2")
    assert (ran.code, f"namespace {own}" in ran.out) == (1, True), ran.out

    def going() -> bool:
        found = target.core.namespace(own)
        return found is None or found.deleting

    wait_for(going, 15.0)


def test_a_namespace_that_the_daemon_does_not_watch_is_refused_with_what_to_do(
    target: Target, settings: KubeSettings, tmp_path: Path
) -> None:
    with rehearsed(target, settings, tmp_path) as play:
        ran = run("rehearse", *play.flags[2:], *play.connect, "--namespace", "elsewhere")
    assert (ran.code, ran.out) == (2, "")
    assert "does not watch the namespace elsewhere. Add it to the cluster's `namespaces`" in ran.err


def test_a_daemon_that_is_not_there_is_7(target: Target, settings: KubeSettings, tmp_path: Path) -> None:
    with rehearsed(target, settings, tmp_path) as play:
        ran = play.rehearse("--url", "http://127.0.0.1:1")
    assert (ran.code, "No daemon at http://127.0.0.1:1" in ran.err) == (7, True)


def test_the_rights_are_the_callers_and_not_the_daemons(target: Target, settings: KubeSettings, tmp_path: Path) -> None:
    with rehearsed(target, settings, tmp_path) as play:
        (tmp_path / "token").write_text(target.token_of("nobody"))
        ran = play.rehearse()
    assert (ran.code, "the cluster: denied" in ran.out) == (1, True), ran.out
    assert play.made() == set()
