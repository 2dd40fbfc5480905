"""The table of kinds, from JSON as a server gives it: the state, what is counted, and what is not guessed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from exporter.adapters.decode_custom import custom_record, decode_list
from exporter.domain.custom import kinds
from exporter.domain.custom.objects import CUSTOM_STATES, Amount, Kind, KindCounts, Rule, count
from tests.custom.objects import conditions, item, page


def counted(kind: Kind, *objects: dict[str, Any]) -> KindCounts:
    found = decode_list(
        page(kind, objects), kind=kind.kind, api_version=f"{kind.group}/v1", read=partial(custom_record, kind)
    )
    assert found.rejects == 0
    return count(kind, found.records)


def state(kind: Kind, **fields: Any) -> str:
    counts = counted(kind, item(kind, **fields))
    assert set(counts.states) == set(CUSTOM_STATES)
    (only,) = (word for word, number in counts.states.items() if number)
    assert counts.states[only] == 1
    return only


def told(**by_type: str | tuple[str, str]) -> dict[str, Any]:
    return {"status": {"conditions": conditions(**by_type)}}


def phase(word: str) -> dict[str, Any]:
    return {"status": {"phase": word}}


def children(*groups: dict[str, int]) -> dict[str, Any]:
    return {"status": {"replicatedJobsStatus": [{"name": "workers", **group} for group in groups]}}


def paused(text: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {"autoscaling.keda.sh/paused": text}}}


TABLE = [
    # MPIJob: several conditions are true together, and Created stays
    (kinds.MPIJOB, {}, "pending"),
    (kinds.MPIJOB, {"status": {}}, "pending"),
    (kinds.MPIJOB, {"status": {"conditions": []}}, "pending"),
    (kinds.MPIJOB, told(Created="True"), "pending"),
    (kinds.MPIJOB, told(Created="True", Running="True"), "running"),
    (kinds.MPIJOB, told(Created="True", Running="False", Restarting="True"), "pending"),
    (kinds.MPIJOB, told(Created="True", Running="True", Succeeded="True"), "succeeded"),
    (kinds.MPIJOB, told(Created="True", Running="False", Failed="True"), "failed"),
    (kinds.MPIJOB, told(Created="True", Failed="False", Succeeded="True"), "succeeded"),
    (kinds.MPIJOB, told(Created="True", Running="False", Suspended="True"), "suspended"),
    (kinds.MPIJOB, told(Created="True", Running="True", Suspended="False"), "running"),
    (kinds.MPIJOB, told(Created="True", Running="Unknown"), "pending"),
    # JobSet: no condition says that it runs, its children do
    (kinds.JOBSET, {}, "pending"),
    (kinds.JOBSET, children({"active": 0}, {"active": 2}), "running"),
    (kinds.JOBSET, children({"active": 0, "ready": 0}), "pending"),
    (kinds.JOBSET, told(StartupPolicyInProgress="True", Suspended="False"), "pending"),
    (kinds.JOBSET, told(Suspended="True"), "suspended"),
    (kinds.JOBSET, told(Completed="True", Suspended="False"), "succeeded"),
    (kinds.JOBSET, told(Failed="True"), "failed"),
    (kinds.JOBSET, {"status": {"terminalState": "Completed"}}, "succeeded"),
    (kinds.JOBSET, {"status": {"terminalState": "Failed"}}, "failed"),
    # Kueue Workload: finished is not success without a reason that says so
    (kinds.WORKLOAD, {}, "pending"),
    (kinds.WORKLOAD, told(QuotaReserved="True"), "pending"),
    (kinds.WORKLOAD, told(QuotaReserved="True", Admitted="True"), "running"),
    (kinds.WORKLOAD, told(Admitted="False", Evicted=("True", "Preempted"), Requeued="True"), "pending"),
    (kinds.WORKLOAD, {"spec": {"active": False}, **told(Evicted=("True", "Deactivated"))}, "suspended"),
    (kinds.WORKLOAD, {"spec": {"active": True}, **told(Admitted="True")}, "running"),
    (kinds.WORKLOAD, told(Admitted="True", Finished=("True", "Succeeded")), "succeeded"),
    (kinds.WORKLOAD, told(Admitted="True", Finished=("True", "Failed")), "failed"),
    (kinds.WORKLOAD, told(Finished=("True", "OutOfSync")), "unknown"),
    (kinds.WORKLOAD, told(Finished=("True", "OwnerNotFound")), "unknown"),
    (kinds.CLUSTER_QUEUE, told(Active=("True", "Ready")), "running"),
    (kinds.CLUSTER_QUEUE, told(Active=("False", "Stopped")), "suspended"),
    (kinds.CLUSTER_QUEUE, told(Active=("False", "FlavorNotFound")), "pending"),
    (kinds.LOCAL_QUEUE, told(Active=("True", "Ready")), "running"),
    (kinds.LOCAL_QUEUE, told(Active=("False", "ClusterQueueIsInactive")), "pending"),
    # Volcano: one word, and a history keyed by `status` that is not read for it
    (kinds.VOLCANO_JOB, {}, "pending"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Running"}, "conditions": [{"status": "Pending"}]}}, "running"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Completing"}}}, "running"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Completed"}}}, "succeeded"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Aborted"}}}, "suspended"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Terminated"}}}, "failed"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Failed"}}}, "failed"),
    (kinds.VOLCANO_JOB, {"status": {"state": {"phase": "Pondering"}}}, "unknown"),
    (kinds.POD_GROUP, phase("Inqueue"), "pending"),
    (kinds.POD_GROUP, phase("Running"), "running"),
    (kinds.POD_GROUP, phase("Completed"), "succeeded"),
    (kinds.POD_GROUP, phase("Unknown"), "unknown"),
    (kinds.VOLCANO_QUEUE, {"status": {"state": "Open"}}, "running"),
    (kinds.VOLCANO_QUEUE, {"status": {"state": "Closing"}}, "suspended"),
    (kinds.VOLCANO_QUEUE, {"status": {"state": "Unknown"}}, "unknown"),
    # Karpenter: what drifts or could go is not ill
    (kinds.NODE_POOL, told(ValidationSucceeded="True", NodeClassReady="True", Ready="True"), "running"),
    (kinds.NODE_POOL, told(NodeClassReady="False", Ready="False"), "pending"),
    (kinds.NODE_CLAIM, told(Launched="Unknown", Registered="Unknown", Ready="Unknown"), "pending"),
    (kinds.NODE_CLAIM, told(Launched="True", Registered="False", Ready="False"), "pending"),
    (kinds.NODE_CLAIM, told(Launched="True", Ready="True", Drifted="True", Consolidatable="True"), "running"),
    (kinds.NODE_CLAIM, {"metadata": {"deletionTimestamp": "2026-05-01T11:00:00Z"}, **told(Ready="True")}, "deleting"),
    (kinds.NODE_CLASS, told(ImagesReady="True", Ready="True"), "running"),
    # KEDA: without transition times, and paused in two ways
    (kinds.SCALED_JOB, {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "running"),
    (kinds.SCALED_JOB, {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "pending"),
    (kinds.SCALED_OBJECT, {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, "failed"),
    (kinds.SCALED_OBJECT, told(Ready="True", Active="False", Paused="True"), "suspended"),
    (kinds.SCALED_OBJECT, {**paused("true"), **told(Ready="True")}, "suspended"),
    (kinds.SCALED_OBJECT, {**paused("false"), **told(Ready="True", Paused="False")}, "running"),
    (kinds.DYNAMO, {"status": {"state": "successful"}}, "running"),
    (kinds.DYNAMO, {"status": {"state": "initializing"}}, "pending"),
    (kinds.DYNAMO, told(Ready="True"), "running"),
    (kinds.DYNAMO, told(Ready="False", Failed="True"), "failed"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "expected"), TABLE)
def test_an_object_has_one_state(kind: Kind, fields: dict[str, Any], expected: str) -> None:
    assert state(kind, **fields) == expected


def test_every_kind_of_the_table_has_a_case_here() -> None:
    assert {kind.qualified for kind in kinds.KINDS} == {kind.qualified for kind, _, _ in TABLE}


def test_kinds_are_keyed_by_group_and_plural() -> None:
    """Volcano's Jobs have the plural and the kind of batch Jobs."""
    names = [kind.qualified for kind in kinds.KINDS]
    assert len(set(names)) == len(names)
    assert "jobs.batch.volcano.sh" in names
    assert "jobs.batch" not in names


