"""The configuration as one frozen value. `load` is the way to a checked one.

Durations are seconds, sizes are bytes. Each description is a line of docs/configuration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, PlainSerializer

from exporter.config.azure import Azure, ClusterAzure, Resources
from exporter.config.custom import Custom
from exporter.config.fleet import Discovery, ShardText
from exporter.config.limits import Intervals, Limits, RuleTimes
from exporter.config.listeners import Admin, Listen
from exporter.config.quantities import duration, number
from exporter.config.section import Section
from exporter.config.texts import (
    ClusterName,
    Context,
    Currency,
    FilePath,
    Namespace,
    Pool,
    Server,
)

T = TypeVar("T")


def _filled(items: tuple[T, ...]) -> tuple[T, ...]:
    if not items:
        raise ValueError("must not be empty")
    return items


class Connect(Section):
    """How to reach the Kubernetes API of one cluster."""

    mode: Literal["auto", "in_cluster", "kubeconfig", "direct", "aks"] = Field(
        default="auto",
        description="auto: the ServiceAccount when the process runs in a pod, else the current context of the "
        "kubeconfig. direct: server, ca_file and token_file. aks: from outside; address and CA of the cluster "
        "azure.resource_id by ARM, a token by Entra.",
    )
    kubeconfig: FilePath | None = Field(
        default=None, description="Kubeconfig file. Without it, the usual one.", examples=["~/.kube/config"]
    )
    context: Context | None = Field(
        default=None, description="Context of the kubeconfig. Without it, the current one.", examples=["my-aks"]
    )
    server: Server | None = Field(
        default=None, description="URL of the API server, for mode direct.", examples=["https://10.0.0.1:443"]
    )
    ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authorities that may sign the server's certificate, for mode direct. "
        "Without it, those of the system.",
        examples=["/etc/elasticblast-exporter/ca.crt"],
    )
    token_file: FilePath | None = Field(
        default=None,
        description="File with the bearer token, for mode direct. It is read again when it changes.",
        examples=["/etc/elasticblast-exporter/token"],
    )
    insecure_http: bool = Field(
        default=False, description="Allows a server URL with http:// in mode direct. For tests and the demo only."
    )


class Cluster(Section):
    """One cluster and the namespaces that are read in it."""

    name: ClusterName = Field(
        default="",
        description="Value of the label cluster. Empty: no label, possible for a single cluster only.",
    )
    connect: Connect = Connect()
    azure: ClusterAzure = ClusterAzure()
    resources: Resources = Field(
        default=(),
        description="ARM ids of storage accounts, container registries, virtual machines and scale sets that searches "
        "live on, at most 12; they are read with the cluster of azure.resource_id.",
    )
    namespaces: Annotated[tuple[Namespace, ...], AfterValidator(_filled)] = Field(
        default=("default",), description="Namespaces in which searches run."
    )


class Price(Section):
    """What a node of a pool costs."""

    price: Annotated[float, number(0, 1_000_000)] = Field(
        description="Price of one node for one hour, in the currency given.", examples=[1.23]
    )
    currency: Currency = Field(description="ISO 4217 code of the currency.", examples=["USD"])


def _frozen(prices: Mapping[str, Price]) -> Mapping[str, Price]:
    return MappingProxyType(dict(prices))


def _thawed(prices: Mapping[str, Price]) -> dict[str, dict[str, Any]]:
    return {pool: price.model_dump() for pool, price in prices.items()}


class Metrics(Section):
    """What the page says beyond what it reads from the cluster."""

    node_hourly_price: Annotated[Mapping[Pool, Price], AfterValidator(_frozen), PlainSerializer(_thawed)] = Field(
        default_factory=dict
    )


class Log(Section):
    """The log on stderr."""

    level: Literal["debug", "info", "warn", "error"] = Field(default="info", description="Least level that is written.")
    format: Literal["logfmt", "json"] = Field(default="logfmt", description="Form of a line.")


class Config(Section):
    """Everything a user can decide."""

    clusters: Annotated[tuple[Cluster, ...], AfterValidator(_filled)] = (Cluster(),)
    discovery: Discovery = Discovery()
    shard: ShardText = Field(
        default="",
        description="Share of the fleet that this process follows, i/n with i from 0 to n - 1, or ordinal/n in a "
        "StatefulSet, whose pods are numbered. Empty: all of it.",
    )
    azure: Azure = Azure()
    listen: Listen = Listen()
    admin: Admin = Admin()
    intervals: Intervals = Intervals()
    rules: RuleTimes = RuleTimes()
    limits: Limits = Limits()
    custom: tuple[Custom, ...] = ()
    metrics: Metrics = Field(default_factory=Metrics)
    log: Log = Log()
    shutdown_delay: Annotated[float, duration(0, 5)] = Field(
        default=2.0, description="Time between the end of readiness and the end of serving, for a last scrape."
    )

    @property
    def listed(self) -> tuple[Cluster, ...]:
        """The clusters that are listed. Where a fleet is searched for, the one that stands for no list is none."""
        return () if self.discovery.subscriptions and self.clusters == (Cluster(),) else self.clusters
