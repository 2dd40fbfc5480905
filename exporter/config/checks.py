"""What no single key can tell: keys that contradict one another, and files that cannot be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from exporter.config.custom import Custom
from exporter.config.fleet import Discovery
from exporter.config.listeners import Admin, Listen, Tls
from exporter.config.model import Cluster, Config, Connect
from exporter.config.problems import Path
from exporter.config.texts import is_loopback
from exporter.domain.azure.armid import cluster_id, resource_id

_DIRECT_ONLY = ("server", "ca_file", "token_file", "insecure_http")
_KUBECONFIG_ONLY = ("kubeconfig", "context")


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence about the key at `path`; `others` are the further keys it rests on."""

    path: Path
    sentence: str
    others: tuple[Path, ...] = ()

    def touches(self, paths: Collection[Path]) -> bool:
        """Whether it rests on one of `paths` or on something inside it."""
        return any(mine[: len(bad)] == bad for mine in (self.path, *self.others) for bad in paths)


def contradictions(config: Config) -> Iterator[Fault]:
    """Keys that are right each for itself and wrong together."""
    yield from _cluster_names(config.listed, alone=not config.discovery.subscriptions)
    yield from _twice(config.listed)
    yield from _discovery(config.discovery)
    for i, cluster in enumerate(config.clusters):
        yield from _connection(("clusters", i, "connect"), cluster.connect)
        yield from _aks(("clusters", i), cluster)
        yield from _resources(("clusters", i), cluster)
        yield from _namespaces(("clusters", i, "namespaces"), cluster.namespaces, config.limits.namespaces)
    yield from _admin(config.admin, config.listen)
    yield from _custom(config.custom)
    yield from _order(config)


def _cluster_names(clusters: tuple[Cluster, ...], *, alone: bool) -> Iterator[Fault]:
    if alone and len(clusters) == 1:
        return
    for i, cluster in enumerate(clusters):
        path: Path = ("clusters", i, "name")
        first = next(j for j, other in enumerate(clusters) if other.name == cluster.name)
        if not cluster.name:
            yield Fault(path, "is required where there are several clusters")
        elif first < i:
            yield Fault(path, f"is the name of clusters[{first}] too", (("clusters", first, "name"),))


def _twice(clusters: tuple[Cluster, ...]) -> Iterator[Fault]:
    """One cluster under two names would be counted twice."""
    first: dict[str, int] = {}
    for i, cluster in enumerate(clusters):
        if cluster.azure.resource_id is None:
            continue
        j = first.setdefault(cluster_id(cluster.azure.resource_id).key, i)
        if j != i:
            path: Path = ("azure", "resource_id")
            yield Fault(("clusters", i, *path), f"is that of clusters[{j}] too", (("clusters", j, *path),))


def _discovery(discovery: Discovery) -> Iterator[Fault]:
    for name in ("resource_groups", "tags"):
        if getattr(discovery, name) and not discovery.subscriptions:
            needs: Path = ("discovery", "subscriptions")
            yield Fault(("discovery", name), "has no meaning without discovery.subscriptions", (needs,))


def _aks(path: Path, cluster: Cluster) -> Iterator[Fault]:
    if cluster.connect.mode == "aks" and cluster.azure.resource_id is None:
        yield Fault((*path, "azure", "resource_id"), "is required for mode aks", ((*path, "connect", "mode"),))


def _resources(path: Path, cluster: Cluster) -> Iterator[Fault]:
    """What is shown under one name would be one series."""
    here: Path = (*path, "resources")
    if cluster.resources and cluster.azure.resource_id is None:
        yield Fault(here, "has no meaning without azure.resource_id", ((*path, "azure", "resource_id"),))
    shown = [(one.kind, one.name.lower()) for one in map(resource_id, cluster.resources)]
    for i, mine in enumerate(shown):
        first = shown.index(mine)
        if first < i:
            yield Fault((*here, i), f"has the kind and the name of resources[{first}]", ((*here, first),))


def _namespaces(path: Path, namespaces: tuple[str, ...], most: int) -> Iterator[Fault]:
    for i, namespace in enumerate(namespaces):
        if namespace in namespaces[:i]:
            yield Fault((*path, i), "is in the list twice")
    if len(namespaces) > most:
        yield Fault(path, f"has more than {most} entries (limits.namespaces)", (("limits", "namespaces"),))


def _connection(path: Path, connect: Connect) -> Iterator[Fault]:
    mode: Path = (*path, "mode")
    if connect.mode == "direct":
        yield from _direct(path, connect)
    for names, modes in ((_DIRECT_ONLY, ("direct",)), (_KUBECONFIG_ONLY, ("kubeconfig", "auto"))):
        if connect.mode in modes:
            continue
        for name in names:
            if getattr(connect, name):
                yield Fault((*path, name), f"is only for mode {modes[0]}", (mode,))


