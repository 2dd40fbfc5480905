"""How `run` starts: with what, without what, and what it refuses."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import trustme

from exporter.adapters.endpoint import ACCOUNT_FOLDER
from exporter.simulator.server import Simulator
from tests.process.bench import Bench
from tests.process.pages import searches, states
from tests.process.program import in_mounts
from tests.support.controlplane_files import free_port, write_kubeconfig
from tests.support.daemon import value

CANARY = "c4n4ry-of-the-configuration"


@pytest.mark.fault(78)
def test_a_bad_configuration_ends_it_with_2_and_every_problem(bench: Bench) -> None:
    """From file, environment and flags at once; nothing that somebody wrote as a value is repeated."""
    bench.write(listen={"port": CANARY}, intervalls={"tick": CANARY}, log={"level": CANARY})
    env = {"ELASTICBLAST_EXPORTER_LIMITS__PAGES": CANARY, "ELASTICBLAST_EXPORTER_LIMITS__PAGEZ": "1"}
    program = bench.run("--set", f"rules.settle={CANARY}", "--namespace", "Not_A_Namespace", env=env)
    assert program.wait() == 2
    keys = ("intervalls", "log.level", "limits.pages", "limits.pagez", "rules.settle", "clusters[0].namespaces")
    assert [key for key in keys if key not in program.log] == []
    assert "6 problems in the configuration" in program.log
    assert f"{bench.config}:" in program.log
    assert CANARY not in program.log + program.said
    assert "Traceback" not in program.log


@pytest.mark.fault(78)
def test_a_token_that_cannot_be_read_ends_it_with_2(bench: Bench) -> None:
    bench.write()
    bench.token.unlink()
    program = bench.run()
    assert program.wait() == 2
    assert "clusters[0].connect.token_file: names a file that cannot be read: No such file" in program.log


@pytest.mark.fault(77)
def test_a_port_in_use_ends_it_with_3_and_is_named(bench: Bench) -> None:
    """Nothing has been asked of the cluster by then."""
    bench.write()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        program = bench.run("--set", f"listen.port={port}")
        assert program.wait() == 3
    assert program.log == f"cannot listen on 127.0.0.1 port {port}: it is in use\n"
    assert not bench.simulator.api.seen


def test_an_unreachable_api_is_followed_once_it_is_there(bench: Bench) -> None:
    """Ready after the first failed attempts; never, then fresh; a scrape always has the self-metrics."""
    port = free_port()
    bench.write(bench.cluster(url=f"http://127.0.0.1:{port}"))
    program = bench.run()
    program.await_ready(timeout=10.0)
    refused = {"collector": "batch", "resource": "jobs", "result": "connect"}
    page = program.await_page(lambda page: value(page, "exporter_collector_runs_total", **refused), what="a failure")
    assert states(page) == {"never"}
    assert not searches(page)
    with Simulator(port=port) as late:
        bench.token.write_text(late.token)
        program.await_page(lambda page: states(page) == {"fresh"}, 20.0, "fresh")
    assert program.stop() == 0


def test_without_configuration_it_uses_the_current_context(bench: Bench) -> None:
    """That of the kubeconfig which KUBECONFIG names. What it writes for the connection is gone at the end."""
    with https_cluster(bench.folder) as cluster:
        kubeconfig = bench.folder / "kubeconfig"
        ca_pem = (bench.folder / "ca.crt").read_bytes()
        write_kubeconfig(kubeconfig, url=cluster.url, ca_pem=ca_pem, token=cluster.token, namespace="default")
        port = free_port()
        given = ("run", "--port", str(port), "--set", "shutdown_delay=0s")
        program = bench.start(*given, port=port, env={"KUBECONFIG": str(kubeconfig)})
        program.await_ready()
        program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")
        second = bench.start(*given, port=port, env={"KUBECONFIG": str(kubeconfig)})
        assert second.wait() == 3
        assert program.stop() == 0
    assert program.files == []


def test_without_configuration_in_a_pod_it_uses_the_service_account(bench: Bench) -> None:
    """The account's folder is where a pod has it, in mounts of the program's own; a kubeconfig does not matter."""
    account = bench.folder / "account"
    account.mkdir()
    with https_cluster(account) as cluster:
        (account / "token").write_text(cluster.token)
        env = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": cluster.url.rpartition(":")[2],
            "KUBECONFIG": str(bench.folder / "there-is-none"),
        }
        mounts = f"mount -t tmpfs tmpfs /run && mkdir -p {ACCOUNT_FOLDER} && cp {account}/* {ACCOUNT_FOLDER}"
        port = free_port()
        given = ("run", "--port", str(port), "--set", "shutdown_delay=0s")
        program = bench.start(*given, port=port, env=env, wrap=in_mounts(mounts))
        program.await_ready()
        program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")
        assert program.stop() == 0
        assert {seen.user for seen in cluster.api.seen} == {"admin"}


def test_a_pod_without_its_account_ends_it_with_2(bench: Bench) -> None:
    program = bench.start("run", env={"KUBERNETES_SERVICE_HOST": "127.0.0.1"})
    assert program.wait() == 2
    assert program.log == f"cannot connect: no usable token in {ACCOUNT_FOLDER}/token\n"


def https_cluster(folder: Path) -> Simulator:
    """A simulated cluster under TLS; its authority is `ca.crt` in the folder."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    server.cert_chain_pems[0].write_to_path(folder / "server.crt")
    server.private_key_pem.write_to_path(folder / "server.key")
    return Simulator(tls=(folder / "server.crt", folder / "server.key"))
