"""The admin port of the real program: over TLS, with its audit on stdout, and at the end of the process."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3

from exporter.cancel.statictokens import new_token
from tests.process.bench import Bench
from tests.process.program import Program
from tests.support.controlplane_files import free_port
from tests.support.waiting import wait_for

LONGEST = 10.0


class Client:
    """A caller of one program's admin port."""

    def __init__(self, bench: Bench, **section: Any) -> None:
        self.token, line = new_token("ann")
        path = bench.folder / "tokens"
        path.write_text(f"{line}\n")
        port = free_port()
        given = {"enabled": True, "port": port, "callers": "tokens", "tokens_file": str(path), **section}
        bench.write(admin=given)
        self.url = f"{'https' if 'tls' in section else 'http'}://127.0.0.1:{port}"
        self.http = urllib3.PoolManager(
            retries=False,
            timeout=30.0,
            ca_certs=section.get("tls", {}).get("cert_file") and str(bench.folder / "ca.pem"),
        )

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Host": "cancel.example"}
        headers |= {"Content-Type": "application/json"} if body else {}
        method, sent = ("POST", json.dumps(body)) if body else ("GET", None)
        answer = self.http.request(method, self.url + path, body=sent, headers=headers)
        return answer.status, answer.json()

    def cancel(self, search: str, **more: Any) -> tuple[int, Any]:
        return self.ask(f"/v1/searches/{search}/cancel", {"confirm": search, **more})


def records(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.said.splitlines()]


def started(bench: Bench, **options: Any) -> Program:
    program = bench.run(**options)
    program.await_ready()
    return program


def certificates(folder: Path) -> dict[str, str]:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    own.cert_chain_pems[0].write_to_path(folder / "own.crt")
    own.private_key_pem.write_to_path(folder / "own.key")
    return {"cert_file": str(folder / "own.crt"), "key_file": str(folder / "own.key")}


def test_a_cancel_over_tls_is_recorded_on_stdout(bench: Bench) -> None:
    client = Client(bench, address="0.0.0.0", hosts=["cancel.example"], tls=certificates(bench.folder))
    search = bench.search()
    program = started(bench)
    status, plan = client.ask(f"/v1/searches/{search}")
    assert (status, plan["count"]) == (200, 2)
    status, result = client.cancel(search, dry_run=True, reason="trial")
    assert (status, result["outcome"]) == (200, "planned")
    assert [(one["event"], one["dry_run"]) for one in records(program)] == [("cancel_outcome", True)]
    assert client.token not in program.said + program.log
    assert program.stop() == 0


@pytest.mark.fault(103)
def test_sigterm_in_the_midst_of_a_cancel_ends_it_as_interrupted(bench: Bench) -> None:
    """A pod of its batches sits on a node that is gone, so it waits for it. Asked again later, nothing is left."""
    client = Client(bench, hosts=["cancel.example"])
    search = bench.search()
    name = wait_for(lambda: pods(bench))[0]["metadata"]["name"]
    bench.simulator.store.update("pods", "default", name, lambda pod: pod["spec"].update(nodeName="lost"))
    program = started(bench)
    answers: list[tuple[int, Any]] = []
    thread = threading.Thread(target=lambda: answers.append(client.cancel(search, wait=120)))
    thread.start()
    wait_for(lambda: sum(one.method == "DELETE" for one in bench.simulator.api.seen) == 2)
    assert program.stop(LONGEST) == 0
    thread.join(LONGEST)
    assert [(status, body["outcome"], body["deleted"]) for status, body in answers] == [(503, "interrupted", 2)]
    assert [one.get("outcome") for one in records(program)] == [None, "interrupted"]
    again = started(bench)
    for pod in pods(bench):
        bench.simulator.store.delete("pods", "default", pod["metadata"]["name"], grace_seconds=0)
    wait_for(lambda: not bench.simulator.store.list("jobs", "default"))
    assert client.cancel(search)[1]["outcome"] == "not_found"
    assert again.stop() == 0


def pods(bench: Bench) -> list[dict[str, Any]]:
    return bench.simulator.store.list("pods", "default")


@pytest.mark.fault(104)
def test_an_audit_that_nobody_reads_stops_the_cancel(bench: Bench) -> None:
    """stdout is a pipe that is full. Nothing is deleted, and the daemon lives on."""
    client = Client(bench, hosts=["cancel.example"])
    search = bench.search()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    while True:
        try:
            os.write(writing, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(writing, True)
    with os.fdopen(writing, "wb", buffering=0) as stdout:
        program = started(bench, stdout=stdout)
    status, body = client.cancel(search, wait=60)
    assert (status, body["outcome"]) == (503, "audit_failed")
    assert len(bench.simulator.store.list("jobs", "default")) == 2
    assert not [one for one in bench.simulator.api.seen if one.method == "DELETE"]
    assert program.page()
    assert program.stop() == 0
    os.close(reading)


def test_an_admin_port_that_is_taken_ends_it_with_3(bench: Bench) -> None:
    client = Client(bench, hosts=["cancel.example"])
    first = started(bench)
    second = bench.run()
    assert second.wait(LONGEST) == 3
    assert f"port {client.url.rpartition(':')[2]}: it is in use" in second.log
    assert first.stop() == 0


def test_a_tokens_file_that_cannot_be_used_ends_it_with_2(bench: Bench) -> None:
    Client(bench)
    (bench.folder / "tokens").write_text("ann:sha256:short\n")
    program = bench.run()
    assert program.wait(LONGEST) == 2
    assert "line 1, is not name:sha256:" in program.log
