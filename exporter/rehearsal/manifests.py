"""The objects of a rehearsal: Jobs shaped as ElasticBLAST makes them, that only sleep, and a suspended MPIJob.

They have its names, labels and containers. What differs keeps them small and harmless: any node may run them, they ask
for next to nothing, need no right and no volume, and are gone after an hour even if nobody takes them away.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exporter.domain.identity import ID_ENV, ID_LABEL

RUN_LABEL = "elasticblast-exporter/rehearsal"
"""On everything that a rehearsal makes; its value is the run."""
_HOUR = 3600
_BATCHES = 2
_PROGRAM, _DB = "blastn", "rehearsal"
_TOLERATIONS = [
    {"key": "workload", "operator": "Equal", "value": "blast", "effect": "NoSchedule"},
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
]
_RESOURCES = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}
_HARMLESS = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_NOBODY = {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}}
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search of a run. Its containers sleep for `seconds`."""

    id: str
    run: str
    image: str
    seconds: int

    @property
    def short(self) -> str:
        return self.id[-8:]


def new_run() -> str:
    return uuid.uuid4().hex[:12]


def new_search(run: str, image: str, *, seconds: int) -> Search:
    return Search(id=f"job-{uuid.uuid4().hex}", run=run, image=image, seconds=seconds)


def setup(search: Search) -> Manifest:
    containers = [_container(search, name) for name in ("get-blastdb", "import-query-batches")]
    return _job(search, f"init-ssd-{search.short}-0", {"app": "setup"}, containers, retries=3)


def submit(search: Search) -> Manifest:
    return _job(search, f"submit-jobs-{search.short}", {"app": "submit"}, [_container(search, "submit-jobs")])


def batches(search: Search) -> list[Manifest]:
    return [batch(search, number) for number in range(_BATCHES)]


def batch(search: Search, number: int) -> Manifest:
    env = {"JOB_NUM": f"{number:03}", "ELB_BLAST_PROGRAM": _PROGRAM, "ELB_DB": _DB}
    blast = _container(search, "blast", **{ID_ENV: search.id, "BLAST_ELB_BATCH_NUM": str(number)}, **env)
    manifest = _job(
        search,
        f"{_PROGRAM}-batch-{_DB}-job-{number:03}-{search.short}",
        {"app": "blast", "db": _DB},
        [blast, _container(search, "results-export", **env)],
        retries=3,
    )
    pod = manifest["spec"]["template"]["spec"]
    first = _container(search, "import-query-batches") | {"command": ["true"]}
    pod |= {"restartPolicy": "OnFailure", "initContainers": [first]}
    return manifest


def finalizer(search: Search) -> Manifest:
    containers = [_container(search, "finalizer", **{ID_ENV: search.id})]
    return _job(search, f"elb-finalizer-{search.short}", {"app": "finalizer"}, containers)


def mpi_job(run: str, image: str) -> Manifest:
    """Without kind and version. It stays suspended, so that no operator makes pods for it."""
    containers = [{"name": "rehearsal", "image": image, "command": ["true"], "resources": _RESOURCES}]
    replica = {"replicas": 1, "template": {"spec": {"containers": containers}}}
    return {
        "metadata": {"name": f"rehearsal-{run}", "labels": {RUN_LABEL: run}},
        "spec": {
            "slotsPerWorker": 1,
            "runPolicy": {"suspend": True, "cleanPodPolicy": "All"},
            "mpiReplicaSpecs": {"Launcher": replica, "Worker": replica},
        },
    }


def _container(search: Search, name: str, **env: str) -> Manifest:
    return {
        "name": name,
        "image": search.image,
        "command": ["sleep", str(search.seconds)],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": _RESOURCES,
        "securityContext": _HARMLESS,
    }


def _job(
    search: Search, name: str, labels: dict[str, str], containers: Sequence[Manifest], *, retries: int = 0
) -> Manifest:
    labels = {**labels, ID_LABEL: search.id, RUN_LABEL: search.run}
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "securityContext": _NOBODY,
        "tolerations": _TOLERATIONS,
        "containers": list(containers),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": retries,
            "activeDeadlineSeconds": _HOUR,
            "ttlSecondsAfterFinished": _HOUR,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
