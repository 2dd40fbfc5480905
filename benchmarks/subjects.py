"""What is measured: the daemon and the naive exporter as child processes, their pages, the kernel's view of them."""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

_HERE = Path(__file__).parent
_SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_TICKS = os.sysconf("SC_CLK_TCK")
_BATCH_STATES = ("pending", "running", "succeeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One exporter: how it is started, which of its families say what, seconds between two looks at its page.

    `page_time`: seconds that it may take over one page of a list before the pass counts as over.
    """

    name: str
    jobs_family: str
    restarts_family: str
    look_every: float
    page_time: float
    watches: bool

    def command(self, server: str, port: int, poll: float) -> list[str]:
        if self.watches:
            cluster = {"connect": {"mode": "direct", "server": server, "insecure_http": True}}
            keys = (f"clusters={json.dumps([cluster])}", f"listen.port={port}", "listen.address=127.0.0.1")
            return ["-m", "exporter", "run", *(part for key in keys for part in ("--set", key))]
        return [str(_HERE / "naive.py"), "--server", server, "--port", str(port), "--interval", str(poll)]


EXPORTER = Subject(
    name="exporter",
    jobs_family="elasticblast_search_jobs",
    restarts_family="elasticblast_attempts_failed_total",
    look_every=0.01,
    page_time=1.0,
    watches=True,
)
NAIVE = Subject(
    name="naive",
    jobs_family="naive_search_jobs",
    restarts_family="naive_search_restarts",
    look_every=0.2,
    page_time=4.0,
    watches=False,
)


class Child:
    """A Python process. It is ended by its own pid."""

    def __init__(self, arguments: Sequence[str], *, output: int | None = None) -> None:
        self._log = TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self.process = subprocess.Popen([sys.executable, *arguments], stdout=output, stderr=self._log)

    def check(self) -> None:
        """Raises RuntimeError with its last words if it has ended."""
        if self.process.poll() is not None:
            self._log.seek(0)
            raise RuntimeError(f"exit code {self.process.returncode}: {self._log.read()[-2000:].decode()}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def memory(self, name: str) -> float:
        """VmRSS or VmHWM in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(float(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{name}:"))

    def cpu(self) -> float:
        """User and system seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True, slots=True)
class Answer:
    """One scrape: status, body as it came, and when (monotonic) it was asked for and complete."""

    status: int
    body: bytes
    began: float
    ended: float


@dataclass(slots=True)
class Seen:
    """What a page says. `states`: batches by search and state, without zeros."""

    series: int = 0
    restarts: float = 0.0
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)


class Web:
    """A keep-alive client of one port."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._etag = ""

    def ask(self, method: str, path: str) -> Any:
        """The JSON that the replay server answers."""
        self._connection.request(method, path)
        return json.loads(self._connection.getresponse().read())

    def scrape(self, *, compressed: bool = False, changed_only: bool = False) -> Answer:
        """One GET of the page; `changed_only`: 304 without a body if it is the one seen last."""
        headers = {"Accept-Encoding": "gzip" if compressed else "identity"}
        if changed_only and self._etag:
            headers["If-None-Match"] = self._etag
        began = time.monotonic()
        try:
            self._connection.request("GET", "/metrics", headers=headers)
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, HTTPException):
            self._connection.close()
            return Answer(0, b"", began, time.monotonic())
        ended = time.monotonic()
        if response.status == 200:
            self._etag = response.headers.get("ETag", "")
        if response.headers.get("Content-Encoding") == "gzip" and not compressed:
            body = gzip.decompress(body)
        return Answer(response.status, body, began, ended)


def seen(subject: Subject, body: bytes) -> Seen:
    """What the page of a subject says of batches and restarts."""
    page = Seen()
    for name, labels, value in _SERIES.findall(body.decode()):
        page.series += 1
        if name == subject.restarts_family:
            page.restarts += float(value)
        elif name == subject.jobs_family:
            pairs = dict(_LABEL.findall(labels))
            if pairs["state"] in _BATCH_STATES and float(value):
                page.states.setdefault(pairs["elb_job_id"], {})[pairs["state"]] = int(float(value))
        elif name == "elasticblast_exporter_collector_state" and 'state="fresh"' in labels and float(value) != 1.0:
            page.stale.append(labels)
    return page


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start_replay(jobs: int) -> tuple[Child, int]:
    """The replay server and its port."""
    child = Child([str(_HERE / "replay.py"), "--jobs", str(jobs)], output=subprocess.PIPE)
    assert child.process.stdout is not None
    return child, int(child.process.stdout.readline())
