"""What a rehearsal needs around it: nodes whose pods come and go, a daemon, and the command as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.app import App
from exporter.cancel.statictokens import new_token
from exporter.config import load
from exporter.rehearsal.manifests import RUN_LABEL
from tests.cli.command import Ran, run
from tests.contract.targets import Target
from tests.support.controlplane_files import free_port
from tests.support.kubeapi import expect
from tests.support.kubelet import FakeKubelet
from tests.support.waiting import wait_for

_SPEED = 100.0
_LONG = 60


class Player:
    """A node that plays the pods of a namespace in a thread: each runs, and ends unless it would sleep for long.

    `exit_code` is what they end with.
    """

    def __init__(self, target: Target, *, exit_code: int = 0) -> None:
        self.node = f"node-{target.namespace}"
        self.errors: list[Exception] = []
        self._target = target
        self._exit_code = exit_code
        self._kubelet = FakeKubelet(target.api, target.namespace)
        self._played: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._play, name="player", daemon=True)

    def __enter__(self) -> Player:
        self._kubelet.add_node(self.node)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(20.0)
        self._kubelet.close()
        assert not self.errors, self.errors

    def _play(self) -> None:
        while not self._ended.wait(0.05):
            try:
                self._kubelet.reap()
                for pod in expect(self._target.api.get(self._target.pods))["items"]:
                    self._live(pod)
            except AssertionError as error:  # a pod that was deleted meanwhile
                if "404" not in str(error) and "409" not in str(error):
                    self.errors.append(error)
            except Exception as error:  # noqa: BLE001 - the test that owns the player raises it
                self.errors.append(error)
                return

    def _live(self, pod: dict[str, Any]) -> None:
        uid, spec = pod["metadata"]["uid"], pod["spec"]
        if uid in self._played or not spec.get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            return
        self._played.add(uid)
        self._kubelet.run(pod)
        seconds = spec["containers"][0].get("command", ["sleep", "1"])[-1]
        if int(seconds) >= _LONG:
            return
        if self._exit_code:
            self._kubelet.fail(pod, {one["name"]: self._exit_code for one in spec["containers"]})
        else:
            self._kubelet.succeed(pod)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A daemon that watches the target's namespace, and the flags that lead a command to it and to the target."""

    target: Target
    flags: list[str]
    admin: list[str]
    connect: list[str]

    def rehearse(self, *more: str, timeout: float = 120.0) -> Ran:
        return run("rehearse", *self.flags, *self.connect, *more, timeout=timeout)

    def begun(self, *more: str) -> subprocess.Popen[str]:
        """The command as a process of its own."""
        argv = [sys.executable, "-m", "exporter", "rehearse", *self.flags, *self.connect, *more]
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        return subprocess.Popen(argv, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def made(self) -> set[str]:
        """Names of all Jobs in the namespace that a rehearsal made."""
        return set(self.target.names(self.target.jobs, labelSelector=RUN_LABEL))


@contextmanager
def rehearsed(
    target: Target, settings: KubeSettings, folder: Path, *, namespace: str = "", **keys: Any
) -> Iterator[Rehearsed]:
    """`keys` are of the daemon's configuration; `namespace` is another one than the target's."""
    token, line = new_token("alice")
    (folder / "tokens").write_text(f"{line}\n")
    (folder / "alice.token").write_text(token)
    (folder / "token").write_text(settings.token)
    page, admin = free_port(), free_port()
    watched = namespace or target.namespace
    config = load(None, {}, {**_keys(page, admin, folder), "clusters[0].namespaces": [watched], **keys})
    app = App(config, way=lambda _given, _config: connect(settings, env={}), speed=_SPEED)
    app.start()
    try:
        wait_for(
            lambda: app.publisher.view is not None and all(check.ok for check in app.ready()), 30.0, "a first look"
        )
        yield Rehearsed(
            target,
            ["--namespace", watched, "--url", f"http://127.0.0.1:{page}", "--wait", "30"],
            ["--admin-url", f"http://127.0.0.1:{admin}", "--token-file", str(folder / "alice.token")],
            _connection(settings, folder / "token"),
        )
    finally:
        app.stop()


def stopped(child: subprocess.Popen[str], number: signal.Signals, when: Callable[[], object]) -> tuple[int, str]:
    """Signal it once `when` is true; its exit code and what it wrote."""
    try:
        wait_for(when, 30.0, "the moment to stop it")
        child.send_signal(number)
        out, _ = child.communicate(timeout=60.0)
    finally:
        child.kill()
        child.wait()
    return child.returncode, out


def _keys(page: int, admin: int, folder: Path) -> dict[str, object]:
    return {
        "listen.address": "127.0.0.1",
        "listen.port": page,
        "shutdown_delay": 0.0,
        "intervals.tick": 0.1,
        "intervals.poll": 5.0,
        "intervals.api_groups": 10.0,
        "admin.enabled": True,
        "admin.callers": "tokens",
        "admin.port": admin,
        "admin.tokens_file": str(folder / "tokens"),
        "admin.audit_file": str(folder / "audit.jsonl"),
        "admin.stage_one": 20.0,
    }


def _connection(settings: KubeSettings, token_file: Path) -> list[str]:
    keys = {"mode": "direct", "server": settings.server, "token_file": str(token_file), "ca_file": settings.ca_file}
    keys["insecure_http"] = str(settings.insecure_http).lower()
    return [part for key, text in keys.items() if text for part in ("--set", f"clusters[0].connect.{key}={text}")]
