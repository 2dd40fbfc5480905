"""The sections about Azure: who we are there, where it is, and which of its things belong to a cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from exporter.config.section import Section
from exporter.config.texts import FilePath, Server
from exporter.domain.azure.armid import cluster_id, resource_id

MOST_RESOURCES = 12


def _guid(text: str) -> str:
    parts = text.split("-")
    if [len(part) for part in parts] != [8, 4, 4, 4, 12] or not all(_hexadecimal(part) for part in parts):
        raise ValueError("must be an id such as 00000000-0000-0000-0000-000000000000")
    return text.lower()


def _hexadecimal(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)


def _cluster(text: str) -> str:
    cluster_id(text)
    return text


def _resource(text: str) -> str:
    resource_id(text)
    return text


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("must begin with https://")
    return text


Guid = Annotated[str, AfterValidator(_guid)]
HttpsServer = Annotated[Server, AfterValidator(_https)]
ResourceText = Annotated[str, AfterValidator(_resource)]


def _few(texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) > MOST_RESOURCES:
        raise ValueError(f"has more than {MOST_RESOURCES} entries")
    return texts


Resources = Annotated[tuple[ResourceText, ...], AfterValidator(_few)]


class Azure(Section):
    """How Azure is reached. Nothing is asked of it unless a cluster has a resource_id."""

    credential: Literal["workload-identity", "managed-identity", "azure-cli", "environment"] = Field(
        default="workload-identity", description="The one class of credential that is used; no other is tried."
    )
    client_id: Guid | None = Field(
        default=None,
        description="Client id of the identity. Without it, that of the environment.",
        examples=["00000000-0000-0000-0000-000000000000"],
    )
    tenant_id: Guid | None = Field(
        default=None,
        description="Tenant of the identity. Without it, that of the environment.",
        examples=["00000000-0000-0000-0000-000000000000"],
    )
    token_file: FilePath | None = Field(
        default=None,
        description="File with the federated token of workload-identity. Without it, the one that the environment "
        "names. It is read again when it changes.",
        examples=["/var/run/secrets/azure/tokens/azure-identity-token"],
    )
    endpoint: HttpsServer = Field(
        default="https://management.azure.com", description="Base URL of Azure Resource Manager."
    )
    authority: HttpsServer | None = Field(
        default=None,
        description="Base URL of what gives out tokens. Without it, that of the environment or of the public cloud.",
        examples=["https://login.microsoftonline.com"],
    )
    ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authorities that may sign the certificates of both. Without it, the usual ones.",
        examples=["/etc/elasticblast-exporter/azure-ca.crt"],
    )


class ClusterAzure(Section):
    """What a cluster is in Azure."""

    resource_id: Annotated[str, AfterValidator(_cluster)] | None = Field(
        default=None,
        description="ARM id of the managed cluster. Without it, ARM is not asked about this cluster.",
        examples=[
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/searches"
            "/providers/Microsoft.ContainerService/managedClusters/blast"
        ],
    )
