"""The admin port, built from the configuration: who may come in, where cancels are handed in, and its listener."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from exporter.adapters.clock import Clock
from exporter.adapters.kube import Access
from exporter.admin.app import build_admin
from exporter.admin.service import Desktop, Service
from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditSink
from exporter.cancel.callers import Callers, KubernetesCallers, TokenCallers
from exporter.cancel.desk import ClusterWay, Desk, DeskLimits
from exporter.cancel.order import Times
from exporter.cancel.rates import Rates
from exporter.cancel.statictokens import TokenFile
from exporter.cancel.tally import Tally
from exporter.config import Admin
from exporter.domain.snapshots import View
from exporter.runtime.cluster import Cluster
from exporter.web.guard import Limits
from exporter.web.server import HttpServer, HttpSettings
from exporter.wiring import tls_files

_CONNECTIONS = 8
_COLLECTOR = "cancel"
_ALWAYS_HOSTS = ("localhost", "127.0.0.1", "::1")


class AdminPort:
    """The second listener and the desk behind it."""

    def __init__(
        self,
        admin: Admin,
        *,
        clock: Clock,
        view: Callable[[], View | None],
        on_request: Callable[[str, int], None],
        speed: float = 1.0,
    ) -> None:
        """Raises TokensError for a tokens file that cannot be used."""
        self.tally = Tally()
        self._times = _times(admin, speed)
        self.desk = Desk(
            audit=AuditSink(admin.audit_file, now=clock.wall),
            tally=self.tally,
            clock=clock,
            times=self._times,
            limits=DeskLimits(per_caller=admin.cancels_per_caller, in_all=admin.cancels_per_minute),
        )
        desktop = Desktop(
            desk=self.desk,
            callers=_callers(admin, clock, self.desk),
            tally=self.tally,
            view=view,
            hosts=frozenset({*_ALWAYS_HOSTS, admin.address, *admin.hosts}),
            by_address=Rates(admin.requests_per_minute, clock.mono),
        )
        limits = Limits(connections=_CONNECTIONS, keep_alive=0, on_reject=partial(on_request, "none"))
        settings = HttpSettings(address=admin.address, port=admin.port, tls=tls_files(admin.tls), limits=limits)
        self.server = HttpServer(build_admin(Service(desktop), on_request), settings)

    def way(self, cluster: Cluster, access: Access) -> ClusterWay:
        """How to act on a cluster; `access` is for that alone, and is closed with it."""
        counted = partial(cluster.count_request, _COLLECTOR)
        more = self._times.parallel - 1

        def api(namespace: str) -> JobsApi:
            first, *rest = (access.transport(f"cancel/{namespace}", counted) for _ in range(1 + more))
            return JobsApi(first, namespace, more=rest)

        return ClusterWay(
            name=cluster.settings.name,
            namespaces=cluster.settings.namespaces,
            api=api,
            transport=lambda: access.transport("reviews", counted),
            requested=partial(cluster.cancel, "requested"),
            withdrawn=partial(cluster.cancel, "withdrawn"),
            ended=partial(cluster.cancel, "ended"),
            close=access.close,
        )

    def follow(self, ways: Mapping[str, ClusterWay]) -> None:
        """From now on act on these clusters."""
        self.desk.follow(ways)

    def start(self) -> None:
        """Raises ListenError or TlsError."""
        self.server.start()

    def close_desk(self, timeout: float) -> None:
        """Take no more cancels; those that run end as interrupted. Waits so many seconds for that."""
        self.desk.stop(timeout)

    def stop(self) -> None:
        """Close the listener, and let go of the clusters."""
        self.desk.stop(0.0)
        self.server.stop(grace=1.0)
        self.desk.follow({})


def _callers(admin: Admin, clock: Clock, desk: Desk) -> Callers:
    if admin.callers == "tokens" and admin.tokens_file is not None:
        return TokenCallers(TokenFile(admin.tokens_file), clock.mono)
    return KubernetesCallers(lambda cluster: desk.ways[cluster].transport(), audience=admin.audience)


def _times(admin: Admin, speed: float) -> Times:
    """The bounds of a cancel; in a world that lives faster, what waits for it is shorter."""
    plain = Times()
    return Times(
        stage_one=admin.stage_one,
        whole=admin.whole,
        max_objects=admin.max_objects,
        settle=plain.settle / speed,
        poll=max(plain.poll / speed, 0.05),
    )