def test_what_had_ended_before_it_is_deleted_keeps_its_state() -> None:
    deleted = {"metadata": {"deletionTimestamp": "2026-05-01T11:00:00Z"}}
    assert state(kinds.MPIJOB, **deleted, **told(Succeeded="True")) == "succeeded"
    assert state(kinds.MPIJOB, **deleted, **told(Running="True")) == "deleting"


def test_conditions_are_counted_by_value_and_by_reasons_that_may_be_told() -> None:
    counts = counted(
        kinds.WORKLOAD,
        item(kinds.WORKLOAD, "a", **told(QuotaReserved="True", Evicted=("True", "Preempted"))),
        item(kinds.WORKLOAD, "b", **told(QuotaReserved="False", Evicted=("True", "Preempted"))),
        item(kinds.WORKLOAD, "c", **told(QuotaReserved="Unknown", Evicted=("True", "job-of-alice"))),
    )
    assert counts.conditions == {
        ("QuotaReserved", "True", "none"): 1,
        ("QuotaReserved", "False", "none"): 1,
        ("QuotaReserved", "Unknown", "none"): 1,
        ("Evicted", "True", "Preempted"): 2,
        ("Evicted", "True", "other"): 1,
    }


def test_conditions_that_the_kind_does_not_name_are_not_read() -> None:
    counts = counted(kinds.MPIJOB, item(kinds.MPIJOB, **told(Created="True", Invented="True")))
    assert counts.conditions == {("Created", "True", "none"): 1}


