"""Where the Kubernetes API is and who we are there."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from exporter.adapters.clock import Clock
from exporter.adapters.tokens import FixedToken, TokenFile, Tokens

ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_HOST_VARIABLE = "KUBERNETES_SERVICE_HOST"
_PORT_VARIABLE = "KUBERNETES_SERVICE_PORT"


class ConnectError(Exception):
    """The configuration cannot be used. The message is for people and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeSettings:
    """How to reach one cluster. Empty text: not given; `connect_timeout` is in seconds."""

    mode: Literal["auto", "in_cluster", "kubeconfig", "direct"] = "auto"
    kubeconfig: str = ""
    context: str = ""
    server: str = ""
    ca_file: str = ""
    token_file: str = ""
    token: str = ""
    insecure_http: bool = False
    connect_timeout: float = 3.0

    def __repr__(self) -> str:
        return f"KubeSettings(mode={self.mode!r}, server={self.server!r}, kubeconfig={self.kubeconfig!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An API server, and who we are there. Without a CA, as a file or as PEM text, the system's authorities count."""

    server: str
    ca_file: str = ""
    ca_pem: str = ""
    tokens: Tokens | None = None
    insecure_http: bool = False


def mode_of(settings: KubeSettings, env: Mapping[str, str]) -> Literal["in_cluster", "kubeconfig", "direct"]:
    """Return what `auto` means here: a given server, else a given kubeconfig, else a pod's own account."""
    if settings.mode != "auto":
        return settings.mode
    if settings.server:
        return "direct"
    if not settings.kubeconfig and env.get(_HOST_VARIABLE):
        return "in_cluster"
    return "kubeconfig"


def in_cluster(settings: KubeSettings, env: Mapping[str, str], clock: Clock) -> Endpoint:
    """Return the endpoint that a pod is told of. Raises ConnectError outside a pod or without a usable token."""
    host, port = env.get(_HOST_VARIABLE, ""), env.get(_PORT_VARIABLE, "443")
    if not host:
        raise ConnectError(f"{_HOST_VARIABLE} is not set: this is not a pod")
    token_file = settings.token_file or str(ACCOUNT_FOLDER / "token")
    return checked(
        Endpoint(
            server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
            ca_file=settings.ca_file or str(ACCOUNT_FOLDER / "ca.crt"),
            tokens=_token_file(token_file, clock),
        )
    )


def direct(settings: KubeSettings, clock: Clock) -> Endpoint:
    """Return the endpoint that the settings spell out. Raises ConnectError if they cannot be used."""
    tokens: Tokens | None = None
    if settings.token_file:
        tokens = _token_file(settings.token_file, clock)
    elif settings.token:
        tokens = _fixed(settings.token)
    return checked(
        Endpoint(
            server=settings.server.rstrip("/"),
            ca_file=settings.ca_file,
            tokens=tokens,
            insecure_http=settings.insecure_http,
        )
    )


def checked(endpoint: Endpoint) -> Endpoint:
    """Return `endpoint` if its address and authorities can be used. Raises ConnectError."""
    check_server(endpoint.server, insecure_http=endpoint.insecure_http)
    try:
        ssl.create_default_context(cafile=endpoint.ca_file or None, cadata=endpoint.ca_pem or None)
    except (OSError, ValueError):
        raise ConnectError(f"no usable certificate authority in {endpoint.ca_file or 'the PEM text'}") from None
    return endpoint


def check_server(server: str, *, insecure_http: bool) -> None:
    """Raises ConnectError for an address that is not `https://host[:port][/path]`, or `http` where that is allowed."""
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or "@" in parts.netloc or parts.query or parts.fragment or not server.isprintable():
        raise ConnectError("the server is not an address such as https://host:443")
    if parts.scheme == "http" and not insecure_http:
        raise ConnectError("the server's address is http: allow it with insecure_http, or use https")
    if parts.scheme not in ("http", "https"):
        raise ConnectError("the server's address is not https")


def _token_file(path: str, clock: Clock) -> TokenFile:
    try:
        return TokenFile(Path(path), clock)
    except (OSError, ValueError):
        raise ConnectError(f"no usable token in {path}") from None


def _fixed(text: str) -> FixedToken:
    try:
        return FixedToken(text)
    except ValueError:
        raise ConnectError("the token is empty, too long or not printable") from None
