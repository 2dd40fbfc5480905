"""The tokens file, and how often somebody may ask."""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.cancel.callers import TokenCallers, UnknownCaller
from exporter.cancel.rates import Rates
from exporter.cancel.statictokens import TokenFile, TokensError, new_token
from tests.support.clock import ManualClock


def test_a_new_token_is_random_and_its_line_holds_only_the_digest(tmp_path: Path) -> None:
    token, line = new_token("ann")
    assert line == f"ann:sha256:{sha256(token.encode()).hexdigest()}"
    assert token not in line
    assert len(token) >= 40
    assert new_token("ann")[0] != token
    path = tmp_path / "tokens"
    path.write_text(f"# who may cancel\n\n{line}\n")
    assert TokenFile(path).caller(token) == "ann"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "-a", "a\n", "x" * 64, "é"])
def test_a_name_that_would_break_the_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name is"):
        new_token(name)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no line"),
        ("# nothing\n", "has no line"),
        ("ann:sha256:abc\n", "line 1, is not"),
        ("\nann:plain:secret-token\n", "line 2, is not"),
        ("ann:sha256:" + "A" * 64, "line 1, is not"),
        ("x" * 65537, "is larger than 64 KiB"),
    ],
)
def test_a_file_that_cannot_be_used_says_the_line_and_never_its_text(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    with pytest.raises(TokensError, match=sentence) as caught:
        TokenFile(path)
    assert "secret-token" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TokensError, match="No such file or directory"):
        TokenFile(tmp_path / "tokens")


def test_a_file_that_goes_bad_is_said_once_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token, line = new_token()
    path = tmp_path / "tokens"
    path.write_text(f"{line}\n")
    file = TokenFile(path)
    path.write_text("broken")
    with caplog.at_level(logging.INFO, "exporter.tokens"):
        assert [file.caller(token) for _ in range(3)] == ["operator"] * 3
    assert [record.message for record in caplog.records] == ["tokens_reload_failed"]


def test_a_name_may_have_two_tokens_while_one_replaces_the_other(tmp_path: Path) -> None:
    made = [new_token("ann"), new_token("bob"), new_token("ann")]
    path = tmp_path / "tokens"
    path.write_text("".join(f"{line}\n" for _, line in made))
    file = TokenFile(path)
    assert [file.caller(token) for token, _ in made] == ["ann", "bob", "ann"]


@given(st.text() | st.characters(categories=["Cs"]))
def test_any_text_is_compared_and_nothing_raised(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """The digest of one token is no token, and neither is anything else."""
    path = tmp_path_factory.getbasetemp() / "any-tokens"
    if not path.exists():
        path.write_text(f"{new_token()[1]}\n")
    assert TokenFile(path).caller(text) is None


def test_the_digest_is_not_a_token(tmp_path: Path) -> None:
    _, line = new_token()
    path = tmp_path / "tokens"
    path.write_text(f"{line}\n")
    assert TokenFile(path).caller(line.rpartition(":")[2]) is None


def test_a_wrong_token_closes_its_address_for_a_second_and_no_other(tmp_path: Path) -> None:
    token, line = new_token("ann")
    path = tmp_path / "tokens"
    path.write_text(f"{line}\n")
    clock = ManualClock()
    callers = TokenCallers(TokenFile(path), clock.mono)
    with pytest.raises(UnknownCaller) as wrong:
        callers.identify("", "guess", "10.0.0.1")
    assert (wrong.value.reason, wrong.value.retry_after) == ("invalid", 0.0)
    with pytest.raises(UnknownCaller) as hasty:
        callers.identify("", token, "10.0.0.1")
    assert (hasty.value.reason, hasty.value.retry_after) == ("limited", 1.0)
    assert callers.identify("", token, "10.0.0.2").name == "ann"
    clock.advance(1.0)
    assert callers.identify("", token, "10.0.0.1").name == "ann"


def test_a_bucket_fills_up_again() -> None:
    clock = ManualClock()
    rates = Rates(6.0, clock.mono)
    assert [rates.take("a") for _ in range(6)] == [0.0] * 6
    assert rates.take("a") == rates.wait("a") == 10.0
    assert rates.take("b") == 0.0
    clock.advance(10.0)
    assert (rates.take("a"), rates.take("a")) == (0.0, 10.0)
    clock.advance(3600.0)
    assert [rates.take("a") for _ in range(7)] == [0.0] * 6 + [10.0]


def test_a_table_of_buckets_is_bounded() -> None:
    """Who has not been heard for longest is forgotten first."""
    clock = ManualClock()
    rates = Rates(1.0, clock.mono)
    rates.take("first")
    for number in range(1023):
        rates.take(number)
    assert rates.take("first") > 0.0
    rates.take("one more")
    assert rates.take("first") > 0.0
    assert rates.take(0) == 0.0
