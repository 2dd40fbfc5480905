"""A raw JSON client for anything that speaks the Kubernetes API: status code and body, nothing in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

Body = dict[str, Any]
Answer = tuple[int, Body]
MERGE = "application/merge-patch+json"


class Api:
    """Requests to one API server. `token` is sent as a bearer token; nothing is retried.

    Query parameters are keyword arguments spelled as in the API: `get(path, labelSelector="app=blast", limit=5)`.
    Connection failures raise `urllib3.exceptions.HTTPError`.
    """

    def __init__(
        self, url: str, *, token: str | None = None, ca_file: Path | None = None, timeout: float = 15.0
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self._pool = urllib3.PoolManager(ca_certs=ca_file and str(ca_file), retries=False, maxsize=8)

    def get(self, path: str, **query: Any) -> Answer:
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Body, **query: Any) -> Answer:
        return self.request("POST", path, body=body, query=query)

    def put(self, path: str, body: Body, **query: Any) -> Answer:
        return self.request("PUT", path, body=body, query=query)

    def patch(self, path: str, body: Any, content_type: str = MERGE, **query: Any) -> Answer:
        return self.request("PATCH", path, body=body, query=query, content_type=content_type)

    def delete(self, path: str, body: Body | None = None, **query: Any) -> Answer:
        return self.request("DELETE", path, body=body, query=query)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """An answer that is not JSON comes back as `{"text": ...}`."""
        response = self._pool.request(
            method,
            self._address(path, query),
            body=None if body is None else json.dumps(body).encode(),
            headers={**self._headers, "Content-Type": content_type, "Accept": "application/json"},
            timeout=self._timeout,
        )
        try:
            return response.status, json.loads(response.data)
        except ValueError:
            return response.status, {"text": response.data.decode(errors="replace")}

    def watch(self, path: str, **query: Any) -> Iterator[Body]:
        """The events of one watch until the server ends it; give `timeoutSeconds`. Closing the iterator hangs up."""
        response = self._pool.request(
            "GET",
            self._address(path, {**query, "watch": "true"}),
            headers=self._headers,
            timeout=self._timeout,
            preload_content=False,
        )
        try:
            pending = b""
            while chunk := response.read1():
                *lines, pending = (pending + chunk).split(b"\n")
                yield from map(json.loads, lines)
        finally:
            response.close()

    def close(self) -> None:
        self._pool.clear()

    def _address(self, path: str, query: dict[str, Any] | None) -> str:
        return f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")


def expect(answer: Answer, *codes: int) -> Body:
    """The body of an answer that must have one of `codes` (any 2xx without them)."""
    status, body = answer
    if status not in codes if codes else status >= 300:
        raise AssertionError(f"the API answered {status}: {body.get('message', body)}")
    return body
