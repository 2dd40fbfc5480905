"""What a rehearsal makes looks like what ElasticBLAST makes, and both sides are told in the same words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.domain.phase import Phase, Reason
from exporter.domain.snapshots import SearchView
from exporter.rehearsal import manifests as ours
from exporter.rehearsal.batch import Job, State
from exporter.rehearsal.manifests import RUN_LABEL
from exporter.rehearsal.rest import Stored
from exporter.rehearsal.tally import of_jobs, of_page, words
from tests.support import manifests as theirs

SEARCH = ours.new_search("run", "example/image", seconds=2)
PAIRS = {
    "setup": (ours.setup(SEARCH), theirs.setup_job(SEARCH.id)),
    "submit": (ours.submit(SEARCH), theirs.submit_job(SEARCH.id)),
    "batch": (ours.batch(SEARCH, 1), theirs.batch_job(SEARCH.id, 1, db="rehearsal")),
    "finalizer": (ours.finalizer(SEARCH), theirs.finalizer_job(SEARCH.id)),
}
VIEW = SearchView(
    namespace="default",
    id=SEARCH.id,
    phase=Phase.RUNNING,
    reason=Reason.NONE,
    phase_since=0.0,
    created=0.0,
    last_progress=0.0,
    terminal=False,
    jobs={"pending": 1, "running": 1, "succeeded": 2, "failed": 0, "lost": 1},
    roles={("blast", "pending"): 1, ("blast", "running"): 1, ("finalizer", "created"): 1},
    attempts={},
    blocked={},
    flags={},
)


def containers(manifest: dict[str, Any], kind: str) -> list[str]:
    return [one["name"] for one in manifest["spec"]["template"]["spec"].get(kind, ())]


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_job_has_the_name_labels_and_containers_of_elasticblast(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    own, real = pair
    assert own["metadata"]["name"] == real["metadata"]["name"]
    for labels, wanted in (
        (own["metadata"]["labels"], real["metadata"]["labels"]),
        (own["spec"]["template"]["metadata"]["labels"], real["spec"]["template"]["metadata"]["labels"]),
    ):
        assert labels == {**wanted, RUN_LABEL: "run"}
    for kind in ("containers", "initContainers"):
        assert containers(own, kind) == containers(real, kind)
    policy = real["spec"]["template"]["spec"]["restartPolicy"]
    assert own["spec"]["template"]["spec"]["restartPolicy"] == policy
    assert own["spec"]["backoffLimit"] == real["spec"]["backoffLimit"]


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_job_takes_nothing_of_the_cluster_and_ends_by_itself(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    spec = pair[0]["spec"]
    pod = spec["template"]["spec"]
    assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (3600, 3600)
    assert (pod["automountServiceAccountToken"], pod["securityContext"]["runAsNonRoot"]) == (False, True)
    assert not pod.keys() & {"volumes", "nodeSelector", "nodeName", "hostNetwork"}
    for one in (*pod["containers"], *pod.get("initContainers", ())):
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert one["resources"]["requests"] == {"cpu": "10m", "memory": "16Mi"}


def job(app: str, state: State) -> Job:
    return Job(stored=Stored(name=app, uid=app, labels={"app": app}), state=state)


def test_jobs_and_a_page_that_say_the_same_have_one_tally() -> None:
    batches = [job("blast", "live"), job("blast", "live"), job("blast", "succeeded"), job("blast", "succeeded")]
    jobs = [job("setup", "succeeded"), *batches, job("finalizer", "live")]
    assert of_page(replace(VIEW, jobs={**VIEW.jobs, "lost": 0})) == of_jobs(jobs)
    assert words(of_jobs(jobs)) == "2 blast live, 2 blast succeeded, 1 finalizer live"


@pytest.mark.parametrize(
    "jobs",
    [
        [],
        [job("blast", "succeeded")],
        [job("blast", "live"), job("finalizer", "live")],
        [job("blast", "failed"), job("blast", "failed")],
    ],
)
def test_a_page_that_says_something_else_has_another_tally(jobs: list[Job]) -> None:
    assert of_page(VIEW) != of_jobs(jobs)
