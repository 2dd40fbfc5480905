"""Which permissions the collectors and a cancel need, and what is lost without each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exporter.collectors.base import Collector
from exporter.domain.custom.objects import Kind
from exporter.domain.custom.usage import LEASE_PATH

Purpose = Literal["exporter", "cancel"]
"""What the permissions are for: the daemon, or one person who runs `cancel` directly on the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One verb on one resource; `namespace` is empty for the whole cluster, `group` for the core group, `name` for any
    object."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.qualified}"

    @property
    def qualified(self) -> str:
        """As kubectl names the resource, such as jobs.batch."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def reads(self) -> bool:
        """Whether it is one of the daemon's own, which changes nothing."""
        return self.verb in ("list", "watch") or (self.verb == "get" and self.resource == "leases")

    @property
    def where(self) -> str:
        return f"namespace {self.namespace}" if self.namespace else "whole cluster"

    def review(self) -> dict[str, Any]:
        """The SelfSubjectAccessReview that asks for it."""
        attributes = {"verb": self.verb, "resource": self.resource, "group": self.group, "namespace": self.namespace}
        attributes["name"] = self.name
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes dark without `list`, and what polling instead of watching loses without `watch`."""

    listing: str
    watching: str


_LOSSES: Mapping[str, Loss] = {
    "jobs.batch": Loss(
        "no search is seen: no phase, no progress, no end (every elasticblast_search_*, elasticblast_searches_*, "
        "elasticblast_jobs* and elasticblast_job_* series, elasticblast_warmup_jobs)",
        "a Job that comes and goes between two lists is not seen, phases are late",
    ),
    "pods": Loss(
        "why batches fail and why they wait stays unknown: no exit codes, no blocked pods, no node seconds "
        "(elasticblast_pods*, elasticblast_attempts_failed_total, elasticblast_search_attempts_failed, "
        "elasticblast_search_pods_blocked, elasticblast_search_node_seconds_total, elasticblast_run_slots_limit)",
        "exit codes are lost: the pod of a Job that runs out of retries is gone before the next list",
    ),
    "nodes": Loss(
        "node pools stay unknown: their nodes, pressure, capacity and cost, and whether a shard has a node "
        "(elasticblast_pool_*, elasticblast_node_seconds_total, elasticblast_nodes_removed_total)",
        "a node that comes and goes between two lists is not counted",
    ),
    "persistentvolumeclaims": Loss(
        "a database volume that is not bound is not seen (elasticblast_persistentvolumeclaim_phase)",
        "claims are late",
    ),
    "nodes.metrics.k8s.io": Loss(
        "what the nodes use is not known (elasticblast_pool_cpu_usage_cores, elasticblast_pool_memory_usage_bytes)", ""
    ),
    "pods.metrics.k8s.io": Loss(
        "what the pods use is not known, nor how close a search is to its memory limit "
        "(elasticblast_pods_cpu_usage_cores, elasticblast_pods_memory_usage_bytes, "
        "elasticblast_search_memory_max_ratio)",
        "",
    ),
    "leases.coordination.k8s.io": Loss(
        "who submits, and since when, is not known (elasticblast_submit_lease_acquired_timestamp_seconds)", ""
    ),
    "events": Loss(
        "the cluster's warnings are not counted, and a kill for memory that only an event tells looks like any other "
        "kill (elasticblast_events_total)",
        "events that expire between two lists are not counted",
    ),
}
_CUSTOM = Loss("its objects are not counted (elasticblast_custom_resource*)", "")
_CANCELLING: Mapping[str, str] = {
    "get jobs.batch": "a cancel cannot look what became of a deletion whose answer was lost, and ends as `partial`",
    "delete jobs.batch": "nothing can be cancelled here",
    "create events": "`kubectl describe` of a search's Jobs does not tell who cancelled it; the cancel itself works",
    "create tokenreviews.authentication.k8s.io": "the admin port cannot tell who calls: every caller gets 503",
    "create subjectaccessreviews.authorization.k8s.io": "the admin port cannot tell what a caller may do: every caller "
    "gets 503",
}
_DIRECTLY: Mapping[str, str] = {
    "list jobs.batch": "what a search consists of is not known: nothing can be cancelled",
    "list pods": "whether the finalizer's and the submit Job's pods are gone is not known: a cancel stops before the "
    "first batch",
}
_UNLISTED = Loss("what it tells is missing", "what it tells is late")


def needed(collectors: Sequence[Collector], namespaces: Sequence[str]) -> list[Permission]:
    """Every permission that the collectors use, each once: list and watch for what is watched, list for what is
    polled."""
    found = [
        permission
        for collector in collectors
        for path, places, verbs in _uses(collector, namespaces)
        for permission in _permissions(path, places, verbs)
    ]
    return list(dict.fromkeys(found))


def of_custom(kinds: Iterable[Kind], namespaces: Sequence[str]) -> list[Permission]:
    """What the custom boundary needs: list for each of these kinds, and to look at the Lease of submitters."""
    lists = [
        Permission(verb="list", group=kind.group, resource=kind.plural, namespace=namespace)
        for kind in kinds
        for namespace in (namespaces if kind.namespaced else ("",))
    ]
    return [*lists, *(_lease(namespace) for namespace in namespaces)]


def _lease(namespace: str) -> Permission:
    group, _, _, _, resource, name = LEASE_PATH.format(namespace=namespace).split("/")[2:]
    return Permission(verb="get", group=group, resource=resource, namespace=namespace, name=name)


def of_cancel(namespaces: Sequence[str]) -> list[Permission]:
    """What deleting the Jobs of a search needs beyond `list`."""
    verbs = (("get", "jobs", "batch"), ("delete", "jobs", "batch"), ("create", "events", ""))
    return [
        Permission(verb=verb, group=group, resource=resource, namespace=namespace)
        for namespace in namespaces
        for verb, resource, group in verbs
    ]


def of_person(namespaces: Sequence[str]) -> list[Permission]:
    """Everything that the command `cancel` needs where it goes to the cluster itself."""
    lists = [
        Permission(verb="list", group=group, resource=resource, namespace=namespace)
        for namespace in namespaces
        for resource, group in (("jobs", "batch"), ("pods", ""))
    ]
    return [*lists, *of_cancel(namespaces)]


def of_reviews() -> list[Permission]:
    """What the admin port needs to ask the cluster who calls, and what the caller may do."""
    return [
        Permission(verb="create", group="authentication.k8s.io", resource="tokenreviews"),
        Permission(verb="create", group="authorization.k8s.io", resource="subjectaccessreviews"),
    ]


def cost(permission: Permission, *, poll: float, purpose: Purpose = "exporter") -> str:
    """What its absence costs. `poll` is the time in seconds between two lists where watching is not allowed."""
    if purpose == "cancel" and str(permission) in _DIRECTLY:
        return _DIRECTLY[str(permission)]
    if str(permission) in _CANCELLING:
        return _CANCELLING[str(permission)]
    loss = _LOSSES.get(permission.qualified, _CUSTOM if permission.group else _UNLISTED)
    if permission.verb == "watch":
        return f"it is listed every {poll:g} s instead: {loss.watching}"
    return loss.listing


def _uses(collector: Collector, namespaces: Sequence[str]) -> Iterator[tuple[str, Sequence[str], tuple[str, ...]]]:
    """Path, namespaces and verbs of everything a collector reads."""
    for resource in collector.resources:
        yield resource.path, resource.places(namespaces), ("list", "watch")
    for poll in collector.polls:
        if poll.path:
            yield poll.path, namespaces, ("list",)


def _permissions(path: str, places: Sequence[str], verbs: Sequence[str]) -> Iterator[Permission]:
    """From `/apis/<group>/<version>/[namespaces/{namespace}/]<resource>`; the core group has `/api/<version>/`."""
    parts = path.strip("/").split("/")
    group = parts[1] if parts[0] == "apis" else ""
    for place in places:
        for verb in verbs:
            yield Permission(verb=verb, group=group, resource=parts[-1], namespace=place)
