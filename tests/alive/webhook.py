"""Where Alertmanager sends its messages: what has fired, what has resolved."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Alert = Mapping[str, Any]


@dataclass(slots=True)
class Webhook:
    """A context. `messages` are receiver and alert, in the order in which they came."""

    messages: list[tuple[str, Alert]] = field(default_factory=list)
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                messages.extend((body["receiver"], alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the messages are kept."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Webhook:
        threading.Thread(target=self._server.serve_forever, name="webhook", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fired(self, name: str, **labels: str) -> list[Alert]:
        """The alerts of that name and with those labels that were ever said to fire."""
        return self._said("firing", name, labels)

    def resolved(self, name: str, **labels: str) -> list[Alert]:
        """Those that were said to be over."""
        return self._said("resolved", name, labels)

    def firing(self, name: str, **labels: str) -> bool:
        """Whether the last word about one such alert is that it fires."""
        last = {json.dumps(alert["labels"], sort_keys=True): alert["status"] for _, alert in self._of(name, labels)}
        return "firing" in last.values()

    def names(self, **labels: str) -> set[str]:
        """The names of all alerts with those labels."""
        return {alert["labels"]["alertname"] for _, alert in self._of("", labels)}

    def receivers(self, name: str) -> set[str]:
        return {receiver for receiver, _ in self._of(name, {})}

    def _said(self, status: str, name: str, labels: Mapping[str, str]) -> list[Alert]:
        return [alert for _, alert in self._of(name, labels) if alert["status"] == status]

    def _of(self, name: str, labels: Mapping[str, str]) -> list[tuple[str, Alert]]:
        wanted = {**labels, **({"alertname": name} if name else {})}.items()
        return [(receiver, alert) for receiver, alert in list(self.messages) if wanted <= alert["labels"].items()]