def test_a_list_keyed_by_status_is_a_history_whose_last_entry_holds() -> None:
    kind = Kind(
        group="example.org",
        plural="things",
        kind="Thing",
        rules=(Rule(state="running", condition="Running"),),
        conditions=("Pending", "Running"),
    )
    history = [{"status": "Pending", "lastTransitionTime": None}, {"status": "Running"}]
    counts = counted(kind, item(kind, status={"conditions": history}))
    assert counts.states["running"] == 1
    assert counts.conditions == {("Running", "True", "none"): 1}


def test_amounts_are_summed_over_replicas_and_objects() -> None:
    status = {"replicaStatuses": {"Launcher": {"active": 1}, "Worker": {"active": 3, "failed": 1}}}
    counts = counted(kinds.MPIJOB, item(kinds.MPIJOB, "a", status=status), item(kinds.MPIJOB, "b", status=status))
    assert counts.amounts == {"active": 8, "failed": 2, "succeeded": 0}


def test_quotas_of_a_queue_are_summed_over_its_flavors_and_resource_groups() -> None:
    """Of what is not a processor, memory or GPU nothing is told."""

    def resources(field: str, **amounts: str) -> list[dict[str, Any]]:
        return [{"name": name.replace("gpu", "nvidia.com/gpu"), field: amount} for name, amount in amounts.items()]

    flavors = [
        {"name": "spot", "resources": resources("nominalQuota", cpu="32", memory="64Gi", pods="9")},
        {"name": "regular", "resources": resources("nominalQuota", cpu="500m", memory="1Gi")},
    ]
    groups = [{"flavors": flavors}, {"flavors": [{"name": "gpu", "resources": resources("nominalQuota", gpu="4")}]}]
    used = [{"name": "spot", "resources": resources("total", cpu="16", memory="32Gi")}, {"name": "gpu"}]
    queue = item(kinds.CLUSTER_QUEUE, spec={"resourceGroups": groups}, status={"flavorsUsage": used})
    amounts = counted(kinds.CLUSTER_QUEUE, queue).amounts
    assert {name: amount for name, amount in amounts.items() if amount} == {
        "quota_cpu_cores": 32.5,
        "used_cpu_cores": 16,
        "quota_memory_bytes": 65 * 1024**3,
        "used_memory_bytes": 32 * 1024**3,
        "quota_gpus": 4,
    }
    assert amounts["used_gpus"] == 0


