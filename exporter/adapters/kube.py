"""The door to the Kubernetes API: which server, as whom, and a transport for every thread that asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from exporter.adapters import endpoint
from exporter.adapters.clock import Clock, SystemClock
from exporter.adapters.endpoint import Endpoint, KubeSettings
from exporter.adapters.kube_client import Channel, configuration_of, credential_facts, from_kubeconfig
from exporter.adapters.line import Line, Reaper
from exporter.adapters.transport import OnRequest, Transport, Way
from exporter.domain.azure.credential import CredentialFacts


class Access:
    """One API server and one identity. Every thread takes a `transport` of its own."""

    def __init__(
        self,
        server: str,
        channel: Callable[[Line], Way],
        *,
        renew: Callable[[], bool],
        connect_timeout: float,
        let_go: Callable[[], None],
        credential: Callable[[], CredentialFacts | None],
    ) -> None:
        """`credential` says at once who we are there, None while that is not known."""
        self.credential = credential
        self._server = server
        self._channel = channel
        self._renew = renew
        self._connect_timeout = connect_timeout
        self._let_go = let_go
        self._reaper = Reaper()

    def describe(self) -> str:
        """Return scheme, host and port: nothing secret."""
        parts = urlsplit(self._server)
        return f"{parts.scheme}://{parts.netloc}"

    def transport(self, name: str, on_request: OnRequest | None = None) -> Transport:
        """Return a transport for one thread. `on_request(verb, code)` is told of every request that was sent."""
        line = Line()
        return Transport(
            name,
            self._channel(line),
            line,
            reaper=self._reaper,
            connect_timeout=self._connect_timeout,
            renew=self._renew,
            on_request=on_request,
        )

    def close(self) -> None:
        """Let go of the secrets held for the connection. Close the transports first."""
        self._reaper.close()
        self._let_go()


def connect(settings: KubeSettings, *, env: Mapping[str, str] | None = None, clock: Clock | None = None) -> Access:
    """Return the access that the settings describe; no request is sent. Raises ConnectError if they cannot be used."""
    env = os.environ if env is None else env
    clock = clock or SystemClock()
    mode = endpoint.mode_of(settings, env)
    if mode == "in_cluster":
        where = endpoint.in_cluster(settings, env, clock)
        return reach(where, mode="service_account", connect_timeout=settings.connect_timeout)
    if mode == "direct":
        token = "token_file" if settings.token_file else "token"
        return reach(endpoint.direct(settings, clock), mode=token, connect_timeout=settings.connect_timeout)
    configuration, let_go = from_kubeconfig(settings)
    return Access(
        configuration.host,
        lambda line: Channel(configuration, line),
        renew=lambda: False,
        connect_timeout=settings.connect_timeout,
        let_go=let_go,
        credential=_fixed(credential_facts(configuration)),
    )


def reach(where: Endpoint, *, mode: str, connect_timeout: float = 3.0) -> Access:
    """Return the access to an endpoint; `mode` says where its token is from."""
    configuration, tokens = configuration_of(where), where.tokens

    def credential() -> CredentialFacts:
        if tokens is None:
            return CredentialFacts(api="kubernetes", mode="none")
        return CredentialFacts(api="kubernetes", mode=mode, ends_at=tokens.ends_at)

    return Access(
        where.server,
        lambda line: Channel(configuration, line),
        renew=tokens.renew if tokens else lambda: False,
        connect_timeout=connect_timeout,
        let_go=lambda: None,
        credential=credential,
    )


def _fixed(credential: CredentialFacts) -> Callable[[], CredentialFacts]:
    return lambda: credential
