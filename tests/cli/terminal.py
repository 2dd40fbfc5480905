"""The command line at a terminal of its own: what a person sees and types."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.support.waiting import wait_for


class Terminal:
    """One command whose input and output are a pseudo-terminal. Close it."""

    def __init__(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self._ours, theirs = pty.openpty()
        whole = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", "TERM": "xterm", **(env or {})}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "exporter", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=whole,
            start_new_session=True,
        )
        os.close(theirs)
        self._bytes = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def shown(self) -> str:
        return self._bytes.decode(errors="replace")

    def await_text(self, text: str, timeout: float = 30.0) -> None:
        wait_for(lambda: text in self.shown, timeout, lambda: f"{text!r}:\n{self.shown}")

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.send(signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    @property
    def stopped(self) -> bool:
        """Whether it has been stopped, and may go on."""
        return Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def resize(self, *, rows: int, columns: int) -> None:
        """Give the window another size, as somebody does who drags its corner."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.send(signal.SIGWINCH)

    def wait(self, timeout: float = 60.0) -> int:
        """The exit code, when all that was written has been read."""
        code = self._child.wait(timeout)
        self._reader.join(5.0)
        return code

    def close(self) -> None:
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._reader.join(5.0)
        os.close(self._ours)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # Linux says so when the other side has closed
            while data := os.read(self._ours, 65536):
                self._bytes += data
