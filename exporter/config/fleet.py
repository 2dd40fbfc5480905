"""The sections about a fleet: how it is found, and which share of it is ours."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from exporter.config.azure import Guid
from exporter.config.section import Section
from exporter.config.texts import Namespace, matching
from exporter.domain.azure.shard import shard_of

_GROUP = re.compile(r"[\w.()-]{0,89}[\w()-]")
_TAG = re.compile(r"[^<>%&\\?/=\x00-\x1f]{1,512}(=[^\x00-\x1f]{0,256})?")


def _shard(text: str) -> str:
    if text:
        shard_of(text, "host-0")
    return text


Group = Annotated[str, matching(_GROUP, "must be the name of a resource group")]
Tag = Annotated[str, matching(_TAG, "must be name=value, or a name alone for any value")]
ShardText = Annotated[str, AfterValidator(_shard)]


class Discovery(Section):
    """A fleet that is found: managed clusters that carry certain tags join and leave while the process runs."""

    subscriptions: tuple[Guid, ...] = Field(
        default=(),
        description="Subscriptions whose managed clusters are followed, each reached as with connect.mode aks. "
        "Empty: nothing is searched.",
    )
    resource_groups: tuple[Group, ...] = Field(
        default=(), description="Only clusters in resource groups of these names. Empty: in any."
    )
    tags: tuple[Tag, ...] = Field(
        default=(),
        description="Only clusters with every one of these tags, each name=value, or a name alone for any value. "
        "Empty: those that ElasticBLAST's tools have marked as their own.",
    )
    namespaces: tuple[Namespace, ...] = Field(
        default=("default",), description="Namespaces in which searches run, in each cluster that is found."
    )

    @property
    def wanted(self) -> dict[str, str]:
        """The tags by name; an empty value is any."""
        return {name: value for name, _, value in (tag.partition("=") for tag in self.tags)}
