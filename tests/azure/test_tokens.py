"""Entra's tokens: asked for ahead, kept while they last, newer ones on a refusal, and never shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from exporter.adapters.azure.tokens import AzureTokens
from exporter.domain.failures import Failed, Word
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for


class Given:
    """What a credential returns."""

    def __init__(self, token: str, expires_on: int) -> None:
        self.token = token
        self.expires_on = expires_on


class Issuer:
    """A credential: tokens t1, t2, ... of a given life, or what it is told to raise; it can be made to hang."""

    def __init__(self, clock: ManualClock, life: float) -> None:
        self.clock = clock
        self.life = life
        self.error: Exception | None = None
        self.asked: list[str | None] = []
        self.flow = threading.Event()
        self.flow.set()

    def get_token(self, *scopes: str, claims: str | None = None) -> Given:
        self.asked.append(claims)
        self.flow.wait(20)
        if self.error:
            raise self.error
        return Given(f"t{len(self.asked)}", int(self.clock.wall() + self.life))


class RefusedError(Exception):
    """As Azure's own: an error with the status of an answer, whose text must not be passed on."""

    def __init__(self, status_code: int) -> None:
        super().__init__("s3cret")
        self.status_code = status_code
        self.headers: dict[str, str] = {}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def issuer(clock: ManualClock) -> Iterator[Issuer]:
    made = Issuer(clock, 3600)
    yield made
    made.flow.set()


def test_one_token_serves_until_five_minutes_before_its_end(clock: ManualClock, issuer: Issuer) -> None:
    tokens = AzureTokens(issuer, clock=clock)
    assert tokens.current() == "t1"
    clock.advance(3299)
    assert tokens.current() == "t1"
    assert len(issuer.asked) == 1


def test_the_next_one_is_asked_for_ahead_and_nobody_waits_for_it(clock: ManualClock, issuer: Issuer) -> None:
    tokens = AzureTokens(issuer, clock=clock)
    tokens.current()
    issuer.flow.clear()
    clock.advance(3300)
    assert tokens.current() == "t1"
    issuer.flow.set()
    wait_for(lambda: tokens.current() == "t2")
    assert len(issuer.asked) == 2


@pytest.mark.parametrize("life", [61, 59, 10])
def test_a_short_life_is_renewed_before_it_ends_and_not_with_every_request(
    clock: ManualClock, issuer: Issuer, life: int
) -> None:
    issuer.life = life
    tokens = AzureTokens(issuer, clock=clock)
    assert tokens.current() == "t1"
    assert [tokens.current() for _ in range(20)] == ["t1"] * 20
    assert len(issuer.asked) == 1
    clock.advance(life / 2)
    tokens.current()
    wait_for(lambda: tokens.current() == "t2")


@pytest.mark.fault(60)
def test_a_failure_keeps_the_old_token_until_it_expires(clock: ManualClock, issuer: Issuer) -> None:
    tokens = AzureTokens(issuer, clock=clock)
    tokens.current()
    issuer.error = ConnectionRefusedError("s3cret")
    clock.advance(3590)
    assert tokens.current() == "t1"
    wait_for(lambda: len(issuer.asked) == 2)
    clock.advance(11)
    with pytest.raises(Failed) as caught:
        tokens.current()
    assert caught.value.word is Word.CONNECT
    assert "s3cret" not in str(caught.value)


@pytest.mark.fault(60)
def test_an_endpoint_that_hangs_costs_the_budget_and_one_thread(clock: ManualClock, issuer: Issuer) -> None:
    issuer.flow.clear()
    tokens = AzureTokens(issuer, clock=clock, budget=0.05)
    for _ in range(5):
        with pytest.raises(Failed) as caught:
            tokens.current()
        assert caught.value.word is Word.TIMEOUT
    assert len(issuer.asked) == 1
    issuer.flow.set()
    wait_for(lambda: tokens.expires_in is not None)
    assert tokens.current() == "t1"