def test_node_claims_are_counted_by_capacity_type() -> None:
    types = ("spot", "spot", "on-demand", "lent", None)
    claims = [
        item(kinds.NODE_CLAIM, str(number), metadata={"labels": {"karpenter.sh/capacity-type": text}} if text else {})
        for number, text in enumerate(types)
    ]
    amounts = counted(kinds.NODE_CLAIM, *claims).amounts
    assert (amounts["spot"], amounts["on_demand"], amounts["reserved"]) == (2, 1, 0)


def test_amounts_may_be_quantities_and_flags() -> None:
    pool = item(kinds.NODE_POOL, status={"resources": {"nodes": "3", "cpu": "11500m", "memory": "2Gi"}})
    assert counted(kinds.NODE_POOL, pool).amounts == {"nodes": 3, "cpu_cores": 11.5, "memory_bytes": 2 * 1024**3}
    triggers = {"triggersActivity": {"s0": {"isActive": True}, "s1": {"isActive": False}}}
    assert counted(kinds.SCALED_JOB, item(kinds.SCALED_JOB, status=triggers)).amounts == {"triggers_active": 1}


def test_an_amount_that_a_version_does_not_tell_is_not_zero() -> None:
    """Kueue writes its counts even when they are 0, and has moved them between versions."""
    told_counts = {"pendingWorkloads": 4, "admittedWorkloads": 0}
    assert counted(kinds.LOCAL_QUEUE, item(kinds.LOCAL_QUEUE, status=told_counts)).amounts == {
        "pending": 4,
        "admitted": 0,
    }
    assert counted(kinds.LOCAL_QUEUE).amounts == {"pending": 0, "reserving": 0, "admitted": 0}


def test_a_status_of_an_older_generation_is_counted_as_behind() -> None:
    def one(name: str, generation: int, **status: Any) -> dict[str, Any]:
        return item(kinds.JOBSET, name, metadata={"generation": generation}, status=status)

    counts = counted(kinds.JOBSET, one("a", 3, observedGeneration=2), one("b", 3, observedGeneration=3), one("c", 3))
    assert counts.behind == 1


def test_a_broken_object_is_counted_and_left_out() -> None:
    bad: list[Any] = [
        {"metadata": "text"},
        item(kinds.MPIJOB, status="text"),
        item(kinds.MPIJOB, status={"conditions": {}}),
        item(kinds.MPIJOB, status={"conditions": ["text"]}),
        item(kinds.MPIJOB, status={"replicaStatuses": {"Worker": {"active": "many"}}}),
        item(kinds.MPIJOB, status={"replicaStatuses": {"Worker": {"active": -1}}}),
        item(kinds.MPIJOB, status={"replicaStatuses": {"Worker": {"active": [1]}}}),
        {**item(kinds.MPIJOB), "kind": "JobSet"},
        "text",
        None,
    ]
    good = item(kinds.MPIJOB, **told(Running="True"))
    for broken in bad:
        found = decode_list(
            page(kinds.MPIJOB, [broken, good]),
            kind="MPIJob",
            api_version="kubeflow.org/v1",
            read=partial(custom_record, kinds.MPIJOB),
        )
        assert (found.rejects, len(found.records)) == (1, 1), broken


def test_a_kind_of_the_configuration_needs_no_code() -> None:
    kind = Kind(
        group="example.org",
        plural="things",
        kind="Thing",
        rules=(Rule(state="failed", condition="Broken"), Rule(state="running", above="busy")),
        phase=("status", "where"),
        words={"Done": "succeeded"},
        amounts={"busy": Amount(path=("status", "parts", "*", "busy"))},
    )
    assert state(kind, status={"where": "Done"}) == "succeeded"
    assert state(kind, status={"parts": [{"busy": 1}]}) == "running"
    assert state(kind, **told(Broken="True")) == "failed"
