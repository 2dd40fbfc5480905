"""Lines reach a pipe; a pipe that nobody reads costs the caller nothing."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
import warnings

import pytest

from exporter.logs import configure, event

LOG = logging.getLogger("exporter.feed")


class Pipe:
    """A pipe whose write end is the log's stream; `text` reads what is in it."""

    def __init__(self):
        self.reader, writer = os.pipe()
        self.stream = os.fdopen(writer, "w")

    def text(self):
        """Everything up to the end of the file; the write end must be closed."""
        with os.fdopen(self.reader, "rb", closefd=False) as file:
            return file.read().decode()

    def close(self):
        self.stream.close()
        os.close(self.reader)


@pytest.fixture
def pipe():
    pipe = Pipe()
    yield pipe
    pipe.close()


def closed(pipe, handle):
    """The lines after an orderly end."""
    handle.close()
    pipe.stream.close()
    return pipe.text().splitlines()


def test_an_event_is_one_line_when_the_log_is_closed(pipe):
    handle = configure("info", "json", stream=pipe.stream)
    event(LOG, logging.INFO, "feed synced", resource="jobs", count=3)
    event(LOG, logging.DEBUG, "not wanted")

    (line,) = closed(pipe, handle)

    said = json.loads(line)
    assert (said["msg"], said["component"], said["resource"], said["count"]) == ("feed synced", "feed", "jobs", 3)
    assert handle.dropped == 0


@pytest.mark.fault(80)
def test_a_blocked_pipe_never_blocks_the_caller_and_drops_are_counted(pipe):
    handle = configure("info", "logfmt", stream=pipe.stream, most_lines=50)
    slowest = 0.0
    for i in range(2000):
        started = time.monotonic()
        event(LOG, logging.INFO, "line", number=i, padding="x" * 200)
        slowest = max(slowest, time.monotonic() - started)

    started = time.monotonic()
    handle.close()
    took = time.monotonic() - started
    pipe.stream.close()
    whole = [line for line in pipe.text().splitlines() if " msg=line " in line and line.endswith("x" * 200)]

    assert slowest < 0.5
    assert took < 1.5
    assert len(whole) + handle.dropped == 2000
    assert handle.dropped > 1000


@pytest.mark.fault(80)
def test_the_loss_is_said_when_the_reader_comes_back(pipe):
    handle = configure("info", "json", stream=pipe.stream, most_lines=10)
    for i in range(1000):
        event(LOG, logging.INFO, "line", number=i, padding="x" * 200)
    read = []
    reader = threading.Thread(target=lambda: read.extend(pipe.text().splitlines()))
    reader.start()
    deadline = time.monotonic() + 10
    lost = handle.dropped
    while handle.handler.waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    event(LOG, logging.INFO, "later")
    handle.close()
    pipe.stream.close()
    reader.join(10)

    told = [json.loads(line)["count"] for line in read if "log lines were dropped" in line]
    assert sum(told) == handle.dropped == lost > 0


def test_a_pipe_without_a_reader_only_counts():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        handle = configure("info", "logfmt", stream=stream)
        event(LOG, logging.INFO, "line")
        handle.close()

    assert handle.dropped == 1


def test_a_line_after_the_end_is_counted(pipe):
    handle = configure("info", "logfmt", stream=pipe.stream)
    handler = handle.handler
    handle.close()
    handler.handle(logging.LogRecord("exporter", logging.INFO, "", 0, "late", (), None))
    handle.close()

    assert handle.dropped == 1


def test_other_libraries_use_the_same_form_and_say_only_what_matters(pipe):
    handle = configure("debug", "json", stream=pipe.stream)
    logging.getLogger("urllib3.connectionpool").warning("Connection pool is full")
    logging.getLogger("apscheduler.executors.default").info("Running job")
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").info("Request URL")
    logging.getLogger("uvicorn.error").error("bad\nrequest")
    logging.getLogger("unheard.of").info("chatter")

    lines = [json.loads(line) for line in closed(pipe, handle)]

    assert [(line["component"], line["msg"]) for line in lines] == [("uvicorn.error", "bad request")]


def test_audit_lines_cannot_be_switched_off(pipe):
    handle = configure("error", "json", stream=pipe.stream)
    event(logging.getLogger("exporter.audit"), logging.INFO, "cancel intended", id="job-1")
    event(LOG, logging.WARNING, "not wanted")

    assert [json.loads(line)["component"] for line in closed(pipe, handle)] == ["audit"]


def test_a_warning_of_python_is_one_line(pipe):
    handle = configure("info", "json", stream=pipe.stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("two\nlines", stacklevel=1)

    (line,) = closed(pipe, handle)
    assert json.loads(line)["component"] == "py.warnings"


def test_closing_restores_what_was_there(pipe):
    root = logging.getLogger()
    before = (list(root.handlers), root.level, LOG.getEffectiveLevel(), logging.getLogger("urllib3").level)

    configure("debug", "json", stream=pipe.stream).close()

    after = (list(root.handlers), root.level, LOG.getEffectiveLevel(), logging.getLogger("urllib3").level)
    assert after == before


PROGRAM = """
import logging, sys
from exporter.logs import configure, event
configure("info", "logfmt")
for number in range(int(sys.argv[1])):
    event(logging.getLogger("exporter.feed"), logging.INFO, "line", number=number, padding="x" * 100)
"""


def test_a_process_that_ends_writes_its_last_lines():
    """Nobody calls close: the end of the interpreter does."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "500"], capture_output=True, text=True, timeout=60, check=True
    )

    assert len(done.stderr.splitlines()) == 500
    assert "number=499" in done.stderr


def test_a_process_with_a_blocked_stderr_still_ends():
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, "5000"], stderr=writer)
        try:
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
            process.wait(timeout=10)
    finally:
        os.close(writer)
        os.close(reader)
