"""The real Prometheus, with the targets and rules of a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

from tests.support.controlplane_files import free_port
from tests.support.process import Process
from tests.support.tools import tool
from tests.support.waiting import wait_for

EVERY_SECOND = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}


class Prometheus:
    """A context: it answers when the context begins, and is gone when it ends."""

    def __init__(self, folder: Path, config: Mapping[str, Any], *flags: str) -> None:
        """`config` without `global`: that is every second. It lives in `folder`, which holds its log."""
        port, file = free_port(), folder / "prometheus.yaml"
        file.write_text(json.dumps({"global": EVERY_SECOND, **config}))
        argv = [
            tool("prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            *flags,
        ]
        self._url = f"http://127.0.0.1:{port}"
        self._http = urllib3.PoolManager(retries=False, timeout=10.0)
        self.process = Process(argv=argv, log=folder / "prometheus.log")

    def __enter__(self) -> Prometheus:
        self.process.start()
        try:
            wait_for(self._ready, timeout=30.0, what=self.process.tail)
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._http.clear()
        self.process.kill()

    def ask(self, path: str, **fields: str) -> Any:
        """The `data` of an answer of its API v1. Raises AssertionError with what it says against the question."""
        answer = self._http.request("POST" if fields else "GET", f"{self._url}/api/v1/{path}", fields=fields or None)
        body = answer.json()
        assert body["status"] == "success", body["error"]
        return body["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and values of an instant query."""
        found = self.ask("query", query=expression)["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in found]

    def _ready(self) -> bool:
        try:
            return self._http.request("GET", f"{self._url}/-/ready").status == 200
        except urllib3.exceptions.HTTPError:
            return False
