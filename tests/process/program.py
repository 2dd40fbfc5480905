"""The real program as a child process with an environment of its own, and what it says over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import urllib3

from tests.process.pages import read_text
from tests.support.daemon import Page, check_rise
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
_GUARD = ("setpriv", "--pdeathsig", "KILL", "--")


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names in lower case."""

    status: int
    headers: dict[str, str]
    text: str


class Program:
    """One command of the program. Its output goes to the files `out` and `err` unless pipes are given.

    `wrap` stands before it on the command line. HOME and TMPDIR are empty folders of its own. The kernel kills it when
    the thread that started it ends, so start it from the main thread.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str | Path],
        *,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        wrap: Sequence[str] = (),
        stdout: IO[bytes] | None = None,
        stderr: IO[bytes] | None = None,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.home, self.temp = folder / "home", folder / "tmp"
        self.out, self.err = folder / "out.txt", folder / "err.txt"
        self._http = urllib3.PoolManager(retries=False, timeout=10.0)
        self.rises = True
        self.on_page: list[Callable[[Page], object]] = []
        self._before: Page = {}
        for path in (self.home, self.temp):
            path.mkdir(parents=True, exist_ok=True)
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self._child = subprocess.Popen(
                [*wrap, *_GUARD, sys.executable, "-m", "exporter", *map(str, arguments)],
                cwd=ROOT,
                env=self._environment(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=stdout or out,
                stderr=stderr or err,
                start_new_session=True,
            )

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        own = {"HOME": str(self.home), "TMPDIR": str(self.temp), "PYTHONDONTWRITEBYTECODE": "1"}
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **own, **more}

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def log(self) -> str:
        return self.err.read_text(errors="replace")

    @property
    def said(self) -> str:
        """What it wrote to standard output."""
        return self.out.read_text(errors="replace")

    @property
    def files(self) -> list[Path]:
        """What it has left in its HOME and TMPDIR."""
        return [path for folder in (self.home, self.temp) for path in folder.rglob("*")]

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def wait(self, timeout: float = 30.0) -> int:
        """The exit code. Raises `subprocess.TimeoutExpired`."""
        return self._child.wait(timeout)

    def stop(self, timeout: float = 10.0) -> int:
        """Ask with SIGTERM; the exit code. Raises `subprocess.TimeoutExpired`."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def close(self) -> None:
        self._http.clear()
        if self.alive:
            self._child.kill()
            self._child.wait()

    def get(self, path: str, **headers: str) -> Answer:
        """Raises `urllib3.exceptions.HTTPError`. Keyword `Accept_Encoding` is the header `Accept-Encoding`."""
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = self._http.request("GET", self.url + path, headers=given)
        return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.data.decode())

    def status(self, path: str) -> int:
        """The status of a GET; 0 if nobody answers."""
        try:
            return self.get(path).status
        except urllib3.exceptions.HTTPError:
            return 0

    def await_ready(self, timeout: float = 15.0) -> None:
        wait_for(lambda: self.status("/readyz") == 200 or not self.alive, timeout, lambda: f"ready:\n{self.log}")
        assert self.alive, self.log

    def page(self) -> Page:
        """Every series with its value; no counter has fallen since the last look, as long as `rises` is true.

        Then it calls what is in `on_page`.
        """
        page = read_text(self.get("/metrics").text)
        if self.rises:
            check_rise(self._before, page)
        self._before = page
        for look in self.on_page:
            look(page)
        return page

    def await_page(self, predicate: Callable[[Page], Any], timeout: float = 15.0, what: str = "") -> Page:
        """The first page for which `predicate` is true."""

        def look() -> Page | None:
            page = self.page()
            return page if predicate(page) else None

        return wait_for(look, timeout, lambda: f"{what}:\n{self.log[-3000:]}")

    def await_log(self, text: str, timeout: float = 10.0) -> None:
        wait_for(lambda: text in self.log, timeout, lambda: f"{text!r} in the log:\n{self.log}")


def write_config(path: Path, tree: Mapping[str, Any]) -> Path:
    """JSON is YAML."""
    path.write_text(json.dumps(tree, indent=1))
    return path


def in_mounts(script: str) -> tuple[str, ...]:
    """A wrap that runs the program where `script` has changed the mounts, for itself only."""
    return ("unshare", "--map-root-user", "--mount", "--", "sh", "-ec", f'{script}\nexec "$@"', "sh")
