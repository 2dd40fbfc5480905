"""The HTTP face of the simulated Azure: ARM's paths, and the token endpoint on the same origin."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.simulator.arm import insights
from exporter.simulator.arm.budget import Budget
from exporter.simulator.arm.entra import Entra
from exporter.simulator.arm.errors import ArmError, bad_request, forbidden, not_found
from exporter.simulator.arm.kubeconfig import user_credential
from exporter.simulator.arm.model import CLUSTERS, Estate, ManagedCluster
from exporter.simulator.arm.moves import Moves
from exporter.simulator.clock import SimClock

Intercept = Callable[[Request], Awaitable[Response | None]]
AUDIENCE = "https://management.azure.com"
_SEEN = 10_000
_INSIGHTS = "/providers/microsoft.insights/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One ARM request as it came in: when (monotonic seconds are the caller's affair), what, and the answer."""

    method: str
    path: str
    query: dict[str, str]
    status: int


class Api:
    """Serves one estate. `intercept` sees every request first and may answer it: that is where tests make faults.

    `denied` holds actions (e.g. Microsoft.ContainerService/managedClusters/read) that no role gives, compared without
    regard to case. `page` is how much one page of a list holds.
    """

    def __init__(self, estate: Estate, entra: Entra, moves: Moves, clock: SimClock) -> None:
        self.estate = estate
        self.entra = entra
        self.moves = moves
        self.budget = Budget(clock=clock)
        self.denied: set[str] = set()
        self.page = 50
        self.intercept: Intercept | None = None
        self.seen: deque[Seen] = deque(maxlen=_SEEN)
        self._clock = clock
        self.app = Starlette(
            routes=[
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route("/subscriptions/{rest:path}", self._arm, methods=["GET", "POST"]),
            ]
        )

    async def _configuration(self, request: Request) -> Response:
        if self.intercept and (answer := await self.intercept(request)) is not None:
            return answer
        return self._json(self.entra.configuration(f"https://{request.url.netloc}"))

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if self.intercept and (answer := await self.intercept(request)) is not None:
            return answer
        try:
            return self._json(self.entra.grant(form))
        except ArmError as error:
            return self._json(error.body(), error.status, error.headers)

    async def _arm(self, request: Request) -> Response:
        answer = await self._answered(request)
        query = dict(request.query_params)
        self.seen.append(Seen(method=request.method, path=request.url.path, query=query, status=answer.status_code))
        return answer

    async def _answered(self, request: Request) -> Response:
        if self.intercept and (answer := await self.intercept(request)) is not None:
            return answer
        headers: dict[str, str] = {}
        try:
            self.entra.open(request.headers.get("authorization"), AUDIENCE)
            headers["x-ms-ratelimit-remaining-subscription-reads"] = str(self.budget.take())
            self.moves.settle()
            return self._json(self._found(request), 200, headers)
        except ArmError as error:
            return self._json(error.body(), error.status, headers | error.headers)

    def _found(self, request: Request) -> dict[str, Any]:
        path, query = request.url.path.rstrip("/"), request.query_params
        if "api-version" not in query:
            raise bad_request(
                "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
            )
        low = path.lower()
        if request.method == "POST":
            return self._credential(low)
        if _INSIGHTS in low:
            return self._insights(path, query)
        if low.endswith("/usages"):
            return self._usages(low)
        if low.endswith(f"/{CLUSTERS}".lower()):
            return self._clusters(request, low.removesuffix(f"/providers/{CLUSTERS}".lower()))
        if low.endswith("/agentpools"):
            cluster = self._cluster(low.removesuffix("/agentpools"))
            self._allow(f"{CLUSTERS}/agentPools/read", cluster.id)
            return {"value": [_pool(cluster, pool.name, pool.properties()) for pool in cluster.pools]}
        if low.endswith("/virtualmachines"):
            return self._machines(low.removesuffix("/virtualmachines"))
        return self._resource(low, query)

    def _machines(self, low: str) -> dict[str, Any]:
        self._allow("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read", low)
        if low not in self.estate.resources:
            raise not_found(low)
        machines = self.estate.resources[low].machines()
        more = {"nextLink": f"{low}/virtualMachines?$skiptoken={self.page}"} if len(machines) > self.page else {}
        return {"value": machines[: self.page], **more}

    def _resource(self, low: str, query: Mapping[str, str]) -> dict[str, Any]:
        self._allow("/".join(low.split("/")[6:8]) + "/read", low)
        if low in self.estate.clusters:
            return self.estate.clusters[low].body()
        if low in self.estate.resources:
            expand = query.get("$expand", "").lower() == "instanceview"
            return self.estate.resources[low].body(expand=expand)
        raise not_found(low)

    def _cluster(self, low: str) -> ManagedCluster:
        if low not in self.estate.clusters:
            raise not_found(low)
        return self.estate.clusters[low]

    def _credential(self, low: str) -> dict[str, Any]:
        scope, _, action = low.rpartition("/")
        if action != "listclusterusercredential":
            raise forbidden(f"{CLUSTERS}/{action}/action", scope)
        cluster = self._cluster(scope)
        self._allow(f"{CLUSTERS}/listClusterUserCredential/action", cluster.id)
        return user_credential(cluster, self.entra.tenant)

    def _clusters(self, request: Request, scope: str) -> dict[str, Any]:
        """The clusters of a subscription or group; who may read none of them is told of none, with 200."""
        if f"{CLUSTERS}/read".lower() in {action.lower() for action in self.denied}:
            return {"value": []}
        found = [c for key, c in sorted(self.estate.clusters.items()) if key.startswith(f"{scope}/")]
        start = int(request.query_params.get("$skiptoken", "0"))
        answer: dict[str, Any] = {"value": [cluster.body() for cluster in found[start : start + self.page]]}
        if start + self.page < len(found):
            url = request.url.include_query_params(**{"$skiptoken": str(start + self.page)})
            answer["nextLink"] = str(url)
        return answer

    def _usages(self, low: str) -> dict[str, Any]:
        parts = low.split("/")
        self._allow("Microsoft.Compute/locations/usages/read", low)
        found = self.estate.usages.get((parts[2], parts[-2]), [])
        return {
            "value": [
                {
                    "name": {"value": usage.name, "localizedValue": usage.text or usage.name},
                    "currentValue": usage.used,
                    "limit": usage.limit,
                    "unit": "Count",
                }
                for usage in found
            ]
        }

    def _insights(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        cut = path.lower().index(_INSIGHTS)
        resource, what = path[:cut], path[cut + len(_INSIGHTS) :].lower()
        low = resource.lower()
        self._allow(f"Microsoft.Insights/{what}/read", resource)
        cluster = self.estate.clusters.get(low)
        if cluster is None and low not in self.estate.resources and not _is_service(low):
            raise not_found(resource)
        metrics = self.estate.metrics.get(low, [])
        if what == "metricdefinitions":
            return insights.definitions(resource, metrics)
        answer = insights.values(resource, metrics, query, self._clock.now())
        if cluster is not None and cluster.power != "Running":
            for metric in answer["value"]:
                metric["timeseries"] = []
        return answer

    def _allow(self, action: str, scope: str) -> None:
        if action.lower() in {denied.lower() for denied in self.denied}:
            raise forbidden(action, scope)

    def _json(self, body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
        date = formatdate(self._clock.now(), usegmt=True)
        head = {"Content-Type": "application/json; charset=utf-8", "Date": date, **(headers or {})}
        return Response(msgspec.json.encode(body), status, head)


def _is_service(low: str) -> bool:
    """Whether it is a service inside a storage account, which has metrics of its own."""
    return low.endswith("services/default")


def _pool(cluster: ManagedCluster, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    place = f"{cluster.id}/agentPools/{name}"
    return {"id": place, "name": name, "type": f"{CLUSTERS}/agentPools", "properties": properties}
