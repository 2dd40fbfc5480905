"""The connection to the API server breaks in the ways that connections do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.lives.sight import await_finished, await_search, check_page, finished, is_part, search, trail
from tests.lives.world import World, new_id
from tests.support.controlplane_files import write_kubeconfig
from tests.support.daemon import Page, family, moved, value
from tests.support.proxy import Proxy

pytestmark = pytest.mark.controlplane


@pytest.fixture
def proxy(world: World) -> Iterator[Proxy]:
    with Proxy(urlsplit(world.plane.url).port or 443) as proxy:
        yield proxy


@pytest.fixture
def through(world: World, proxy: Proxy, tmp_path: Path) -> Path:
    """A kubeconfig whose server is the proxy."""
    url, token = f"https://127.0.0.1:{proxy.port}", world.plane.token
    path = tmp_path / "proxy.kubeconfig"
    return write_kubeconfig(path, url=url, ca_pem=world.plane.ca_pem, token=token, namespace="default")


def runs(page: Page, resource: str, result: str) -> float:
    (number,) = family(page, "exporter_collector_runs_total", resource=resource, result=result).values()
    return number


def state(page: Page, resource: str) -> str:
    """The one word that holds for a resource."""
    (word,) = (key for key, number in moved(page, "exporter_collector_state", resource=resource).items())
    return word[1]


def test_watches_that_are_cut_again_and_again_count_nothing_twice(world: World, proxy: Proxy, through: Path) -> None:
    identity = new_id()
    world.node()
    proxy.latency = 0.02
    with world.daemon(kubeconfig=through) as daemon:
        phases = trail(daemon, identity)
        batches = world.batches(identity, (0, 1))
        finalizer = world.finalizer(identity)
        await_search(daemon, identity, "pending", jobs={"pending": 2}, expected=2)
        for number, name in enumerate(batches, 1):
            world.kubelet.wait(lambda: proxy.connections >= 5, what="every feed to be connected")
            assert proxy.cut() >= 5
            world.run(name)
            world.succeed(name)
            counts = {"pending": 2 - number, "succeeded": number}
            phase, reason = ("running", "idle") if number < 2 else ("finalizing", "none")
            jobs = {word: n for word, n in counts.items() if n}
            await_search(daemon, identity, phase, reason=reason, timeout=30, jobs=jobs, expected=2)
            check_page(daemon, world, identity)
        proxy.cut()
        world.succeed(finalizer)
        page = await_search(daemon, identity, "succeeded", timeout=30, jobs={"succeeded": 2}, expected=2)
        assert finished(page) == {("none", "succeeded", "blast"): 2, ("none", "succeeded", "finalizer"): 1}
        assert value(page, "job_duration_seconds_count", program="blastn", db="core_nt") == 2
        assert value(page, "job_queue_duration_seconds_count") == 2
        assert runs(page, "jobs", "gone") == 0
        assert is_part(phases, "pending running finalizing succeeded")


def test_a_black_hole_is_noticed_by_its_silence_and_nothing_is_lost(world: World, proxy: Proxy, through: Path) -> None:
    """The connections stay open and say nothing: stale, expired, and after that everything as it is by then."""
    identity = new_id()
    world.node()
    limits = {"limits.bookmark_silence": "10s", "limits.expire": "12s", "limits.list_deadline": "3s"}
    with world.daemon(limits, kubeconfig=through) as daemon:
        phases = trail(daemon, identity)
        first, second = world.batches(identity, (0, 1))
        world.run(first, second)
        await_search(daemon, identity, "running", jobs={"running": 2})

        proxy.swallow = True
        world.succeed(first)
        world.fail_batch(second, 2)
        page = daemon.wait(lambda page: state(page, "jobs") != "fresh", 20)
        assert search(page, identity)["jobs"] == {"running": 2}
        page = daemon.wait(lambda page: state(page, "jobs") == "expired", 20)
        gauges = ("jobs", "pods", "search_phase", "search_jobs", "searches", "pool_nodes")
        page = daemon.wait(lambda page: not any(family(page, name) for name in gauges), 5)
        assert finished(page) == {}

        proxy.swallow = False
        proxy.cut()
        counts = {"succeeded": 1, "failed": 1}
        page = await_search(daemon, identity, "failed", timeout=40, reason="batch_failed", jobs=counts)
        assert state(page, "jobs") == "fresh"
        check_page(daemon, world, identity)
        await_finished(daemon, {("none", "succeeded", "blast"): 1, ("other", "failed", "blast"): 1})
        assert is_part(phases, "pending running failing failed")


def test_after_a_version_that_is_gone_the_listing_settles_what_was_missed(
    world: World, proxy: Proxy, through: Path
) -> None:
    """While nobody looks, Jobs succeed, fail, are deleted, taken by their TTL and made; the restarted API server
    no longer knows the version that the watch stopped at."""
    identity, newcomer = new_id(), new_id()
    world.node()
    with world.daemon(kubeconfig=through) as daemon:
        phases = trail(daemon, identity)
        succeeds, fails, deleted, stays = world.batches(identity, range(4))
        (taken,) = world.batches(identity, (4,), ttl=2)
        world.run(succeeds, fails, deleted, stays, taken)
        await_search(daemon, identity, "running", jobs={"running": 5})

        proxy.swallow = True
        world.succeed(succeeds)
        world.fail_batch(fails, 2)
        world.delete(deleted)
        world.kubelet.succeed(world.kubelet.scheduled(taken))
        world.batches(newcomer, (0,))
        world.await_gone(deleted, taken)
        proxy.refuse = True
        world.plane.apiserver.kill()
        world.plane.apiserver.start()
        world.plane.wait_ready()
        assert search(daemon.page(), identity)["jobs"] == {"running": 5}

        proxy.refuse = proxy.swallow = False
        daemon.wait(lambda page: runs(page, "jobs", "gone") >= 1, 40, "a watch that is refused with 410")
        counts = {"running": 1, "succeeded": 1, "failed": 1, "lost": 1}
        await_search(daemon, identity, "failing", timeout=40, reason="batch_failed", jobs=counts)
        await_search(daemon, newcomer, "pending", jobs={"pending": 1})
        check_page(daemon, world)
        endings: dict[tuple[str, ...], float] = {
            ("none", "succeeded", "blast"): 1,
            ("other", "failed", "blast"): 1,
            ("none", "lost", "blast"): 1,
        }
        page = await_finished(daemon, endings)
        assert moved(page, "attempts_failed_total") == {}
        world.succeed(stays)
        counts = {"succeeded": 2, "failed": 1, "lost": 1}
        await_search(daemon, identity, "failed", timeout=40, reason="batch_failed", jobs=counts)
        assert is_part(phases, "pending running failing failed")
