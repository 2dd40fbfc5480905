"""The user credential of a cluster: a kubeconfig with an exec plugin, or with a client certificate."""

from __future__ import annotations

import base64
import json
from typing import Any

from exporter.simulator.arm.entra import KUBERNETES
from exporter.simulator.arm.model import ManagedCluster


def user_credential(cluster: ManagedCluster, tenant: str) -> dict[str, Any]:
    """The answer of listClusterUserCredential. JSON is YAML too, and readers take either."""
    text = json.dumps(_document(cluster, tenant))
    return {"kubeconfigs": [{"name": "clusterUser", "value": _encoded(text)}]}


def _document(cluster: ManagedCluster, tenant: str) -> dict[str, Any]:
    user = f"clusterUser_{cluster.name}"
    target = {"server": cluster.server, "certificate-authority-data": _encoded(cluster.ca_pem)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster.name, "cluster": target}],
        "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": user}}],
        "current-context": cluster.name,
        "users": [{"name": user, "user": _user(cluster, tenant)}],
    }


def _user(cluster: ManagedCluster, tenant: str) -> dict[str, Any]:
    if cluster.client is not None:
        certificate, key = cluster.client
        return {"client-certificate-data": _encoded(certificate), "client-key-data": _encoded(key)}
    arguments = ["get-token", "--environment", "AzurePublicCloud", "--server-id", KUBERNETES, "--tenant-id", tenant]
    plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin", "args": arguments}
    return {"exec": plugin | {"env": None, "provideClusterInfo": False}}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
