"""What a rehearsal reads of a running daemon: one search, the nodes, the MPIJobs of a namespace."""

from __future__ import annotations

import re
from http.client import HTTPException
from urllib.parse import urlsplit

from exporter.cli.daemon import NoDaemonError, ask, connection_to, why
from exporter.domain.custom.kinds import MPIJOB
from exporter.domain.snapshots import SearchView
from exporter.metrics.custom import RESOURCES
from exporter.web.status_json import ClusterReport

_MOST_BYTES = 64 * 1024 * 1024
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_PATIENCE = 5.0


class DaemonPage:
    """One cluster and namespace on the page of the daemon at `url`. Every method raises NoDaemonError."""

    def __init__(self, url: str, cluster: str, namespace: str) -> None:
        self._url = url
        self._cluster = cluster
        self._namespace = namespace

    def search(self, search: str) -> SearchView | None:
        found = self._report().searches or ()
        return next((one for one in found if (one.id, one.namespace) == (search, self._namespace)), None)

    def nodes(self) -> int | None:
        pools = self._report().pools
        return None if pools is None else sum(sum(pool.nodes.values()) for pool in pools)

    def mpi_jobs(self) -> int | None:
        wanted = {"namespace": self._namespace, "group": MPIJOB.group, "kind": MPIJOB.kind}
        wanted |= {"cluster": self._cluster} if self._cluster else {}
        found = [
            float(line.rpartition(" ")[2])
            for line in self._metrics().splitlines()
            if line.startswith(f"{RESOURCES.name}{{") and wanted.items() <= dict(_LABEL.findall(line)).items()
        ]
        return int(sum(found)) if found else None

    def _report(self) -> ClusterReport:
        clusters = ask(self._url, timeout=_PATIENCE).clusters or ()
        for one in clusters:
            if one.name == self._cluster:
                return one
        raise NoDaemonError("the cluster is not on the page")

    def _metrics(self) -> str:
        connection = connection_to(self._url, _PATIENCE)
        try:
            connection.request("GET", urlsplit(self._url).path.rstrip("/") + "/metrics")
            response = connection.getresponse()
            body = response.read(_MOST_BYTES)
        except (OSError, HTTPException) as error:
            raise NoDaemonError(why(error)) from None
        finally:
            connection.close()
        if response.status != 200:
            raise NoDaemonError(f"it answered HTTP {response.status}")
        return body.decode("utf-8", "replace")
