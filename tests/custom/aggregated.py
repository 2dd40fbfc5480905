"""An aggregated API: an APIService of the real API server that leads to a local server with TLS."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import trustme

from tests.custom.serving import Answers, answering
from tests.support.hostile import Hostile
from tests.support.kubeapi import Api, expect
from tests.support.waiting import wait_for

SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


@contextmanager
def aggregated(api: Api, group: str, version: str, answers: Answers, *, namespace: str) -> Iterator[Hostile]:
    """Serve `group/version` from a table of answers, which may be changed, as long as the context lasts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    name = f"{version}.{group}"
    with Hostile(answering(answers), tls=context) as server:
        services = f"/api/v1/namespaces/{namespace}/services"
        spec = {"type": "ExternalName", "externalName": "localhost"}
        expect(api.post(services, {"metadata": {"name": "aggregated"}, "spec": spec}), 201)
        service = {"name": "aggregated", "namespace": namespace, "port": server.port}
        spec = {
            "group": group,
            "version": version,
            "service": service,
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        }
        expect(api.post(SERVICES, {"metadata": {"name": name}, "spec": spec}), 201)
        try:
            yield server
        finally:
            expect(api.delete(f"{SERVICES}/{name}"))
            expect(api.delete(f"{services}/aggregated"))
            wait_for(lambda: api.get(f"/apis/{group}/{version}")[0] == 404, 30.0, f"{name} is still served")


def available(api: Api, group: str, version: str, value: str) -> None:
    """Wait until the API server says of the APIService that it is available (`True`) or not. It asks every half minute,
    and when the APIService is changed: here once a second."""
    path = f"{SERVICES}/{version}.{group}"

    def said() -> bool:
        changed = expect(api.patch(path, {"metadata": {"annotations": {"looked": f"{time.monotonic():.0f}"}}}))
        conditions = changed.get("status", {}).get("conditions", [])
        return any(one["type"] == "Available" and one["status"] == value for one in conditions)

    wait_for(said, 60.0, f"{version}.{group} Available={value}")
