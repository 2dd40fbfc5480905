"""Each boundary of a rehearsal alone, on both servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.domain.custom.kinds import MPIJOB
from exporter.domain.failures import Failed, Word
from exporter.rehearsal.batch import Batch, Job
from exporter.rehearsal.custom import Custom
from tests.contract.targets import MPI_VERSION, Target
from tests.custom import crds
from tests.support.kubeapi import expect
from tests.support.kubelet import FakeKubelet
from tests.support.waiting import wait_for

KEY = "example.com/rehearsal"
OTHER_UID = "00000000-0000-0000-0000-000000000000"
POD = {"restartPolicy": "Never", "containers": [{"name": "blast", "image": "example/image"}]}


def manifest(name: str, **spec: object) -> dict[str, object]:
    labels = {KEY: "one"}
    template = {"metadata": {"labels": labels}, "spec": POD}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"backoffLimit": 0, **spec, "template": template}}


@pytest.fixture
def kubelet(target: Target) -> Iterator[FakeKubelet]:
    kubelet = FakeKubelet(target.api, target.namespace)
    kubelet.add_node(f"node-{target.namespace}", taints=[])
    yield kubelet
    kubelet.close()


def named(batch: Batch, name: str) -> Job | None:
    return next((job for job in batch.jobs(KEY) if job.stored.name == name), None)


def test_a_job_is_read_back_from_its_beginning_to_its_end(target: Target, kubelet: FakeKubelet) -> None:
    batch = target.batch
    made = batch.create(manifest("good"))
    batch.create(manifest("bad"))
    assert {job.state for job in batch.jobs(KEY)} == {"live"}
    kubelet.succeed(kubelet.run(kubelet.scheduled("good")))
    kubelet.fail(kubelet.run(kubelet.scheduled("bad")), {"blast": 1})
    wait_for(lambda: {job.state for job in batch.jobs(KEY)} == {"succeeded", "failed"}, 20.0)
    good = named(batch, "good")
    assert good
    assert (good.stored.uid, good.stored.labels, good.state) == (made.uid, {KEY: "one"}, "succeeded")


def test_a_deleted_job_waits_for_its_pods(target: Target, kubelet: FakeKubelet) -> None:
    batch, core = target.batch, target.core
    made = batch.create(manifest("one"))
    kubelet.run(kubelet.scheduled("one"))
    batch.delete("one", made.uid)
    job = named(batch, "one")
    assert job
    assert job.stored.deleting
    wait_for(lambda: [pod.deleting for pod in core.pods(target.namespace, KEY)] == [True], 15.0)
    kubelet.reap()
    wait_for(lambda: named(batch, "one") is None, 15.0)
    assert core.pods(target.namespace, KEY) == []


def test_a_job_of_the_same_name_and_another_uid_stays(target: Target) -> None:
    batch = target.batch
    batch.create(manifest("one", suspend=True))
    batch.delete("one", OTHER_UID)
    batch.delete("none", OTHER_UID)
    job = named(batch, "one")
    assert job
    assert not job.stored.deleting


def test_a_name_that_is_taken_is_a_conflict(target: Target) -> None:
    batch = target.batch
    batch.create(manifest("one", suspend=True))
    with pytest.raises(Failed) as failure:
        batch.create(manifest("one", suspend=True))
    assert failure.value.word is Word.CONFLICT


def test_a_listing_has_what_the_label_names_and_nothing_else(target: Target) -> None:
    target.make_job("theirs", suspend=True)
    batch = target.batch
    batch.create(manifest("ours", suspend=True))
    assert [job.stored.name for job in batch.jobs(KEY)] == ["ours"]


def test_a_namespace_is_made_once_and_deleted_by_its_uid(target: Target) -> None:
    core, name = target.core, f"{target.namespace}-own"
    assert core.namespace(name) is None
    made = core.create_namespace(name, {KEY: "one"})
    found = core.namespace(name)
    assert found
    assert (found.uid, found.labels[KEY]) == (made.uid, "one")
    core.delete_namespace(name, OTHER_UID)
    found = core.namespace(name)
    assert found
    assert not found.deleting
    core.delete_namespace(name, made.uid)
    wait_for(lambda: (now := core.namespace(name)) is None or now.deleting, 15.0)


def test_a_label_goes_on_a_node_and_off_again_and_nothing_else_changes(target: Target, kubelet: FakeKubelet) -> None:
    core, name = target.core, f"node-{target.namespace}"
    before = core.node(name)
    assert before
    labelled = core.label_node(name, KEY, "one")
    assert labelled.labels == {**before.labels, KEY: "one"}
    assert [node.name for node in core.nodes(KEY)] == [name]
    core.label_node(name, KEY, None)
    after = core.node(name)
    assert after
    assert (after.labels, core.nodes(KEY)) == (before.labels, [])
    assert core.node("none") is None


def test_a_node_that_is_not_there_gets_no_label(target: Target) -> None:
    with pytest.raises(Failed) as failure:
        target.core.label_node("none", KEY, "one")
    assert failure.value.word is Word.ABSENT


def test_an_object_of_a_custom_kind_is_made_listed_and_deleted(target: Target, mpijobs: Custom) -> None:
    made = mpijobs.create({"metadata": {"name": "one", "labels": {KEY: "one"}}, "spec": {"slotsPerWorker": 1}})
    stored = expect(target.api.get(crds.place(MPIJOB, target.namespace, MPI_VERSION) + "/one"))
    assert (stored["kind"], stored["metadata"]["uid"]) == ("MPIJob", made.uid)
    assert [one.name for one in mpijobs.listed(KEY)] == ["one"]
    mpijobs.delete("one", OTHER_UID)
    assert mpijobs.listed(KEY) == [made]
    mpijobs.delete("one", made.uid)
    wait_for(lambda: mpijobs.listed(KEY) == [], 15.0)
    mpijobs.delete("one", made.uid)


def test_a_kind_that_is_not_served_is_absent(target: Target) -> None:
    mpijobs = Custom(target.transport, MPIJOB, MPI_VERSION, target.namespace)
    with pytest.raises(Failed) as failure:
        mpijobs.create({"metadata": {"name": "one"}})
    assert failure.value.word is Word.ABSENT
