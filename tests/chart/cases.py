"""Values under which the chart must be right: each mode with each thing that changes what is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ID = "00000000-0000-0000-0000-000000000000"
CLUSTER_ID = f"/subscriptions/{ID}/resourceGroups/searches/providers/Microsoft.ContainerService/managedClusters/blast"
OPERATOR = (
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
)
AZURE = ("azmonitoring.coreos.com/v1/PodMonitor", "azmonitoring.coreos.com/v1/ServiceMonitor")
CUSTOM = (
    "kubeflow.org/v2beta1/MPIJob",
    "kueue.x-k8s.io/v1beta1/ClusterQueue",
    "kueue.x-k8s.io/v1beta1/Workload",
    "keda.sh/v1alpha1/ScaledJob",
    "batch.volcano.sh/v1alpha1/Job",
)
_ADMIN_TLS = {"enabled": True, "tls": {"secretName": "admin-tls"}}
_FLEET = {
    "mode": "outside",
    "replicas": 3,
    "workloadIdentity": {"clientId": ID, "tenantId": ID},
    "config": {"discovery": {"subscriptions": [ID], "tags": ["team=blast"]}},
}


@dataclass(frozen=True, slots=True)
class Case:
    """Values, and what the cluster serves beyond Kubernetes' own."""

    values: dict[str, Any] = field(default_factory=dict)
    served: tuple[str, ...] = ()


CASES: dict[str, Case] = {
    "plain": Case(),
    "monitored": Case(served=OPERATOR),
    "azure": Case({"cluster": {"resourceId": CLUSTER_ID}, "workloadIdentity": {"clientId": ID}}, AZURE),
    "both": Case({"monitor": {"kind": "ServiceMonitor"}}, (*OPERATOR, *AZURE)),
    "forced": Case({"monitor": {"force": True}, "rules": {"force": True}}),
    "namespaces": Case({"cluster": {"name": "blast-aks", "namespaces": ["blast", "more"]}}, CUSTOM),
    "several": Case({"replicas": 2}, OPERATOR),
    "admin": Case({"admin": {"enabled": True}}),
    "admin by service": Case({"admin": {**_ADMIN_TLS, "hosts": ["cancel.example"]}, "replicas": 2}, OPERATOR),
    "admin by token": Case({"admin": {**_ADMIN_TLS, "callers": "tokens", "tokensSecret": "callers"}}),
    "admin in several": Case({"admin": _ADMIN_TLS, "cluster": {"namespaces": ["a", "b", "default"]}}),
    "rehearsal": Case({"rehearsal": {"enabled": True}}),
    "rehearsal with cancel": Case(
        {"rehearsal": {"enabled": True, "namespace": "play"}, "admin": _ADMIN_TLS, "networkPolicy": {"metricsFrom": []}}
    ),
    "tls": Case({"metrics": {"tls": {"secretName": "tls"}}, "rehearsal": {"enabled": True}}, OPERATOR),
    "client certificates": Case(
        {
            "metrics": {"tls": {"secretName": "tls", "clientCertificates": True}},
            "monitor": {"tlsConfig": {"insecureSkipVerify": True}},
        },
        (*OPERATOR, *AZURE),
    ),
    "less rights": Case({"rbac": dict.fromkeys(("nodes", "events", "volumes", "usage", "leases"), False)}),
    "all kinds": Case({"rbac": {"customResources": "all"}}),
    "own kinds": Case(
        {
            "config": {
                "custom": [
                    {"group": "example.org", "plural": "things", "kind": "Thing", "phase": "status.phase"},
                    {"group": "example.org", "plural": "wide", "kind": "Wide", "scope": "cluster"},
                    {"group": "keda.sh", "plural": "scaledjobs", "read": False},
                    {"group": "karpenter.sh", "plural": "nodepools", "version": "v1"},
                ]
            }
        },
        CUSTOM,
    ),
    "no rights": Case({"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "given"}}),
    "fleet": Case(_FLEET, (*OPERATOR, *AZURE)),
    "one of a fleet": Case({**_FLEET, "replicas": 1}, OPERATOR),
    "fleet and its own cluster": Case(
        {
            **_FLEET,
            "admin": _ADMIN_TLS,
            "config": {
                "clusters": [
                    {"name": "here", "namespaces": ["blast"]},
                    {"name": "there", "connect": {"mode": "aks"}, "azure": {"resource_id": CLUSTER_ID}},
                ]
            },
        }
    ),
    "everything said": Case(
        {
            "fullnameOverride": "blast-exporter",
            "labels": {"team": "blast"},
            "image": {"digest": f"sha256:{'0' * 64}"},
            "imagePullSecrets": [{"name": "registry"}],
            "replicas": 2,
            "config": {
                "limits": {"records": 10000000},
                "log": {"level": "debug"},
                "listen": {"port": 9000},
                "azure": {"credential": "managed-identity"},
                "clusters": [{"name": "blast", "azure": {"resource_id": CLUSTER_ID}}],
            },
            "dashboards": {"operator": {"enabled": True}, "annotations": {"grafana_folder": "ElasticBLAST"}},
            "networkPolicy": {"metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "prometheus"}}}]},
            "systemPool": "require",
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
            "priorityClassName": "system-cluster-critical",
            "podLabels": {"a": "b"},
            "podAnnotations": {"c": "d"},
            "extraArgs": ["--set", "log.format=json"],
            "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy"}],
            "extraEnvFrom": [{"secretRef": {"name": "principal"}}],
            "extraVolumes": [{"name": "audit", "emptyDir": {}}],
            "extraVolumeMounts": [{"name": "audit", "mountPath": "/var/lib/elasticblast-exporter"}],
        },
        OPERATOR,
    ),
    "nothing asked": Case(
        {
            "systemPool": "ignore",
            "affinity": {},
            "nodeSelector": {"kubernetes.io/os": None},
            "networkPolicy": {"enabled": False},
            "dashboards": {"enabled": False},
            "rules": {"enabled": False},
            "monitor": {"enabled": False},
            "podDisruptionBudget": {"enabled": False},
        },
        OPERATOR,
    ),
}
