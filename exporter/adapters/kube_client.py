"""The Kubernetes client library: authentication, TLS, addresses, kubeconfig files.

The only file that imports it and urllib3. What they would do by themselves is off: retries, redirects, proxies from
the environment, models, the global default configuration.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any, Literal

import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from exporter import __version__
from exporter.adapters.endpoint import ConnectError, Endpoint, KubeSettings, check_server
from exporter.adapters.line import Line
from exporter.adapters.tokens import Tokens, checked_token
from exporter.domain.azure.credential import CredentialFacts, end_of

Query = Mapping[str, str | int | bool]
Response = urllib3.HTTPResponse
Body = Mapping[str, Any]
# What the library and those below it raise on a request.
ERRORS = (ApiException, HTTPError, HTTPException, OSError, ValueError, RecursionError)

_MERGE_PATCH = "application/merge-patch+json"
_EMBEDDED = ("certificate-authority-data", "client-certificate-data", "client-key-data")
_SOCKET_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
]


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask; `path` is absolute and encoded already."""

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    query: Query | None = None
    body: Body | None = None
    headers: Mapping[str, str] | None = None


class _Dialed(HTTPConnection):
    """A connection whose socket the line holds from before it is connected; one budget for all addresses."""

    def __init__(self, *args: Any, line: Line, **options: Any) -> None:
        super().__init__(*args, **options)
        self._line = line

    def _new_conn(self) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else 3.0
        deadline = time.monotonic() + timeout
        try:
            addresses = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError):
            raise NameResolutionError(self.host, self, socket.gaierror()) from None
        refusal = OSError("no address")
        for family, kind, protocol, _, address in addresses:
            live = socket.socket(family, kind, protocol)
            try:
                for option in _SOCKET_OPTIONS:
                    live.setsockopt(*option)
                live.settimeout(max(deadline - time.monotonic(), 0.001))
                self._line.hold(live)
                live.connect(address)
            except OSError as error:
                live.close()
                refusal = error
                continue
            return live
        if isinstance(refusal, TimeoutError):
            raise ConnectTimeoutError(self, "connect") from refusal
        raise NewConnectionError(self, "connect") from refusal


class _DialedTls(_Dialed, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Dialed


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _DialedTls


class Channel:
    """Sends requests over one kept connection."""

    def __init__(self, configuration: Configuration, line: Line) -> None:
        self._client: Any = ApiClient(configuration)
        self._client.user_agent = f"elasticblast-exporter/{__version__}"
        pools: dict[str, Any] = {"http": partial(_Pool, line=line), "https": partial(_TlsPool, line=line)}
        self._client.rest_client.pool_manager.pool_classes_by_scheme = pools

    def send(self, request: Request, *, timeout: tuple[float, float]) -> Response:
        """Send one request and return the response, of any status, once its head has come. Raises ERRORS.

        `timeout`: seconds to connect, and between two bytes.
        """
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(request.headers or {})}
        if request.body is not None:
            headers["Content-Type"] = _MERGE_PATCH if request.method == "PATCH" else "application/json"
        serialized = self._client.param_serialize(
            request.method,
            request.path,
            query_params=[(key, _text(value)) for key, value in (request.query or {}).items()],
            header_params=headers,
            body=dict(request.body) if request.body is not None else None,
            auth_settings=["BearerToken"],
        )
        response: Response = self._client.call_api(*serialized, _request_timeout=timeout).response
        return response

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        self._client.close()


def configuration_of(endpoint: Endpoint) -> Configuration:
    """Return the library's configuration for an endpoint."""
    configuration = _blank(endpoint.server)
    configuration.ssl_ca_cert = endpoint.ca_file or None
    configuration.ca_cert_data = endpoint.ca_pem or None
    if endpoint.tokens is not None:
        _authenticate(configuration, endpoint.tokens)
    return configuration


def certified(configuration: Configuration, *, certificate: bytes, key: bytes) -> Callable[[], None]:
    """Let the configuration identify itself by a client certificate (PEM); return what lets go of it.

    OpenSSL wants files, so it gets files in memory, without a name on any disk. Raises ValueError, and nothing is left,
    for a pair that cannot be used.
    """
    held: list[int] = []
    let_go = partial(_close_all, held)
    try:
        configuration.cert_file = _in_memory(certificate, held)
        configuration.key_file = _in_memory(key, held)
        ssl.create_default_context().load_cert_chain(configuration.cert_file, configuration.key_file)
    except BaseException as error:
        let_go()
        if isinstance(error, OSError):
            raise ValueError("the client certificate cannot be used") from None
        raise
    return let_go


def from_kubeconfig(settings: KubeSettings) -> tuple[Configuration, Callable[[], None]]:
    """Return the configuration of a kubeconfig's context, and what lets go of the secrets it holds.

    What the kubeconfig embeds stays in memory: nothing is written to any disk, so nothing is left there.
    Raises ConnectError for a file that cannot be read or asks for what we do not do: exec and auth-provider users,
    proxies, skipped verification.
    """
    held: list[int] = []
    let_go = partial(_close_all, held)
    try:
        configuration = _load(settings, held)
    except BaseException:
        let_go()
        raise
    return configuration, let_go


def credential_facts(configuration: Configuration) -> CredentialFacts:
    """How a configuration says who we are: by the token that it holds, else by its client certificate."""
    token = configuration.api_key.get("BearerToken")
    if token:
        return CredentialFacts(api="kubernetes", mode="token", ends_at=end_of(token.rpartition(" ")[2]))
    return CredentialFacts(api="kubernetes", mode="client_certificate" if configuration.cert_file else "none")


def _load(settings: KubeSettings, held: list[int]) -> Configuration:
    path = settings.kubeconfig or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    configuration = _blank("https://kubeconfig.invalid")
    loader: Any = kube_config  # it has no types
    try:
        merged = loader.KubeConfigMerger(path).config
        if merged is None:
            raise ConnectError(f"there is no kubeconfig at {path}")
        context = settings.context or merged["current-context"]
        cluster, user = _parts(merged, context)
        _check(cluster, user)
        embedded = {name: part.value.pop(name) for part in (cluster, user) for name in _EMBEDDED if name in part.value}
        loader.load_kube_config_from_dict(
            merged, context=context, client_configuration=configuration, persist_config=False
        )
        _embed(configuration, {name: b64decode(data) for name, data in embedded.items()}, held)
        if token := configuration.api_key.get("BearerToken"):
            checked_token(token.partition(" ")[2])
    except ConnectError:
        raise
    except Exception as error:  # noqa: BLE001 - the loader raises whatever the file makes it raise
        raise ConnectError(f"the kubeconfig {path} cannot be used ({type(error).__name__})") from None
    if not configuration.api_key and not configuration.cert_file:
        raise ConnectError(f"the kubeconfig {path} gives no credentials for this context")
    check_server(configuration.host, insecure_http=settings.insecure_http)
    return configuration


def _parts(merged: Any, name: str) -> tuple[Any, Any]:
    context = merged["contexts"].get_with_name(name)["context"]
    cluster = merged["clusters"].get_with_name(context["cluster"])["cluster"]
    return cluster, merged["users"].get_with_name(context["user"])["user"]


def _check(cluster: Any, user: Any) -> None:
    if "exec" in user or "auth-provider" in user:
        raise ConnectError("the kubeconfig's user runs a program to log in, which is not done here: give it a token")
    if cluster.safe_get("insecure-skip-tls-verify"):
        raise ConnectError("the kubeconfig skips the verification of the server's certificate")
    if cluster.safe_get("proxy-url"):
        raise ConnectError("the kubeconfig asks for a proxy")


def _embed(configuration: Configuration, embedded: Mapping[str, bytes], held: list[int]) -> None:
    """Hand over what the kubeconfig carries itself; OpenSSL wants files for a key, so it gets files in memory."""
    if authorities := embedded.get("certificate-authority-data"):
        configuration.ca_cert_data = authorities.decode()
    if authorities or configuration.ssl_ca_cert:
        ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if certificate := embedded.get("client-certificate-data"):
        configuration.cert_file = _in_memory(certificate, held)
    if key := embedded.get("client-key-data"):
        configuration.key_file = _in_memory(key, held)


def _close_all(held: list[int]) -> None:
    while held:
        os.close(held.pop())


def _in_memory(content: bytes, held: list[int]) -> str:
    number = os.memfd_create("kubeconfig", os.MFD_CLOEXEC)
    held.append(number)
    os.write(number, content)
    return f"/proc/self/fd/{number}"


def _blank(server: str) -> Configuration:
    configuration = Configuration(host=server, retries=False, proxy="", no_proxy="", connection_pool_maxsize=1)
    configuration.socket_options = _SOCKET_OPTIONS
    return configuration


def _authenticate(configuration: Configuration, tokens: Tokens) -> None:
    def refresh(target: Configuration) -> None:
        target.api_key["BearerToken"] = tokens.current()

    configuration.api_key_prefix["BearerToken"] = "Bearer"
    hooked: Any = configuration  # typed as never having a hook
    hooked.refresh_api_key_hook = refresh
    refresh(configuration)


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
