"""Certificates: what is refused, and that nothing falls back to trusting."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from exporter.adapters.endpoint import ConnectError, Endpoint, KubeSettings
from exporter.adapters.kube import Access, connect, reach
from exporter.domain.failures import Failed, Word
from tests.support.hostile import Hostile, Peer

AUTHORITY = trustme.CA()
CA_PEM = AUTHORITY.cert_pem.bytes().decode()


def serve_ok(peer: Peer) -> None:
    while peer.read():
        peer.answer(b'{"ok":true}')


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.crt"
    path.write_text(CA_PEM)
    return str(path)


def fetch(access: Access, budget: float = 1.0) -> bytes:
    transport = access.transport("test")
    try:
        return transport.get("/api", budget=budget, cap=1000).body
    finally:
        transport.close()
        access.close()


def direct(server: Hostile, ca_file: str, **settings: object) -> Access:
    return connect(KubeSettings(mode="direct", server=server.url, ca_file=ca_file, **settings), env={})


def test_a_certificate_of_our_authority_is_accepted(ca_file: str) -> None:
    with Hostile(serve_ok, tls=context(AUTHORITY.issue_cert("127.0.0.1"))) as server:
        assert fetch(direct(server, ca_file)) == b'{"ok":true}'


def test_the_authority_may_be_given_as_text() -> None:
    with Hostile(serve_ok, tls=context(AUTHORITY.issue_cert("127.0.0.1"))) as server:
        assert fetch(reach(Endpoint(server=server.url, ca_pem=CA_PEM), mode="token")) == b'{"ok":true}'


@pytest.mark.fault(5)
@pytest.mark.parametrize(
    "certificate",
    [
        trustme.CA().issue_cert("127.0.0.1"),
        AUTHORITY.issue_cert(
            "127.0.0.1", not_after=datetime(2020, 1, 2, tzinfo=UTC), not_before=datetime(2020, 1, 1, tzinfo=UTC)
        ),
        AUTHORITY.issue_cert("elsewhere.example"),
    ],
    ids=["other authority", "expired", "other name"],
)
def test_a_bad_certificate_is_tls_and_nothing_is_sent(ca_file: str, certificate: trustme.LeafCert) -> None:
    with Hostile(serve_ok, tls=context(certificate)) as server, pytest.raises(Failed) as caught:
        fetch(direct(server, ca_file, token="secret"))
    assert caught.value.word is Word.TLS
    assert server.asked == []


def test_a_server_without_tls_is_tls(ca_file: str) -> None:
    def script(peer: Peer) -> None:
        peer.socket.recv(100)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.stall()

    with Hostile(script) as server, pytest.raises(Failed) as caught:
        fetch(connect(KubeSettings(mode="direct", server=server.url.replace("http", "https"), ca_file=ca_file), env={}))
    assert caught.value.word is Word.TLS


@pytest.mark.fault(6)
@pytest.mark.parametrize("drip", [False, True], ids=["silent", "dripping"])
def test_a_handshake_that_stalls_ends_at_the_deadline(ca_file: str, drip: bool) -> None:
    """The dripped bytes are the start of a TLS record, each within the socket's own timeout."""

    def script(peer: Peer) -> None:
        peer.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 100, 0.05) if drip else peer.stall()

    with Hostile(script) as server:
        access = connect(
            KubeSettings(mode="direct", server=server.url.replace("http", "https"), ca_file=ca_file), env={}
        )
        started = time.monotonic()
        with pytest.raises(Failed) as caught:
            fetch(access, budget=0.3)
        assert time.monotonic() - started < 2.5
    assert caught.value.word is Word.TIMEOUT


def test_http_is_refused_unless_allowed() -> None:
    with pytest.raises(ConnectError, match="insecure_http"):
        connect(KubeSettings(mode="direct", server="http://127.0.0.1:1"), env={})


@pytest.mark.parametrize(
    "server",
    ["", "127.0.0.1:6443", "https://", "ftp://host", "https://user:pw@host", "https://h:99999", "https://h/?a=b"],
)
def test_an_address_that_is_none_is_refused(server: str) -> None:
    with pytest.raises(ConnectError):
        connect(KubeSettings(mode="direct", server=server), env={})


def test_an_authority_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.crt"
    path.write_text("nothing")
    with pytest.raises(ConnectError, match=str(path)):
        connect(KubeSettings(mode="direct", server="https://h", ca_file=str(path)), env={})


def kubeconfig(folder: Path, server: str, user: dict[str, object], **cluster: object) -> str:
    content = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    path = folder / "config"
    path.write_text(json.dumps(content))
    return str(path)


def encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def test_a_kubeconfig_with_a_client_certificate_works_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the kubeconfig embeds stays in memory: it works where no file can be written."""
    tls = context(AUTHORITY.issue_cert("127.0.0.1"))
    AUTHORITY.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    client = AUTHORITY.issue_cert("me@example.org")
    user = {
        "client-certificate-data": encoded(client.cert_chain_pems[0].bytes()),
        "client-key-data": encoded(client.private_key_pem.bytes()),
    }
    with Hostile(serve_ok, tls=tls) as server:
        path = kubeconfig(tmp_path, server.url, user, **{"certificate-authority-data": encoded(CA_PEM.encode())})
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        first, second = (connect(KubeSettings(kubeconfig=path), env={}) for _ in range(2))
        assert fetch(first) == b'{"ok":true}'
        assert fetch(second) == b'{"ok":true}', "closing one access does not take the secrets of another"


def test_a_kubeconfig_whose_authority_is_no_certificate_is_refused(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://h", {"token": "t"}, **{"certificate-authority-data": encoded(b"nothing")})
    with pytest.raises(ConnectError):
        connect(KubeSettings(kubeconfig=path), env={})


@pytest.mark.parametrize(
    ("user", "cluster"),
    [
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}}, {}),
        ({"auth-provider": {"name": "oidc"}}, {}),
        ({"token": "t"}, {"insecure-skip-tls-verify": True}),
        ({"token": "t"}, {"proxy-url": "http://127.0.0.1:1"}),
        ({"token": "a\nb"}, {}),
        ({}, {}),
    ],
    ids=["exec", "auth-provider", "no verification", "proxy", "unprintable token", "no credentials"],
)
def test_a_kubeconfig_that_asks_for_what_we_do_not_do_is_refused(
    tmp_path: Path, user: dict[str, object], cluster: dict[str, object]
) -> None:
    with pytest.raises(ConnectError):
        connect(KubeSettings(kubeconfig=kubeconfig(tmp_path, "https://h", user, **cluster)), env={})


@pytest.mark.parametrize("text", ["", "[]", "a: [", "current-context: x"])
def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConnectError, match=str(path)):
        connect(KubeSettings(kubeconfig=str(path)), env={})


def test_a_missing_kubeconfig_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="there is no kubeconfig"):
        connect(KubeSettings(kubeconfig=str(tmp_path / "none")), env={})