def test_while_there_is_none_a_failure_is_not_repeated_with_every_request(clock: ManualClock, issuer: Issuer) -> None:
    issuer.error = RefusedError(503)
    tokens = AzureTokens(issuer, clock=clock)
    for _ in range(5):
        with pytest.raises(Failed):
            tokens.current()
    assert len(issuer.asked) == 1
    clock.advance(1)
    with pytest.raises(Failed):
        tokens.current()
    assert len(issuer.asked) == 2


@pytest.mark.parametrize("error", [RefusedError(400), RefusedError(401)])
def test_a_refusal_by_entra_is_unauthenticated(clock: ManualClock, issuer: Issuer, error: Exception) -> None:
    issuer.error = error
    with pytest.raises(Failed) as caught:
        AzureTokens(issuer, clock=clock).current()
    assert caught.value == Failed(Word.UNAUTHENTICATED, "no token from Entra")


def test_retry_after_is_kept(clock: ManualClock, issuer: Issuer) -> None:
    issuer.error = RefusedError(429)
    issuer.error.headers = {"Retry-After": "120"}
    tokens = AzureTokens(issuer, clock=clock)
    for advance in (0, 119):
        clock.advance(advance)
        with pytest.raises(Failed):
            tokens.current()
    assert len(issuer.asked) == 1
    clock.advance(2)
    with pytest.raises(Failed):
        tokens.current()
    assert len(issuer.asked) == 2


def test_a_step_of_the_wall_clock_neither_ends_nor_prolongs_a_token(clock: ManualClock, issuer: Issuer) -> None:
    tokens = AzureTokens(issuer, clock=clock)
    tokens.current()
    for step in (+7200, -14400):
        clock.step(step)
        assert tokens.current() == "t1"
    clock.advance(3601)
    assert tokens.current() == "t2"


@pytest.mark.fault(62)
def test_a_refused_token_is_replaced_by_one_that_is_newer_at_most_once_a_minute(
    clock: ManualClock, issuer: Issuer
) -> None:
    """As after a claims challenge: what the credential has in its cache is not newer."""
    tokens = AzureTokens(issuer, clock=clock)
    tokens.current()
    clock.advance(100)
    assert tokens.renew()
    assert tokens.current() == "t2"
    claim = json.loads(issuer.asked[1] or "")["access_token"]["nbf"]
    assert int(claim["value"]) == int(clock.wall()) - 100
    assert tokens.renew(), "who was refused with the old one asks again with the new one"
    clock.advance(6)
    assert not tokens.renew()
    assert len(issuer.asked) == 2
    clock.advance(60)
    assert tokens.renew()
    assert len(issuer.asked) == 3


def test_a_renewal_that_fails_leaves_the_token(clock: ManualClock, issuer: Issuer) -> None:
    tokens = AzureTokens(issuer, clock=clock)
    tokens.current()
    issuer.error = RefusedError(503)
    clock.advance(100)
    assert not tokens.renew()
    assert tokens.current() == "t1"


@pytest.mark.parametrize("text", ["", "two words", "x" * 20_000, "line\nline"])
def test_text_that_cannot_be_a_token_is_garbled_and_not_shown(clock: ManualClock, text: str) -> None:
    class Odd:
        def get_token(self, *scopes: str, claims: str | None = None) -> Given:
            return Given(text, 2_000_000_000)

    with pytest.raises(Failed) as caught:
        AzureTokens(Odd(), clock=clock).current()
    assert caught.value == Failed(Word.GARBLED, "no token from Entra")


def test_no_repr_shows_the_token(clock: ManualClock) -> None:
    class One:
        def get_token(self, *scopes: str, claims: str | None = None) -> Given:
            return Given("s3cret", 2_000_000_000)

    tokens = AzureTokens(One(), clock=clock)
    assert tokens.current() == "s3cret"
    assert "s3cret" not in repr(tokens) + repr(tokens._held)
