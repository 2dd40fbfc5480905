"""Two searches side by side on the control plane: one is asked to be cancelled, the other must not notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.lives import accounts
from tests.lives.actors import Actor, FinalizerScript, Kubelet, SubmitScript, jobs_of, pods_of
from tests.lives.world import World, new_id
from tests.support import manifests
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect
from tests.support.waiting import wait_for

Object = dict[str, Any]
Step = Callable[[], bool | None]
Dump = dict[str, str]
EXPORTER = "exporter"
_KINDS = {
    "jobs": "/apis/batch/v1/namespaces/{}/jobs",
    "pods": "/api/v1/namespaces/{}/pods",
    "configmaps": "/api/v1/namespaces/{}/configmaps",
    "persistentvolumeclaims": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "leases": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "nodes": "/api/v1/nodes",
}


class Arena:
    """A world with the searches `asked` and `other`, every stage of both live, and what all searches share.

    The kubelet runs from the beginning. `submit` and `finalizer` are the scripts of the asked search, once `act` has
    let them begin; `token` belongs to an account with the rights of a daemon that may cancel.
    """

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.world = World(plane, namespace, folder)
        self.folder = folder
        self.asked, self.other = new_id(), new_id()
        self.token = accounts.account(
            self.world,
            EXPORTER,
            (*accounts.READER, *accounts.CANCEL),
            everywhere=(*accounts.NODES, *accounts.REVIEWS),
        )
        self.kubelet = Kubelet(self.world)
        self.submit = SubmitScript(self.world, self.asked, first=100)
        self.finalizer = FinalizerScript(self.world, self.asked)
        self._actors: list[Actor] = []

    def open(self) -> None:
        """Make everything, and return when it stands still."""
        for ordinal in (0, 1):
            self.world.node(ordinal, cpu="128", memory="900Gi")
        self.share()
        for search in (self.asked, self.other):
            self.begin(search)
        self.act(self.kubelet.step)
        accounts.await_right(self.world, self.token, "delete")
        self.settle()

    def begin(self, search: str) -> None:
        """Every stage of a search."""
        self.world.setup(search, 0)
        self.world.setup(search, 1)
        self.world.submit(search)
        self.world.finalizer(search)
        self.world.batches(search, range(4))

    def share(self) -> None:
        """What belongs to all searches. The volume's setup carries the label of the asked one, as it does."""
        world, namespace = self.world, self.world.namespace
        world.create(
            manifests.setup_job(self.asked, mode="pv", namespace=namespace),
            manifests.warmup_job("core_nt", 0, f"{world.pool}-0", namespace=namespace),
            *(self._like(search, program) for search, program in self.look_alikes().items()),
        )
        claim = manifests.database_volume(namespace)[1]
        claim["metadata"].pop("annotations")
        claim["spec"].pop("volumeName")
        expect(world.api.post(world.path("persistentvolumeclaims"), claim))
        for name in ("elb-scripts", f"elb-job-{self.asked[4:16]}"):
            labels = {"elb-job": "true", "elb-job-id": self.asked}
            made = {"metadata": {"name": name, "labels": labels}, "data": {"job": "{}"}}
            expect(world.api.post(world.path("configmaps"), made))
        lease = {"metadata": {"name": "elb-blast-submit-default"}, "spec": {"holderIdentity": "submitter"}}
        expect(world.api.post(_KINDS["leases"].format(namespace), lease))

    def look_alikes(self) -> dict[str, str]:
        """Ids of other searches that only differ a little, and the program of each."""
        return {f"{self.asked}0": "blastp", f"x{self.asked[1:]}": "tblastn", self.asked.upper(): "blastx"}

    def _like(self, search: str, program: str) -> Object:
        """A batch that is named as one of the asked search would be, and belongs to another."""
        job = manifests.batch_job(self.asked, 0, namespace=self.world.namespace, program=program)
        for labelled in (job, job["spec"]["template"]):
            labelled["metadata"]["labels"] = labelled["metadata"]["labels"] | {"elb-job-id": search}
        return job

    def act(self, *steps: Step, every: float = 0.05) -> None:
        """Let them act, every so many seconds, until the arena is closed."""
        self._actors += [Actor(step, every=every) for step in steps]

    def settle(self) -> None:
        """Wait until every pod that has a node runs and its Job says so."""
        wait_for(self._settled, 30.0, "the searches to run")

    def _settled(self) -> bool:
        pods = pods_of(self.world)
        bound = [pod for pod in pods if pod["spec"].get("nodeName")]
        jobs = expect(self.world.api.get(self.world.path("jobs")))["items"]
        ready = sum(job["status"].get("ready", 0) for job in jobs)
        return len(pods) == len(jobs) and len(bound) >= 20 and ready == len(bound)

    def dump(self, *without: str) -> Dump:
        """Every object, byte for byte, but for the Jobs and pods of some searches."""
        found: Dump = {}
        for kind, path in _KINDS.items():
            for item in expect(self.world.api.get(path.format(self.world.namespace)))["items"]:
                searches = item["metadata"].get("labels", {}).get("elb-job-id")
                shared = item["metadata"]["name"].startswith("init-pv")
                if kind not in ("jobs", "pods") or searches not in without or shared:
                    found[f"{kind}/{item['metadata']['name']}"] = json.dumps(item, sort_keys=True)
        return found

    def left(self, search: str = "") -> list[str]:
        """Jobs and pods of a search (the asked one) that are there, but for the volume's setup."""
        search = search or self.asked
        found = [*jobs_of(self.world, search), *pods_of(self.world, elb_job_id=search)]
        return sorted(one["metadata"]["name"] for one in found if not one["metadata"]["name"].startswith("init-pv"))

    def close(self) -> None:
        errors = [error for actor in self._actors if (error := actor.stop()) is not None]
        self.world.close()
        assert not errors, errors