def _direct(path: Path, connect: Connect) -> Iterator[Fault]:
    mode: Path = (*path, "mode")
    server: Path = (*path, "server")
    plain = (connect.server or "").startswith("http:")
    if connect.server is None:
        yield Fault(server, "is required for mode direct", (mode,))
    elif plain and not connect.insecure_http:
        yield Fault(server, "must begin with https://, unless insecure_http is set", ((*path, "insecure_http"),))
    if connect.token_file is None and not plain:
        yield Fault((*path, "token_file"), "is required for mode direct", (mode, server))


def _admin(admin: Admin, listen: Listen) -> Iterator[Fault]:
    here: Path = ("admin",)
    tokens: Path = (*here, "tokens_file")
    if admin.callers == "kubernetes" and admin.tokens_file is not None:
        yield Fault(tokens, "is only for callers tokens", ((*here, "callers"),))
    if not admin.enabled:
        return
    on: tuple[Path, ...] = ((*here, "enabled"), (*here, "address"))
    if not is_loopback(admin.address):
        if admin.tls is None:
            yield Fault((*here, "tls"), "is required unless admin.address is a loopback address", on)
        if not admin.hosts:
            yield Fault((*here, "hosts"), "must not be empty unless admin.address is a loopback address", on)
    if admin.callers == "tokens" and admin.tokens_file is None:
        yield Fault(tokens, "is required for callers tokens", ((*here, "callers"), *on))
    if admin.port == listen.port:
        yield Fault((*here, "port"), "is the port of listen too", (("listen", "port"), *on))


def _custom(custom: tuple[Custom, ...]) -> Iterator[Fault]:
    for i, one in enumerate(custom):
        path: Path = ("custom", i)
        first = next(j for j, other in enumerate(custom) if (other.group, other.plural) == (one.group, one.plural))
        if first < i:
            yield Fault((*path, "plural"), f"is that of custom[{first}] too", (("custom", first), (*path, "group")))
        if one.kind is None and one.known is None:
            yield Fault((*path, "kind"), "is required for a resource that is not a known one", ((*path, "group"),))
        for j, state in enumerate(one.states):
            if [state.condition, state.phase, state.amount].count(None) != 2:
                yield Fault((*path, "states", j), "must have exactly one of condition, phase and amount")
            elif state.phase is not None and one.phase is None:
                yield Fault((*path, "phase"), f"is required for states[{j}]", ((*path, "states", j),))
            elif state.amount is not None and state.amount not in {amount.name for amount in one.amounts}:
                yield Fault((*path, "states", j, "amount"), "is not the name of an amount", ((*path, "amounts"),))


def _order(config: Config) -> Iterator[Fault]:
    """Pairs of which the first must not exceed the second."""
    pairs: tuple[tuple[Path, Path], ...] = (
        (("limits", "bookmark_silence"), ("limits", "expire")),
        (("limits", "connect"), ("limits", "list_deadline")),
        (("listen", "header_timeout"), ("listen", "request_timeout")),
        (("admin", "stage_one"), ("admin", "whole")),
        (("rules", "stalled_after"), ("rules", "nothing_left_after")),
        (("rules", "shown_for"), ("rules", "forget_after")),
    )
    for low, high in pairs:
        if _value(config, low) > _value(config, high):
            yield Fault(low, f"must not exceed {'.'.join(map(str, high))}", (high,))


def _value(config: Config, path: Path) -> float:
    section, name = path
    return float(getattr(getattr(config, str(section)), str(name)))


def unreadable(config: Config) -> Iterator[Fault]:
    """Files that are named and cannot be opened."""
    for path, file in _files(config):
        try:
            with file.open("rb"):
                pass
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
            yield Fault(path, f"names a file that cannot be read: {reason}")


def _files(config: Config) -> Iterator[tuple[Path, FilePath]]:
    for i, cluster in enumerate(config.clusters):
        for name in ("kubeconfig", "ca_file", "token_file"):
            if file := getattr(cluster.connect, name):
                yield ("clusters", i, "connect", name), file
    for name in ("listen", "admin"):
        if tls := getattr(config, name).tls:
            yield from _tls_files((name, "tls"), tls)
    for name in ("ca_file", "token_file"):
        if file := getattr(config.azure, name):
            yield ("azure", name), file
    if file := config.admin.tokens_file:
        yield ("admin", "tokens_file"), file


def _tls_files(path: Path, tls: Tls) -> Iterator[tuple[Path, FilePath]]:
    for name in ("cert_file", "key_file", "client_ca_file"):
        if file := getattr(tls, name):
            yield (*path, name), file
