"""`cancel` directly on the cluster: with one's own rights, in this process."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.cancel.documents import ResultDocument
from exporter.cancel.order import Times
from exporter.cli.cancel.direct import Directly, audit_file
from exporter.cli.cancel.values import Place, Wish
from exporter.config import load
from exporter.domain.cancel import Outcome
from exporter.simulator.access import Rule, User
from exporter.simulator.server import Simulator
from tests.cli.cancelling import BATCHES, MINE, SHORT, THEIRS, hold, jobs_of, put
from tests.cli.command import ROOT, run, to
from tests.cli.terminal import Terminal
from tests.support.waiting import wait_for

RIGHTS = (
    Rule(user="alice", verbs=("get", "list", "delete"), resources=("jobs",), namespaces=("default",)),
    Rule(user="alice", verbs=("list",), resources=("pods",), namespaces=("default",)),
)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        put(simulator, MINE, THEIRS)
        simulator.access.tokens["alices-token"] = User(name="alice@example.com", groups=("alice",))
        simulator.access.grants.extend(RIGHTS)
        yield simulator


def test_with_the_least_rights_it_stops_one_search_and_keeps_the_audit(simulator: Simulator, tmp_path: Path) -> None:
    """No right to create events, none on nodes: a whole id needs neither."""
    theirs = jobs_of(simulator, THEIRS)
    state = tmp_path / "state"
    flags = [*to(simulator, tmp_path, "alices-token"), "--direct", "--yes", "--reason", "too slow"]
    ours = {"ELASTICBLAST_EXPORTER_ADMIN_URL": "http://127.0.0.1:1", "ELASTICBLAST_EXPORTER_ADMIN_TOKEN": "not-needed"}
    ran = run("cancel", MINE, *flags, env={"XDG_STATE_HOME": str(state), **ours})
    assert (ran.code, ran.err) == (0, "")
    assert "directly on the cluster, with your own rights" in ran.out
    assert f"deleted   {BATCHES + 3} Jobs" in ran.out
    assert jobs_of(simulator, MINE) == {"init-pv"}
    assert jobs_of(simulator, THEIRS) == theirs
    audit = audit_file({"XDG_STATE_HOME": str(state)})
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    assert stat.S_IMODE(audit.parent.stat().st_mode) == 0o700
    records = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [one["event"] for one in records] == ["cancel_intent", "cancel_outcome"]
    assert {(one["caller"], one["reason"]) for one in records} == {("alice@example.com", "too slow")}
    assert "alices-token" not in audit.read_text() + ran.out


def directly(simulator: Simulator, folder: Path, **times: float) -> Directly:
    keys = [pair.partition("=") for pair in to(simulator, folder)[1::2]]
    config = load(None, {}, {key: value for key, _, value in keys})
    return Directly(config, audit=folder / "audit.jsonl", times=Times(settle=0.05, poll=0.05, **times))


def cancelled(way: Directly, text: str, count: int, *, stop: bool = False, dry_run: bool = False) -> ResultDocument:
    (place,) = way.find(text)
    run = way.begin(Wish(place=place, expected_count=count, dry_run=dry_run, reason=""))
    if stop:
        wait_for(lambda: run.moment().stage, 10.0, "the first stage")
        assert run.give_up()
    return wait_for(run.result, 30.0, "the end")


def test_every_name_of_a_search_finds_it(simulator: Simulator, tmp_path: Path) -> None:
    way = directly(simulator, tmp_path)
    for text in (MINE, SHORT, MINE[:12]):
        assert [(place.namespace, place.id) for place in way.find(text)] == [("default", MINE)], text
    assert {place.id for place in way.find("job-")} == {MINE, THEIRS}
    nobody = Place(cluster="", namespace="default", id="nosuch")
    assert way.plan(nobody) is None


@pytest.mark.parametrize(
    ("count", "dry_run", "outcome"),
    [(BATCHES + 3, False, Outcome.DONE), (BATCHES + 3, True, Outcome.PLANNED), (1, False, Outcome.REFUSED)],
)
def test_the_outcomes_are_those_of_the_daemon(
    simulator: Simulator, tmp_path: Path, count: int, dry_run: bool, outcome: Outcome
) -> None:
    before = jobs_of(simulator, MINE)
    result = cancelled(directly(simulator, tmp_path), SHORT, count, dry_run=dry_run)
    assert result.outcome is outcome
    assert jobs_of(simulator, MINE) == ({"init-pv"} if outcome is Outcome.DONE else before)


def test_a_finalizer_that_stays_ends_as_partial(simulator: Simulator, tmp_path: Path) -> None:
    hold(simulator, f"elb-finalizer-{SHORT}")
    result = cancelled(directly(simulator, tmp_path, stage_one=0.5), MINE, BATCHES + 3)
    assert result.outcome is Outcome.PARTIAL
    assert f"elb-finalizer-{SHORT}" in [one.name for one in result.remaining]
    assert len([name for name in jobs_of(simulator, MINE) if "-batch-" in name]) == BATCHES


def test_giving_up_stops_after_the_job_in_hand(simulator: Simulator, tmp_path: Path) -> None:
    hold(simulator, f"elb-finalizer-{SHORT}")
    result = cancelled(directly(simulator, tmp_path), MINE, BATCHES + 3, stop=True)
    assert result.outcome is Outcome.INTERRUPTED
    assert result.left


def test_ctrl_c_stops_says_what_is_left_and_is_130(simulator: Simulator, tmp_path: Path) -> None:
    hold(simulator, f"elb-finalizer-{SHORT}")
    audit = tmp_path / "audit.jsonl"
    flags = ["--direct", "--yes", "--audit", str(audit), *to(simulator, tmp_path)]
    with Terminal("cancel", MINE, *flags) as terminal:
        terminal.await_text("finalizer  [")
        terminal.interrupt()
        assert terminal.wait() == 130
        assert "Stopping after the Job in hand" in terminal.shown
        assert f"elb-finalizer-{SHORT}" in terminal.shown.partition("left")[2]
    assert '"outcome":"interrupted"' in audit.read_text()


def test_who_may_not_list_is_4_and_hears_of_check(simulator: Simulator, tmp_path: Path) -> None:
    simulator.access.denials.append(Rule(user="alice", resources=("jobs",)))
    ran = run("cancel", MINE, "--direct", "--yes", *to(simulator, tmp_path, "alices-token"))
    assert (ran.code, "check --cancel person" in ran.err) == (4, True)
    stranger = run("cancel", MINE, "--direct", "--yes", *to(simulator, tmp_path, "nobody-knows"))
    assert (stranger.code, "az aks get-credentials" in stranger.err) == (4, True)


def test_a_cluster_that_does_not_answer_is_7(simulator: Simulator, tmp_path: Path) -> None:
    flags = to(simulator, tmp_path)
    simulator.stop()
    for text in (MINE, SHORT):
        assert run("cancel", text, "--direct", "--yes", *flags).code == 7


def test_no_audit_file_no_cancel(simulator: Simulator, tmp_path: Path) -> None:
    before = jobs_of(simulator, MINE)
    for target in ("/proc/nowhere/audit", str(tmp_path)):
        ran = run("cancel", MINE, "--direct", "--yes", "--audit", target, *to(simulator, tmp_path))
        assert (ran.code, "audit" in ran.err + ran.out) == (7, True)
    assert jobs_of(simulator, MINE) == before


def test_an_id_that_nobody_has_is_5(simulator: Simulator, tmp_path: Path) -> None:
    for text in ("nosuch", "job-" + "e" * 32):
        ran = run("cancel", text, "--direct", "--yes", *to(simulator, tmp_path), "--audit", str(tmp_path / "audit"))
        assert ran.code == 5, ran


def test_where_nothing_listens_it_goes_to_the_cluster_and_says_so(tmp_path: Path) -> None:
    """On a machine of its own, as it were: a network namespace in which the usual port is free."""
    script = tmp_path / "alone.py"
    script.write_text(ALONE)
    command = ["unshare", "--map-root-user", "--net", sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=100, check=False
    )
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "No answer from http://127.0.0.1:9851: connection refused. Going to the cluster itself" in said
    assert "Nothing was deleted: this was a dry run" in said


ALONE = """\
import fcntl, socket, struct, sys
from pathlib import Path
with socket.socket() as any:  # SIOCSIFFLAGS: up and running
    fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
