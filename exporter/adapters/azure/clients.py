"""The client of AKS in ARM: no retries, no redirects, nothing that it would do by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exporter.adapters.azure.credentials import Credential
from exporter.adapters.azure.settings import AzureSettings

if TYPE_CHECKING:
    from azure.mgmt.containerservice import ContainerServiceClient


def container_service(settings: AzureSettings, credential: Credential, subscription: str) -> ContainerServiceClient:
    """Return the client for one subscription; no request is sent."""
    from azure.mgmt.containerservice import ContainerServiceClient

    taken: Any = credential
    return ContainerServiceClient(
        taken,
        subscription,
        base_url=settings.endpoint,
        credential_scopes=[settings.scope],
        permit_redirects=False,
        **settings.http(),
    )
