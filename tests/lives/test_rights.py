"""What a ServiceAccount with fewer rights sees: less, and nothing wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lives.sight import await_search, check_page, finished, search
from tests.lives.world import World, new_id
from tests.support.daemon import Page, family, moved, value
from tests.support.kubeapi import expect

pytestmark = pytest.mark.controlplane

READ = ("get", "list", "watch")
CORE = ("pods", "persistentvolumeclaims", "events")
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def account(world: World, folder: Path, *, jobs: tuple[str, ...] = READ, core: tuple[str, ...] = CORE) -> Path:
    """A kubeconfig for a ServiceAccount: these verbs on Jobs, these resources of the core group, nodes and Leases."""
    rules = [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": list(jobs)},
        {"apiGroups": [""], "resources": list(core), "verbs": list(READ if jobs == READ else jobs)},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get"]},
    ]
    node_rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": list(READ)}]
    name = f"exporter-{world.namespace}"
    base = f"{RBAC}/namespaces/{world.namespace}"
    expect(world.api.post(f"{base}/roles", {"metadata": {"name": name}, "rules": rules}))
    expect(world.api.post(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": node_rules}))
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": world.namespace}]
    for kind, path in (("Role", f"{base}/rolebindings"), ("ClusterRole", f"{RBAC}/clusterrolebindings")):
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        expect(world.api.post(path, {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}))
    _grant_node_warnings(world, name, subjects, verbs=list(READ if jobs == READ else jobs))
    token = world.plane.account_token(name, namespace=world.namespace)
    return world.plane.kubeconfig(folder / "account.kubeconfig", token)


def _grant_node_warnings(world: World, name: str, subjects: list[dict[str, str]], *, verbs: list[str]) -> None:
    """Kubelets write the warnings of their node to the namespace `default`."""
    base = f"{RBAC}/namespaces/default"
    rules = [{"apiGroups": [""], "resources": ["events"], "verbs": verbs}]
    expect(world.api.post(f"{base}/roles", {"metadata": {"name": name}, "rules": rules}))
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
    expect(world.api.post(f"{base}/rolebindings", binding))


def states(page: Page) -> dict[str, str]:
    """The state of each resource that the cluster has."""
    told = moved(page, "exporter_collector_state")
    return {resource: word for _, resource, word in told if word != "absent"}


def modes(page: Page) -> dict[str, str]:
    return {resource: mode for _, mode, resource in moved(page, "exporter_collector_info")}


def test_with_the_rights_of_the_manifest_everything_is_fresh(world: World, tmp_path: Path) -> None:
    with world.daemon(kubeconfig=account(world, tmp_path)) as daemon:
        page = daemon.wait(lambda page: set(states(page).values()) == {"fresh"})
        assert set(modes(page).values()) == {"watch", "poll"}
        assert modes(page)["jobs"] == "watch"


def test_without_the_right_to_watch_the_numbers_come_from_polls(world: World, tmp_path: Path) -> None:
    identity = new_id()
    world.node()
    kubeconfig = account(world, tmp_path, jobs=("get", "list"))
    with world.daemon(kubeconfig=kubeconfig) as daemon:
        daemon.wait(lambda page: {modes(page)[r] for r in ("jobs", *CORE)} == {"poll"})
        daemon.wait(lambda page: set(states(page).values()) == {"fresh"}, 20)
        done, lost, rest = world.batches(identity, range(3))
        finalizer = world.finalizer(identity)
        world.run(done, lost, rest, finalizer)
        facts = {"expected": 3}
        await_search(daemon, identity, "running", jobs={"running": 3}, **facts)
        world.succeed(done)
        world.delete(lost)
        world.await_gone(lost)
        await_search(daemon, identity, "running", jobs={"running": 1, "succeeded": 1, "lost": 1}, **facts)
        check_page(daemon, world)
        world.succeed(rest, finalizer)
        jobs = {"succeeded": 2, "lost": 1}
        page = await_search(daemon, identity, "cancelled", reason="external_delete", jobs=jobs, **facts)
        check_page(daemon, world)
        assert finished(page) == {
            ("none", "succeeded", "blast"): 2,
            ("none", "lost", "blast"): 1,
            ("none", "succeeded", "finalizer"): 1,
        }
        assert states(page)["jobs"] == "fresh"


def test_without_the_right_to_read_pods_the_jobs_are_still_told(world: World, tmp_path: Path) -> None:
    identity = new_id()
    world.node()
    kubeconfig = account(world, tmp_path, core=("persistentvolumeclaims", "events"))
    with world.daemon(kubeconfig=kubeconfig) as daemon:
        daemon.wait(lambda page: states(page)["pods"] == "denied")
        (name,) = world.batches(identity, (0,))
        finalizer = world.finalizer(identity)
        await_search(daemon, identity, "pending", jobs={"pending": 1}, expected=1)
        world.run(name)
        page = await_search(daemon, identity, "running", jobs={"running": 1}, expected=1)
        assert family(page, "pods") == family(page, "pods_blocked") == {}
        assert family(page, "pool_cpu_requested_cores") == {}
        assert moved(page, "pool_nodes") == {(world.pool, "ready"): 1}
        assert value(page, "jobs", namespace=world.namespace, role="blast", state="running") == 1
        assert "export_stuck" not in {key[0] for key in family(page, "search_flag", elb_job_id=identity)}

        world.succeed(name, finalizer)
        page = await_search(daemon, identity, "succeeded", jobs={"succeeded": 1}, expected=1)
        assert finished(page) == {("none", "succeeded", "blast"): 1, ("none", "succeeded", "finalizer"): 1}
        assert states(page)["jobs"] == "fresh"
        assert search(page, identity)["blocked"] == {}
