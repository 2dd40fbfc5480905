"""Where a cluster's API is and who signs its certificate, out of the kubeconfig that ARM gives to a cluster user.

It is read in memory. Of a cluster with local accounts it holds a client certificate with its key; of any other cluster
it tells how to log in, which we do by ourselves. The administrator's credential is never asked for.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from exporter.adapters.azure.calls import Calls, once_more
from exporter.adapters.azure.clients import container_service
from exporter.adapters.azure.credentials import Credential
from exporter.adapters.azure.errand import Errand
from exporter.adapters.azure.failures import azure_failure
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import Clock
from exporter.adapters.endpoint import ConnectError, Endpoint, checked
from exporter.domain.azure.armid import ArmId
from exporter.domain.failures import Deferred, Failed, Word

_CAP = 1024**2
_BUDGET = 10.0
_REFUSED_AGAIN_AFTER = 60.0
_DOUBTED_AFTER = 300.0
_JUST_CHANGED = 5.0
_PAUSE_GOOD, _PAUSE_BAD = 10.0, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCredential:
    """How to reach one cluster. Without certificate and key, with a token of Entra."""

    server: str
    ca_pem: str
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)

    @property
    def private(self) -> bool:
        """Whether the API server's address is one inside a virtual network."""
        return ".privatelink." in f".{urlsplit(self.server).hostname}"


def parsed(kubeconfig: bytes) -> UserCredential:
    """Return what a kubeconfig of ARM's says. Raises Failed (`garbled`, `oversize`), which shows nothing of it."""
    if len(kubeconfig) > _CAP:
        raise Failed(Word.OVERSIZE, "the cluster user's kubeconfig")
    try:
        document: Any = yaml.safe_load(kubeconfig)
        context = _named(document["contexts"], document["current-context"])["context"]
        cluster = _named(document["clusters"], context["cluster"])["cluster"]
        user = _named(document["users"], context["user"])["user"] or {}
        found = UserCredential(
            server=str(cluster["server"]).rstrip("/"),
            ca_pem=b64decode(cluster["certificate-authority-data"]).decode("ascii"),
            certificate=b64decode(user.get("client-certificate-data", ""), validate=True),
            key=b64decode(user.get("client-key-data", ""), validate=True),
        )
        checked(Endpoint(server=found.server, ca_pem=found.ca_pem))
    except (yaml.YAMLError, ConnectError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise Failed(Word.GARBLED, "the cluster user's kubeconfig") from None
    if bool(found.certificate) != bool(found.key):
        raise Failed(Word.GARBLED, "the cluster user's kubeconfig")
    return found


def asker(
    settings: AzureSettings, credential: Credential, cluster: ArmId, calls: Calls
) -> Callable[[], UserCredential]:
    """Return what asks ARM for the cluster's user credential, once a call; `calls` limits it. It raises Failed."""

    def ask() -> UserCredential:
        try:
            calls.take()
        except Deferred as later:
            raise Failed(Word.THROTTLED, "cluster user credential: our own limit of calls", later.wait) from None
        try:
            with container_service(settings, credential, cluster.subscription, once_more(calls)) as client:
                answer = client.managed_clusters.list_cluster_user_credentials(cluster.group, cluster.name)
            given = answer.kubeconfigs or []
            content = bytes(given[0].value or b"") if given else b""
        except Exception as error:  # noqa: BLE001 - the client raises its own errors and its credential's
            raise azure_failure(error, "cluster user credential") from None
        return parsed(content)

    return ask


class UserCredentials:
    """The user credential of one cluster, asked for when it is first needed and when there is reason to doubt it."""

    def __init__(self, ask: Callable[[], UserCredential], *, clock: Clock, budget: float = _BUDGET) -> None:
        self._clock = clock
        self._held: UserCredential | None = None
        self._asked_at = float("-inf")
        self._changed_at = float("-inf")
        self._asking = ask
        self._errand = Errand(
            self._ask,
            name="cluster-user-credential",
            clock=clock,
            budget=budget,
            pause=lambda answer: _PAUSE_BAD if isinstance(answer, Failed) else _PAUSE_GOOD,
        )

    @property
    def held(self) -> UserCredential | None:
        """What was told last, None before that."""
        return self._held

    def current(self) -> UserCredential:
        """What to connect with now. Raises Failed, after at most the budget, while there never was any."""
        return self._held or self._errand.result()

    def renew(self) -> bool:
        """The API refuses us: ask again, at most once a minute. Whether there is another credential."""
        if self._clock.mono() - self._changed_at < _JUST_CHANGED:
            return True
        before = self._held
        if before is None or self._clock.mono() - self._asked_at < _REFUSED_AGAIN_AFTER:
            return False
        try:
            return self._errand.result(at_once=True) != before
        except Failed:
            return False

    def doubt(self) -> None:
        """The API is not there: perhaps the cluster was made anew elsewhere. Ask in the background, now and then."""
        if self._clock.mono() - self._asked_at >= _DOUBTED_AFTER:
            self._errand.start()

    def _ask(self) -> UserCredential:
        self._asked_at = self._clock.mono()
        found = self._asking()
        if self._held is not None and self._held != found:
            self._changed_at = self._clock.mono()
        self._held = found
        return found


def _named(entries: Any, name: Any) -> Any:
    return next(entry for entry in [*entries, {}] if not entry or entry.get("name") == name)
