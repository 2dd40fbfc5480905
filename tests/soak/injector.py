"""Kills, freezes, cuts, and starts again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

from tests.soak.plan import Death
from tests.support.controlplane import ControlPlane
from tests.support.daemon import Daemon
from tests.support.process import Process
from tests.support.proxy import Proxy

_PATIENCE = 15.0  # seconds; the daemon promises 10


class Injector:
    """Use it from the main thread: children end with the thread that started them."""

    def __init__(self, plane: ControlPlane, proxy: Proxy, *, survivor: Daemon, mortal: Daemon) -> None:
        self.frozen = False
        """Whether the survivor is: nobody may ask it for a page then."""
        self._plane = plane
        self._proxy = proxy
        self._mortal = mortal
        self._victims: dict[str, Process] = {
            "api server": plane.apiserver,
            "etcd": plane.etcd,
            "mortal": mortal.process,
            "survivor": survivor.process,
        }

    def strike(self, deaths: Sequence[Death], watch_until: Callable[[float], None]) -> None:
        """Every death at its time, and the end of each at its own; `watch_until` a moment fills the time between."""
        start = time.monotonic()
        begins = [(death.at, False, death) for death in deaths]
        ends = [(death.at + death.lasts, True, death) for death in deaths]
        for at, over, death in sorted(begins + ends, key=lambda item: item[:2]):
            watch_until(start + at)
            if over:
                self._end(death)
            else:
                self._begin(death)

    def heal(self) -> None:
        """Everything is up, and the API server ready. One that found no etcd at its start has given up by now."""
        for _ in range(3):
            try:
                return self._plane.start()
            except RuntimeError:
                continue
        raise RuntimeError("the control plane does not come back")

    def _begin(self, death: Death) -> None:
        deed = death.kind.rpartition(" ")[2]
        if death.target == "wire":
            self._proxy.swallow, self._proxy.refuse = deed == "hole", deed == "refused"
            if deed != "hole":
                self._proxy.cut()
            return
        victim = self._victims[death.target]
        if deed == "killed":
            victim.kill()
        elif deed == "stopped":
            _stop(victim, must_end_well=death.target == "mortal")
        else:
            victim.freeze()
            self.frozen |= death.target == "survivor"

    def _end(self, death: Death) -> None:
        if death.target == "wire":
            hole, self._proxy.swallow, self._proxy.refuse = self._proxy.swallow, False, False
            if hole:
                self._proxy.cut()
        elif death.kind.endswith("frozen"):
            self._victims[death.target].thaw()
            if death.target == "survivor":
                time.sleep(0.2)  # what waits at its door may be answered from before it froze
                self.frozen = False
        elif death.target == "mortal":
            self._mortal.start()
        else:
            self._victims[death.target].start()


def _stop(victim: Process, *, must_end_well: bool) -> None:
    """SIGTERM, and SIGKILL for who takes too long; kube-apiserver waits for its watches to end."""
    try:
        code = victim.terminate(_PATIENCE if must_end_well else 2.0)
    except subprocess.TimeoutExpired:
        code = -1
        victim.kill()
    assert code == 0 or not must_end_well, f"the daemon ended with {code}\n{victim.tail()}"
