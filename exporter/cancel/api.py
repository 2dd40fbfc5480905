"""What a cancel asks of the Kubernetes API, and all of it: Jobs and pods of one search, a DELETE by name, an Event."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any, TypeVar
from urllib.parse import quote

from exporter.adapters.decode_target import Part, decode_living_pods, decode_target, decode_targets
from exporter.adapters.transport import Transport
from exporter.domain.cancel import FIRST_STAGES, LAST_STAGES, STAGES, LivePod, Target, belongs, stage_of
from exporter.domain.failures import Failed, Word
from exporter.domain.identity import ID_LABEL, SearchId

Item = TypeVar("Item")

_OWNER_LABEL = "batch.kubernetes.io/controller-uid"
_UNFINISHED = "status.successful=0"
_PAGE_ITEMS = 500
_PAGE_BYTES = 32 * 1024**2
_ANSWER_BYTES = 4 * 1024**2
_MAX_PAGES = 400
_LEGACY_PAGES = 8
_UIDS_AT_ONCE = 40


class JobsApi:
    """The Jobs of one namespace. Raises Failed.

    Thread-safe: as many requests run at once as there are transports, `transport` and `more`; `budget` is seconds of
    wall time for each.
    """

    def __init__(
        self, transport: Transport, namespace: str, *, budget: float = 10.0, more: Sequence[Transport] = ()
    ) -> None:
        self.namespace = namespace
        self.width = 1 + len(more)
        self._transports = (transport, *more)
        self._idle: SimpleQueue[Transport] = SimpleQueue()
        for one in self._transports:
            self._idle.put(one)
        self._budget = budget
        self._jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._events = f"/api/v1/namespaces/{namespace}/events"

    def jobs_of(self, search: SearchId, *, first_stages: bool = False, unfinished: bool = False) -> list[Target]:
        """Every Job whose label names the search, whatever its app; all pages or Failed.

        `first_stages`: finalizer and submit Jobs only; `unfinished`: without those that have succeeded.
        """
        query = {"labelSelector": _selector(search, FIRST_STAGES if first_stages else ())}
        if unfinished:
            query["fieldSelector"] = _UNFINISHED
        found = self._all(self._jobs, query, decode_targets)
        own = [target for target in found if belongs(target, self.namespace, search)]
        return [target for target in own if stage_of(target) in FIRST_STAGES] if first_stages else own

    def unlabelled(self, search: SearchId) -> list[Target]:
        """Living Jobs without the label whose template, environment or path names the search: every finalizer and
        submit Job, for those stand in the way of a cancel, and the others of the first pages."""
        found = self._bare(FIRST_STAGES) + self._bare(LAST_STAGES, enough=_LEGACY_PAGES)
        return [one for one in found if one.search == str(search) and one.evidence != "label" and not one.terminal]

    def read(self, name: str) -> Target | None:
        """One Job by name, None if there is none."""
        try:
            with self._transport() as transport:
                answer = transport.get(self._path(name), budget=self._budget, cap=_ANSWER_BYTES)
        except Failed as failure:
            if failure.word is Word.ABSENT:
                return None
            raise
        target = decode_target(answer.body)
        if (target.name, target.namespace) != (name, self.namespace):
            raise Failed(Word.GARBLED, "another Job than asked for")
        return target

    def delete(self, target: Target, *, dry_run: bool = False) -> None:
        """DELETE this very object in this very version, its pods first. Sent once; Failed without an HTTP status in
        it leaves the outcome unknown."""
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": target.uid, "resourceVersion": target.version},
            "propagationPolicy": "Foreground",
        }
        if dry_run:
            body["dryRun"] = ["All"]  # beside a body the query parameter is ignored
        with self._transport() as transport:
            transport.send("DELETE", self._path(target.name), body, budget=self._budget, cap=_ANSWER_BYTES)

    def living_pods(self, search: SearchId, uids: Iterable[str]) -> list[LivePod]:
        """Pods of the search's finalizer and submit Jobs, by label or owned by one of `uids`, that have not ended."""
        selectors = [_selector(search, FIRST_STAGES)]
        owners = sorted(uids)
        some = (owners[first : first + _UIDS_AT_ONCE] for first in range(0, len(owners), _UIDS_AT_ONCE))
        selectors += [f"{_OWNER_LABEL} in ({','.join(each)})" for each in some]
        found = [pod for selector in selectors for pod in self._living(selector)]
        return list(dict.fromkeys(found))

    def pods_left(self, search: SearchId) -> list[LivePod]:
        """Pods of the search, of any stage, that have not ended."""
        return self._living(_selector(search, STAGES))

    def tell(self, target: Target, reason: str, message: str) -> None:
        """Leave an Event on the Job, if the API lets us."""
        with suppress(Failed), self._transport() as transport:
            event = _event(target, reason, message)
            transport.send("POST", self._events, event, budget=self._budget, cap=_ANSWER_BYTES)

    def abort(self) -> None:
        """Cut the connections for good: what waits for an answer fails at once, and so does what is asked later."""
        for transport in self._transports:
            transport.abort()

    def close(self) -> None:
        """Close the connections."""
        for transport in self._transports:
            transport.close()

    def _bare(self, apps: Sequence[str], enough: int = 0) -> list[Target]:
        query = {"labelSelector": f"app in ({','.join(apps)}),!{ID_LABEL}", "fieldSelector": _UNFINISHED}
        return self._all(self._jobs, query, decode_targets, enough)

    def _living(self, selector: str) -> list[LivePod]:
        return self._all(self._pods, {"labelSelector": selector}, decode_living_pods)

    def _path(self, name: str) -> str:
        return f"{self._jobs}/{quote(name, safe='')}"

    @contextmanager
    def _transport(self) -> Generator[Transport, None, None]:
        transport = self._idle.get()
        try:
            yield transport
        finally:
            self._idle.put(transport)

    def _all(
        self, path: str, query: dict[str, str], decode: Callable[[bytes], Part[Item]], enough: int = 0
    ) -> list[Item]:
        """Every page, or the first `enough`; from page one again, once, if the continue token has expired."""
        try:
            return self._pages(path, query, decode, enough)
        except Failed as failure:
            if failure.word is not Word.GONE:
                raise
        try:
            return self._pages(path, query, decode, enough)
        except Failed as failure:
            raise Failed(Word.INCOMPLETE, "expired twice") if failure.word is Word.GONE else failure from None

    def _pages(
        self, path: str, query: dict[str, str], decode: Callable[[bytes], Part[Item]], enough: int
    ) -> list[Item]:
        items: list[Item] = []
        token = ""
        tokens: set[str] = set()
        for number in range(1, _MAX_PAGES + 1):
            params = {**query, "limit": str(_PAGE_ITEMS), **({"continue": token} if token else {})}
            with self._transport() as transport:
                answer = transport.get(path, params, budget=self._budget, cap=_PAGE_BYTES)
            part = decode(answer.body)
            items += part.items
            token = part.token
            if not token or number == enough:
                return items
            if token in tokens:
                raise Failed(Word.INCOMPLETE, "continue token repeats")
            tokens.add(token)
        raise Failed(Word.INCOMPLETE, "too many pages")


def _selector(search: SearchId, apps: Sequence[str] = ()) -> str:
    own = f"{ID_LABEL}={search}"
    return f"{own},app in ({','.join(apps)})" if apps else own


def _event(target: Target, reason: str, message: str) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{target.name}.{uuid.uuid4().hex[:16]}", "namespace": target.namespace},
        "involvedObject": {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "namespace": target.namespace,
            "name": target.name,
            "uid": target.uid,
            "resourceVersion": target.version,
        },
        "type": "Normal",
        "reason": reason,
        "message": message,
        "source": {"component": "elasticblast-exporter"},
        "reportingComponent": "elasticblast-exporter",
        "reportingInstance": "",
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }
