"""Audit records: one line each, clean, out of the process when the call returns, and never a hang."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.cancel.audit import MOST_BYTES, AuditError, AuditSink, line_of
from exporter.cancel.order import Order
from exporter.cancel.records import intents, outcomes
from exporter.domain.cancel import ObjectResult, Outcome, Result, Target, make_plan
from exporter.domain.identity import SearchId

A = "job-" + "a" * 32
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_record_is_one_line_of_a_file_that_only_we_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = AuditSink(str(path), now=lambda: 1_790_000_000.25)
    sink({"event": "cancel_intent", "uids": ["u-1", "u-2"], "count": 2, "reason": None})
    sink({"event": "cancel_outcome", "results": {"u-1": "deleted"}})
    first, second = lines(path)
    assert first == {
        "time": "2026-09-21T14:13:20.250Z",
        "audit": True,
        "event": "cancel_intent",
        "uids": ["u-1", "u-2"],
        "count": 2,
        "reason": None,
    }
    assert second["results"] == {"u-1": "deleted"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_moved_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = AuditSink(str(path))
    sink({"event": "one"})
    path.rename(tmp_path / "audit.1")
    sink({"event": "two"})
    assert [record["event"] for record in lines(path)] == ["two"]


def a_link(path: Path) -> None:
    path.with_name("target").touch()
    path.symlink_to(path.with_name("target"))


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.fault(104)
@pytest.mark.parametrize("make", [Path.mkdir, a_link, a_pipe], ids=["directory", "link", "pipe"])
def test_what_is_no_file_is_not_written_to(tmp_path: Path, make) -> None:
    path = tmp_path / "audit.jsonl"
    make(path)
    with pytest.raises(AuditError):
        AuditSink(str(path))({"event": "x"})
    assert not path.with_name("target").exists() or path.with_name("target").read_text() == ""


@pytest.mark.fault(104)
@pytest.mark.parametrize("name", ["missing/audit.jsonl", "/dev/full"])
def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuditError):
        AuditSink(str(tmp_path / name))({"event": "x"})


@contextmanager
def stdout_as_pipe() -> Iterator[int]:
    """The reading end of a pipe that is this process' stdout."""
    kept = os.dup(1)
    reading, writing = os.pipe()
    os.dup2(writing, 1)
    os.close(writing)
    try:
        yield reading
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(reading)


def test_stdout_gets_the_lines(capfd: pytest.CaptureFixture[str]) -> None:
    AuditSink("-")({"event": "x"})
    assert json.loads(capfd.readouterr().out)["event"] == "x"


@pytest.mark.fault(104)
def test_a_stdout_that_nobody_reads_is_an_error_and_no_hang() -> None:
    """Also for another thread, which waits for the first one's record."""
    sink = AuditSink("-", deadline=0.3)
    errors: list[str] = []

    def fill() -> None:
        try:
            for _ in range(100):
                sink({"event": "x", "uids": ["u" * 200] * 60})
        except AuditError as error:
            errors.append(str(error))

    with stdout_as_pipe():
        threads = [threading.Thread(target=fill) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10.0)
        assert not any(thread.is_alive() for thread in threads)
    assert len(errors) == 2


@pytest.mark.fault(104)
def test_a_stdout_that_is_closed_is_an_error() -> None:
    with stdout_as_pipe() as reading:
        sink = AuditSink("-", deadline=0.3)
        sink({"event": "x"})
        os.dup2(os.open(os.devnull, os.O_RDONLY), reading)
        with pytest.raises(AuditError):
            sink({"event": "x"})


def test_a_line_that_was_torn_does_not_spoil_the_next() -> None:
    sink = AuditSink("-", deadline=0.3)
    with stdout_as_pipe() as reading:
        assert any(fails(sink) for _ in range(100))
        got = os.read(reading, 1 << 20)
        sink({"event": "whole"})
        got += os.read(reading, 1 << 20)
    assert json.loads(got.splitlines()[-1])["event"] == "whole"


def fails(sink: AuditSink) -> bool:
    try:
        sink({"event": "torn", "uids": ["u" * 200] * 60})
    except AuditError:
        return True
    return False


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=20), json_values, max_size=6))
def test_whatever_a_record_holds_it_is_one_json_line_of_at_most_16_kib(record: dict[str, object]) -> None:
    line = line_of(record, 1_790_000_000.0)
    assert len(line) <= MOST_BYTES
    assert b"\n" not in line
    assert json.loads(line)["audit"] is True
    assert "\u202e" not in line.decode()


@settings(max_examples=20, deadline=None)
@given(reason=st.text(max_size=200), caller=st.text(max_size=300), uid=st.text(max_size=300))
def test_the_records_of_a_large_cancel_fit_and_name_every_object(reason: str, caller: str, uid: str) -> None:
    order = Order(
        search=SearchId(A), namespace="default", reason=reason, caller=caller, caller_uid=uid, groups="f" * 16
    )
    targets = [target(number) for number in range(601)]
    plan = make_plan("default", SearchId(A), targets)
    results = tuple(ObjectResult(target=one, result="already_gone") for one in targets)
    result = Result(outcome=Outcome.DONE, plan=plan, objects=results, detail="d" * 256)
    intent = [json.loads(line_of(one, 0.0)) for one in intents(order, plan, targets, 0.0)]
    outcome = [json.loads(line_of(one, 0.0)) for one in outcomes(order, result)]
    assert [uid for record in intent for uid in record["uids"]] == [one.uid for one in targets]
    assert [uid for record in outcome for uid in record["results"]] == [one.uid for one in targets]


def target(number: int) -> Target:
    uid = f"{number:08x}-0000-4000-8000-000000000000"
    return Target(
        uid=uid, name=f"blast-{number}", namespace="default", version="1", role="blast", app="blast", search=A,
        evidence="label", created=0.0,
    )  # fmt: skip


def test_a_record_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with pytest.raises(AuditError, match="too long"):
        AuditSink(str(path))({"uids": ["u" * 100] * 200})
    assert not path.exists()


def test_secrets_are_masked(tmp_path: Path) -> None:
    line = line_of({"reason": f"Bearer {TOKEN}", "token": TOKEN, "caller": TOKEN, "x": [{TOKEN: TOKEN}]}, 0.0)
    assert TOKEN.encode() not in line
    assert b"eyJ" not in line
