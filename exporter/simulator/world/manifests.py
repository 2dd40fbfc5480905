"""The Job manifests that ElasticBLAST applies, field for field."""

from __future__ import annotations

import json
from typing import Any

from exporter.simulator.kinds import Object
from exporter.simulator.world.search import CLIENT_VERSION, Search

BLAST_TOLERATION: Object = {"key": "workload", "operator": "Equal", "value": "blast", "effect": "NoSchedule"}
SYSTEM_TOLERATION: Object = {"key": "CriticalAddonsOnly", "operator": "Exists"}
POD_DEADLINE = 10080 * 60
SETUP_DEADLINE = 2700
SCRIPTS_VOLUME: Object = {"name": "scripts", "configMap": {"name": "elb-scripts", "defaultMode": 0o755}}
SSD_VOLUME: Object = {"name": "workspace", "hostPath": {"path": "/workspace", "type": "DirectoryOrCreate"}}
PV_VOLUME: Object = {"name": "blast-dbs", "persistentVolumeClaim": {"claimName": "blast-dbs-pvc-rwm"}}


def env(**values: str | int) -> list[Object]:
    return [{"name": name, "value": str(value)} for name, value in values.items()]


def container(name: str, image: str, values: list[Object], **fields: Any) -> Object:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": values,
        "volumeMounts": [{"name": "scripts", "mountPath": "/scripts"}],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **fields,
    }


def job(name: str, labels: Object, pod: Object, *, namespace: str = "default", padding: int = 0, **spec: Any) -> Object:
    """A Job whose pod template carries the same labels; `spec` holds the Job fields beside the template."""
    manifest: Object = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            **{field: value for field, value in spec.items() if value is not None},
            "template": {"metadata": {"labels": dict(labels)}, "spec": {"terminationGracePeriodSeconds": 30, **pod}},
        },
    }
    if padding:
        pad(manifest, padding)
    return manifest


def pad(manifest: Object, size: int) -> None:
    """Add what kubectl and the API server add to an applied Job, about `size` bytes of it."""
    applied = json.dumps(manifest, separators=(",", ":"))
    manifest["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    fields = max(1, (size - len(applied)) // 40)
    manifest["metadata"]["managedFields"] = [
        {
            "manager": "kubectl-client-side-apply",
            "operation": "Update",
            "apiVersion": "batch/v1",
            "time": "2026-06-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {f"f:generatedFieldNumber{n:05}": {} for n in range(fields)}},
        }
    ]


def labels(search: Search, app: str, **more: str) -> Object:
    own = {"elb-job-id": search.id} if search.labelled else {}
    return {"app": app, **more, **own}


def init_volume(search: Search, ordinal: int) -> Object:
    """`init-pv` or `init-ssd-<SHORT>-<ordinal>`: the database and the queries, side by side."""
    sharded = search.mode == "sharded"
    db = f"{search.db}_shard_{ordinal:02}" if sharded else search.db
    values = env(
        ELB_DB=db, ELB_DB_PATH=f"/blast/blastdb/{db}", ELB_BLASTDB_SRC="azure", ELB_DB_MOL_TYPE="nucl",
        ELB_TAXIDLIST="", ELB_SKIP_DB_VERIFY="true", BLAST_USAGE_REPORT="false",
    )  # fmt: skip
    if search.mode != "pv":
        values += env(STARTUP_DELAY=30)
    if sharded:
        values += env(ELB_SHARD_IDX=f"{ordinal:02}", ELB_PARTITION_PREFIX=f"{search.db}_shard_")
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": {"workload": "blast"} if search.mode == "pv" else {"ordinal": str(ordinal)},
        "tolerations": [BLAST_TOLERATION],
        "containers": [
            container("get-blastdb", f"elb:{search.tag}", values),
            container("import-query-batches", f"elb-query-split:{search.tag}", env(ELB_RESULTS=search.results)),
        ],
        "volumes": [PV_VOLUME if search.mode == "pv" else SSD_VOLUME, SCRIPTS_VOLUME],
    }
    return job(
        search.init_name(ordinal), labels(search, "setup"), pod, namespace=search.namespace, padding=search.padding,
        backoffLimit=9 if search.mode == "pv" else 3, activeDeadlineSeconds=SETUP_DEADLINE,
    )  # fmt: skip


def import_queries(search: Search, *, tolerates: bool = True) -> Object:
    """The fixed-name Job of a warm shared volume; it carries no search id, nor a toleration unless patched in."""
    pod = {
        "restartPolicy": "Never",
        "tolerations": [BLAST_TOLERATION] if tolerates else [],
        "containers": [
            container("import-query-batches", f"elb-query-split:{search.tag}", env(ELB_RESULTS=search.results))
        ],
        "volumes": [PV_VOLUME, SCRIPTS_VOLUME],
    }
    return job(
        "import-queries", {"app": "setup"}, pod, namespace=search.namespace, backoffLimit=3, activeDeadlineSeconds=600
    )