from exporter.simulator.server import Simulator
from tests.cli.cancelling import MINE, put
from tests.cli.command import run, to
folder = Path(sys.argv[1])
with Simulator() as simulator:
    put(simulator, MINE)
    ran = run("cancel", MINE, "--dry-run", "--audit", str(folder / "audit"), *to(simulator, folder))
print(ran.err, ran.out)
sys.exit(ran.code)
"""


def test_another_cluster_that_is_down_stops_nothing_where_one_is_named(simulator: Simulator, tmp_path: Path) -> None:
    """Of all the configured ones that one is asked alone: 0 if the search is there, 5 if not; an unknown one is 2."""
    (tmp_path / "token").write_text(simulator.token)
    connect = {"mode": "direct", "token_file": str(tmp_path / "token"), "insecure_http": True}
    servers = {"down": "http://127.0.0.1:1", "up": simulator.url}
    clusters = [{"name": name, "connect": {**connect, "server": server}} for name, server in servers.items()]
    (tmp_path / "config.yaml").write_text(json.dumps({"clusters": clusters}))
    flags = ("--direct", "--yes", "--config", str(tmp_path / "config.yaml"))
    env = {"XDG_STATE_HOME": str(tmp_path)}
    everywhere = run("cancel", MINE, *flags, env=env)
    assert (everywhere.code, "The cluster down cannot be asked" in everywhere.err) == (7, True)
    assert run("cancel", "job-" + "e" * 32, *flags, "--cluster", "up", env=env).code == 5
    assert run("cancel", MINE, *flags, "--cluster", "left", env=env).code == 2
    assert run("cancel", MINE, *flags, "--cluster", "up", env=env).code == 0
