"""The Kubernetes objects of ElasticBLAST searches on AKS, as the CLI and the warm-up service make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Manifest = dict[str, Any]
Mode = Literal["pv", "ssd", "sharded"]

TOLERATION = {"key": "workload", "operator": "Equal", "value": "blast", "effect": "NoSchedule"}
SYSTEM_TOLERATION = {"key": "CriticalAddonsOnly", "operator": "Exists"}
BLAST_NODES = {"workload": "blast"}
CLAIM = "blast-dbs-pvc-rwm"
_INIT = {"pv": "load-blastdb-into-ram", "ssd": "import-query-batches", "sharded": "import-query-batches"}


def short(search_id: str) -> str:
    """The suffix that names carry."""
    return search_id[-8:]


def results(search_id: str) -> str:
    return f"https://example.blob.core.windows.net/results/{search_id}"


def db_label(db: str, shard: int | None = None) -> str:
    """The database's part of a batch Job's name."""
    return db.lower().replace("_", "-") if shard is None else f"s{shard:02d}"


def batch_job(
    search_id: str,
    number: int,
    *,
    shard: int | None = None,
    program: str = "blastn",
    db: str = "core_nt",
    mode: Mode = "ssd",
    ttl: int | None = 1800,
    backoff: int | None = None,
    namespace: str = "default",
) -> Manifest:
    """One batch of queries; with `shard`, against one shard of the database on the node with that ordinal.

    `backoff` is what the template of the mode says if not given; `ttl=None` is an older client.
    """
    if mode == "sharded" and shard is None:
        raise ValueError("a sharded batch needs its shard")
    mode = mode if shard is None else "sharded"
    label = db if mode == "ssd" else db_label(db, shard)
    labels = {"app": "blast", "db": label, "elb-job-id": search_id} | ({} if shard is None else {"shard": str(shard)})
    pod = {
        "restartPolicy": "OnFailure",
        "activeDeadlineSeconds": 604800,
        "nodeSelector": BLAST_NODES if shard is None else {"ordinal": str(shard)},
        "tolerations": [TOLERATION],
        "initContainers": [_container(_INIT[mode], mode=mode)],
        "containers": _batch_containers(search_id, number, program=program, db=db, mode=mode),
        "volumes": _volumes(mode),
    }
    name = f"{program}-batch-{db_label(db, shard)}-job-{number:03d}-{short(search_id)}"
    limits = {"backoffLimit": backoff if backoff is not None else {"pv": 5}.get(mode, 3)}
    limits |= {} if ttl is None else {"ttlSecondsAfterFinished": ttl}
    return _job(name, labels, pod, namespace=namespace, **limits)


def setup_job(
    search_id: str, ordinal: int = 0, *, mode: Mode = "ssd", db: str = "core_nt", namespace: str = "default"
) -> Manifest:
    """Loads the database and the queries: `init-pv` for the volume, else one Job per node ordinal."""
    env = {"ELB_DB": db, "ELB_BLASTDB_SRC": "azure", "ELB_DB_MOL_TYPE": "nucl", "BLAST_USAGE_REPORT": "false"}
    if mode == "sharded":
        env |= {"ELB_DB": f"{db}_shard_{ordinal:02d}", "ELB_SHARD_IDX": f"{ordinal:02d}"}
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": BLAST_NODES if mode == "pv" else {"ordinal": str(ordinal)},
        "tolerations": [TOLERATION],
        "containers": [
            _container("get-blastdb", env=env, mode=mode),
            _container("import-query-batches", image="elb-qs", mode=mode),
        ],
        "volumes": _volumes(mode),
    }
    name = "init-pv" if mode == "pv" else f"init-ssd-{short(search_id)}-{ordinal}"
    limits = {"backoffLimit": 9 if mode == "pv" else 3, "activeDeadlineSeconds": 2700}
    return _job(name, {"app": "setup", "elb-job-id": search_id}, pod, namespace=namespace, **limits)


def submit_job(search_id: str, *, namespace: str = "default") -> Manifest:
    """Makes the batch Jobs from inside the cluster."""
    env = {"ELB_RESULTS": results(search_id), "ELB_CLUSTER_NAME": "elb", "ELB_USE_LOCAL_SSD": "true"}
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": BLAST_NODES,
        "tolerations": [TOLERATION],
        "containers": [_container("submit-jobs", image="elb-job-submit", env=env)],
    }
    labels = {"app": "submit", "elb-job-id": search_id}
    return _job(f"submit-jobs-{short(search_id)}", labels, pod, namespace=namespace, backoffLimit=0)


def finalizer_job(search_id: str, *, partitions: int = 0, namespace: str = "default") -> Manifest:
    """Waits for the batches and writes the marker of the search; may sit on the system pool."""
    env = {
        "ELB_RESULTS": results(search_id),
        "ELB_CLUSTER_NAME": "elb",
        "ELB_DB_PARTITIONS": str(partitions),
        "BLAST_ELB_JOB_ID": search_id,
    }
    pod = {
        "restartPolicy": "Never",
        "serviceAccountName": "default",
        "tolerations": [TOLERATION, SYSTEM_TOLERATION],
        "containers": [_container("finalizer", image="elb-job-submit", env=env)],
    }
    labels = {"app": "finalizer", "elb-job-id": search_id}
    return _job(f"elb-finalizer-{short(search_id)}", labels, pod, namespace=namespace, backoffLimit=0)


def warmup_job(
    db: str, shard: int, node_name: str, *, source_version: str = "2026-06-01", namespace: str = "default"
) -> Manifest:
    """Puts one database shard on one node, past the scheduler."""
    pod = {
        "restartPolicy": "Never",
        "nodeName": node_name,
        "tolerations": [TOLERATION],
        "containers": [_container("warmup", mode="ssd")],
        "volumes": _volumes("ssd"),
    }
    labels = {"app": "elb-db-warmup", "db": db, "shard": f"{shard:02d}"}
    limits = {"backoffLimit": 1, "activeDeadlineSeconds": 3600}
    job = _job(f"warm-{db_label(db)}-{shard:02d}", labels, pod, namespace=namespace, **limits)
    job["metadata"]["annotations"] = {"elb.dashboard/source-version": source_version}
    return job


def database_volume(namespace: str = "default") -> tuple[Manifest, Manifest]:
    """The PersistentVolume and the claim of `pv` mode, bound to each other."""
    spec = {"accessModes": ["ReadWriteMany"], "storageClassName": "azureblob-nfs-premium"}
    name = f"{CLAIM}-{namespace}"
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": spec
        | {
            "capacity": {"storage": "3000Gi"},
            "claimRef": {"namespace": namespace, "name": CLAIM},
            "csi": {"driver": "blob.csi.azure.com", "volumeHandle": name},
        },
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": CLAIM,
            "namespace": namespace,
            "annotations": {"pv.kubernetes.io/bind-completed": "yes"},
        },
        "spec": spec | {"volumeName": name, "resources": {"requests": {"storage": "3000Gi"}}},
    }
    return volume, claim


def _batch_containers(search_id: str, number: int, *, program: str, db: str, mode: Mode) -> list[Manifest]:
    shared = {
        "JOB_NUM": f"{number:03d}",
        "ELB_BLAST_PROGRAM": program,
        "ELB_DB": db,
        "ELB_RESULTS": results(search_id),
        "RESULTS_DIR": "/blast/results",
    }
    blast = {
        "BLAST_ELB_JOB_ID": search_id,
        "BLAST_ELB_BATCH_NUM": str(number),
        "BLAST_ELB_VERSION": "1.4.0",
        "BLAST_USAGE_REPORT": "false",
        "ELB_NUM_CPUS": "7",
        "ELB_BLAST_OPTIONS": "-outfmt 11",
        "ELB_DB_MOL_TYPE": "nucl",
        "QUERY_DIR": "/blast/queries",
    }
    resources = {"requests": {"cpu": "5", "memory": "4G"}, "limits": {"cpu": "7", "memory": "126G"}}
    return [
        _container("blast", env=blast | shared, mode=mode) | {"resources": resources},
        _container("results-export", env=shared, mode=mode),
    ]


def _container(
    name: str, *, image: str = "elb", env: Mapping[str, str] | None = None, mode: Mode | None = None
) -> Manifest:
    return {
        "name": name,
        "image": f"{image}:1.4.0",
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        "volumeMounts": _mounts(mode),
    }


def _mounts(mode: Mode | None) -> list[Manifest]:
    return [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in _volumes(mode)]


def _volumes(mode: Mode | None) -> list[Manifest]:
    if mode is None:
        return []
    scripts = {"name": "elb-scripts", "configMap": {"name": "elb-scripts", "defaultMode": 0o755}}
    if mode == "pv":
        return [{"name": "blastdb", "persistentVolumeClaim": {"claimName": CLAIM}}, scripts]
    workspace = {"name": "workspace", "hostPath": {"path": "/workspace", "type": "DirectoryOrCreate"}}
    return [workspace, {"name": "shared-data", "emptyDir": {}}, scripts]


def _job(name: str, labels: Mapping[str, str], pod: Manifest, *, namespace: str, **spec: Any) -> Manifest:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": spec | {"template": {"metadata": {"labels": dict(labels)}, "spec": pod}},
    }
