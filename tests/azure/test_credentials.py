"""The named credential classes, with Azure's own library against a simulated Entra over TLS."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.adapters.azure.credentials import credential_of
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.azure.tokens import AzureTokens
from exporter.adapters.clock import SystemClock
from exporter.adapters.endpoint import ConnectError
from exporter.domain.failures import Failed, Word
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile, Peer

IDENTITY = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": "a secret"}


def tokens_of(settings: AzureSettings, env: dict[str, str] | None = None, budget: float = 10.0) -> AzureTokens:
    clock = SystemClock()
    return AzureTokens(credential_of(settings, env=env or {}, clock=clock), clock=clock, budget=budget)


def test_workload_identity_gets_a_token_for_the_api_servers_of_aks(
    azure: ArmSimulator, settings: AzureSettings
) -> None:
    token = tokens_of(settings).current()
    (issued,) = azure.entra.issued
    assert (issued.text, issued.audience) == (token, "6dae42f8-4368-4678-94ff-3960e28e3630")


def test_workload_identity_is_what_the_webhook_put_into_the_environment(
    azure: ArmSimulator, settings: AzureSettings
) -> None:
    bare = AzureSettings(ca_file=settings.ca_file, authority=azure.url)
    env = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": str(azure.token_file)}
    assert tokens_of(bare, env).current() == azure.entra.issued[0].text


def test_the_environment_names_a_service_principal(
    azure: ArmSimulator, settings: AzureSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    assert tokens_of(replace(settings, credential="environment")).current() == azure.entra.issued[0].text


def test_an_environment_without_an_identity_is_refused(
    settings: AzureSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in IDENTITY:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConnectError, match="AZURE_TENANT_ID"):
        credential_of(replace(settings, credential="environment"), env={}, clock=ManualClock())


@pytest.mark.parametrize("name", ["managed-identity", "azure-cli"])
def test_the_other_classes_are_made_without_a_request(settings: AzureSettings, name: str) -> None:
    made = credential_of(replace(settings, credential=name), env={}, clock=ManualClock())  # type: ignore[arg-type]
    assert (
        type(made).__name__
        == {"managed-identity": "ManagedIdentityCredential", "azure-cli": "AzureCliCredential"}[name]
    )


def test_without_the_webhook_it_says_what_is_missing() -> None:
    with pytest.raises(ConnectError, match="AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE"):
        credential_of(AzureSettings(), env={}, clock=ManualClock())


@pytest.mark.fault(61)
@pytest.mark.parametrize("text", [None, "", "\n", "half\nwritten", "x" * 20_000])
def test_an_unusable_federated_token_file_at_start_is_refused_and_not_shown(
    azure: ArmSimulator, settings: AzureSettings, text: str | None
) -> None:
    azure.token_file.unlink() if text is None else azure.token_file.write_text(text)
    with pytest.raises(ConnectError) as caught:
        credential_of(settings, env={}, clock=ManualClock())
    assert str(caught.value) == f"no usable token in {azure.token_file}"


@pytest.mark.fault(61)
@pytest.mark.parametrize("text", [None, "", "\n", "half\nwritten"])
def test_a_federated_token_file_that_goes_bad_leaves_the_old_one(
    azure: ArmSimulator, settings: AzureSettings, text: str | None
) -> None:
    """With a newline at its end it is usable, and the newline is not sent."""
    azure.token_file.write_text("theprojectedtoken\n")
    azure.entra.identities[CLIENT].assertion = "theprojectedtoken"
    clock = ManualClock(wall=time.time())
    tokens = AzureTokens(credential_of(settings, env={}, clock=clock), clock=clock)
    first = tokens.current()
    azure.token_file.unlink() if text is None else azure.token_file.write_text(text)
    clock.advance(100)
    assert tokens.renew()
    assert tokens.current() not in ("", first)


def test_a_rotated_federated_token_is_used_within_a_minute(azure: ArmSimulator, settings: AzureSettings) -> None:
    clock = ManualClock(wall=time.time())
    tokens = AzureTokens(credential_of(settings, env={}, clock=clock), clock=clock)
    tokens.current()
    azure.token_file.write_text("rotated")
    azure.entra.identities[CLIENT].assertion = "rotated"
    clock.advance(100)
    assert tokens.renew()


def test_a_wrong_federated_token_is_unauthenticated_and_nothing_of_it_is_said(
    azure: ArmSimulator, settings: AzureSettings, caplog: pytest.LogCaptureFixture
) -> None:
    azure.entra.identities[CLIENT].assertion = "another"
    with pytest.raises(Failed) as caught:
        tokens_of(settings).current()
    assert caught.value == Failed(Word.UNAUTHENTICATED, "no token from Entra")


@pytest.mark.fault(60)
def test_a_token_endpoint_that_is_down_is_connect(settings: AzureSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Failed) as caught:
        tokens_of(replace(settings, authority=f"https://127.0.0.1:{port}")).current()
    assert caught.value.word is Word.CONNECT


@pytest.mark.fault(60)
def test_a_token_endpoint_that_hangs_is_timeout(settings: AzureSettings) -> None:
    def script(peer: Peer) -> None:
        peer.stall()

    with Hostile(script) as server, pytest.raises(Failed) as caught:
        tokens_of(replace(settings, authority=f"https://127.0.0.1:{server.port}"), budget=0.3).current()
    assert caught.value.word is Word.TIMEOUT


def test_a_token_endpoint_of_another_authority_is_tls_and_gets_nothing(
    azure: ArmSimulator, settings: AzureSettings
) -> None:
    with pytest.raises(Failed) as caught:
        tokens_of(replace(settings, ca_file="")).current()
    assert caught.value.word is Word.TLS
    assert not azure.entra.issued


@pytest.mark.parametrize(("status", "word"), [(500, Word.SERVER), (429, Word.THROTTLED), (503, Word.THROTTLED)])
def test_what_entra_answers_is_told_in_our_words(
    azure: ArmSimulator, settings: AzureSettings, status: int, word: Word
) -> None:
    async def refuse(request: Request) -> Response | None:
        if not request.url.path.endswith("/token"):
            return None
        return Response('{"error":"temporarily_unavailable"}', status, {"Retry-After": "7"}, "application/json")

    azure.api.intercept = refuse
    with pytest.raises(Failed) as caught:
        tokens_of(settings).current()
    assert (caught.value.word, caught.value.retry_after) == (word, 7.0)


def test_no_proxy_of_the_environment_is_used(
    azure: ArmSimulator, settings: AzureSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert tokens_of(settings).current()


def test_the_daemon_does_not_import_azure_before_it_needs_it(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, exporter.adapters.azure.credentials, exporter.adapters.azure.tokens,"
        " exporter.adapters.azure.clients, exporter.adapters.azure.discover\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'cryptography', 'requests')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
