"""The way to a cluster of AKS from outside: its address and its authority from ARM, a token from Entra."""

from __future__ import annotations

from collections.abc import Callable

from exporter.adapters.azure.user_credential import UserCredential, UserCredentials
from exporter.adapters.endpoint import Endpoint
from exporter.adapters.errors import failure_of
from exporter.adapters.kube import Access
from exporter.adapters.kube_client import ERRORS, Channel, Request, Response, certified, configuration_of
from exporter.adapters.line import Line
from exporter.adapters.tokens import Tokens
from exporter.domain.azure.credential import CredentialFacts
from exporter.domain.failures import Failed, Word

_NOT_THERE = (Word.DNS, Word.CONNECT, Word.TIMEOUT)


class AksChannel:
    """A channel that finds out where to send when it has to, and again after it was closed.

    The secrets of a local account are files in memory that live as long as the connection: they have no name on any
    disk, and end with the process however it ends.
    """

    def __init__(self, credentials: UserCredentials, tokens: Tokens, line: Line) -> None:
        self._credentials = credentials
        self._tokens = tokens
        self._line = line
        self._opened: UserCredential | None = None
        self._channel: Channel | None = None
        self._let_go: Callable[[], None] = _nothing

    def send(self, request: Request, *, timeout: tuple[float, float]) -> Response:
        """As Channel.send. Raises ERRORS and Failed."""
        where = self._credentials.current()
        if self._channel is None or self._opened != where:
            self.close()
            self._open(where)
        assert self._channel is not None
        try:
            return self._channel.send(request, timeout=timeout)
        except ERRORS as error:
            raise self._seen(failure_of(error), where) from error

    def close(self) -> None:
        """Close the connection and let go of its secrets; the next request makes a new one."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        let_go, self._let_go = self._let_go, _nothing
        let_go()

    def _open(self, where: UserCredential) -> None:
        endpoint = Endpoint(server=where.server, ca_pem=where.ca_pem, tokens=None if where.key else self._tokens)
        configuration = configuration_of(endpoint)
        if where.key:
            self._let_go = certified(configuration, certificate=where.certificate, key=where.key)
        self._channel = Channel(configuration, self._line)
        self._opened = where

    def _seen(self, failure: Failed, where: UserCredential) -> Failed:
        if failure.word in (*_NOT_THERE, Word.TLS):
            self._credentials.doubt()
        if where.private and failure.word in _NOT_THERE:
            return Failed(failure.word, "a private cluster, to be reached from its virtual network only")
        return failure


def aks(credentials: UserCredentials, tokens: Tokens, *, name: str, mode: str, connect_timeout: float) -> Access:
    """Return the access to one cluster; no request is sent. `name` is what to call it before its address is known,
    `mode` how we get a token."""

    def credential() -> CredentialFacts | None:
        held = credentials.held
        if held is None:
            return None
        if held.key:
            return CredentialFacts(api="kubernetes", mode="client_certificate")
        return CredentialFacts(api="kubernetes", mode=mode, ends_at=tokens.ends_at)

    def renew() -> bool:
        # With a client certificate there is no token to renew.
        by_token = not credentials.current().key and tokens.renew()
        return by_token or credentials.renew()

    return Access(
        f"aks://{name}",
        lambda line: AksChannel(credentials, tokens, line),
        renew=renew,
        connect_timeout=connect_timeout,
        let_go=_nothing,
        credential=credential,
    )


def _nothing() -> None:
    """There is nothing to let go of."""
