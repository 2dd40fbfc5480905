"""TLS on the metrics port, and certificates that change under way."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from exporter.web.guard import Limits
from exporter.web.server import HttpServer, HttpSettings
from exporter.web.tls import TlsError, TlsFiles, TlsKeeper
from tests.web.wire import Fixed, dial, eventually, head, listening, parse, until_closed


class Authority:
    """A certificate authority, a server pair in files, and clients that trust it."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.files = TlsFiles(certificate=folder / "tls.crt", key=folder / "tls.key")
        self.renew()

    def renew(self) -> int:
        """Replaces the pair as Kubernetes does, by renaming; the new serial number."""
        pair = self.ca.issue_cert("localhost", "127.0.0.1")
        _replace(self.files.certificate, b"".join(blob.bytes() for blob in pair.cert_chain_pems))
        _replace(self.files.key, pair.private_key_pem.bytes())
        return int(_serial(pair), 16)

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        return context


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)


def _serial(pair: trustme.LeafCert) -> str:
    der = ssl.PEM_cert_to_DER_cert(pair.cert_chain_pems[0].bytes().decode())
    # Version, then the serial number as a DER integer: 0x02, its length, its bytes.
    at = der.index(b"\xa0\x03\x02\x01\x02") + 5
    return der[at + 2 : at + 2 + der[at + 1]].hex()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def secure(port: int, context: ssl.SSLContext, name: str | None = "localhost") -> ssl.SSLSocket:
    context.check_hostname = name is not None
    return context.wrap_socket(dial(port), server_hostname=name)


def served_serial(port: int, context: ssl.SSLContext, name: str | None = "localhost") -> int:
    with secure(port, context, name) as client:
        certificate = client.getpeercert()
        assert certificate is not None
        return int(str(certificate["serialNumber"]), 16)


def scrape(port: int, context: ssl.SSLContext) -> int:
    with secure(port, context) as client:
        client.sendall(head(connection="close"))
        return parse(until_closed(client)).code


def tls_server(files: TlsFiles) -> AbstractContextManager[HttpServer]:
    return listening(Fixed().app(), tls=files, limits=Limits(header_timeout=0.4))


def test_a_scrape_over_tls_is_served(authority: Authority) -> None:
    with tls_server(authority.files) as server:
        assert scrape(server.port, authority.client()) == 200


@pytest.mark.fault(79)
@pytest.mark.parametrize("name", ["localhost", None])
def test_a_replaced_certificate_is_served_to_new_connections(authority: Authority, name: str | None) -> None:
    """With and without a server name in the handshake; a connection that exists goes on."""
    with tls_server(authority.files) as server, secure(server.port, authority.client()) as old:
        old.sendall(head("/livez"))
        assert old.recv(4096).startswith(b"HTTP/1.1 200")
        serial = authority.renew()
        assert eventually(lambda: served_serial(server.port, authority.client(), name) == serial, 4)
        old.sendall(head("/livez"))
        assert old.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.fault(79)
def test_a_half_written_pair_changes_nothing_and_is_told_once(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """Every wrong key is looked at. When the pair is whole again it is served, and that is told."""
    caplog.set_level("INFO", "exporter.tls")
    keeper = TlsKeeper(authority.files)
    with served_by(keeper) as port:
        old = served_serial(port, authority.client())
        key = authority.files.key.read_bytes()
        new = authority.renew()
        whole = authority.files.key.read_bytes()
        for wrong in (key, whole[: len(whole) // 2], b""):
            authority.files.key.write_bytes(wrong)
            keeper.refresh()
            assert served_serial(port, authority.client()) == old
        authority.files.key.unlink()
        keeper.refresh()
        assert served_serial(port, authority.client()) == old
        assert told(caplog) == ["tls_reload_failed"]
        authority.files.key.write_bytes(whole)
        keeper.refresh()
        assert served_serial(port, authority.client()) == new
        assert told(caplog) == ["tls_reload_failed", "tls_reloaded"]
        keeper.refresh()
        authority.files.key.write_bytes(b"")
        keeper.refresh()
    assert told(caplog) == ["tls_reload_failed", "tls_reloaded", "tls_reload_failed"]
    assert "PRIVATE" not in caplog.text


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "exporter.tls"]


@contextmanager
def served_by(keeper: TlsKeeper) -> Iterator[int]:
    """A port that shakes hands with what the keeper holds."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with suppress(OSError), keeper.context.wrap_socket(client, server_side=True) as secured:
                    secured.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_the_listener_looks_at_its_files_and_tells(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "exporter.tls")
    with tls_server(authority.files) as server:
        authority.files.key.write_bytes(b"no key")
        assert eventually(lambda: told(caplog) == ["tls_reload_failed"], 4)
        serial = authority.renew()
        assert eventually(lambda: served_serial(server.port, authority.client()) == serial, 4)
        assert told(caplog) == ["tls_reload_failed", "tls_reloaded"]


def test_a_client_without_a_certificate_is_turned_away_when_one_is_required(
    authority: Authority, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.crt"
    authority.ca.cert_pem.write_to_path(ca)
    with tls_server(replace(authority.files, client_ca=ca)) as server:
        assert refused(server.port, authority.client())
        known = authority.client()
        authority.ca.issue_cert("prometheus").configure_cert(known)
        assert scrape(server.port, known) == 200


def refused(port: int, context: ssl.SSLContext) -> bool:
    """In TLS 1.3 the client's part of the handshake is done before the server judges its certificate."""
    try:
        with secure(port, context) as client:
            client.sendall(head(connection="close"))
            return until_closed(client) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_a_replaced_client_authority_counts_from_then_on(authority: Authority, tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    authority.ca.cert_pem.write_to_path(ca)
    with tls_server(replace(authority.files, client_ca=ca)) as server:
        other = trustme.CA()
        _replace(ca, other.cert_pem.bytes())
        stranger = authority.client()
        other.issue_cert("prometheus").configure_cert(stranger)
        assert eventually(lambda: not refused(server.port, stranger), 4)
        known = authority.client()
        authority.ca.issue_cert("prometheus").configure_cert(known)
        assert refused(server.port, known)


def test_versions_below_the_least_one_are_refused(authority: Authority) -> None:
    with tls_server(replace(authority.files, min_version="1.3")) as server:
        old = authority.client()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert refused(server.port, old)
        assert scrape(server.port, authority.client()) == 200


@pytest.mark.fault(82)
def test_a_client_that_never_shakes_hands_is_cut_off_and_delays_nobody(authority: Authority) -> None:
    with tls_server(authority.files) as server, dial(server.port) as mute:
        began = time.monotonic()
        assert scrape(server.port, authority.client()) == 200
        assert time.monotonic() - began < 0.4
        assert until_closed(mute) == b""
        assert time.monotonic() - began < 1.5


def test_a_plain_client_of_a_tls_port_gets_no_page(authority: Authority) -> None:
    with tls_server(authority.files) as server, dial(server.port) as client:
        client.sendall(head())
        assert b"200" not in until_closed(client)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"no key")])
def test_a_pair_that_does_not_load_stops_the_start(authority: Authority, spoil: object) -> None:
    spoil(authority.files.key)
    server = HttpServer(Fixed().app(), HttpSettings(address="127.0.0.1", port=0, tls=authority.files))
    with pytest.raises(TlsError, match=r"tls\.key"):
        server.start()
