"""Entra's tokens for the API servers of AKS: asked for ahead of time, kept while a new one cannot be had."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from exporter.adapters.azure.credentials import Credential
from exporter.adapters.azure.errand import Errand
from exporter.adapters.azure.failures import token_failure
from exporter.adapters.clock import Clock
from exporter.adapters.tokens import checked_token
from exporter.domain.failures import Failed, Word

# The application that stands for the API server of every AKS cluster, in every cloud.
AKS_SCOPE = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"

_AHEAD = 300.0  # seconds before the end
_PAUSE = (1.0, 30.0)
_BUDGET = 10.0
_RENEW_EVERY = 60.0
_JUST_CHANGED = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    text: str = field(repr=False)
    asked_at: float
    ends_at: float
    ends_at_wall: float


class AzureTokens:
    """The token of one scope. Its life is measured by the monotonic clock from the moment it was asked for, so that a
    step of the wall clock neither ends nor prolongs it."""

    def __init__(
        self, credential: Credential, scope: str = AKS_SCOPE, *, clock: Clock, budget: float = _BUDGET
    ) -> None:
        self._credential = credential
        self._scope = scope
        self._clock = clock
        self._held: _Held | None = None
        self._claims: str | None = None
        self._renewed_at = float("-inf")
        self._changed_at = float("-inf")
        self._errand = Errand(self._ask, name="entra-token", clock=clock, budget=budget, pause=self._pause)

    def __repr__(self) -> str:
        return f"AzureTokens({self._scope})"

    @property
    def expires_in(self) -> float | None:
        """Seconds until the token ends, None if there is none."""
        held = self._held
        return held.ends_at - self._clock.mono() if held else None

    @property
    def ends_at(self) -> float | None:
        """When the token ends as Entra says, Unix seconds, None if there is none."""
        held = self._held
        return held.ends_at_wall if held else None

    def current(self) -> str:
        """The token to send now: nobody waits while there is a valid one. Raises Failed, after at most the budget."""
        held, left = self._held, self.expires_in or 0.0
        if held is None or left <= 0:
            return self._errand.result().text
        if left <= _AHEAD:
            self._errand.start()
        return held.text

    def renew(self) -> bool:
        """The API refuses the token: ask for one that is newer than it, at most once a minute."""
        held, now = self._held, self._clock.mono()
        if now - self._changed_at < _JUST_CHANGED:
            return True
        if held is None or now - self._renewed_at < _RENEW_EVERY:
            return False
        self._renewed_at = now
        age = now - held.asked_at
        self._claims = _newer_than(self._clock.wall() - age)
        try:
            return self._errand.result(at_once=True).text != held.text
        except Failed:
            return False

    def _ask(self) -> _Held:
        """Ask the credential. What is asked on a 401 goes past its cache, as after a claims challenge."""
        claims, self._claims = self._claims, None
        mono, wall = self._clock.mono(), self._clock.wall()
        try:
            given = self._credential.get_token(self._scope, **({"claims": claims} if claims else {}))
            text, ends_at = checked_token(given.token), float(given.expires_on)
            held = _Held(text=text, asked_at=mono, ends_at=mono + ends_at - wall, ends_at_wall=ends_at)
        except ValueError:
            raise Failed(Word.GARBLED, "no token from Entra") from None
        except Exception as error:  # noqa: BLE001 - credentials raise whatever they meet; it becomes one of our words
            raise token_failure(error) from None
        if self._held is not None and self._held.text != held.text:
            self._changed_at = self._clock.mono()
        self._held = held
        return held

    def _pause(self, _: _Held | Failed) -> float:
        """Half of what is left of the token, within a second and half a minute."""
        least, most = _PAUSE
        return min(max((self.expires_in or 0.0) / 2, least), most)


def _newer_than(wall: float) -> str:
    return json.dumps({"access_token": {"nbf": {"essential": True, "value": str(int(wall))}}})
