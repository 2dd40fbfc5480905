"""When a token says that it ends."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.azure.credential import end_of
from tests.support.jwts import jwt


@pytest.mark.parametrize(("end", "said"), [(1_790_000_000, 1.79e9), (1_790_000_000.5, 1_790_000_000.5)])
def test_a_jwt_says_when_it_ends(end: float, said: float) -> None:
    assert end_of(jwt(exp=end, sub="somebody")) == said


@pytest.mark.parametrize("end", [None, True, -1, 0, "1790000000", 1e300, float("inf"), float("nan"), [1]])
def test_an_end_that_is_none_is_not_known(end: object) -> None:
    assert end_of(jwt(exp=end)) is None


@pytest.mark.parametrize("body", ["", "!", "bm8", "W10", "e30", "e", "bnVsbA", "[" * 9000])
def test_a_token_of_three_parts_need_not_be_a_jwt(body: str) -> None:
    assert end_of(f"a.{body}.c") is None
    nested = urlsafe_b64encode(("[" * 6000 + "]" * 6000).encode()).decode()
    assert end_of(f"a.{nested}.c") is None


@given(st.text() | st.binary().map(lambda raw: f"a.{urlsafe_b64encode(raw).decode()}.c"))
def test_any_text_is_read(text: str) -> None:
    assert end_of(text) is None or isinstance(json.loads(json.dumps(end_of(text))), float)
