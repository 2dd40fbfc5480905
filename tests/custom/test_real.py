"""Custom resources on the real API server: made, changed, removed and re-versioned, and an API that is down."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from exporter.adapters.clock import SystemClock
from exporter.adapters.custom_api import CustomApi, CustomLimits
from exporter.adapters.discovery import LOOK_AGAIN, Discovery
from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.domain.custom.kinds import CLUSTER_QUEUE, KINDS, MPIJOB, WORKLOAD
from exporter.domain.custom.objects import Kind
from exporter.domain.failures import Failed, Word
from tests.custom import crds
from tests.custom.aggregated import aggregated, available
from tests.custom.metering import METRICS, metrics, node_metrics
from tests.custom.objects import conditions, item
from tests.support.clock import ManualClock
from tests.support.controlplane import ControlPlane
from tests.support.waiting import wait_for

pytestmark = pytest.mark.controlplane

Polls = Callable[..., CustomApi]


@pytest.fixture
def polls(control_plane: ControlPlane) -> Iterator[Polls]:
    """Polls of the control plane as a user."""
    opened: list[Callable[[], None]] = []

    def make(user: str = "admin", *, clock: ManualClock | None = None, **limits: int) -> CustomApi:
        file = control_plane.kubeconfig(control_plane.folder / f"{user}.polls", control_plane.token_of(user))
        access: Access = connect(KubeSettings(mode="kubeconfig", kubeconfig=str(file)), env={})
        discovery = Discovery(access.transport("discovery"), clock or SystemClock())
        transport = access.transport("custom")
        opened.extend((access.close, discovery.close, transport.close))
        return CustomApi(
            discovery=discovery,
            transport=transport,
            clock=clock or SystemClock(),
            limits=CustomLimits(**limits),
            rejected=lambda _number: None,
        )

    yield make
    for close in reversed(opened):
        close()


@pytest.fixture
def defined(control_plane: ControlPlane) -> Iterator[Callable[..., None]]:
    """Defines kinds, which go when the test ends."""
    made: list[Kind] = []

    def define(kind: Kind, *versions: str) -> None:
        made.append(kind)
        crds.define(control_plane.api, kind, versions or ("v1",))

    yield define
    crds.undefine_all(control_plane.api, made)


def states(api: CustomApi, kind: Kind, namespace: str) -> dict[str, int]:
    counts = api.counts(kind, namespace if kind.namespaced else "", 10.0)
    return {state: number for state, number in counts.states.items() if number}


def word(api: CustomApi, kind: Kind, namespace: str) -> Word:
    with pytest.raises(Failed) as caught:
        states(api, kind, namespace)
    return caught.value.word


def test_objects_are_counted_as_they_are_made_changed_and_removed(
    control_plane: ControlPlane, namespace: str, polls: Polls, defined: Callable[..., None]
) -> None:
    api, server = polls(), control_plane.api
    defined(MPIJOB, "v2beta1")
    assert states(api, MPIJOB, namespace) == {}
    job = item(MPIJOB, "a", version="v2beta1", spec={}, status={"conditions": conditions(Created="True")})
    crds.put(server, MPIJOB, namespace, job)
    assert states(api, MPIJOB, namespace) == {"pending": 1}
    job["status"] = {"conditions": conditions(Created="True", Running="True")}
    crds.set_status(server, MPIJOB, namespace, job)
    assert states(api, MPIJOB, namespace) == {"running": 1}
    crds.put(server, MPIJOB, namespace, item(MPIJOB, "b", version="v2beta1", spec={}))
    assert states(api, MPIJOB, namespace) == {"running": 1, "pending": 1}
    server.delete(f"{crds.place(MPIJOB, namespace, 'v2beta1')}/a")
    assert states(api, MPIJOB, namespace) == {"pending": 1}


def test_every_kind_of_the_table_can_be_read_from_a_server_that_serves_it(
    control_plane: ControlPlane, namespace: str, polls: Polls
) -> None:
    api = polls()
    try:
        crds.define_all(control_plane.api, KINDS)
        for kind in KINDS:
            crds.put(control_plane.api, kind, namespace, item(kind, "one", spec={}))
        assert [states(api, kind, namespace) for kind in KINDS] == [{"pending": 1}] * len(KINDS)
    finally:
        crds.undefine_all(control_plane.api, KINDS)


def test_a_status_that_lags_behind_the_generation_is_counted(
    control_plane: ControlPlane, namespace: str, polls: Polls, defined: Callable[..., None]
) -> None:
    api, server = polls(), control_plane.api
    defined(WORKLOAD, "v1beta1")
    crds.put(
        server, WORKLOAD, namespace, item(WORKLOAD, version="v1beta1", spec={"a": 1}, status={"observedGeneration": 1})
    )
    assert api.counts(WORKLOAD, namespace, 10.0).behind == 0
    server.patch(f"{crds.place(WORKLOAD, namespace, 'v1beta1')}/one", {"spec": {"a": 2}})
    assert api.counts(WORKLOAD, namespace, 10.0).behind == 1


def test_a_kind_that_comes_and_goes_while_somebody_looks(
    control_plane: ControlPlane, namespace: str, polls: Polls
) -> None:
    clock = ManualClock()
    api, server = polls(clock=clock), control_plane.api
    assert word(api, CLUSTER_QUEUE, namespace) is Word.ABSENT
    crds.define(server, CLUSTER_QUEUE, ("v1beta1",))
    clock.advance(LOOK_AGAIN)
    crds.put(server, CLUSTER_QUEUE, namespace, item(CLUSTER_QUEUE, version="v1beta1", spec={}))
    assert states(api, CLUSTER_QUEUE, namespace) == {"pending": 1}
    crds.undefine(server, CLUSTER_QUEUE)
    wait_for(lambda: server.get("/apis/kueue.x-k8s.io")[0] == 404, 30.0)
    assert word(api, CLUSTER_QUEUE, namespace) is Word.ABSENT


def test_a_new_version_in_place_of_the_old_is_followed_at_once(
    control_plane: ControlPlane, namespace: str, polls: Polls, defined: Callable[..., None]
) -> None:
    api, server = polls(), control_plane.api
    defined(WORKLOAD, "v1beta1")
    assert states(api, WORKLOAD, namespace) == {}
    crds.redefine(server, WORKLOAD, ("v1beta1", "v1beta2"))
    assert states(api, WORKLOAD, namespace) == {}
    crds.redefine(server, WORKLOAD, ("v1beta2",))
    wait_for(lambda: server.get(crds.place(WORKLOAD, namespace, "v1beta1"))[0] == 404, 30.0)
    crds.put(server, WORKLOAD, namespace, item(WORKLOAD, version="v1beta2", spec={}))
    assert states(api, WORKLOAD, namespace) == {"pending": 1}


def test_what_may_not_be_read_is_denied_and_not_absent(
    namespace: str, polls: Polls, defined: Callable[..., None]
) -> None:
    defined(MPIJOB, "v2beta1")
    api = polls("nobody")
    assert word(api, MPIJOB, namespace) is Word.DENIED
    assert word(api, WORKLOAD, namespace) is Word.ABSENT


def test_pages_are_followed_and_the_cap_is_not_taken_for_the_number(
    control_plane: ControlPlane, namespace: str, polls: Polls, defined: Callable[..., None]
) -> None:
    defined(MPIJOB, "v2beta1")
    for number in range(5):
        crds.put(control_plane.api, MPIJOB, namespace, item(MPIJOB, f"n{number}", version="v2beta1", spec={}))
    assert states(polls(page_items=2), MPIJOB, namespace) == {"pending": 5}
    assert word(polls(page_items=2, objects=4), MPIJOB, namespace) is Word.INCOMPLETE


@pytest.mark.fault(35)
def test_an_aggregated_api_that_is_down_spoils_only_what_comes_through_it(
    control_plane: ControlPlane, namespace: str, polls: Polls, defined: Callable[..., None]
) -> None:
    """`metrics.k8s.io` up, then answering 503, then up again."""
    api, server = polls(), control_plane.api
    defined(MPIJOB, "v2beta1")
    root = "/apis/metrics.k8s.io/v1beta1"
    nodes = metrics("NodeMetrics", node_metrics("a", "1500m", "1Gi", at="2126-01-01T00:00:00Z"))
    up = METRICS | {f"{root}/nodes": nodes}
    answers = dict(up)
    with aggregated(server, "metrics.k8s.io", "v1beta1", answers, namespace=namespace):
        available(server, "metrics.k8s.io", "v1beta1", "True")
        assert [one.cpu for one in api.nodes(10.0).nodes] == [1.5]
        down = 503, {"kind": "Status", "code": 503}
        answers.update(dict.fromkeys(up, down))
        with pytest.raises(Failed) as caught:
            api.nodes(10.0)
        assert caught.value.word is Word.SERVER
        available(server, "metrics.k8s.io", "v1beta1", "False")
        with pytest.raises(Failed) as caught:
            api.nodes(10.0)
        assert caught.value.word in (Word.SERVER, Word.THROTTLED)
        assert states(api, MPIJOB, namespace) == {}
        assert states(polls(), MPIJOB, namespace) == {}
        answers.update(up)
        available(server, "metrics.k8s.io", "v1beta1", "True")
        wait_for(lambda: server.get(f"{root}/nodes")[0] == 200, 30.0)
        assert len(api.nodes(10.0).nodes) == 1
