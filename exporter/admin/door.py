"""Who is let in: the token of a request, its owner, and what the owner may do. Every no is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from exporter.admin.gate import Asked, token_of
from exporter.admin.problems import Problem, refused
from exporter.cancel.callers import Caller, Callers, UnknownCaller
from exporter.cancel.tally import Tally
from exporter.domain.cancel import Refusal
from exporter.domain.failures import Failed

Verb = Literal["list", "delete"]
Place = tuple[str, str]
"""Cluster and namespace."""


class Door:
    """Thread-safe. Raises Failed when the reviewer cannot be asked: nobody is let in then."""

    def __init__(self, callers: Callers, tally: Tally) -> None:
        self._callers = callers
        self._tally = tally

    def token(self, asked: Asked) -> str:
        """The bearer token. Raises Problem."""
        try:
            return token_of(asked)
        except Problem:
            self._tally.auth_failed("malformed" if asked.header("authorization") else "missing")
            raise

    def identify(self, cluster: str, token: str, source: str) -> Caller:
        """The token's owner. Raises UnknownCaller."""
        try:
            return self._callers.identify(cluster, token, source)
        except UnknownCaller as unknown:
            self._tally.auth_failed(unknown.reason)
            raise
        except Failed:
            self._tally.auth_failed("unavailable")
            raise

    def require(self, caller: Caller, verb: Verb, place: Place) -> None:
        """Raises Problem unless the caller's own rights allow the verb on the Jobs of the place."""
        if not self._may(caller, verb, place):
            raise self._forbidden(verb)

    def listable(self, token: str, source: str, places: Iterable[Place]) -> tuple[list[Place], list[Place]]:
        """The places whose Jobs the token's owner may list, and those whose cluster cannot be asked about it. Raises
        if there is none of the former: Failed if there are some of the latter, else UnknownCaller if no cluster knows
        the owner, else Problem."""
        answers: dict[str, Caller | UnknownCaller | Failed] = {}
        allowed: list[Place] = []
        silent: list[Place] = []
        for place in places:
            cluster = place[0]
            if cluster not in answers:
                answers[cluster] = self._known(cluster, token, source)
            caller = answers[cluster]
            try:
                if isinstance(caller, Caller) and self._may(caller, "list", place):
                    allowed.append(place)
            except Failed as failure:
                caller = answers[cluster] = failure
            if isinstance(caller, Failed):
                silent.append(place)
        if not allowed:
            raise self._why_none(answers.values())
        return allowed, silent

    def _known(self, cluster: str, token: str, source: str) -> Caller | UnknownCaller | Failed:
        try:
            return self.identify(cluster, token, source)
        except (UnknownCaller, Failed) as error:
            return error

    def _why_none(self, answers: Collection[Caller | UnknownCaller | Failed]) -> Exception:
        for answer in answers:
            if isinstance(answer, Failed):
                return answer
        unknown = [answer for answer in answers if isinstance(answer, UnknownCaller)]
        return unknown[0] if unknown and len(unknown) == len(answers) else self._forbidden("list")

    def _may(self, caller: Caller, verb: Verb, place: Place) -> bool:
        try:
            return self._callers.may(caller, verb, *place)
        except Failed:
            self._tally.auth_failed("unavailable")
            raise

    def _forbidden(self, verb: Verb) -> Problem:
        self._tally.auth_failed("forbidden")
        return refused(Refusal.FORBIDDEN, f"the caller may not {verb} jobs.batch there")