def submit_jobs(search: Search) -> Object:
    values = env(
        ELB_RESULTS=search.results, ELB_CLUSTER_NAME="elb-aks", ELB_NUM_NODES=search.nodes, ELB_PD_SIZE="3000G",
        ELB_LABELS="project=elastic-blast", ELB_USE_LOCAL_SSD="true" if search.mode != "pv" else "false",
        ELB_AZURE_RESOURCE_GROUP="rg-elb", ELB_METADATA_DIR="metadata",
    )  # fmt: skip
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": {"workload": "blast"},
        "tolerations": [BLAST_TOLERATION],
        "containers": [container("submit-jobs", "elb-job-submit:4.1.0", values, imagePullPolicy="Always")],
        "volumes": [SCRIPTS_VOLUME],
    }
    return job(
        search.submit_name, labels(search, "submit"), pod, namespace=search.namespace, padding=search.padding,
        backoffLimit=0,
    )  # fmt: skip


def batch(search: Search, number: int, shard: int | None = None) -> Object:
    """One batch against the whole database, or against one shard of it."""
    sharded, pv = shard is not None, search.mode == "pv"
    db = f"{search.db}_shard_{shard:02}" if sharded else search.db
    db_label = f"s{shard:02}" if sharded else search.db.lower().replace("_", "-") if pv else search.db
    more = {"db": db_label, "shard": str(shard)} if sharded else {"db": db_label}
    init = "load-blastdb-into-ram" if pv else "import-query-batches"
    results = f"{search.results}/shard_{shard:02}" if sharded else search.results
    queries = env(JOB_NUM=f"{number:03}", ELB_RESULTS_BASE=search.results)
    export = env(
        JOB_NUM=f"{number:03}", ELB_BLAST_PROGRAM=search.program, ELB_DB=db, ELB_RESULTS=results, RESULTS_DIR="/shared"
    )
    pod = {
        "restartPolicy": "OnFailure",
        "activeDeadlineSeconds": POD_DEADLINE,
        "nodeSelector": {"ordinal": str(shard)} if sharded else {"workload": "blast"},
        "tolerations": [BLAST_TOLERATION],
        "initContainers": [container(init, f"elb-query-split:{search.tag}", queries)],
        "containers": [
            blast_container(search, number, db=db, results=results),
            container("results-export", f"elb-job-submit:{search.tag}", export),
        ],
        "volumes": [PV_VOLUME if pv else SSD_VOLUME, {"name": "shared-data", "emptyDir": {}}, SCRIPTS_VOLUME],
    }
    return job(
        search.batch_name(number, shard), labels(search, "blast", **more), pod, namespace=search.namespace,
        padding=search.padding, backoffLimit=5 if pv else 3, ttlSecondsAfterFinished=search.ttl,
    )  # fmt: skip


def blast_container(search: Search, number: int, *, db: str, results: str) -> Object:
    values = env(
        BLAST_ELB_JOB_ID=search.id, BLAST_ELB_BATCH_NUM=number, BLAST_ELB_VERSION=CLIENT_VERSION,
        BLAST_USAGE_REPORT="false", JOB_NUM=f"{number:03}", ELB_BLAST_PROGRAM=search.program, ELB_DB=db,
        ELB_NUM_CPUS=search.cpu + 2, ELB_BLAST_OPTIONS="-outfmt 11", ELB_RESULTS=results, ELB_TIMEFMT="%s",
        ELB_DB_MOL_TYPE="nucl", QUERY_DIR="/workspace/queries", RESULTS_DIR="/shared",
    )  # fmt: skip
    resources = {
        "requests": {"cpu": str(search.cpu), "memory": "4G"},
        "limits": {"cpu": str(search.cpu + 2), "memory": "126G"},
    }
    return container("blast", f"elb:{search.tag}", values, resources=resources)


def finalizer(search: Search) -> Object:
    values = env(
        ELB_RESULTS=search.results, ELB_AZURE_RESOURCE_GROUP="rg-elb", ELB_CLUSTER_NAME="elb-aks",
        ELB_REUSE_CLUSTER="true", ELB_METADATA_DIR="metadata",
        ELB_DB_PARTITIONS=search.shards if search.mode == "sharded" else 0, ELB_BLAST_PROGRAM=search.program,
        ELB_BLAST_OPTIONS="-outfmt 11", BLAST_ELB_JOB_ID=search.id,
    )  # fmt: skip
    pod = {
        "restartPolicy": "Never",
        "serviceAccountName": "default",
        "tolerations": [BLAST_TOLERATION, SYSTEM_TOLERATION],
        "containers": [container("finalizer", "elb-job-submit:4.1.0", values)],
        "volumes": [SCRIPTS_VOLUME],
    }
    return job(
        search.finalizer_name, labels(search, "finalizer"), pod, namespace=search.namespace, padding=search.padding,
        backoffLimit=0,
    )  # fmt: skip
