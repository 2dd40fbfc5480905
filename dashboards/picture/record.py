"""What the pictures show: the demo, and the real Prometheus that scrapes it and evaluates the alert rules."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
JOB = "elasticblast-exporter"
_PROMETHEUS = ROOT / "tests" / "tools" / "bin" / "prometheus"
_RULES = ROOT / "deploy" / "prometheus" / "*.rules.yaml"
_PAGE = re.compile(r"metrics +http://(?P<host>[\d.:]+)/metrics")
_LISTENS = re.compile(r'"Listening on" component=web address=(?P<host>[\d.:]+)')
_READY = re.compile("Server is ready to receive web requests")
_CANCEL = re.compile(r"^ +(?P<variable>\w+)=(?P<token>\S+) (?P<command>.* cancel .*)$", re.MULTILINE)


class Recording(NamedTuple):
    """The time that was recorded, in seconds since the epoch, of a world `speed` times faster than life."""

    begin: float
    end: float
    speed: float


def recorded(folder: Path) -> Recording | None:
    """The recording that a folder holds, if it does."""
    path = folder / "recording.json"
    return Recording(**json.loads(path.read_text())) if path.exists() else None


def record(folder: Path, *, minutes: float, speed: float, seed: int) -> Recording:
    """Let the demo live for so long, with a cancel on the way, and keep what Prometheus has seen."""
    with _demo(folder / "demo.log", speed, seed) as page, prometheus(folder, page):
        begin = time.time()
        time.sleep(minutes * 45)
        _cancel((folder / "demo.log").read_text())
        time.sleep(minutes * 15)
        made = Recording(begin, time.time(), speed)
    (folder / "recording.json").write_text(json.dumps(made._asdict()))
    return made


@contextmanager
def prometheus(folder: Path, target: str = "") -> Iterator[str]:
    """The address of a Prometheus over the recording in a folder; it scrapes `target` every second."""
    scraped = {
        "job_name": JOB,
        "honor_labels": True,
        "static_configs": [{"targets": [target], "labels": {"instance": JOB}}],
    }
    given = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "5s"},
        "rule_files": [str(_RULES)] if target else [],
        "scrape_configs": [scraped] if target else [],
    }
    config, log = folder / "prometheus.yaml", folder / "prometheus.log"
    config.write_text(json.dumps(given))
    argv = [_PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with _running([*map(str, argv), "--web.listen-address=127.0.0.1:0"], log):
        _awaited(log, _READY)
        yield f"http://{_awaited(log, _LISTENS)['host']}"


@contextmanager
def _demo(log: Path, speed: float, seed: int) -> Iterator[str]:
    argv = [sys.executable, "-m", "exporter", "demo", "--port", "0", "--admin-port", "0"]
    with _running([*argv, "--speed", str(speed), "--seed", str(seed)], log):
        yield _awaited(log, _PAGE)["host"]


@contextmanager
def _running(argv: Sequence[str], log: Path) -> Iterator[None]:
    """A process whose output goes to `log`; it ends with the context."""
    with log.open("wb") as output, subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT) as child:
        try:
            yield
        finally:
            child.terminate()


def _awaited(log: Path, pattern: re.Pattern[str], seconds: float = 60.0) -> re.Match[str]:
    """What a process prints, once it has. Raises TimeoutError with its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := pattern.search(log.read_text(errors="replace")):
            return found
        time.sleep(0.1)
    raise TimeoutError(log.read_text(errors="replace"))


def _cancel(printed: str) -> None:
    """Do what the demo proposes: cancel its long search."""
    if found := _CANCEL.search(printed):
        given = {**os.environ, found["variable"]: found["token"]}
        argv = [*shlex.split(found["command"]), "--yes"]
        subprocess.run(argv, env=given, cwd=ROOT, check=False, timeout=120)
