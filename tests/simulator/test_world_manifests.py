"""The manifests are those of ElasticBLAST."""

from __future__ import annotations

import json
import re

import pytest

from exporter.simulator.world import fixtures, manifests
from exporter.simulator.world.search import Search

ID = "job-" + "0123456789abcdef" * 2
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SHARDED = Search(id=ID, shards=12, batches=3)
SSD = Search(id=ID, mode="ssd", db="16S_ribosomal_RNA", batches=3)
PV = Search(id=ID, mode="pv", db="nt_prok", batches=3, nodes=3)


def pod_of(manifest: dict) -> dict:
    return manifest["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("manifest", "name", "labels", "selector", "backoff"),
    [
        (
            manifests.batch(SHARDED, 2, 3), "blastn-batch-s03-job-002-89abcdef",
            {"app": "blast", "db": "s03", "shard": "3"}, {"ordinal": "3"}, 3,
        ),
        (
            manifests.batch(SSD, 0), "blastn-batch-16s-ribosomal-rna-job-000-89abcdef",
            {"app": "blast", "db": "16S_ribosomal_RNA"}, {"workload": "blast"}, 3,
        ),
        (
            manifests.batch(PV, 11), "blastn-batch-nt-prok-job-011-89abcdef",
            {"app": "blast", "db": "nt-prok"}, {"workload": "blast"}, 5,
        ),
        (manifests.init_volume(PV, 0), "init-pv", {"app": "setup"}, {"workload": "blast"}, 9),
        (manifests.init_volume(SHARDED, 4), "init-ssd-89abcdef-4", {"app": "setup"}, {"ordinal": "4"}, 3),
        (manifests.submit_jobs(SSD), "submit-jobs-89abcdef", {"app": "submit"}, {"workload": "blast"}, 0),
        (manifests.finalizer(SSD), "elb-finalizer-89abcdef", {"app": "finalizer"}, None, 0),
    ],
)  # fmt: skip
def test_names_labels_selectors_and_retries(manifest, name, labels, selector, backoff) -> None:
    assert manifest["metadata"]["name"] == name
    assert NAME.fullmatch(name)
    assert manifest["metadata"]["labels"] == labels | {"elb-job-id": ID}
    assert manifest["spec"]["template"]["metadata"]["labels"] == manifest["metadata"]["labels"]
    assert pod_of(manifest).get("nodeSelector") == selector
    assert manifest["spec"]["backoffLimit"] == backoff


def test_only_batches_have_a_ttl_and_a_pod_deadline() -> None:
    made = [manifests.batch(PV, 0), manifests.init_volume(PV, 0), manifests.submit_jobs(PV), manifests.finalizer(PV)]
    assert [job["spec"].get("ttlSecondsAfterFinished") for job in made] == [1800, None, None, None]
    assert [pod_of(job).get("activeDeadlineSeconds") for job in made] == [604800, None, None, None]
    assert [job["spec"].get("activeDeadlineSeconds") for job in made] == [None, 2700, None, None]


def test_a_batch_has_its_init_container_by_mode_and_resources_on_blast_only() -> None:
    for search, shard, init in (
        (SHARDED, 1, "import-query-batches"),
        (SSD, None, "import-query-batches"),
        (PV, None, "load-blastdb-into-ram"),
    ):
        pod = pod_of(manifests.batch(search, 0, shard))
        assert [each["name"] for each in pod["initContainers"]] == [init]
        assert [each["name"] for each in pod["containers"]] == ["blast", "results-export"]
        assert ["resources" in each for each in pod["containers"]] == [True, False]


def test_the_search_id_stands_in_blast_and_finalizer_but_not_in_setup() -> None:
    assert ID in json.dumps(pod_of(manifests.batch(SSD, 0))["containers"][0]["env"])
    assert ID in json.dumps(pod_of(manifests.finalizer(SSD)))
    assert "BLAST_ELB_JOB_ID" not in json.dumps(pod_of(manifests.init_volume(SSD, 0)))
    assert "elb-job-id" not in json.dumps(manifests.import_queries(PV))


def test_padding_makes_a_job_about_that_big() -> None:
    small = len(json.dumps(manifests.batch(SSD, 0)))
    big = len(json.dumps(manifests.batch(Search(id=ID, mode="ssd", padding=10_000), 0)))
    assert 8_000 < big - small < 14_000


def test_an_unlabelled_search_has_neither_label_nor_suffix() -> None:
    legacy = Search(id=ID, mode="ssd", db="nt", labelled=False, ttl=None)
    job = manifests.batch(legacy, 5)
    assert job["metadata"]["name"] == "blastn-batch-nt-job-005"
    assert job["metadata"]["labels"] == {"app": "blast", "db": "nt"}


def test_pools_are_tainted_and_warm_up_jobs_pinned() -> None:
    blast, system = fixtures.node("blastpool", 0, now=0.0), fixtures.node("systempool", 0, now=0.0)
    assert [(t["key"], t["value"]) for t in blast["spec"]["taints"]] == [("workload", "blast")]
    assert [(t["key"], t["value"]) for t in system["spec"]["taints"]] == [("CriticalAddonsOnly", "true")]
    assert blast["metadata"]["labels"]["workload"] == "blast"
    assert "workload" not in system["metadata"]["labels"]
    warm = fixtures.warm_up("core_nt", 3, "node-3")
    assert warm["metadata"]["name"] == "warm-core-nt-03"
    assert pod_of(warm)["nodeName"] == "node-3"
