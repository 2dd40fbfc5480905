"""Fifty thousand Jobs, listed and followed by the real process."""

from __future__ import annotations

import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from exporter.simulator.world import manifests
from exporter.simulator.world.search import Search
from tests.process.bench import Bench
from tests.process.pages import searches, state, states, total
from tests.support.hostile import Hostile, Peer, chunk, head

SEARCHES, BATCHES = 50, 1000
VERSION = "900000"
NUMBER = b"<number>"
MIB = 1024**2
LISTS = {
    "jobs": ("batch/v1", "JobList"),
    "pods": ("v1", "PodList"),
    "nodes": ("v1", "NodeList"),
    "events": ("v1", "EventList"),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaimList"),
}


@pytest.mark.fault(53)
@pytest.mark.fault(74)
def test_fifty_thousand_jobs_are_shown_within_time_and_memory(bench: Bench) -> None:
    """Hundreds of megabytes of JSON in 100 pages, of which little is kept. The watch that follows is heard."""
    replay = Replay()
    with Hostile(replay.serve) as server:
        bench.write(bench.cluster(url=server.url))
        program = bench.run()
        program.await_ready(30.0)
        page = program.await_page(lambda page: total(page, "search_jobs", state="pending") == 50_000, 15.0, "all Jobs")
        assert len(searches(page)) == SEARCHES
        assert total(page, "jobs", role="blast") == 50_000
        assert total(page, "jobs_stored") == 50_000
        assert total(page, "exporter_records_rejected_total") == 0
        assert page["process_resident_memory_bytes", frozenset()] < 200 * MIB
        replay.news.set()
        page = program.await_page(lambda page: total(page, "search_jobs", state="running") == 1, what="the event")
        assert states(page) == {"fresh"}
        assert state(page) == "fresh"
        assert program.stop() == 0


class Replay:
    """An API with these Jobs and nothing else; after `news` a watch of them tells of one that runs."""

    def __init__(self) -> None:
        self.news = threading.Event()
        self._templates = [template(Search(id=f"job-{n:032x}", mode="ssd", padding=2000)) for n in range(SEARCHES)]

    def serve(self, peer: Peer) -> None:
        while (request := peer.read()) is not None:
            where = urlsplit(request.target)
            query = {key: values[0] for key, values in parse_qs(where.query).items()}
            resource = where.path.rpartition("/")[2]
            if resource not in LISTS:
                peer.answer(status="404 Not Found")
                continue
            if "watch" in query:
                peer.send(head(Transfer_Encoding="chunked"))
                if resource == "jobs" and self.news.wait(60.0):
                    peer.send(chunk(self._event()))
                peer.stall(60.0)
                return
            wanted = resource == "jobs" and "!=0" not in query.get("fieldSelector", "")
            first, last = (int(query.get("continue", 0)), SEARCHES * BATCHES) if wanted else (0, 0)
            peer.answer(self._page(resource, first, min(first + int(query["limit"]), last), last))

    def _page(self, resource: str, first: int, end: int, last: int) -> bytes:
        version, kind = LISTS[resource]
        more = {"continue": str(end), "remainingItemCount": last - end} if end < last else {}
        frame = {"apiVersion": version, "kind": kind, "metadata": {"resourceVersion": VERSION, **more}, "items": []}
        return json.dumps(frame).encode().replace(b"[]", b"[" + b",".join(map(self._job, range(first, end))) + b"]")

    def _job(self, number: int) -> bytes:
        return self._templates[number // BATCHES].replace(NUMBER, f"{number:06}".encode())

    def _event(self) -> bytes:
        job = json.loads(self._job(0)) | {"kind": "Job", "apiVersion": "batch/v1"}
        job["status"] |= {"ready": 1}
        return json.dumps({"type": "MODIFIED", "object": job}).encode() + b"\n"


def template(search: Search) -> bytes:
    """A batch Job with NUMBER in its name and uid."""
    job = manifests.batch(search, 0)
    number = NUMBER.decode()
    job["metadata"] |= {
        "name": f"{search.batch_name(0)}-{number}",
        "uid": f"00000000-0000-4000-8000-000000{number}",
        "resourceVersion": VERSION,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    job["status"] = {"active": 1, "ready": 0, "startTime": "2026-01-01T00:00:00Z"}
    return json.dumps(job).encode()
