"""The program as a process outside a cluster: nothing of a credential is left, however it ends, and none is shown."""

from __future__ import annotations

import json
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.simulator.arm.server import CLIENT, TENANT
from tests.azure.fleet import Fleet, place
from tests.process.program import Program
from tests.runtime.play import A
from tests.support.controlplane_files import free_port
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for


def configuration(fleet: Fleet, port: int, *names: str) -> dict[str, object]:
    """Listed clusters, so that what is started does not depend on a search."""
    return {
        "azure": {
            "client_id": CLIENT,
            "tenant_id": TENANT,
            "token_file": str(fleet.azure.token_file),
            "endpoint": fleet.azure.url,
            "authority": fleet.azure.url,
            "ca_file": str(fleet.azure.ca_file),
        },
        "clusters": [
            {"name": name, "connect": {"mode": "aks"}, "azure": {"resource_id": place(name)}} for name in names
        ],
        "listen": {"address": "127.0.0.1", "port": port},
        "log": {"level": "debug"},
    }


@pytest.fixture
def start(fleet: Fleet, tmp_path: Path) -> Iterator[object]:
    """Starts `run` for the named clusters."""
    programs: list[Program] = []

    def make(*names: str) -> Program:
        port = free_port()
        path = tmp_path / "config.yaml"
        path.write_text(json.dumps(configuration(fleet, port, *names)))
        programs.append(Program(tmp_path / "program", ["run", "--config", path], port=port))
        return programs[-1]

    yield make
    for program in programs:
        program.close()


class Local:
    """The API of a cluster with local accounts: it wants a certificate, and answers nothing useful."""

    def __init__(self, fleet: Fleet) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*fleet.azure.authority.pair)
        tls.load_verify_locations(fleet.azure.ca_file)
        tls.verify_mode = ssl.CERT_REQUIRED
        self.server = Hostile(self._answer, tls=tls)

    @staticmethod
    def _answer(peer: Peer) -> None:
        while peer.read():
            peer.answer(b"{}")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=lambda end: end.name)
def test_a_client_certificate_leaves_nothing_however_the_process_ends(fleet: Fleet, start, end: signal.Signals) -> None:
    cluster = fleet.add("local")
    cluster.client = fleet.azure.authority.client("local")
    local = Local(fleet)
    with local.server as server:
        cluster.server = server.url
        program = start("local")
        wait_for(lambda: server.asked or not program.alive, 30.0, lambda: program.log)
        assert program.files == [], "nothing is written while it runs, either"
        program.signal(end)
        program.wait()
    assert program.files == []
    assert all("authorization" not in asked.headers for asked in server.asked)
    key = cluster.client[1].splitlines()[1]
    assert key not in program.log + program.said


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=lambda end: end.name)
def test_tokens_leave_nothing_and_are_in_no_output(fleet: Fleet, start, end: signal.Signals) -> None:
    """The federated token, those that Entra gave out, the subscription: a marker in every input, none in any output."""
    fleet.add("one", A)
    program = start("one")
    program.await_ready(30.0)
    wait_for(lambda: A in program.get("/metrics").text, 30.0, lambda: program.log)
    said = [program.get(path).text for path in ("/metrics", "/", "/livez", "/readyz")]
    program.signal(end)
    program.wait()
    assert program.files == []
    said += [program.log, program.said]
    issued = [token.text for token in fleet.azure.entra.issued]
    secrets = [place("one").split("/")[2], fleet.azure.token_file.read_text(), *issued]
    assert len(issued) >= 2
    assert [secret for secret in secrets for text in said if secret in text] == []


def test_a_failure_half_way_leaves_nothing_and_says_which_word(fleet: Fleet, start) -> None:
    """A key that is none: the certificate was taken, the key was refused."""
    cluster = fleet.add("local")
    cluster.client = (fleet.azure.authority.client("local")[0], "planted-secret")
    program = start("local")
    program.await_ready(30.0)
    wait_for(lambda: "state=garbled" in program.log, 30.0, lambda: program.log)
    assert program.files == []
    assert "planted-secret" not in program.log + program.get("/metrics").text
    assert program.stop() == 0
    assert program.files == []


def test_without_a_federated_token_it_does_not_start_and_says_why(fleet: Fleet, start) -> None:
    fleet.azure.token_file.unlink()
    program = start("one")
    assert program.wait(30.0) == 2
    assert "names a file that cannot be read" in program.log


def test_a_refusal_by_entra_is_shown_in_our_words_only(fleet: Fleet, start) -> None:
    fleet.add("one")
    fleet.azure.entra.identities[CLIENT].assertion = "another"
    program = start("one")
    program.await_ready(30.0)
    wait_for(lambda: "state=unauthenticated" in program.log, 30.0, lambda: program.log)
    assert "AADSTS" not in program.log
    assert TENANT not in program.log
    denied = 'resource="jobs",state="denied"} 1'
    wait_for(lambda: denied in program.get("/metrics").text, 10.0)


def test_check_and_once_go_the_same_way(fleet: Fleet, tmp_path: Path) -> None:
    fleet.add("one", A)
    path = tmp_path / "config.yaml"
    found = {"discovery": {"subscriptions": [place("one").split("/")[2]]}}
    path.write_text(json.dumps({**configuration(fleet, free_port()), **found, "clusters": [{"name": "none"}]}))
    flags = ["--set", "clusters[0].connect.mode=aks", "--set", f"clusters[0].azure.resource_id={place('one')}"]
    for command, said in (("check", "one"), ("once", A)):
        program = Program(tmp_path / command, [command, "--config", path, *flags])
        try:
            assert program.wait(60.0) == 0, program.log
            assert said in program.said
            assert program.files == []
        finally:
            program.close()
