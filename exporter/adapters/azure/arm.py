"""ARM as the collector of one cluster reads it: the cluster, the region's quota, and single resources."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from exporter.adapters.azure.calls import Calls, once_more
from exporter.adapters.azure.clients import container_service
from exporter.adapters.azure.credentials import Credential
from exporter.adapters.azure.failures import azure_failure, token_failure
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import Clock
from exporter.adapters.errors import failure_of_status, http_date
from exporter.adapters.transport import code_word
from exporter.domain.azure.arm import ClusterFacts, Usage, at, cluster_facts, usages
from exporter.domain.azure.armid import ArmId
from exporter.domain.failures import Failed, Word

if TYPE_CHECKING:
    from azure.mgmt.containerservice import ContainerServiceClient

T = TypeVar("T")
Counted = Callable[[str, str], None]
Left = Callable[[str, str, int], None]
Skewed = Callable[[float], None]
_REMAINING = re.compile(r"x-ms-ratelimit-remaining-(subscription|tenant)-((?:global-)?reads)", re.IGNORECASE)
_PATIENCE = 10.0  # seconds
_HALF_A_SECOND = 0.5  # by which a date is behind on average
_USAGES_VERSION = "2024-07-01"
_VERSIONS = {
    "storage_account": "2023-05-01",
    "registry": "2023-07-01",
    "virtual_machine": "2024-07-01",
    "scale_set": "2024-07-01",
}


class Arm:
    """ARM for one cluster: its client is made when first used; `calls` is the limit that all who ask of it share.

    `counted(verb, code)` hears of every answer, `left(scope, operation, number)` what it says of the budget,
    `skewed(seconds)` by how much its clock is ahead of ours. Methods raise Failed.
    """

    def __init__(
        self,
        settings: AzureSettings,
        credential: Callable[[], Credential],
        cluster: ArmId,
        *,
        calls: Calls,
        clock: Clock,
        counted: Counted,
        left: Left,
        skewed: Skewed,
    ) -> None:
        self.settings = settings
        self.calls = calls
        self._credential = credential
        self._place = cluster
        self._clock = clock
        self._counted = counted
        self._left = left
        self._skewed = skewed
        self._lock = threading.Lock()
        self._client: ContainerServiceClient | None = None
        self._facts: ClusterFacts | None = None
        self._trouble = Failed(Word.BUG, "never asked")
        self._tried = threading.Event()

    def cluster(self) -> ClusterFacts:
        """The cluster and its pools, by one GET."""
        try:
            self._facts = self._asked()
        except Failed as failure:
            self._trouble = failure
            raise
        finally:
            self._tried.set()
        return self._facts

    def _asked(self) -> ClusterFacts:
        client = self._containers()
        answer = self.call(lambda: client.managed_clusters.get(self._place.group, self._place.name, **self.heard()))
        try:
            return cluster_facts(answer.as_dict(), resource_group=self._place.group)
        except (ValueError, TypeError, AttributeError):
            raise Failed(Word.GARBLED, "managed cluster") from None

    def usages(self) -> tuple[Usage, ...]:
        """The quotas that the pools of the cluster draw on, by one GET. The cluster must be known: what asks for it may
        be on its way, and is waited for; its failure is that of the quotas too."""
        if not self._tried.wait(_PATIENCE):
            raise Failed(Word.TIMEOUT, "the cluster is not known yet")
        facts = self._facts
        if facts is None:
            raise Failed(self._trouble.word, self._trouble.detail, self._trouble.retry_after)
        if facts.location == "unknown":
            raise Failed(Word.GARBLED, "managed cluster without a location")
        path = (
            f"/subscriptions/{self._place.subscription}/providers/Microsoft.Compute/locations/{facts.location}/usages"
        )
        document = self._get(path, _USAGES_VERSION)
        items = at(document, "value")
        if not isinstance(items, list):
            raise Failed(Word.GARBLED, "usages")
        return usages(items, (pool.vm_size for pool in facts.pools))

    def resource(self, place: ArmId) -> Mapping[str, Any]:
        """One resource as ARM shows it, with the instance view of a virtual machine."""
        query = "$expand=instanceView&" if place.kind == "virtual_machine" else ""
        return self._get(place.path, _VERSIONS[place.kind], query)

    def instances(self, place: ArmId) -> list[Any] | None:
        """The instances of a scale set with their instance views, by one GET; None where they fill more than a page."""
        document = self._get(f"{place.path}/virtualMachines", _VERSIONS[place.kind], "$expand=instanceView&")
        items = at(document, "value")
        if not isinstance(items, list):
            raise Failed(Word.GARBLED, "instances")
        return None if at(document, "nextLink") else items

    def call(self, ask: Callable[[], T]) -> T:
        """The answer of one request of a client. Raises Failed."""
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - the clients raise their own errors and their credential's
            raise azure_failure(error, "ARM") from None

    def heard(self) -> dict[str, Any]:
        """The options of a request by which its answer is counted and its budget is read."""
        return {"raw_response_hook": self._hear}

    def credential(self) -> Credential:
        """The credential, made when first needed. Raises Failed."""
        try:
            return self._credential()
        except Exception as error:  # noqa: BLE001 - whatever is missing, there is nobody to be
            raise token_failure(error) from None

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _containers(self) -> ContainerServiceClient:
        with self._lock:
            if self._client is None:
                self._client = container_service(
                    self.settings, self.credential(), self._place.subscription, once_more(self.calls)
                )
            return self._client

    def _get(self, path: str, version: str, query: str = "") -> Mapping[str, Any]:
        from azure.core.rest import HttpRequest

        client = self._containers()
        request = HttpRequest("GET", f"{path}?{query}api-version={version}")
        answer = self.call(lambda: client.send_request(request, **self.heard()))
        if answer.status_code != 200:
            raise failure_of_status(answer.status_code, answer.headers, now=self._clock.wall())
        try:
            document = answer.json()
        except ValueError:
            raise Failed(Word.GARBLED, "ARM") from None
        if not isinstance(document, Mapping):
            raise Failed(Word.GARBLED, "ARM")
        return document

    def _hear(self, answer: Any) -> None:
        response = answer.http_response
        self._counted("get", code_word(response.status_code))
        date = http_date(response.headers.get("Date"))
        if date is not None:
            self._skewed(date + _HALF_A_SECOND - self._clock.wall())
        for name, value in response.headers.items():
            found = _REMAINING.fullmatch(name)
            if found and value.isascii() and value.isdigit():
                self._left(found[1].lower(), found[2].lower().replace("-", "_"), int(value[:9]))
