"""`cancel` through a daemon: every exit code, and what is said."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import trustme
import urllib3
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.cancel.statictokens import new_token
from exporter.simulator.server import Simulator
from tests.cli.cancelling import BATCHES, MINE, SHORT, THEIRS, Daemon, daemon, hold, jobs_of, put, release
from tests.cli.command import Ran, run
from tests.support import manifests
from tests.support.controlplane_files import free_port
from tests.support.proxy import Proxy
from tests.support.waiting import wait_for

WHOLE = 3 + BATCHES


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        put(simulator, MINE, THEIRS)
        yield simulator


@pytest.fixture
def port(simulator: Simulator, tmp_path: Path) -> Iterator[Daemon]:
    with daemon(simulator, tmp_path) as port:
        wait_for(lambda: port.phases(MINE), 30.0, "the search in the daemon's memory")
        yield port


def test_one_of_two_searches_is_stopped_and_a_repeat_is_good(simulator: Simulator, port: Daemon) -> None:
    """0 both times; the other search and the shared setup stay; the audit tells who and why."""
    theirs = jobs_of(simulator, THEIRS)
    ran = port.cancel(SHORT, "--yes", "--reason", "wrong database")
    assert (ran.code, ran.err) == (0, "")
    assert "Done: nothing of the search lives any more." in ran.out
    assert f"deleted   {WHOLE} Jobs" in ran.out
    assert "init-pv: serves every search of the namespace" in ran.out
    assert jobs_of(simulator, MINE) == {"init-pv"}
    assert jobs_of(simulator, THEIRS) == theirs
    records = [json.loads(line) for line in port.audit.read_text().splitlines()]
    assert [one["event"] for one in records] == ["cancel_intent", "cancel_outcome"]
    assert {(one["caller"], one["reason"]) for one in records} == {("alice", "wrong database")}
    wait_for(lambda: port.phases(MINE) == {"cancelled"}, 30.0, "the phase cancelled")
    again = port.cancel(MINE, "--yes")
    assert (again.code, "there was nothing to delete" in again.out) == (0, True)


def test_the_plan_comes_stage_by_stage_and_a_dry_run_deletes_nothing(simulator: Simulator, port: Daemon) -> None:
    before = jobs_of(simulator, MINE)
    ran = port.cancel(MINE[:14], "--dry-run")
    assert ran.code == 0
    stages = re.findall(r"^(finalizer|submit|setup|blast) +\S+", ran.out, re.MULTILINE)
    assert stages == ["finalizer", "submit", "setup", *["blast"] * BATCHES]
    assert "Nothing was deleted" in ran.out
    assert jobs_of(simulator, MINE) == before


def test_json_is_one_document_and_words_go_to_stderr(port: Daemon) -> None:
    ran = port.cancel(SHORT, "--yes", "--output", "json")
    told = json.loads(ran.out)
    assert ran.code == 0
    assert (told["plan"]["count"], told["result"]["outcome"], told["result"]["deleted"]) == (WHOLE, "done", WHOLE)
    assert "STAGE" in ran.err


def test_what_will_not_go_is_3_and_says_what_is_left(simulator: Simulator, tmp_path: Path) -> None:
    """A finalizer that outlives its time: no batch is touched."""
    hold(simulator, f"elb-finalizer-{SHORT}")
    with daemon(simulator, tmp_path, stage_one=1.0) as port:
        ran = port.cancel(MINE, "--yes")
    assert ran.code == 3
    assert re.search(rf"left +\d Jobs\n( +\S+\n)* +elb-finalizer-{SHORT}\n", ran.out)
    assert "safe to run the same command again" in ran.out
    assert len([name for name in jobs_of(simulator, MINE) if "-batch-" in name]) == BATCHES


def test_who_waits_no_longer_is_told_the_key_and_can_come_back(simulator: Simulator, port: Daemon) -> None:
    """3 while it goes on; with the key the same cancel is seen to its end, 0."""
    hold(simulator, f"elb-finalizer-{SHORT}")
    left = port.cancel(SHORT, "--yes", "--wait", "0.3")
    assert (left.code, "The cancel goes on in the daemon" in left.out) == (3, True)
    (again,) = re.findall(r"  elasticblast-exporter (cancel .*)", left.out)
    release(simulator, f"elb-finalizer-{SHORT}")
    ran = run(*again.split(), "--token-file", str(port.token_file))
    assert (ran.code, "Done" in ran.out) == (0, True)


def test_a_stranger_is_refused_with_4(simulator: Simulator, port: Daemon, tmp_path: Path) -> None:
    before = jobs_of(simulator, MINE)
    stranger = tmp_path / "stranger.token"
    stranger.write_text("nobody-knows-this-token")
    for flags in (("--token-file", str(stranger)), ()):
        ran = run("cancel", MINE, "--yes", "--url", port.url, *flags)
        assert (ran.code, ran.out) == (4, "")
        assert "--token-file" in ran.err
        assert "nobody-knows" not in ran.err
    assert jobs_of(simulator, MINE) == before


def test_another_count_than_expected_is_4(simulator: Simulator, port: Daemon) -> None:
    before = jobs_of(simulator, MINE)
    ran = port.cancel(MINE, "--yes", "--expected-count", "5")
    assert (ran.code, "Refused; nothing was deleted." in ran.out) == (4, True)
    assert jobs_of(simulator, MINE) == before


def test_a_batch_that_ends_while_the_plan_is_read_stops_nothing(simulator: Simulator, port: Daemon) -> None:
    """The plan shows one Job more than there is when the cancel looks: nobody expected a number, so it goes on."""
    looks: list[str] = []

    async def one_fewer(request: Request) -> Response | None:
        if request.query_params.get("labelSelector", "") == f"elb-job-id={MINE}":
            looks.append(request.url.path)
            if len(looks) == 2:
                batch = next(name for name in jobs_of(simulator, MINE) if "-batch-" in name)
                simulator.store.delete("jobs", "default", batch, propagation="Background")
        return None

    simulator.api.intercept = one_fewer
    ran = port.cancel(MINE, "--yes")
    assert len(re.findall(r"^(finalizer|submit|setup|blast) +\S+-", ran.out, re.MULTILINE)) == WHOLE
    assert (ran.code, f"deleted   {WHOLE - 1} Jobs" in ran.out) == (0, True)


def test_an_old_clients_search_is_refused_with_4(simulator: Simulator, port: Daemon) -> None:
    old = "job-" + "c" * 32
    job = manifests.batch_job(old, 0)
    for labels in (job["metadata"]["labels"], job["spec"]["template"]["metadata"]["labels"]):
        del labels["elb-job-id"]
    simulator.store.create("jobs", job)
    ran = port.cancel(old, "--yes")
    assert ran.code == 4
    assert "an old client made it" in ran.out


def test_an_unknown_id_is_5(port: Daemon) -> None:
    for text in ("nosuch", "job-" + "d" * 32):
        ran = port.cancel(text, "--yes")
        assert ran.code == 5, ran
    assert port.cancel("--yes", "--key", "nosuch", SHORT).code == 5


def test_a_job_that_changes_at_every_delete_is_6(simulator: Simulator, port: Daemon) -> None:
    async def contested(request: Request) -> Response | None:
        if request.method == "DELETE" and request.url.path.endswith(f"job-001-{SHORT}"):
            return JSONResponse({"kind": "Status", "status": "Failure", "reason": "Conflict", "code": 409}, 409)
        return None

    simulator.api.intercept = contested
    ran = port.cancel(MINE, "--yes")
    assert (ran.code, "Somebody else kept changing" in ran.out) == (6, True)


def test_no_daemon_where_it_was_said_to_be_is_7() -> None:
    for flags, env in (
        (("--url", "http://127.0.0.1:1"), {}),
        ((), {"ELASTICBLAST_EXPORTER_ADMIN_URL": "http://127.0.0.1:1"}),
    ):
        ran = run("cancel", MINE, "--yes", *flags, env=env)
        assert (ran.code, ran.out) == (7, "")
        assert "connection refused" in ran.err
        assert "--direct" in ran.err


def test_no_audit_no_cancel_and_that_is_7(simulator: Simulator, tmp_path: Path) -> None:
    before = jobs_of(simulator, MINE)
    with daemon(simulator, tmp_path, audit_file=str(tmp_path)) as port:
        ran = port.cancel(MINE, "--yes")
    assert (ran.code, "audit record could not be written" in ran.out) == (7, True)
    assert jobs_of(simulator, MINE) == before


def test_a_connection_that_breaks_meanwhile_changes_nothing(simulator: Simulator, port: Daemon) -> None:
    """All of them are cut at every delete: the daemon cancels once, and 0 is told."""
    with Proxy(int(port.url.rpartition(":")[2])) as proxy:

        async def cut(request: Request) -> Response | None:
            if request.method == "DELETE":
                proxy.cut()
            return None

        simulator.api.intercept = cut
        ran = run(
            "cancel", MINE, "--yes", "--url", f"http://127.0.0.1:{proxy.port}", "--token-file", str(port.token_file)
        )
    assert ran.code == 0, ran
    wait_for(lambda: jobs_of(simulator, MINE) == {"init-pv"}, 30.0, "the cancel")
    assert port.audit.read_text().count('"cancel_intent"') == 1


class Forgetful(BaseHTTPRequestHandler):
    """Passes requests on, and loses the answer to each POST."""

    target = ""
    posts: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.pass_on()

    def do_POST(self) -> None:
        self.posts.append(self.path)
        self.pass_on()

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name: text for name, text in self.headers.items() if name not in ("Host", "Content-Length")}
        answer = urllib3.request(self.command, self.target + self.path, body=body or None, headers=headers)
        if self.command == "POST":
            self.connection.close()
            return
        self.send_response_only(answer.status)
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(answer.data)


@contextmanager
def forgetful(url: str) -> Iterator[str]:
    handler = type("To", (Forgetful,), {"target": url, "posts": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
    assert len(handler.posts) == 1


def test_a_lost_answer_is_looked_up_and_the_cancel_is_asked_for_once(simulator: Simulator, port: Daemon) -> None:
    with forgetful(port.url) as url:
        ran = run("cancel", MINE, "--yes", "--url", url, "--token-file", str(port.token_file))
    assert (ran.code, "Done" in ran.out) == (0, True)
    assert port.audit.read_text().count('"cancel_intent"') == 1


def test_several_that_fit_are_listed_with_2(port: Daemon) -> None:
    ran = port.cancel("job-", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "may be 2 searches" in ran.err
    assert MINE in ran.err
    assert THEIRS in ran.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "Nobody can be asked here: add --yes"),
        (("--yes", "--url", "ftp://x"), "is not an address such as http://127.0.0.1:9851"),
        (("--yes", "--token-file", "/nonexistent/token"), "--token-file /nonexistent/token: No such file"),
        (("--yes", "--token-file", "/dev/null"), "The caller's token cannot be used"),
        (("--yes", "--direct", "--key", "k"), "--key names a cancel of a daemon"),
        (("--yes", "--direct", "--set", "log.level=loud"), "1 problem in the configuration"),
        (("--yes", "--expected-count", "-1"), "argument --expected-count"),
        (("--yes", "--wait", "nan"), "argument --wait"),
        (("--yes", "--reason", "x" * 201), "argument --reason: has more than 200 characters"),
        (("--yes", "--url", "https://127.0.0.1:1", "--ca-file", "/dev/null"), "--ca-file /dev/null"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else None,
)
def test_wrong_usage_is_2(flags: tuple[str, ...], said: str) -> None:
    ran = run("cancel", MINE, *flags)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_token_goes_over_the_network_only_under_tls() -> None:
    token = {"ELASTICBLAST_EXPORTER_ADMIN_TOKEN": "a-token-of-somebody"}
    ran = run("cancel", MINE, "--yes", "--url", "http://192.0.2.1:9851", env=token)
    assert (ran.code, "in clear" in ran.err) == (2, True)
    assert "a-token" not in ran.err


def test_a_daemon_with_a_certificate_of_its_own_is_trusted_by_ca_file(simulator: Simulator, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    keys = {"tls.cert_file": str(tmp_path / "tls.crt"), "tls.key_file": str(tmp_path / "tls.key")}
    with daemon(simulator, tmp_path, **keys) as port:
        assert port.cancel(MINE, "--dry-run", "--ca-file", str(tmp_path / "ca.crt")).code == 0
        distrusted = port.cancel(MINE, "--dry-run")
        assert (distrusted.code, "its certificate is not trusted" in distrusted.err) == (7, True)


def test_the_token_may_come_from_the_environment(port: Daemon) -> None:
    env = {
        "ELASTICBLAST_EXPORTER_ADMIN_TOKEN": port.token_file.read_text(),
        "ELASTICBLAST_EXPORTER_ADMIN_URL": port.url,
    }
    assert run("cancel", SHORT, "--dry-run", env=env).code == 0


def test_whatever_else_listens_there_is_7(tmp_path: Path) -> None:
    with Simulator(port=free_port(), controllers=False) as other:
        ran = run("cancel", MINE, "--yes", "--url", other.url)
    assert (ran.code, "is not the admin port" in ran.err) == (7, True)


def test_a_right_that_is_lost_meanwhile_does_not_look_like_a_refusal(simulator: Simulator, port: Daemon) -> None:
    """The cancel goes on: 7 and its key, not 4, which says that nothing was deleted."""
    hold(simulator, f"elb-finalizer-{SHORT}")
    ran: list[Ran] = []
    thread = threading.Thread(target=lambda: ran.append(port.cancel(MINE, "--yes")))
    thread.start()
    wait_for(lambda: port.app.admin and port.app.admin.desk.running(), 30.0, "the cancel")
    (port.token_file.parent / "tokens").write_text(new_token("bob")[1])
    thread.join(30.0)
    release(simulator, f"elb-finalizer-{SHORT}")
    assert (ran[0].code, "The cancel may go on there; look again with --key" in ran[0].err) == (7, True)


def test_an_id_that_the_daemon_has_not_seen_is_asked_for_as_it_is(simulator: Simulator, tmp_path: Path) -> None:
    """A name of one's own, while the daemon can list nothing: the whole of it is found, a part of it is not."""
    put(simulator, "nightly", setup=False)

    async def deaf(request: Request) -> Response | None:
        selector = request.query_params.get("labelSelector", "")
        of_the_feed = selector.startswith("app in") and "!elb-job-id" not in selector
        return JSONResponse({"kind": "Status", "code": 403}, 403) if of_the_feed else None

    simulator.api.intercept = deaf
    with daemon(simulator, tmp_path) as port:
        ran = port.cancel("nightly", "--yes")
        assert (ran.code, jobs_of(simulator, "nightly")) == (0, set())
        unknown = port.cancel("night", "--yes")
        assert (unknown.code, "does not know all searches now" in unknown.err) == (7, True)
