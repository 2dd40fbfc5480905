"""Custom resources behave alike on the simulator and on the real API server."""

from __future__ import annotations

import pytest

from exporter.domain.custom.kinds import MPIJOB
from exporter.rehearsal.custom import Custom
from tests.contract.targets import MPI_VERSION as VERSION
from tests.contract.targets import Target
from tests.custom import crds
from tests.support.kubeapi import expect


@pytest.fixture
def collection(target: Target, served: str) -> str:
    """The path of the MPIJobs of the test's namespace."""
    return crds.place(MPIJOB, target.namespace, served)


def test_only_a_new_spec_makes_a_new_generation(target: Target, mpijobs: Custom, collection: str) -> None:
    mpijobs.create({"metadata": {"name": "a"}, "spec": {"x": 1}, "status": {"ignored": True}})
    made = expect(target.api.get(f"{collection}/a"))
    assert (made["metadata"]["generation"], "status" in made) == (1, False)
    target.set_status(f"{collection}/a", {"conditions": []})
    assert expect(target.api.get(f"{collection}/a"))["metadata"]["generation"] == 1
    changed = expect(target.api.patch(f"{collection}/a", {"spec": {"x": 2}, "status": None}))
    assert (changed["metadata"]["generation"], changed["status"]) == (2, {"conditions": []})


def test_a_list_has_its_kind_and_says_what_its_items_are(target: Target, mpijobs: Custom, collection: str) -> None:
    mpijobs.create({"metadata": {"name": "a"}, "spec": {}})
    body = expect(target.api.get(collection))
    assert (body["kind"], body["apiVersion"]) == ("MPIJobList", f"kubeflow.org/{VERSION}")
    assert (body["items"][0]["kind"], body["items"][0]["apiVersion"]) == ("MPIJob", f"kubeflow.org/{VERSION}")


@pytest.mark.usefixtures("served")
def test_groups_and_resources_are_discovered(target: Target) -> None:
    groups = {group["name"]: group for group in expect(target.api.get("/apis"))["groups"]}
    assert groups["kubeflow.org"]["preferredVersion"]["version"] == VERSION
    resources = expect(target.api.get(f"/apis/kubeflow.org/{VERSION}"))["resources"]
    found = {one["name"]: (one["kind"], one["namespaced"]) for one in resources}
    assert found["mpijobs"] == ("MPIJob", True)


def test_what_is_not_served_is_404(target: Target) -> None:
    assert target.api.get("/apis/kubeflow.org/v2beta1")[0] == 404
    assert target.api.get(crds.place(MPIJOB, target.namespace, VERSION))[0] == 404
