"""The processes that are measured, as the kernel sees them, and HTTP towards them: a kept connection, and curl."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    """A process that is ended by its own pid."""

    def __init__(self, argv: Sequence[str], *, output: int | None = None) -> None:
        self._log = TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self.process = subprocess.Popen(argv, stdout=output or self._log, stderr=self._log)

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
        self._log.close()

    def memory(self, name: str) -> float:
        """VmRSS or VmHWM in bytes."""
        return memory(self.process.pid, name)

    def cpu(self) -> float:
        """User and system seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def read(self) -> float:
        """Bytes that it has read with read(2): from files, and from sockets where its runtime does so."""
        text = Path(f"/proc/{self.process.pid}/io").read_text()
        return float(text.split()[1])


def memory(pid: int, name: str) -> float:
    """VmRSS or VmHWM of a process in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(float(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{name}:"))


def imported(module: str) -> float:
    """Resident bytes of an interpreter that has imported the module, and does nothing."""
    code = f"import {module}; print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
    return float(subprocess.check_output([sys.executable, "-c", code])) * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One scrape: status, body as it came, and when (monotonic) it was asked for and complete."""

    status: int
    body: bytes
    began: float
    ended: float


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


@dataclass(frozen=True, slots=True)
class Fetched:
    """What curl told: seconds until the last byte, and bytes of all bodies."""

    seconds: float
    size: float


def curl(groups: Sequence[Sequence[str]], *, head: str = "") -> Fetched:
    """Fetch every address with curl and throw the answers away: each group in order by a process of its own.

    `head`: lines of a curl configuration that hold for all.
    """
    argv = ["curl", "--silent", "--show-error", "--fail", "--config", "-"]
    began = time.monotonic()
    fetching = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for group in groups if group]
    for process, group in zip(fetching, filter(None, groups), strict=True):
        assert process.stdin is not None
        lines = (f'url = "{one}"\noutput = "/dev/null"\nwrite-out = "%{{size_download}}\\n"\n' for one in group)
        process.stdin.write((head + "".join(lines)).encode())
        process.stdin.close()
    size = 0.0
    for process in fetching:
        assert process.stdout is not None
        size += sum(float(line) for line in process.stdout.read().split())
        if process.wait() != 0:
            raise RuntimeError(f"curl ended with {process.returncode}")
    return Fetched(time.monotonic() - began, size)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
