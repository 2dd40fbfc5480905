"""`cancel` through a daemon: what its admin port is asked."""

from __future__ import annotations

import secrets
import time
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from exporter.admin.documents import SearchesDocument, SearchItem
from exporter.cancel.documents import PlanDocument, ProgressDocument, ResultDocument
from exporter.cli.cancel.http import Answer, Client
from exporter.cli.cancel.problem import problem
from exporter.cli.cancel.values import NOT_FOUND, UNAVAILABLE, WHOLE_ID, EndError, Moment, Place, UnreachableError, Wish
from exporter.domain.identity import is_search_id
from exporter.domain.lookup import matches

_PATIENCE = 15.0  # seconds
T = TypeVar("T")


class ThroughDaemon:
    """One daemon's admin port and one caller."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def words(self) -> str:
        return f"through the daemon at {self._client.url}"

    def find(self, text: str) -> list[Place]:
        """By the daemon's memory; where that has gaps, one that is there and called exactly so comes first. Raises
        EndError if nothing fits and the search may be where the daemon cannot look."""
        known = _decoded(self._client.ask("GET", "/v1/searches"), SearchesDocument)
        found = matches(map(_place, known.searches), text)
        whole = WHOLE_ID.fullmatch(text) or any(text in (one.id, one.openapi_id) for one in found)
        if whole or not (known.unread or known.hidden):
            return found
        found = self._exactly(text) or found
        if not found:
            raise EndError(UNAVAILABLE, "The daemon does not know all searches now. Give the whole id, or --direct.")
        return found

    def _exactly(self, text: str) -> list[Place]:
        """The search of this very id, if the daemon can tell without being told where."""
        if not is_search_id(text):
            return []
        try:
            plan = self.plan(Place(cluster="", namespace="", id=text))
        except EndError:
            return []
        return [Place(cluster=plan.cluster, namespace=plan.namespace, id=text)] if plan else []

    def plan(self, place: Place) -> PlanDocument | None:
        answer = self._client.ask("GET", f"{_path(place)}?{urlencode(_where(place))}")
        try:
            return _decoded(answer, PlanDocument)
        except EndError as end:
            if end.code == NOT_FOUND:
                return None
            raise

    def begin(self, wish: Wish) -> PortRun:
        """Ask under a key of our own: a lost answer is looked up by it, and the request is never sent again."""
        body = {
            "confirm": wish.place.id,
            "dry_run": wish.dry_run,
            "expected_count": wish.expected_count,
            "reason": wish.reason,
            "wait": 0,
            **_where(wish.place),
        }
        run = PortRun(self._client, secrets.token_hex(16))
        try:
            run.take(self._client.ask("POST", f"{_path(wish.place)}/cancel", body, run.key))
        except UnreachableError as error:
            run.lost(error)
        return run

    def follow(self, key: str) -> PortRun:
        """A cancel that has begun earlier."""
        run = PortRun(self._client, key)
        run.look()
        return run


class PortRun:
    """A cancel that a daemon does."""

    def __init__(self, client: Client, key: str) -> None:
        self.key = key
        self._client = client
        self._moment = Moment()
        self._result: ResultDocument | None = None
        self._heard = time.monotonic()

    def moment(self) -> Moment:
        return self._moment

    def result(self) -> ResultDocument | None:
        """A daemon that does not answer for a while is asked again; the cancel is not. Whatever it says instead, the
        cancel has begun: nothing is refused by then."""
        if self._result is not None:
            return self._result
        try:
            self.look()
            self._heard = time.monotonic()
        except EndError as end:
            if end.code != UNAVAILABLE or time.monotonic() - self._heard > _PATIENCE:
                again = f"The cancel may go on there; look again with --key {self.key}"
                lost = "The daemon may have been started anew; run the command again without --key."
                raise EndError(UNAVAILABLE, f"{end} {lost if end.code == NOT_FOUND else again}") from None
        return self._result

    def give_up(self) -> bool:
        """It is the daemon's."""
        return False

    def look(self) -> None:
        """See how far it is; whoever asks too often sees it the next time."""
        answer = self._client.ask("GET", f"/v1/cancels/{quote(self.key, safe='')}")
        if answer.status != 429:
            self.take(answer)

    def take(self, answer: Answer) -> None:
        """What the daemon says: it goes on, it has ended, or it is refused."""
        running = _maybe(answer, ProgressDocument)
        if running is not None:
            self.key = running.key
            self._moment = Moment(stage=running.stage or "", stages=running.stages)
            self._result = running.result
            return
        self._result = _maybe(answer, ResultDocument)
        if self._result is None:
            raise problem(answer.status, answer.content)

    def lost(self, error: UnreachableError) -> None:
        """The answer to the request was lost."""
        try:
            self.look()
        except EndError as end:
            begun = "has not begun" if end.code == NOT_FOUND else f"may have begun; look again with --key {self.key}"
            raise EndError(UNAVAILABLE, f"{error} The cancel {begun}.") from None


def _place(one: SearchItem) -> Place:
    return Place(
        cluster=one.cluster,
        namespace=one.namespace,
        id=one.id,
        openapi_id=one.openapi_id or "",
        phase=one.phase,
        what=" ".join(filter(None, (one.program, one.db))),
    )


def _path(place: Place) -> str:
    return f"/v1/searches/{quote(place.id, safe='')}"


def _where(place: Place) -> dict[str, str]:
    where = {"cluster": place.cluster, "namespace": place.namespace}
    return {name: text for name, text in where.items() if text}


def _decoded(answer: Answer, shape: type[T]) -> T:
    """A good answer as a value. Raises EndError."""
    if answer.status != 200:
        raise problem(answer.status, answer.content)
    found = _maybe(answer, shape)
    if found is None:
        raise EndError(UNAVAILABLE, "What answers is not this version's exporter.")
    return found


def _maybe(answer: Answer, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
