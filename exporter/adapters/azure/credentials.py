"""The identity in Azure: exactly the class that the configuration names, never a chain that tries what it finds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from exporter.adapters.azure.calls import MOST_CALLS, Calls
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import Clock
from exporter.adapters.endpoint import ConnectError
from exporter.adapters.tokens import TokenFile
from exporter.domain.azure.armid import ArmId
from exporter.domain.azure.credential import CredentialFacts

_TENANT, _CLIENT, _TOKEN_FILE = "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"


class Given(Protocol):
    """A token and the Unix time at which it ends."""

    @property
    def token(self) -> str: ...

    @property
    def expires_on(self) -> int: ...


class Credential(Protocol):
    """What Azure's own clients take as credential. `claims` asks for a token that is not in any cache."""

    def get_token(self, *scopes: str, claims: str | None = None) -> Given: ...


class Noted:
    """A credential that notes when the newest token for each set of scopes ends, Unix seconds, in `ends`."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self.ends: dict[tuple[str, ...], float] = {}

    def get_token(self, *scopes: str, claims: str | None = None) -> Given:
        """As the credential's own."""
        given = self._credential.get_token(*scopes, **({"claims": claims} if claims else {}))
        self.ends[scopes] = float(given.expires_on)
        return given


class Principal:
    """Who we are in Azure: one credential, made when it is first asked for and shared by all who ask, and for each
    cluster the limit of what is asked about it."""

    def __init__(self, settings: AzureSettings, clock: Clock, *, most: int = MOST_CALLS) -> None:
        """`most`: calls a minute about one cluster."""
        self.settings = settings
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._made: Noted | None = None
        self._calls: dict[str, Calls] = {}

    @property
    def mode(self) -> str:
        return self.settings.credential.replace("-", "_")

    def __call__(self) -> Credential:
        """Raises ConnectError if the credential cannot be made."""
        with self._lock:
            if self._made is None:
                self._made = Noted(credential_of(self.settings, env=os.environ, clock=self._clock))
            return self._made

    def calls(self, cluster: ArmId) -> Calls:
        """The limit of calls about a cluster: the same one for all who ask."""
        with self._lock:
            return self._calls.setdefault(cluster.key, Calls(self._clock, most=self._most))

    def facts(self) -> CredentialFacts:
        """Who we are to ARM, with the end of the newest token for it."""
        ends = self._made.ends.get((self.settings.scope,)) if self._made else None
        return CredentialFacts(api="arm", mode=self.mode, ends_at=ends)


def credential_of(settings: AzureSettings, *, env: Mapping[str, str], clock: Clock) -> Credential:
    """Return the credential that the settings name; no request is sent. Raises ConnectError if it cannot be made."""
    try:
        made: Credential = _MADE[settings.credential](settings, env, clock)
    except ConnectError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises whatever it finds missing
        raise ConnectError(
            f"the Azure credential {settings.credential} cannot be used ({type(error).__name__})"
        ) from None
    return made


def _workload(settings: AzureSettings, env: Mapping[str, str], clock: Clock) -> Any:
    """Its token file is read as every other one: again each minute, and the old token is kept while it is unusable."""
    from azure.identity import ClientAssertionCredential

    wanted = {
        _TENANT: settings.tenant_id or env.get(_TENANT, ""),
        _CLIENT: settings.client_id or env.get(_CLIENT, ""),
        _TOKEN_FILE: settings.token_file or env.get(_TOKEN_FILE, ""),
    }
    if missing := [name for name, value in wanted.items() if not value]:
        raise ConnectError(f"workload identity needs {', '.join(missing)}: is the pod labelled for it?")
    path = wanted[_TOKEN_FILE]
    try:
        file = TokenFile(Path(path), clock)
    except (OSError, ValueError):
        raise ConnectError(f"no usable token in {path}") from None
    return ClientAssertionCredential(wanted[_TENANT], wanted[_CLIENT], file.current, **_options(settings, env))


def _managed(settings: AzureSettings, env: Mapping[str, str], clock: Clock) -> Any:
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=settings.client_id or None, **settings.http())


def _command_line(settings: AzureSettings, env: Mapping[str, str], clock: Clock) -> Any:
    from azure.identity import AzureCliCredential

    return AzureCliCredential(tenant_id=settings.tenant_id, process_timeout=10)


def _environment(settings: AzureSettings, env: Mapping[str, str], clock: Clock) -> Any:
    from azure.identity import EnvironmentCredential

    credential: Any = EnvironmentCredential(**_options(settings, env))
    if getattr(credential, "_credential", None) is None:
        raise ConnectError("the environment names no identity: AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret of it")
    return credential


def _options(settings: AzureSettings, env: Mapping[str, str]) -> dict[str, Any]:
    """An authority that the configuration names is trusted as it is: it need not be known to the public cloud."""
    authority = settings.authority or env.get("AZURE_AUTHORITY_HOST", "")
    named = {"authority": authority} if authority else {}
    return {**settings.http(), **named, "disable_instance_discovery": bool(settings.authority)}


_MADE: dict[str, Callable[[AzureSettings, Mapping[str, str], Clock], Any]] = {
    "workload-identity": _workload,
    "managed-identity": _managed,
    "azure-cli": _command_line,
    "environment": _environment,
}
