"""Stands before the simulated API: holds watches back, breaks them, and lets lists pass one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

RESOURCES = ("jobs", "pods")


class Gate:
    """An `intercept` of the simulator.

    While `away`, nobody is answered who asks for a watch. Then the first watch of each resource in `breaks` gets the
    answer that is there. While `pace` is given, each request of a list of Jobs or pods waits until `clock()` has gone
    on by so much; `stumble`, if given, is called once, for the first request that is not for a first page, and may
    answer it. `waiting` are the resources whose watch is held back; `span` is how far `clock()` went from the first of
    those requests to the last answer.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self.away = False
        self.breaks: dict[str, Response] = {}
        self.pace = 0
        self.stumble: Callable[[], Response | None] | None = None
        self.waiting: set[str] = set()
        self._clock = clock
        self._first: int | None = None
        self._last = 0

    @property
    def span(self) -> int:
        return 0 if self._first is None else self._last - self._first

    async def __call__(self, request: Request) -> Response | None:
        resource = request.url.path.rpartition("/")[2]
        if "watch" in request.query_params:
            self.waiting.add(resource)
            while self.away:
                await asyncio.sleep(0.02)
            return self.breaks.pop(resource, None)
        polled = request.query_params.get("limit") == "1"
        if self.pace and resource in RESOURCES and not polled:
            return await self._list(first="continue" not in request.query_params)
        return None

    async def _list(self, *, first: bool) -> Response | None:
        began = self._clock()
        self._first = began if self._first is None else self._first
        while self.pace and self._clock() < began + self.pace:
            await asyncio.sleep(0.005)
        self._last = self._clock()
        if first or self.stumble is None:
            return None
        stumble, self.stumble = self.stumble, None
        return stumble()
