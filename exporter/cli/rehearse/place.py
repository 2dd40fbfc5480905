"""Where a rehearsal plays: which cluster and namespace, and whether the daemon watches it."""

from __future__ import annotations

from argparse import Namespace

from exporter.adapters.clock import SystemClock
from exporter.adapters.endpoint import ConnectError
from exporter.adapters.kube import Access
from exporter.cli.cancel.values import UNAVAILABLE, USAGE, EndError
from exporter.cli.daemon import NoDaemonError, ask
from exporter.config import Cluster, Config
from exporter.wiring_fleet import Door, present

_PATIENCE = 10.0


def reached(config: Config, name: str | None) -> tuple[Cluster, Access]:
    """The one cluster that is meant, and the caller's way to it. Raises EndError."""
    try:
        door = Door(config, SystemClock())
        clusters, _ = present(config, door)
        named = [one for one in clusters if name in (None, one.name)]
        if len(named) != 1:
            raise EndError(USAGE, f"{len(named)} clusters may be meant: name one with --cluster.")
        return named[0], door.reach(named[0])
    except ConnectError as error:
        raise EndError(USAGE, f"cannot connect: {error}") from None


def namespace_of(cluster: Cluster, arguments: Namespace) -> str:
    """The one namespace that is meant. Raises EndError."""
    names: list[str] = list(arguments.namespace or cluster.namespaces)
    if len(names) != 1:
        raise EndError(USAGE, f"Name one namespace with --namespace: {', '.join(names)}.")
    return names[0]


def watching(url: str, name: str, namespace: str) -> str:
    """The daemon's name of the cluster. Raises EndError if it does not watch the namespace."""
    try:
        clusters = ask(url, timeout=_PATIENCE).clusters
    except NoDaemonError as error:
        raise EndError(UNAVAILABLE, f"No daemon at {url}: {error}.") from None
    if clusters is None:
        raise EndError(UNAVAILABLE, f"The daemon at {url} has not looked yet.")
    meant = [one for one in clusters if one.name == name] or (clusters if len(clusters) == 1 else ())
    for one in meant:
        if namespace in one.namespaces:
            return one.name
    raise EndError(
        USAGE,
        f"The daemon at {url} does not watch the namespace {namespace}. Add it to the cluster's `namespaces` in its "
        "configuration, grant it the rights that `check --grants` prints, and send it SIGHUP.",
    )
