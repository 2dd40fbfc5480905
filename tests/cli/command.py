"""The command line as its users have it: a process, its exit code, what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.simulator.server import Simulator

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


def run(*arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60.0) -> Ran:
    """Run `python -m exporter` with nothing of this process' environment but the path."""
    whole = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "exporter", *arguments], env=whole, capture_output=True, timeout=timeout, check=False
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def to(simulator: Simulator, folder: Path, token: str | None = None) -> list[str]:
    """The flags that connect to a simulator, as the owner of `token` (the administrator without one)."""
    file = folder / "token"
    file.write_text(token or simulator.token)
    keys = {"mode": "direct", "server": simulator.url, "token_file": str(file), "insecure_http": "true"}
    return [part for key, value in keys.items() for part in ("--set", f"clusters[0].connect.{key}={value}")]
