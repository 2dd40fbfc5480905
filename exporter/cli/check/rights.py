"""The rights in Azure that a cluster's configuration needs, what each gives, and how `check` tells of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.cli.table import Cell, Column, lay_out, printable
from exporter.domain.failures import Failed, Word

Role = Literal["Reader", "Monitoring Reader", "Azure Kubernetes Service Cluster User Role"]
"""Built-in roles of Azure, by the names that `az role assignment create --role` takes."""

_SUBSCRIPTION = re.compile(r"(?<=/subscriptions/)[0-9a-f-]{36}", re.IGNORECASE)
_COLUMNS = (Column(head="RIGHT IN AZURE"), Column(head="OF"), Column(head="ROLE"), Column(head="ALLOWED"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One thing to be asked of ARM; `role` is the least built-in role that allows it, `loss` what its absence costs."""

    what: str
    role: Role
    loss: str


READ = Right(
    what="read the cluster",
    role="Reader",
    loss="its state, pools and versions stay unknown, and a cluster that is stopped on purpose looks like one that "
    "fails (elasticblast_aks_power_state, elasticblast_aks_provisioning_state, elasticblast_pool_nodes_max)",
)
METRICS = Right(
    what="read the cluster's metrics",
    role="Monitoring Reader",
    loss="the load of the control plane, the autoscaler and the nodes stays unknown "
    "(elasticblast_aks_control_plane_usage_ratio, elasticblast_aks_autoscaler_flag, "
    "elasticblast_pool_node_usage_max_ratio)",
)
QUOTA = Right(
    what="read the region's quota",
    role="Reader",
    loss="a pool that cannot grow because the quota is gone is not seen "
    "(elasticblast_quota_limit_cores, elasticblast_quota_used_cores)",
)
CREDENTIAL = Right(
    what="get the cluster user's credential",
    role="Azure Kubernetes Service Cluster User Role",
    loss="the way to the cluster's API is not known with connect.mode aks: nothing inside the cluster is read",
)
RESOURCE = Right(
    what="read the resource",
    role="Reader",
    loss="its state, SKU and size stay unknown (elasticblast_azure_resource_info, "
    "elasticblast_azure_resource_provisioning_state)",
)
RESOURCE_METRICS = Right(
    what="read the resource's metrics",
    role="Monitoring Reader",
    loss="its use stays unknown (elasticblast_azure_used_bytes, elasticblast_azure_cpu_usage_ratio, "
    "elasticblast_azure_storage_transactions_per_second, elasticblast_azure_registry_pulls_per_second)",
)
ALL = (READ, METRICS, QUOTA, CREDENTIAL, RESOURCE, RESOURCE_METRICS)

_REMEDIES: Mapping[Word, str] = {
    Word.UNAUTHENTICATED: "Entra gives this identity no token: check azure.credential, client_id and tenant_id; for "
    "workload-identity the federated credential's issuer, subject and audience.",
    Word.ABSENT: "ARM knows nothing by this id: it is misspelled, or what it names was deleted.",
    Word.THROTTLED: "ARM asks to slow down. Wait a few minutes and try again.",
}
_TRY_AGAIN = "ARM could not be asked: check the way to azure.endpoint and azure.authority, and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One right on one scope, the ARM id at which its role is to be assigned; `asked` is false where it could not be
    asked because of what failed before it."""

    right: Right
    scope: str
    failed: Failed | None = None
    asked: bool = True

    @property
    def missing(self) -> bool:
        """Whether ARM says that the right is not there."""
        return self.failed is not None and self.failed.word is Word.DENIED

    @property
    def unknown(self) -> bool:
        """Whether ARM did not say."""
        return not self.asked or (self.failed is not None and not self.missing)


def told(cluster: str, asked: Sequence[Asked], *, width: int | None, colour: bool) -> list[str]:
    """The lines for people: a table, what is lost, and the commands that assign the missing roles."""
    rows = [[Cell(one.right.what), Cell(_place(one.scope)), Cell(one.right.role), _answer(one)] for one in asked]
    head = f"Cluster {printable(cluster)} in Azure" if cluster else "Cluster in Azure"
    return [head, "", *lay_out(_COLUMNS, rows, width=width, colour=colour), "", *_verdict(asked)]


def assignment(role: Role, scope: str) -> str:
    """The command that gives the role at the scope. The identity and the subscription are places to fill in."""
    place = _SUBSCRIPTION.sub("SUBSCRIPTION", scope)
    return f'az role assignment create --assignee IDENTITY --role "{role}" --scope "{place}"'


def _place(scope: str) -> str:
    """The last part of an id; a subscription has no name here."""
    return "subscription" if scope.count("/") == 2 else printable(scope.rpartition("/")[2])


def _answer(one: Asked) -> Cell:
    if one.unknown:
        return Cell(str(one.failed.word) if one.failed else "not asked", "wait")
    return Cell("no", "bad") if one.missing else Cell("yes", "good")


def _verdict(asked: Sequence[Asked]) -> Iterator[str]:
    missing = [one for one in asked if one.missing]
    if missing:
        yield f"{len(missing)} of {len(asked)} rights in Azure are missing. Without"
        yield from (f"  {one.right.what} ({_place(one.scope)}): {one.right.loss}" for one in missing)
        yield "An owner of the subscription gives them to this identity with"
        yield from dict.fromkeys(f"  {assignment(one.right.role, one.scope)}" for one in missing)
    for failure in dict.fromkeys(one.failed for one in asked if one.failed and not one.missing):
        yield f"not known: {failure}"
        yield f"  {_REMEDIES.get(failure.word, _TRY_AGAIN)}"
    if not any(one.missing or one.unknown for one in asked):
        yield "Everything that the exporter asks of Azure is allowed."
