"""A followed cluster with its ARM collector: real pollers on real sockets, and what the page would say."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread

from exporter.adapters.azure.credentials import Principal
from exporter.adapters.azure.settings import AzureSettings
from exporter.collectors import ALL
from exporter.config import Azure, ClusterAzure, Config, Connect
from exporter.config import Cluster as ClusterConfig
from exporter.domain.rules import Rules
from exporter.domain.snapshots import ProcessView, View
from exporter.metrics import samples
from exporter.metrics.family import Histogram
from exporter.simulator.server import Simulator
from exporter.wiring import build_cluster
from exporter.wiring_azure import azure_settings
from tests.runtime.follow import open_access
from tests.simulator.azure import CLUSTER_ID
from tests.support.clock import ManualClock

PROCESS = ProcessView(
    version="1", revision="", python_version="3", cpu_seconds=0.0, resident_bytes=1, start_time=1.0, open_fds=1
)


class Watched:
    """One cluster. Its clock is moved by hand, and nothing happens but what `minute` and `look` do."""

    def __init__(self, settings: AzureSettings, kubernetes: Simulator, resources: Sequence[str] = ()) -> None:
        self.clock = ManualClock()
        azure = Azure(
            client_id=settings.client_id,
            tenant_id=settings.tenant_id,
            token_file=settings.token_file,
            endpoint=settings.endpoint,
            authority=settings.authority,
            ca_file=settings.ca_file,
        )
        given = ClusterConfig(
            connect=Connect(mode="direct", server=kubernetes.url, insecure_http=True),
            azure=ClusterAzure(resource_id=CLUSTER_ID),
            resources=tuple(resources),
        )
        config = Config(clusters=(given,), azure=azure)
        self._access = open_access(kubernetes.url, kubernetes.token)
        self.cluster = build_cluster(
            given,
            config,
            access=self._access,
            credential=Principal(azure_settings(config), self.clock),
            collectors=ALL,
            clock=self.clock,
            rules=Rules(),
        )

    def minute(self, count: int = 1) -> None:
        """So many minutes, at the end of each of which everything that is due is asked."""
        for _ in range(count):
            self.clock.advance(60.0)
            self.ask()

    def ask(self) -> None:
        """All at once, as the daemon does."""
        threads = [Thread(target=self.cluster.poll, args=(one,)) for one in self.cluster.pollers if one.due()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30.0)

    def look(self) -> dict[str, float]:
        """The samples of the page as `name{label="value"}`, without the prefix; histograms are left out."""
        for feed in self.cluster.feeds:
            feed.once()
        for collector in ALL:
            self.cluster.tick(collector.name, idle_after=0.0)
        view = View(at=self.clock.wall(), clusters=(self.cluster.view(),), process=PROCESS)
        found = {}
        for sample in samples(view):
            if not isinstance(sample.value, Histogram):
                pairs = ",".join(f'{n}="{v}"' for n, v in zip(sample.family.labels, sample.labels, strict=True))
                found[f"{sample.family.name.removeprefix('elasticblast_')}{{{pairs}}}"] = float(sample.value)
        return found

    def ones(self, name: str) -> list[str]:
        """The labels of the samples of a family that are 1."""
        return [
            key.removeprefix(name) for key, value in self.look().items() if key.startswith(f"{name}{{") and value == 1
        ]

    def runs(self, resource: str, result: str) -> float:
        key = f'exporter_collector_runs_total{{collector="arm",resource="{resource}",result="{result}"}}'
        return self.look()[key]

    def state(self, resource: str, collector: str = "arm") -> str:
        ones = self.ones("exporter_collector_state")
        return next(
            one.split('state="')[1].rstrip('"}')
            for one in ones
            if f'collector="{collector}",resource="{resource}"' in one
        )

    def close(self) -> None:
        for feed in self.cluster.feeds:
            feed.stop()
        for poller in self.cluster.pollers:
            poller.close()
        self._access.close()
