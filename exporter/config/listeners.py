"""The sections of the two listeners."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exporter.config.quantities import count, duration
from exporter.config.section import Section
from exporter.config.texts import Address, Audience, AuditTarget, FilePath, Host, VersionText

_HOUR = 3600.0
_DAY = 24 * _HOUR


class Tls(Section):
    """Certificates of a listener. The files are read again when they change."""

    cert_file: FilePath = Field(
        description="PEM file of the certificate and its chain.", examples=["/etc/elasticblast-exporter/tls.crt"]
    )
    key_file: FilePath = Field(
        description="PEM file of the private key.", examples=["/etc/elasticblast-exporter/tls.key"]
    )
    client_ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authorities for client certificates. With it, a client must show one.",
        examples=["/etc/elasticblast-exporter/client-ca.crt"],
    )
    min_version: Annotated[Literal["1.2", "1.3"], VersionText] = Field(
        default="1.2", description="Oldest TLS version that is accepted."
    )


class Listen(Section):
    """The listener of metrics, probes and the status page."""

    address: Address = Field(default="0.0.0.0", description="Address to listen on.")  # noqa: S104 a scraper is another pod
    port: Annotated[int, count(1, 65535)] = Field(default=9850, description="TCP port.")
    tls: Tls | None = None
    max_connections: Annotated[int, count(1, 4096, unit="connections")] = Field(
        default=64, description="Connections open at once; further ones are closed."
    )
    header_timeout: Annotated[float, duration(0.1, 60)] = Field(
        default=5.0, description="Time for the whole head of a request to arrive."
    )
    request_timeout: Annotated[float, duration(0.1, 300)] = Field(default=10.0, description="Time for a whole request.")
    keep_alive: Annotated[float, duration(0, _HOUR)] = Field(
        default=75.0, description="Time after which an idle connection is closed."
    )


class Admin(Section):
    """The listener on which searches are cancelled."""

    enabled: bool = Field(default=False, description="Whether searches can be cancelled through this process.")
    address: Address = Field(
        default="127.0.0.1", description="Address to listen on. One that is not loopback needs tls and hosts."
    )
    port: Annotated[int, count(1, 65535)] = Field(default=9851, description="TCP port.")
    tls: Tls | None = None
    hosts: tuple[Host, ...] = Field(
        default=(),
        description="Names by which clients call this listener, besides its address and localhost. "
        "A request for another host is refused.",
    )
    callers: Literal["kubernetes", "tokens"] = Field(
        default="kubernetes",
        description="kubernetes: a caller shows a token of the cluster and needs the right to delete Jobs there. "
        "tokens: a caller shows a token whose digest is in tokens_file, and may cancel every search.",
    )
    audience: Audience = Field(
        default="elasticblast-exporter", description="Audience for which callers' tokens of the cluster must be made."
    )
    tokens_file: FilePath | None = Field(
        default=None,
        description="File with a line name:sha256:digest for each caller, as the command token prints it. "
        "It is read again when it changes.",
        examples=["/etc/elasticblast-exporter/tokens"],
    )
    audit_file: AuditTarget = Field(
        default="-", description="File to which audit records are appended; - is stdout. Without it nothing is deleted."
    )
    max_objects: Annotated[int, count(1, 100_000, unit="Jobs")] = Field(
        default=2000, description="Most Jobs of a search that is cancelled; a larger one is refused."
    )
    stage_one: Annotated[float, duration(1, _HOUR)] = Field(
        default=90.0,
        description="Time for finalizer and submit Jobs and their pods to go, before anything else is done.",
    )
    whole: Annotated[float, duration(10, _DAY)] = Field(default=900.0, description="Time for a whole cancel.")
    requests_per_minute: Annotated[int, count(1, 100_000, unit="requests")] = Field(
        default=300, description="Requests a minute that one address may make."
    )
    cancels_per_caller: Annotated[int, count(1, 10_000, unit="cancels")] = Field(
        default=6, description="Cancels and dry runs a minute that one caller may ask for."
    )
    cancels_per_minute: Annotated[int, count(1, 10_000, unit="cancels")] = Field(
        default=30, description="Cancels and dry runs a minute that all callers together may ask for."
    )
