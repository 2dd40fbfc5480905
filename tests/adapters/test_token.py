"""The token file: rotation, what is kept, what is refused, and that the token is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from exporter.adapters.endpoint import ConnectError, Endpoint, KubeSettings
from exporter.adapters.kube import connect, reach
from exporter.adapters.tokens import FixedToken, TokenFile
from exporter.domain.azure.credential import CredentialFacts
from exporter.domain.failures import Failed, Word
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile, Peer
from tests.support.jwts import jwt


def only(token: str) -> object:
    """A server's script that knows one token."""

    def script(peer: Peer) -> None:
        while request := peer.read():
            known = request.headers.get("authorization") == f"Bearer {token}"
            peer.answer(b"{}", "200 OK" if known else "401 Unauthorized")

    return script


def token_file(folder: Path, text: str) -> Path:
    path = folder / "token"
    path.write_text(text)
    return path


def settings(server: Hostile, path: Path) -> KubeSettings:
    return KubeSettings(mode="direct", server=server.url, token_file=str(path), insecure_http=True)


def test_the_token_is_read_again_after_a_minute(tmp_path: Path) -> None:
    clock = ManualClock()
    path = token_file(tmp_path, "one\n")
    tokens = TokenFile(path, clock)
    path.write_text("two")
    clock.advance(59)
    assert tokens.current() == "one"
    clock.step(3600)
    assert tokens.current() == "one", "the wall clock does not count"
    clock.advance(1)
    assert tokens.current() == "two"


@pytest.mark.fault(61)
@pytest.mark.parametrize("text", ["", "\n", "half\nwritten", "a b", "x" * 20_000, "caf\u00e9", "a\x00b"])
def test_an_unusable_file_leaves_the_old_token(tmp_path: Path, text: str) -> None:
    path = token_file(tmp_path, "one")
    tokens = TokenFile(path, ManualClock())
    path.write_text(text)
    assert not tokens.renew()
    assert tokens.current() == "one"


def test_a_file_that_is_gone_leaves_the_old_token(tmp_path: Path) -> None:
    path = token_file(tmp_path, "one")
    tokens = TokenFile(path, ManualClock())
    path.unlink()
    assert not tokens.renew()
    assert tokens.current() == "one"


def test_all_who_were_refused_with_the_old_token_ask_again_with_the_new_one(tmp_path: Path) -> None:
    """Every feed has its own connection: the one that comes second finds the new token read already."""
    path, clock = token_file(tmp_path, "one"), ManualClock()
    tokens = TokenFile(path, clock)
    path.write_text("two")
    assert tokens.renew()
    assert tokens.renew()
    clock.advance(6)
    assert not tokens.renew()


@pytest.mark.fault(22)
def test_a_401_reads_the_file_and_asks_once_more(tmp_path: Path) -> None:
    path = token_file(tmp_path, "old")
    codes: list[str] = []
    with Hostile(only("new")) as server:
        access = connect(settings(server, path), env={})
        transport = access.transport("test", lambda _, code: codes.append(code))
        path.write_text("new\n")
        transport.get("/api", budget=1, cap=99)
        transport.close()
        access.close()
    assert codes == ["401", "2xx"]


@pytest.mark.fault(23)
def test_a_401_without_another_token_is_not_repeated(tmp_path: Path) -> None:
    with Hostile(only("new")) as server:
        access = connect(settings(server, token_file(tmp_path, "old")), env={})
        transport = access.transport("test")
        with pytest.raises(Failed) as caught:
            transport.get("/api", budget=1, cap=99)
        transport.close()
        access.close()
    assert caught.value.word is Word.UNAUTHENTICATED
    assert len(server.asked) == 1


def test_a_write_is_not_repeated_after_a_401(tmp_path: Path) -> None:
    path = token_file(tmp_path, "old")
    with Hostile(only("new")) as server:
        access = connect(settings(server, path), env={})
        transport = access.transport("test")
        path.write_text("new")
        with pytest.raises(Failed):
            transport.send("DELETE", "/api/x", budget=1, cap=99)
        transport.close()
        access.close()
    assert len(server.asked) == 1


@pytest.mark.parametrize("text", ["", "  \n", "two words", "x" * 20_000, "line\nline"])
def test_connect_refuses_an_unusable_token_and_does_not_show_it(tmp_path: Path, text: str) -> None:
    path = token_file(tmp_path, text)
    with pytest.raises(ConnectError) as caught:
        connect(KubeSettings(mode="direct", server="https://h", token_file=str(path)), env={})
    assert str(caught.value) == f"no usable token in {path}"


def test_a_pod_finds_its_server_and_its_token(tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    trustme.CA().cert_pem.write_to_path(str(authority))
    given = KubeSettings(token_file=str(token_file(tmp_path, "t")), ca_file=str(authority))
    for host, shown in (("10.0.0.1", "10.0.0.1"), ("fd00::1", "[fd00::1]")):
        access = connect(given, env={"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "6443"})
        assert access.describe() == f"https://{shown}:6443"
        access.close()


def test_outside_a_pod_in_cluster_is_refused() -> None:
    with pytest.raises(ConnectError, match="KUBERNETES_SERVICE_HOST"):
        connect(KubeSettings(mode="in_cluster"), env={})


def test_no_repr_shows_the_token(tmp_path: Path) -> None:
    shown = [
        KubeSettings(token="s3cret"),
        FixedToken("s3cret"),
        TokenFile(token_file(tmp_path, "s3cret"), ManualClock()),
    ]
    assert "s3cret" not in repr(shown)


def test_the_end_of_a_token_is_that_of_the_file_as_it_was_read(tmp_path: Path) -> None:
    """An unusable file changes nothing; a token that does not say when it ends has no end."""
    clock = ManualClock()
    path = token_file(tmp_path, jwt(exp=1_790_000_000))
    tokens = TokenFile(path, clock)
    access = reach(Endpoint(server="https://localhost:1", tokens=tokens), mode="token_file")

    def known(text: str) -> CredentialFacts | None:
        path.write_text(text)
        clock.advance(60)
        tokens.current()
        return access.credential()

    assert access.credential() == CredentialFacts(api="kubernetes", mode="token_file", ends_at=1_790_000_000)
    assert (
        known("half\nwritten")
        == access.credential()
        == CredentialFacts(api="kubernetes", mode="token_file", ends_at=1.79e9)
    )
    assert known(jwt(exp=1_790_003_600)) == CredentialFacts(api="kubernetes", mode="token_file", ends_at=1_790_003_600)
    assert known("opaque") == CredentialFacts(api="kubernetes", mode="token_file")


def test_in_a_pod_it_is_the_service_account(tmp_path: Path) -> None:
    path = token_file(tmp_path, jwt(exp=1_790_000_000))
    authority = tmp_path / "ca.pem"
    authority.write_bytes(trustme.CA().cert_pem.bytes())
    given = KubeSettings(token_file=str(path), ca_file=str(authority))
    access = connect(given, env={"KUBERNETES_SERVICE_HOST": "127.0.0.1"})
    assert access.credential() == CredentialFacts(api="kubernetes", mode="service_account", ends_at=1_790_000_000)


def test_without_a_token_we_are_nobody() -> None:
    access = connect(KubeSettings(mode="direct", server="http://localhost:1", insecure_http=True))
    assert access.credential() == CredentialFacts(api="kubernetes", mode="none")
