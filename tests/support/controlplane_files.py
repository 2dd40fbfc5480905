"""The files a control plane reads at its start: certificates, tokens, kubeconfig, scheduler and audit configuration."""

from __future__ import annotations

import base64
import json
import random
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import trustme

# Below the kernel's range for outgoing connections: no client can take the port of a stopped server.
_PORTS = range(20000, 32000)


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on and that the kernel never gives to a client."""
    for _ in range(100):
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def write_certificates(folder: Path) -> bytes:
    """Write `ca.crt`, `server.crt`, `server.key` and `accounts.key`; returns the CA as PEM."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    server.cert_chain_pems[0].write_to_path(folder / "server.crt")
    server.private_key_pem.write_to_path(folder / "server.key")
    authority.issue_cert("accounts").private_key_pem.write_to_path(folder / "accounts.key")
    return authority.cert_pem.bytes()


def write_tokens(path: Path, tokens: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> None:
    """One line per user: token, name, uid, quoted groups."""
    lines = [f'{token},{name},{name},"{",".join(groups[name])}"\n' for name, token in tokens.items()]
    path.write_text("".join(lines))
    path.chmod(0o600)


def write_kubeconfig(path: Path, *, url: str, ca_pem: bytes, token: str, namespace: str) -> Path:
    """A kubeconfig (JSON is YAML) with one cluster, one user and one context."""
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(ca_pem).decode()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
        "current-context": "test",
    }
    return _write(path, config)


def write_scheduler_config(path: Path, kubeconfig: Path) -> Path:
    config = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig), "qps": 500, "burst": 1000},
        "leaderElection": {"leaderElect": False},
        "podMaxBackoffSeconds": 2,
    }
    return _write(path, config)


def write_audit_policy(path: Path) -> Path:
    """Metadata of every finished request for Jobs and pods and of every write of a ServiceAccount; of deletes of Jobs
    also what was asked and answered; nothing else."""
    jobs = {"group": "batch", "resources": ["jobs"]}
    writes = ["create", "update", "patch", "delete", "deletecollection"]
    rules = [
        {"level": "RequestResponse", "verbs": ["delete", "deletecollection"], "resources": [jobs]},
        {"level": "Metadata", "verbs": writes, "userGroups": ["system:serviceaccounts"]},
        {"level": "Metadata", "resources": [jobs, {"group": "", "resources": ["pods"]}]},
        {"level": "None"},
    ]
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
    return _write(path, policy)


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content, indent=1))
    path.chmod(0o600)
    return path
