"""What `check` found out about one cluster, and how it says so. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporter.cli.check.grants import grants
from exporter.cli.check.permissions import Permission, Purpose, cost
from exporter.cli.table import Cell, Column, lay_out, printable
from exporter.domain.failures import Failed, Word

LARGE_SKEW = 5.0
NOBODY = "REPLACE-WITH-YOUR-USER"
_COLUMNS = (Column(head="PERMISSION"), Column(head="WHERE"), Column(head="ALLOWED"))
_MISSED: Mapping[Purpose, str] = {"exporter": "what the exporter misses", "cancel": "what `cancel` misses"}
_ALL_THERE: Mapping[Purpose, str] = {
    "exporter": "Everything that the exporter needs is allowed.",
    "cancel": "You may run `cancel` directly on this cluster.",
}

REMEDIES: Mapping[Word, str] = {
    Word.DNS: "The name of the API server is not known here: check the server's address, the VPN, a private DNS zone.",
    Word.CONNECT: "Nothing accepts connections there: is the cluster running (`az aks show -g GROUP -n CLUSTER --query "
    "powerState`), is the port right, does a firewall or the authorized IP ranges keep this machine out?",
    Word.TLS: "The server's certificate is not trusted: check ca_file or the kubeconfig, and that no proxy is between.",
    Word.TIMEOUT: "No answer in time: a firewall that drops packets, or a server under load. Try again.",
    Word.UNAUTHENTICATED: "The API does not know this identity: the token is old or of another cluster. Get a new one "
    "(`az aks get-credentials -g GROUP -n CLUSTER`), or check the ServiceAccount's token file.",
    Word.DENIED: "Not even the question what is allowed may be asked: no token was sent, so that the caller is "
    "anonymous, or the ClusterRole system:basic-user is not bound to the group system:authenticated.",
    Word.ABSENT: "The address answers, but not as a Kubernetes API: check the server's address and its path.",
    Word.CONFLICT: "The API refused a question as a conflict, which it should not: is there a proxy between?",
    Word.GONE: "The API says that this part of it is gone: is there a proxy between?",
    Word.THROTTLED: "The API asks to slow down. Wait a minute and try again.",
    Word.SERVER: "The API server itself has trouble. Try again; if it lasts, look at the cluster in the Azure portal.",
    Word.GARBLED: "What answers does not speak like a Kubernetes API: check the address, and http against https.",
    Word.INCOMPLETE: "The answer was incomplete: try again.",
    Word.OVERSIZE: "The answer is far too long for a Kubernetes API: check the address.",
    Word.BUG: "This is a fault of the exporter: report it with the line above.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One cluster. `failed` says why it could not be asked; then the rest is what was known by then.

    `skew` is the server's clock minus ours in seconds; `poll` the interval in seconds where watching is not allowed.
    """

    cluster: str
    server: str
    version: str = ""
    user: str = ""
    skew: float | None = None
    allowed: Mapping[Permission, bool]
    poll: float
    purpose: Purpose = "exporter"
    failed: Failed | None = None

    @property
    def missing(self) -> list[Permission]:
        return [permission for permission, yes in self.allowed.items() if not yes]


def report(found: Findings, *, width: int | None, colour: bool) -> list[str]:
    """The lines for people, without the YAML."""
    lines = [f"Cluster {printable(found.cluster)}" if found.cluster else "Cluster", *_facts(found)]
    if found.failed is not None:
        return [*lines, f"  not usable: {found.failed}", f"  {REMEDIES[found.failed.word]}"]
    rows = [
        [Cell(str(permission)), Cell(permission.where), Cell("yes" if yes else "no", "good" if yes else "bad")]
        for permission, yes in found.allowed.items()
    ]
    return [*lines, "", *lay_out(_COLUMNS, rows, width=width, colour=colour), "", *_verdict(found)]


def remedy(found: Findings) -> str:
    """The YAML that grants what is missing, ready to be applied; empty if there is nothing to grant."""
    if found.failed is not None or not found.missing:
        return ""
    head = f"# Grants {printable(found.user or NOBODY)} {_MISSED[found.purpose]} on {found.server}.\n"
    return head + grants(found.missing, found.user or NOBODY)


def _facts(found: Findings) -> Iterator[str]:
    yield f"  server   {found.server}" + (f", Kubernetes {printable(found.version)}" if found.version else "")
    if found.user:
        yield f"  you are  {printable(found.user)}"
    if found.skew is not None and abs(found.skew) > LARGE_SKEW:
        direction = "ahead of" if found.skew > 0 else "behind"
        yield (
            f"  clock    the server's clock is {abs(found.skew):.0f} s {direction} this machine's: "
            "ages and estimates are wrong by as much. Synchronize the clocks."
        )


def _verdict(found: Findings) -> Iterator[str]:
    if not found.missing:
        yield _ALL_THERE[found.purpose]
        return
    yield f"{len(found.missing)} of {len(found.allowed)} permissions are missing. Without"
    for permission in found.missing:
        yield f"  {permission} ({permission.where}): {cost(permission, poll=found.poll, purpose=found.purpose)}"
