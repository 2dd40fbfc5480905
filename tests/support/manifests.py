"""The Kubernetes objects of ElasticBLAST searches on AKS, as the simulator's clients make them, one call for each."""

from __future__ import annotations

from typing import Any

from exporter.simulator.world import fixtures
from exporter.simulator.world import manifests as makers
from exporter.simulator.world.search import TTL_SECONDS, Mode, Search

Manifest = dict[str, Any]
CLAIM: str = fixtures.shared_volume()["metadata"]["name"]


def batch_job(
    search_id: str,
    number: int,
    *,
    shard: int | None = None,
    program: str = "blastn",
    db: str = "core_nt",
    mode: Mode = "ssd",
    ttl: int | None = TTL_SECONDS,
    backoff: int | None = None,
    namespace: str = "default",
) -> Manifest:
    """One batch of queries; with `shard`, against one shard of the database on the node with that ordinal.

    `backoff` is what the template of the mode says if not given; `ttl=None` is an older client.
    """
    mode = mode if shard is None else "sharded"
    search = Search(id=search_id, program=program, db=db, mode=mode, ttl=ttl, namespace=namespace)
    job = makers.batch(search, number, shard)
    if backoff is not None:
        job["spec"]["backoffLimit"] = backoff
    return job


def setup_job(
    search_id: str, ordinal: int = 0, *, mode: Mode = "ssd", db: str = "core_nt", namespace: str = "default"
) -> Manifest:
    """Loads the database and the queries: `init-pv` for the volume, else one Job per node ordinal."""
    return makers.init_volume(Search(id=search_id, db=db, mode=mode, namespace=namespace), ordinal)


def submit_job(search_id: str, *, namespace: str = "default") -> Manifest:
    """Makes the batch Jobs from inside the cluster."""
    return makers.submit_jobs(Search(id=search_id, mode="ssd", namespace=namespace))


def finalizer_job(search_id: str, *, partitions: int = 0, namespace: str = "default") -> Manifest:
    """Waits for the batches and writes the marker of the search; may sit on the system pool."""
    mode: Mode = "sharded" if partitions else "ssd"
    return makers.finalizer(Search(id=search_id, mode=mode, shards=partitions, namespace=namespace))


def warmup_job(db: str, shard: int, node_name: str, *, namespace: str = "default") -> Manifest:
    """Puts one database shard on one node, past the scheduler."""
    return fixtures.warm_up(db, shard, node_name, namespace=namespace)


def database_volume(namespace: str = "default") -> tuple[Manifest, Manifest]:
    """The PersistentVolume and the claim of `pv` mode, bound to each other."""
    name = f"{CLAIM}-{namespace}"
    claim = fixtures.shared_volume(namespace)
    claim["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    claim["spec"]["volumeName"] = name
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": claim["spec"]["storageClassName"],
            "capacity": claim["spec"]["resources"]["requests"],
            "claimRef": {"namespace": namespace, "name": CLAIM},
            "csi": {"driver": "blob.csi.azure.com", "volumeHandle": name},
        },
    }
    return volume, claim
