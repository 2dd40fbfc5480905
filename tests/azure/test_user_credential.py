"""The cluster user credential: what is read from it, what is refused, when it is asked for again."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

import exporter
from exporter.adapters.azure.calls import Calls
from exporter.adapters.azure.credentials import Credential, credential_of
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.azure.user_credential import UserCredential, UserCredentials, asker, parsed
from exporter.adapters.clock import SystemClock
from exporter.domain.azure.armid import cluster_id
from exporter.domain.failures import Failed, Word
from exporter.simulator.arm.model import ManagedCluster
from exporter.simulator.arm.server import ArmSimulator
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for

ID = (
    "/subscriptions/0a1b2c3d-0000-4000-8000-0123456789ab/resourceGroups/rg-blast"
    "/providers/Microsoft.ContainerService/managedClusters/aks-one"
)


@pytest.fixture
def cluster(azure: ArmSimulator) -> ManagedCluster:
    made = ManagedCluster(id=ID, server="https://aks-one.example:443", ca_pem=azure.authority.ca_pem)
    azure.estate.add(made)
    return made


@pytest.fixture
def credential(settings: AzureSettings) -> Credential:
    return credential_of(settings, env={}, clock=SystemClock())


def test_a_cluster_with_entra_gives_address_and_authority_and_no_secret(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential, cluster: ManagedCluster
) -> None:
    """The exec plugin that the kubeconfig names is not run."""
    found = asker(settings, credential, cluster_id(ID), Calls(ManualClock()))()
    assert found == UserCredential(server=cluster.server, ca_pem=azure.authority.ca_pem)
    assert [(seen.method, seen.path.rpartition("/")[2]) for seen in azure.api.seen] == [
        ("POST", "listClusterUserCredential")
    ]


def test_a_cluster_with_local_accounts_gives_a_certificate_that_no_repr_shows(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential, cluster: ManagedCluster
) -> None:
    cluster.client = azure.authority.client("local")
    found = asker(settings, credential, cluster_id(ID), Calls(ManualClock()))()
    assert (found.certificate.decode(), found.key.decode()) == cluster.client
    assert "PRIVATE KEY" not in repr(found)
    assert "CERTIFICATE" not in repr(replace(found, ca_pem=""))


def test_the_administrators_credential_is_named_nowhere() -> None:
    """Neither ARM's action nor the client's method stands anywhere in the package."""
    admin = re.compile("cluster_?admin_?credential", re.IGNORECASE)
    root = Path(exporter.__file__).parent
    assert [path for path in root.rglob("*.py") if admin.search(path.read_text())] == []


@pytest.mark.fault(58)
@pytest.mark.parametrize(
    ("status", "word"),
    [(401, Word.UNAUTHENTICATED), (403, Word.DENIED), (404, Word.ABSENT), (429, Word.THROTTLED), (500, Word.SERVER)],
)
def test_what_arm_answers_is_told_in_our_words_and_asked_once(
    azure: ArmSimulator,
    settings: AzureSettings,
    credential: Credential,
    cluster: ManagedCluster,
    status: int,
    word: Word,
) -> None:
    async def refuse(request: Request) -> Response | None:
        if not request.url.path.startswith("/subscriptions/"):
            return None
        return Response('{"error":{"code":"X","message":"s3cret"}}', status, {"Retry-After": "300"}, "application/json")

    azure.api.intercept = refuse
    with pytest.raises(Failed) as caught:
        asker(settings, credential, cluster_id(ID), Calls(ManualClock()))()
    assert (caught.value.word, caught.value.retry_after) == (word, 300.0)
    assert "s3cret" not in str(caught.value)
    assert "0a1b2c3d" not in str(caught.value)
    assert len(azure.api.seen) == 1


def test_a_claims_challenge_is_answered_with_a_new_token(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential, cluster: ManagedCluster
) -> None:
    ask = asker(settings, credential, cluster_id(ID), Calls(ManualClock()))
    ask()
    azure.entra.outdate()
    assert ask().server == cluster.server
    assert [bool(token.claims) for token in azure.entra.issued] == [False, True]
    assert ask().server == cluster.server
    assert [seen.status for seen in azure.api.seen] == [200, 401, 200, 200]


def test_the_answer_to_a_claims_challenge_counts_among_the_calls_too(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential, cluster: ManagedCluster
) -> None:
    calls = Calls(ManualClock(), most=2)
    ask = asker(settings, credential, cluster_id(ID), calls)
    ask()
    azure.entra.outdate()
    with pytest.raises(Failed) as refused:
        ask()
    assert (refused.value.word, refused.value.retry_after) == (Word.THROTTLED, 60.0)
    assert [seen.status for seen in azure.api.seen] == [200, 401]


def test_an_expired_token_is_replaced(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential, cluster: ManagedCluster
) -> None:
    azure.entra.lifetime = 1
    ask = asker(settings, credential, cluster_id(ID), Calls(ManualClock(), most=1000))
    wait_for(lambda: ask().server == cluster.server and len(azure.entra.issued) > 1)


def test_it_counts_among_the_calls_about_its_cluster(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential, cluster: ManagedCluster
) -> None:
    """Where there is no room it is not asked, and says when there will be."""
    clock = ManualClock()
    calls = Calls(clock, most=2)
    ask = asker(settings, credential, cluster_id(ID), calls)
    ask()
    calls.take()
    with pytest.raises(Failed) as refused:
        ask()
    assert (refused.value.word, refused.value.retry_after) == (Word.THROTTLED, 60.0)
    assert len(azure.api.seen) == 1
    clock.advance(60.0)
    ask()
    assert len(azure.api.seen) == 2


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(user: dict[str, str], **cluster: object) -> bytes:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    }
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a: [",
        b"[]",
        b"\xff\xfe",
        kubeconfig({}),
        kubeconfig({}, server="https://h", **{"certificate-authority-data": encoded("no certificate")}),
        kubeconfig({}, server="https://h", **{"certificate-authority-data": 7}),
        b"!!python/object/apply:os.system ['true']",
        b"[" * 100_000,
    ],
)
def test_what_is_no_kubeconfig_is_garbled(content: bytes) -> None:
    with pytest.raises(Failed) as caught:
        parsed(content)
    assert caught.value == Failed(Word.GARBLED, "the cluster user's kubeconfig")


@pytest.mark.parametrize(
    ("server", "user"),
    [
        ("http://h", {}),
        ("https://user:pw@h", {}),
        ("https://h", {"client-certificate-data": encoded("c")}),
        ("https://h", {"client-key-data": encoded("k")}),
        ("https://h", {"client-key-data": "%%%"}),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_garbled(azure: ArmSimulator, server: str, user: dict[str, str]) -> None:
    content = kubeconfig(user, server=server, **{"certificate-authority-data": encoded(azure.authority.ca_pem)})
    with pytest.raises(Failed) as caught:
        parsed(content)
    assert caught.value.word is Word.GARBLED


def test_a_kubeconfig_beyond_a_mebibyte_is_oversize() -> None:
    with pytest.raises(Failed) as caught:
        parsed(b" " * (1024**2 + 1))
    assert caught.value.word is Word.OVERSIZE


def test_a_private_cluster_is_known_by_its_address() -> None:
    private = UserCredential(server="https://aks-1.abc.privatelink.westeurope.azmk8s.io:443", ca_pem="")
    assert private.private
    assert not UserCredential(server="https://aks-1.hcp.westeurope.azmk8s.io:443", ca_pem="").private


class Teller:
    """Tells the credentials that it is given, one after another, the last one for ever; None fails."""

    def __init__(self, *servers: str | None) -> None:
        self.servers = list(servers)
        self.asked = 0

    def __call__(self) -> UserCredential:
        self.asked += 1
        server = self.servers.pop(0) if len(self.servers) > 1 else self.servers[0]
        if server is None:
            raise Failed(Word.SERVER)
        return UserCredential(server=server, ca_pem="")


def test_it_is_asked_for_once_and_kept() -> None:
    teller = Teller("https://a")
    credentials = UserCredentials(teller, clock=ManualClock())
    assert {credentials.current().server for _ in range(9)} == {"https://a"}
    assert teller.asked == 1


def test_a_refusal_asks_again_at_most_once_a_minute_and_a_failure_keeps_the_old() -> None:
    clock, teller = ManualClock(), Teller("https://a", None, "https://b")
    credentials = UserCredentials(teller, clock=clock)
    credentials.current()
    assert not credentials.renew()
    clock.advance(60)
    assert not credentials.renew(), "ARM fails"
    assert credentials.current().server == "https://a"
    clock.advance(60)
    assert credentials.renew()
    assert credentials.current().server == "https://b"
    assert credentials.renew(), "who was refused with the old one asks again with the new one"
    clock.advance(6)
    assert not credentials.renew()
    assert teller.asked == 3


def test_while_there_is_none_arm_is_asked_every_half_minute() -> None:
    clock, teller = ManualClock(), Teller(None)
    credentials = UserCredentials(teller, clock=clock)
    for _ in range(30):
        with pytest.raises(Failed):
            credentials.current()
        clock.advance(2)
    assert teller.asked == 2
