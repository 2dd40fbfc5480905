"""A real daemon with its admin port open, on the arena's namespace, and the ways in which people ask it to cancel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.lives import accounts
from tests.lives.arena import Arena
from tests.support.controlplane_files import free_port
from tests.support.daemon import Daemon, Page
from tests.support.kubeapi import Answer, Api
from tests.support.waiting import wait_for

AUDIENCE = "elasticblast-exporter"


class Desk:
    """`token` belongs to somebody who may delete Jobs; the daemon itself runs as the arena's account."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.audit = arena.folder / "audit.jsonl"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = self.caller("operator", "list", "delete")
        self.daemon = self._daemon()

    def _daemon(self) -> Daemon:
        world = self.arena.world
        kubeconfig = world.plane.kubeconfig(self.arena.folder / "exporter.kubeconfig", self.arena.token)
        settings = {"admin.enabled": "true", "admin.port": self.port, "admin.audit_file": self.audit}
        return world.daemon(settings, kubeconfig=kubeconfig)

    def caller(self, name: str, *verbs: str, audience: str = AUDIENCE) -> str:
        """A token of a ServiceAccount that may do so with Jobs."""
        rules = [accounts.rule("batch", ["jobs"], verbs)] if verbs else []
        return accounts.account(self.arena.world, name, rules, audiences=[audience])

    def post(self, token: str = "", **body: Any) -> Answer:
        """Ask for the cancel of the asked search; `body` is merged into the document."""
        api = Api(self.url, token=token or self.token, timeout=60.0)
        try:
            wish = {"confirm": self.arena.asked} | body
            return api.post(f"/v1/searches/{self.arena.asked}/cancel", wish)
        finally:
            api.close()

    def get(self, path: str) -> Answer:
        api = Api(self.url, token=self.token)
        try:
            return api.get(path)
        finally:
            api.close()

    def end_of(self, key: str) -> dict[str, Any]:
        """Wait for the result of a cancel that began with this key."""

        def ended() -> dict[str, Any] | None:
            status, document = self.get(f"/v1/cancels/{key}")
            assert status == 200, document
            result: dict[str, Any] | None = document["result"]
            return result

        result = wait_for(ended, 60.0, "the end of the cancel")
        assert result is not None
        return result

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`elasticblast-exporter cancel` with a token file."""
        token = self.arena.folder / "token"
        token.write_text(self.token)
        argv = ["cancel", self.arena.asked, "--url", self.url, "--token-file", str(token), *arguments]
        return run(argv, self.arena.folder)

    def records(self) -> list[dict[str, Any]]:
        """The audit so far."""
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


def run(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "exporter", *argv]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False, cwd=folder)


def stage(page: Page) -> str:
    """The stage that the page says a cancel works at; empty while none does."""
    found = [dict(labels)["stage"] for (name, labels), n in page.items() if name.endswith("cancel_stage") and n]
    return found[0] if found else ""
