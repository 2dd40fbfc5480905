"""A Kubernetes API that replays a cluster, in a process of its own.

It answers LISTs in pages and holds watches open; `/bench/...` makes events and tells what was sent. A watch lasts until
it is expired or its client leaves. client-go can read it: a watch that wants the initial events is refused, as by a
server without WatchList, and whatever media type is asked for, the answer is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

from objects import MIX, RESOURCES, Thing, cluster
from world import World

_BOOKMARK_EVERY = 60.0
_RATE_TICK = 0.01
_EVENTS_PER_WRITE = 100
_GONE = (
    b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    b'"message":"too old resource version","reason":"Expired","code":410}}\n'
)
_NO_WATCH_LIST = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    b'"message":"sendInitialEvents is forbidden","reason":"Invalid","code":422}'
)
_VERSION = b'{"major":"1","minor":"34","gitVersion":"v1.34.0","platform":"linux/amd64"}'
_KINDS = {"persistentvolumeclaims": "PersistentVolumeClaim"}
Params = dict[str, str]


class Replay:
    """One server; everything happens in its event loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent = 0
        self.lists: list[tuple[float, float]] = []
        self.first = 0.0
        self.rate = 0.0
        self._owed = 0.0
        self.asked: dict[str, list[str]] = {name: [] for name in RESOURCES}
        self._chosen: dict[tuple[str, str, str], list[Thing]] = {}
        self._watchers: dict[str, set[asyncio.StreamWriter]] = {name: set() for name in RESOURCES}

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", port)
        print(server.sockets[0].getsockname()[1], flush=True)
        pacer = asyncio.create_task(self._pace())
        async with server:
            await asyncio.gather(server.serve_forever(), pacer, self._bookmarks())

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = urlsplit(head.split(b" ", 2)[1].decode())
                params = dict(parse_qsl(target.query))
                resource = target.path.rpartition("/")[2]
                if target.path.startswith("/bench/"):
                    await _answer(writer, 200, json.dumps(await self._control(resource, params)).encode())
                elif resource not in RESOURCES:
                    await _answer(writer, *((200, _VERSION) if resource == "version" else (404, b"{}")))
                elif params.get("watch", "").lower() not in ("1", "true"):
                    self.asked[resource].append(target.geturl())
                    await self._list(resource, params, writer)
                elif "sendInitialEvents" in params:
                    await _answer(writer, 422, _NO_WATCH_LIST)
                else:
                    await self._watch(resource, reader, writer)
                    return
        writer.close()

    async def _list(self, resource: str, params: Params, writer: asyncio.StreamWriter) -> None:
        began = time.monotonic()
        self.first = self.first or began
        wanted = (resource, params.get("labelSelector", ""), params.get("fieldSelector", ""))
        start = int(params.get("continue", "0"))
        if not start or wanted not in self._chosen:
            self._chosen[wanted] = self.world.select(*wanted)
        chosen = self._chosen[wanted]
        limit = int(params.get("limit", "0"))
        if not limit or params.get("resourceVersion") == "0":  # then a real server lists from its cache, at one go
            limit = len(chosen) + 1
        items, rest = chosen[start : start + limit], len(chosen) - start - limit
        more = f',"continue":"{start + limit}","remainingItemCount":{rest}' if rest > 0 else ""
        kind = _KINDS.get(resource, resource[:-1].capitalize())
        version = "batch/v1" if resource == "jobs" else "v1"
        meta = f'"metadata":{{"resourceVersion":"{self.world.version}"{more}}}'
        head = f'{{"kind":"{kind}List","apiVersion":"{version}",{meta},"items":['.encode()
        body = head + b",".join([item.encoded(whole=False) for item in items]) + b"]}"
        self.sent += len(body)
        await _answer(writer, 200, body)
        if limit > 1 and resource in ("jobs", "pods"):
            self.lists.append((began, time.monotonic()))

    async def _watch(self, resource: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        self._watchers[resource].add(writer)
        try:
            await reader.read()
        finally:
            self._watchers[resource].discard(writer)
            writer.close()

    async def _tell(self, resource: str, lines: bytes, *, last: bool = False) -> None:
        for writer in list(self._watchers[resource]):
            self.sent += len(lines)
            with suppress(ConnectionError):
                writer.write(b"%x\r\n%b\r\n" % (len(lines), lines) + (b"0\r\n\r\n" if last else b""))
                await writer.drain()
            if last:
                self._watchers[resource].discard(writer)
                writer.close()

    async def _bookmarks(self) -> None:
        while True:
            await asyncio.sleep(_BOOKMARK_EVERY)
            for resource in RESOURCES:
                meta = f'"metadata":{{"resourceVersion":"{self.world.version}"}}'
                kind = _KINDS.get(resource, resource[:-1].capitalize())
                await self._tell(resource, f'{{"type":"BOOKMARK","object":{{"kind":"{kind}",{meta}}}}}\n'.encode())

    async def _pace(self) -> None:
        """Send events at the chosen rate, as many of Jobs as of pods."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(_RATE_TICK)
            now = time.monotonic()
            self._owed += (now - last) * self.rate / 2
            last = now
            count, self._owed = int(self._owed), self._owed % 1
            for _ in range(count):
                await self._tell("pods", self.world.pod_event())
                await self._tell("jobs", self.world.job_event())

    async def _burst(self, resource: str, count: int) -> dict[str, float]:
        """Send so many events as fast as they are taken; when the first and the last were given to the kernel."""
        make: Callable[[], bytes] = self.world.pod_event if resource == "pods" else self.world.job_event
        began = time.monotonic()
        for done in range(0, count - 1, _EVENTS_PER_WRITE):
            lines = [make() for _ in range(min(_EVENTS_PER_WRITE, count - 1 - done))]
            await self._tell(resource, b"".join(lines))
        await self._tell(resource, self.world.pod_event() if resource == "pods" else self.world.job_succeeded())
        return {"began": began, "ended": time.monotonic()}

    async def _control(self, action: str, params: Params) -> object:
        match action:
            case "rate":
                self.rate = float(params["per_second"])
            case "burst":
                return await self._burst(params["resource"], int(params["count"]))
            case "expire":
                for resource in ("jobs", "pods"):
                    await self._tell(resource, _GONE, last=True)
        return {
            "sent": self.sent,
            "lists": self.lists,
            "asked": self.asked,
            "first": self.first,
            "jobs": len(self.world.things["jobs"]),
            "pods": len(self.world.things["pods"]),
            "succeeded": sum(job.state == "succeeded" for job in self.world.things["jobs"]),
            "restarts": self.world.restarts,
            "states": self.world.states(),
            "watched": [resource for resource, writers in self._watchers.items() if writers],
        }


async def _answer(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nDate: {formatdate(usegmt=True)}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


def main() -> None:
    """Build the cluster, print the port, serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--searches", type=int, default=10)
    parser.add_argument("--mix", type=int, nargs=3, default=MIX, help="of ten batches: succeeded, running, pending")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    things = cluster(given.jobs, given.searches, time.time(), mix=tuple(given.mix))
    asyncio.run(Replay(World(things)).serve(given.port))


if __name__ == "__main__":
    main()
