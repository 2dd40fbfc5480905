"""One poll of usage and of the submit Lease over a real socket."""

from __future__ import annotations

import pytest

from exporter.domain.failures import Failed, Word
from tests.custom.metering import METRICS, metrics, node_metrics, pod_metrics
from tests.custom.served import refused, serving
from tests.custom.serving import Answers
from tests.support.clock import ManualClock

NODES = "/apis/metrics.k8s.io/v1beta1/nodes"
PODS = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"


def at(clock: ManualClock, wall: float) -> None:
    clock.step(wall - clock.wall())


def test_the_usage_of_nodes_is_read_exactly_and_without_a_limit() -> None:
    """A timestamp that is old, a quantity that is none: the sample is left out, never 0."""
    old = "1970-01-12T13:00:00Z"
    answers = METRICS | {
        NODES: metrics(
            "NodeMetrics",
            node_metrics("a", "102105u", "100Mi"),
            node_metrics("b", "1e3", "100M"),
            node_metrics("stale", "1", "1", old),
            node_metrics("bad", "", "1"),
            node_metrics("worse", "1", None),
        )
    }
    with serving(answers) as served:
        at(served.clock, 1_000_000.0)
        used = served.api.nodes(5.0)
        assert {one.node: (one.cpu, one.memory) for one in used.nodes} == {
            "a": (pytest.approx(0.102105), 100 * 1024**2),
            "b": (1000.0, 100e6),
        }
        assert used.oldest == 999_990.0
        assert served.rejected == [2]
        assert served.asked[-1] == NODES


def test_the_usage_of_pods_is_that_of_roles_and_of_searches() -> None:
    answers = METRICS | {
        PODS: metrics(
            "PodMetrics",
            pod_metrics("blast", "job-a", {"blast": "3Gi", "results-export": "1Gi"}),
            pod_metrics("blast", "job-a", {"blast": "5Gi"}),
            pod_metrics("submit", "job-a", {"submit": "1Gi"}),
            pod_metrics("someone-else", "job-a", {"blast": "9Gi"}),
        )
    }
    with serving(answers) as served:
        at(served.clock, 1_000_000.0)
        used = served.api.pods("default", 5.0)
        assert {role: (one.cpu, one.memory) for role, one in used.roles.items()} == {
            "blast": (1.5, 9 * 1024**3),
            "submit": (0.5, 1024**3),
        }
        assert used.largest == {"job-a": 5 * 1024**3}
        assert served.rejected == [0]


LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/elb-blast-submit-default"


def lease(**spec: object) -> Answers:
    return {LEASE: (200, {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {}, "spec": spec})}


HELD = {
    "holderIdentity": "openapi-0a1b",
    "leaseDurationSeconds": 900,
    "acquireTime": "1970-01-12T13:40:00.000000Z",
    "renewTime": "1970-01-12T13:40:00.000000Z",
}


@pytest.mark.parametrize(
    ("spec", "holder"),
    [
        (HELD, "openapi"),
        ({**HELD, "holderIdentity": "cli-0a1b"}, "cli"),
        ({**HELD, "holderIdentity": "dashboard-0a1b"}, "other"),
        ({**HELD, "holderIdentity": ""}, ""),
        ({**HELD, "renewTime": "1970-01-12T13:00:00.000000Z"}, ""),
        ({**HELD, "renewTime": "yesterday"}, "openapi"),
        ({"holderIdentity": "openapi-0a1b"}, ""),
        ({}, ""),
    ],
)
def test_the_lease_is_held_as_its_submitters_see_it(spec: dict[str, object], holder: str) -> None:
    with serving(lease(**spec)) as served:
        at(served.clock, 1_000_000.0)
        view = served.api.lease("default", 5.0)
        assert view.holder == holder
        if view.holder:
            assert view.acquired == 999_600.0


def test_a_lease_that_was_never_made_is_free_and_one_that_may_not_be_read_is_not() -> None:
    with serving({}) as served:
        assert served.api.lease("default", 5.0).holder == ""
        served.answers[LEASE] = refused(403)
        with pytest.raises(Failed) as caught:
            served.api.lease("default", 5.0)
        assert caught.value.word is Word.DENIED
