"""The way to a cluster from outside: what ARM gives, what is sent, and that no secret is left anywhere."""

from __future__ import annotations

import json
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.adapters.azure.aks import aks
from exporter.adapters.azure.calls import Calls
from exporter.adapters.azure.credentials import credential_of
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.azure.tokens import AzureTokens
from exporter.adapters.azure.user_credential import UserCredential, UserCredentials, asker
from exporter.adapters.clock import SystemClock
from exporter.adapters.kube import Access
from exporter.adapters.tokens import FixedToken
from exporter.adapters.transport import Answer
from exporter.domain.azure.armid import cluster_id
from exporter.domain.failures import Failed, Word
from exporter.simulator.access import Rule, User
from exporter.simulator.arm.model import CLUSTERS, ManagedCluster
from exporter.simulator.arm.server import ArmSimulator
from exporter.simulator.server import Simulator
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for

ID = f"/subscriptions/0a1b2c3d-0000-4000-8000-0123456789ab/resourceGroups/rg/providers/{CLUSTERS}/aks-one"


@pytest.fixture
def kubernetes(azure: ArmSimulator) -> Iterator[Simulator]:
    """A cluster over TLS, with ARM knowing of it and its API server knowing every token that Entra gives out for it."""
    with Simulator(tls=azure.authority.pair, controllers=False) as running:

        def known(token: object) -> None:
            running.access.tokens[token.text] = User(name="outside")  # type: ignore[attr-defined]

        azure.entra.on_issue = known
        running.access.grants.append(Rule(user="outside", verbs=("list", "get")))
        azure.estate.add(ManagedCluster(id=ID, server=running.url, ca_pem=azure.authority.ca_pem))
        yield running


def way(settings: AzureSettings) -> Access:
    clock = SystemClock()
    credential = credential_of(settings, env={}, clock=clock)
    found = UserCredentials(asker(settings, credential, cluster_id(ID), Calls(ManualClock())), clock=clock)
    return aks(
        found, AzureTokens(credential, clock=clock), name="aks-one", mode="workload_identity", connect_timeout=3.0
    )


def pods(access: Access, times: int = 1) -> list[Answer]:
    transport = access.transport("test")
    try:
        return [transport.get("/api/v1/pods", budget=5, cap=10_000) for _ in range(times)]
    finally:
        transport.close()
        access.close()


def test_from_arm_alone_to_the_pods_of_a_cluster(
    azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator
) -> None:
    """No kubeconfig, no file, one call for the user credential, one token for each of the two audiences."""
    answers = pods(way(settings), times=3)
    assert all(b'"PodList"' in answer.body for answer in answers)
    assert [seen.path.rpartition("/")[2] for seen in azure.api.seen] == ["listClusterUserCredential"]
    assert len(azure.entra.issued) == 2


def test_the_way_is_made_without_a_request(azure: ArmSimulator, settings: AzureSettings) -> None:
    access = way(settings)
    assert access.describe() == "aks://aks-one"
    assert not azure.api.seen
    assert not azure.entra.issued


@pytest.mark.fault(62)
def test_a_token_that_the_api_refuses_is_replaced_at_once(
    azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator
) -> None:
    access = way(settings)
    transport = access.transport("test")
    transport.get("/api/v1/pods", budget=5, cap=10_000)
    for token in azure.entra.issued:
        kubernetes.access.tokens.pop(token.text, None)
    before = len(azure.entra.issued)
    assert b'"PodList"' in transport.get("/api/v1/pods", budget=5, cap=10_000).body
    (fresh,) = azure.entra.issued[before:]
    assert "nbf" in json.loads(fresh.claims)["access_token"]
    transport.close()
    access.close()


def test_without_the_right_to_the_credential_the_api_is_denied_and_says_why(
    azure: ArmSimulator, settings: AzureSettings, kubernetes: Simulator
) -> None:
    azure.api.denied = {f"{CLUSTERS}/listClusterUserCredential/action"}
    with pytest.raises(Failed) as caught:
        pods(way(settings))
    assert caught.value.word is Word.DENIED
    assert caught.value.detail == "cluster user credential: HTTP 403"


