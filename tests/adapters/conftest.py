"""A transport to a hostile server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.adapters.transport import Transport
from tests.support.hostile import Hostile

Dial = Callable[..., Transport]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Connects to a server without TLS; keyword arguments are settings, `on_request` is the transport's."""
    opened: list[Callable[[], None]] = []

    def make(
        server: Hostile | str, on_request: Callable[[str, str], None] | None = None, **settings: object
    ) -> Transport:
        url = server if isinstance(server, str) else server.url
        access = connect(KubeSettings(mode="direct", server=url, **{"insecure_http": True, **settings}), env={})
        transport = access.transport("test", on_request)
        opened.extend((access.close, transport.close))
        return transport

    yield make
    for close in reversed(opened):
        close()
