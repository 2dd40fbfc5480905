"""The real Kubernetes control plane on 127.0.0.1: etcd, kube-apiserver, kube-controller-manager, kube-scheduler."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import urllib3

from tests.support import controlplane_args as args
from tests.support import controlplane_files as files
from tests.support.kubeapi import Api, expect
from tests.support.process import Process
from tests.support.waiting import wait_for

BIN = Path(__file__).resolve().parent.parent / "tools" / "bin"


class ControlPlane:
    """Starts on entry, ready on return; `close()` kills every piece and removes the data.

    `etcd`, `apiserver`, `manager` and `scheduler` are `Process`es: each can be killed, frozen and started again on the
    same port and data. `users` maps a name to its groups; a user without groups has no rights. Tokens are read
    by kube-apiserver at its start, so `add_user` after that needs `apiserver.kill()` and `.start()`.
    """

    def __init__(
        self,
        *,
        controllers: bool = True,
        scheduler: bool = True,
        users: Mapping[str, Sequence[str]] | None = None,
        audit: bool = False,
        apiserver_args: Sequence[str] = (),
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="control-plane-"))
        self.ca_pem = files.write_certificates(self.folder)
        self.ca_file = self.folder / "ca.crt"
        self.audit_log = self.folder / "audit.log"
        port = files.free_port()
        self.url = f"https://127.0.0.1:{port}"
        self._tokens: dict[str, str] = {}
        self._groups: dict[str, Sequence[str]] = {}
        self.token = self.add_user("admin", ["system:masters"])
        for name, groups in (users or {}).items():
            self.add_user(name, groups)
        self.api = self.client()
        admin = self.kubeconfig(self.folder / "admin.kubeconfig")
        scheduling = files.write_scheduler_config(self.folder / "scheduler.json", admin)
        etcd_port = files.free_port()
        self.etcd_url = f"http://127.0.0.1:{etcd_port}"
        flags = args.apiserver_args(self.folder, port=port, etcd_port=etcd_port)
        flags += args.audit_args(self.folder, self.audit_log) if audit else []
        self.etcd = self._process("etcd", args.etcd_args(self.folder, etcd_port))
        self.apiserver = self._process("kube-apiserver", [*flags, *apiserver_args])
        self.manager = self._process("kube-controller-manager", args.manager_args(admin))
        self.scheduler = self._process("kube-scheduler", [f"--config={scheduling}", "--secure-port=0"])
        self._servers = [self.etcd, self.apiserver]
        self._workers = [self.manager] * controllers + [self.scheduler] * scheduler

    def start(self) -> None:
        """Start what is not running and wait until the API is ready and the controllers work."""
        self._start(self._servers)
        self.wait_ready()
        self._start(self._workers)
        if self.manager in self._workers:
            wait_for(self._controlled, 60.0, lambda: self._logs(self._workers))

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until `/readyz` says ok and the default namespace is there.

        Raises `TimeoutError`, or `RuntimeError` once etcd or kube-apiserver has ended; both show the end of the logs.
        """
        wait_for(self._ready, timeout, lambda: self._logs(self._servers))

    def add_user(self, name: str, groups: Sequence[str] = ()) -> str:
        """A user known by a static token, which is returned."""
        self._tokens[name] = secrets.token_hex(16)
        self._groups[name] = groups
        files.write_tokens(self.folder / "tokens.csv", self._tokens, self._groups)
        return self._tokens[name]

    def token_of(self, name: str) -> str:
        return self._tokens[name]

    def account_token(self, name: str, *, namespace: str = "default", audiences: Sequence[str] = ()) -> str:
        """A TokenRequest token of the ServiceAccount, which is made if it is not there."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        expect(self.api.post(path, {"metadata": {"name": name}}), 201, 409)
        spec = {"audiences": list(audiences or [args.ISSUER]), "expirationSeconds": 3600}
        token: str = expect(self.api.post(f"{path}/{name}/token", {"spec": spec}))["status"]["token"]
        return token

    def client(self, token: str | None = None, *, timeout: float = 15.0) -> Api:
        """A client as the owner of `token`, or as admin. Close it."""
        return Api(self.url, token=token or self.token, ca_file=self.ca_file, timeout=timeout)

    def kubeconfig(self, path: Path, token: str | None = None, namespace: str = "default") -> Path:
        """Write a kubeconfig for `token` (admin without one); returns the path."""
        token = token or self.token
        return files.write_kubeconfig(path, url=self.url, ca_pem=self.ca_pem, token=token, namespace=namespace)

    def audited(self) -> list[dict[str, Any]]:
        """The audit events so far (`audit=True`): finished requests for Jobs and pods."""
        return [json.loads(line) for line in self.audit_log.read_text().splitlines()]

    def close(self) -> None:
        self.api.close()
        for piece in [*self._workers, *reversed(self._servers)]:
            piece.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> ControlPlane:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, pieces: Sequence[Process]) -> None:
        for piece in pieces:
            if not piece.alive:
                piece.start()

    def _ready(self) -> bool:
        self._check_alive(self._servers)
        try:
            return self.api.get("/readyz")[0] == 200 and self.api.get("/api/v1/namespaces/default")[0] == 200
        except urllib3.exceptions.HTTPError:
            return False

    def _controlled(self) -> bool:
        self._check_alive(self._workers)
        return self.api.get("/api/v1/namespaces/default/serviceaccounts/default")[0] == 200

    def _check_alive(self, pieces: Sequence[Process]) -> None:
        for piece in pieces:
            if not piece.alive:
                raise RuntimeError(f"{piece.name} has ended:\n{piece.tail()}")

    def _logs(self, pieces: Sequence[Process]) -> str:
        return "\n".join(f"--- {piece.name}\n{piece.tail()}" for piece in pieces)

    def _process(self, name: str, flags: Sequence[str]) -> Process:
        program = BIN / name
        if not program.exists():
            raise FileNotFoundError(f"{name} is not installed: run tests/tools/install")
        return Process(argv=[program, *flags], log=self.folder / f"{name}.log")
