"""The client of AKS in ARM: no retries, no redirects, nothing that it would do by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from exporter.adapters.azure.credentials import Credential
from exporter.adapters.azure.settings import AzureSettings

if TYPE_CHECKING:
    from azure.mgmt.containerservice import ContainerServiceClient


def container_service(
    settings: AzureSettings, credential: Credential, subscription: str, sending: Callable[[Any], None] | None = None
) -> ContainerServiceClient:
    """Return the client for one subscription; no request is sent. `sending` hears of each before it goes out."""
    from azure.mgmt.containerservice import ContainerServiceClient

    taken: Any = credential
    return ContainerServiceClient(
        taken,
        subscription,
        base_url=settings.endpoint,
        credential_scopes=[settings.scope],
        permit_redirects=False,
        raw_request_hook=sending,
        **settings.http(),
    )