def reached(where: UserCredential, clock: ManualClock | None = None) -> Access:
    found = UserCredentials(lambda: where, clock=clock or ManualClock())
    return aks(found, FixedToken("s3cret"), name="aks", mode="workload_identity", connect_timeout=0.5)


def test_a_private_cluster_that_cannot_be_reached_says_so() -> None:
    private = UserCredential(server="https://a.privatelink.invalid:443", ca_pem="")
    with pytest.raises(Failed) as caught:
        pods(reached(private))
    assert caught.value == Failed(Word.DNS, "a private cluster, to be reached from its virtual network only")


def test_a_cluster_made_anew_elsewhere_is_found_again(azure: ArmSimulator, settings: AzureSettings) -> None:
    """The old address is dead; the credential is asked for again, in the background."""
    clock = ManualClock()
    with Simulator(tls=azure.authority.pair, controllers=False) as running:
        told = [UserCredential(server="https://127.0.0.1:1", ca_pem=azure.authority.ca_pem)]
        found = UserCredentials(lambda: told[-1], clock=clock)
        access = aks(found, FixedToken(running.token), name="aks", mode="workload_identity", connect_timeout=0.5)
        transport = access.transport("test")
        told.append(told[0])
        with pytest.raises(Failed):
            transport.get("/api/v1/pods", budget=5, cap=10_000)
        told.append(UserCredential(server=running.url, ca_pem=azure.authority.ca_pem))
        clock.advance(301)
        with pytest.raises(Failed):
            transport.get("/api/v1/pods", budget=5, cap=10_000)
        wait_for(lambda: found.current() == told[-1])
        assert b'"PodList"' in transport.get("/api/v1/pods", budget=5, cap=10_000).body
        transport.close()
        access.close()


def mutual(azure: ArmSimulator) -> ssl.SSLContext:
    """A server's side that wants a client certificate of the same authority."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*azure.authority.pair)
    made.load_verify_locations(azure.authority.ca_file)
    made.verify_mode = ssl.CERT_REQUIRED
    return made


def serve_ok(peer: Peer) -> None:
    while peer.read():
        peer.answer(b'{"ok":true}')


def memory_files() -> list[str]:
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            continue
    return [link for link in links if "memfd" in link]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """The temporary directory is an empty one; what lies in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return lambda: list(folder.rglob("*"))


def local(azure: ArmSimulator, server: str, **changes: bytes) -> UserCredential:
    certificate, key = azure.authority.client("local")
    pair = {"certificate": certificate.encode(), "key": key.encode(), **changes}
    return UserCredential(server=server, ca_pem=azure.authority.ca_pem, **pair)


def test_a_local_account_shows_its_certificate_and_sends_no_token(
    azure: ArmSimulator, empty: Callable[[], list[Path]]
) -> None:
    with Hostile(serve_ok, tls=mutual(azure)) as server:
        transport = (access := reached(local(azure, server.url))).transport("test")
        assert transport.get("/api", budget=5, cap=100).body == b'{"ok":true}'
        assert len(memory_files()) == 2
        transport.close()
        access.close()
    assert "authorization" not in server.asked[0].headers
    assert memory_files() == []
    assert empty() == []


@pytest.mark.parametrize("part", ["certificate", "key"])
def test_a_failure_half_way_leaves_nothing(azure: ArmSimulator, empty: Callable[[], list[Path]], part: str) -> None:
    with Hostile(serve_ok, tls=mutual(azure)) as server, pytest.raises(Failed) as caught:
        pods(reached(local(azure, server.url, **{part: b"s3cret"})))
    assert caught.value.word is Word.GARBLED
    assert "s3cret" not in str(caught.value)
    assert memory_files() == []
    assert empty() == []
    assert server.asked == []


def test_a_dead_server_leaves_nothing(azure: ArmSimulator, empty: Callable[[], list[Path]]) -> None:
    with pytest.raises(Failed) as caught:
        pods(reached(local(azure, "https://127.0.0.1:1")))
    assert caught.value.word is Word.CONNECT
    assert memory_files() == []
    assert empty() == []
