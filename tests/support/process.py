"""A child process a test can freeze, kill and start again, and that never outlives the test process."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Process:
    """One program with fixed arguments. Its output goes to `log`; every signal goes to its own pid.

    The kernel kills it when the thread that started it ends, so start it from the main thread.
    """

    def __init__(self, *, argv: Sequence[str | Path], log: Path) -> None:
        self.name = Path(argv[0]).name
        self.log = log
        self._argv = [str(part) for part in argv]
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self, *more: str) -> None:
        """Start the program, or start it again with the same arguments and, this time, some more."""
        if self.alive:
            raise RuntimeError(f"{self.name} is running already")
        guard = ["setpriv", "--pdeathsig", "KILL", "--"]
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [*guard, *self._argv, *more],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it with SIGKILL, frozen or not, and wait for the end. Nothing happens if it has ended."""
        self._signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait()

    def terminate(self, timeout: float = 30.0) -> int:
        """Ask with SIGTERM and wait; returns the exit code. Raises `subprocess.TimeoutExpired`."""
        self._signal(signal.SIGTERM)
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child.wait(timeout)

    def freeze(self) -> None:
        """SIGSTOP: its sockets stay open and say nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def memory(self) -> int:
        """Resident memory in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"{self.name} has ended")

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            self._child.send_signal(number)
