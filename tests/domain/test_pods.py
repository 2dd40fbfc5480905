from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.pods import block_reason, export_waits_since, first_start, pod_state
from exporter.domain.records import Ending
from exporter.domain.words import BLOCK_REASONS, POD_STATES
from tests.support.records import START, container, ended, pod

# As kube-scheduler writes them into the PodScheduled condition.
MESSAGES = [
    ("cpu", "0/11 nodes are available: 1 node(s) had untolerated taint {agents: true}, 10 Insufficient cpu. "
            "preemption: 0/11 nodes are available: 1 Preemption is not helpful for scheduling, 10 No preemption "
            "victims found for incoming pod."),
    ("cpu", "0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory."),
    ("memory", "0/3 nodes are available: 3 Insufficient memory. preemption: not eligible due to a terminating pod."),
    ("storage", "0/3 nodes are available: 3 Insufficient ephemeral-storage."),
    ("affinity", "0/11 nodes are available: 1 node(s) had untolerated taint {agents: true}, 10 node(s) didn't "
                 "match Pod's node affinity/selector."),
    ("affinity", "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules."),
    ("affinity", "0/2 nodes are available: 2 node(s) didn't match pod affinity rules."),
    ("affinity", "0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints."),
    ("affinity", "0/2 nodes are available: 2 node(s) didn't match node selector."),
    ("taint", "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/memory-pressure: }."),
    ("taint", "0/3 nodes are available: 3 node(s) had taints that the pod didn't tolerate."),
    ("volume", "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are "
               "available: 3 Preemption is not helpful for scheduling."),
    ("volume", "0/3 nodes are available: 3 node(s) had volume node affinity conflict."),
    ("volume", "0/3 nodes are available: 3 node(s) exceed max volume count."),
    ("volume", 'persistentvolumeclaim "blast-dbs-pvc-rwm" not found'),
    ("other", "0/3 nodes are available: 3 Too many pods."),
    ("other", "0/3 nodes are available: 3 node(s) were unschedulable."),
    ("other", "no nodes available to schedule pods"),
    ("other", ""),
]  # fmt: skip
WAITING = [
    ("image", "ErrImagePull"),
    ("image", "ImagePullBackOff"),
    ("image", "InvalidImageName"),
    ("config", "CreateContainerConfigError"),
    ("config", "CreateContainerError"),
    ("config", "RunContainerError"),
    ("crash_loop", "CrashLoopBackOff"),
    (None, "ContainerCreating"),
    (None, "PodInitializing"),
    (None, ""),
]


@pytest.mark.parametrize(("reason", "message"), MESSAGES)
def test_the_schedulers_message_gives_the_block_reason(reason: str, message: str) -> None:
    assert block_reason(pod(phase="Pending", unschedulable=message)) == reason


@pytest.mark.parametrize(("reason", "waiting"), WAITING)
def test_the_reason_for_which_a_container_waits_blocks_the_pod(reason: str | None, waiting: str) -> None:
    ready = container("results-export", running_since=START)
    assert block_reason(pod(containers=(ready, container(waiting=waiting)))) == reason


def test_every_block_reason_is_reached() -> None:
    assert {reason for reason, _ in [*MESSAGES, *WAITING] if reason} == set(BLOCK_REASONS)


def test_an_init_container_in_back_off_blocks_a_pending_pod() -> None:
    init = container("import-query-batches", init=True, waiting="CrashLoopBackOff", last=ended(1))
    assert block_reason(pod(phase="Pending", containers=(init, container(waiting="PodInitializing")))) == "crash_loop"


@pytest.mark.parametrize("fields", [{"phase": "Failed"}, {"phase": "Succeeded"}, {"deleting": True}])
def test_nothing_blocks_a_pod_that_has_ended_or_is_being_deleted(fields: dict[str, Any]) -> None:
    assert block_reason(pod(unschedulable="3 Insufficient cpu", **fields)) is None


STATES = [
    (None, {"phase": "Succeeded", "deleting": True}),
    (None, {"phase": "Failed"}),
    ("terminating", {"deleting": True, "ready": True}),
    ("pending", {"phase": "Pending"}),
    ("running", {}),
    ("ready", {"ready": True}),
]


@pytest.mark.parametrize(("state", "fields"), STATES)
def test_a_living_pod_is_in_one_state(state: str | None, fields: dict[str, Any]) -> None:
    assert pod_state(pod(**fields)) == state


def test_every_pod_state_is_reached() -> None:
    assert {state for state, _ in STATES if state} == set(POD_STATES)


EXPORT = container("results-export", running_since=START)


@pytest.mark.parametrize(
    ("since", "containers", "fields"),
    [
        (START + 50, (container(ended=ended(137)), EXPORT), {}),
        (START + 50, (container(waiting="CrashLoopBackOff", last=ended(2)), EXPORT), {}),
        (None, (container(running_since=START), EXPORT), {}),
        (None, (container(ended=ended(0)), container("results-export", ended=ended(0))), {}),
        (None, (container(waiting="ErrImagePull"), EXPORT), {}),
        (None, (container(ended=ended(0)), EXPORT), {"deleting": True}),
        (None, (container(ended=ended(0)),), {}),
    ],
)
def test_results_export_waits_since_blast_stopped(since: float | None, containers: tuple, fields: dict) -> None:
    assert export_waits_since(pod(containers=containers, **fields)) == since


def test_the_first_start_is_that_of_the_first_running_container() -> None:
    assert first_start(pod()) is None
    two = (container(running_since=START + 9), container("results-export", running_since=START + 7))
    assert first_start(pod(containers=two)) == START + 7


def test_the_first_start_of_containers_that_have_ended_is_still_told() -> None:
    ended = container("blast", ended=Ending(exit_code=0, at=START + 9, began=START + 3))
    assert first_start(pod(containers=(ended, container("results-export", running_since=START + 4)))) == START + 3
