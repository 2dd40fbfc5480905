"""One process outside follows a fleet through ARM alone: it joins, stops, starts, goes, and never lies."""

from __future__ import annotations

import logging

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.app import App
from exporter.domain.azure.shard import owner
from exporter.simulator.arm.entra import KUBERNETES
from exporter.web.negotiate import TEXT
from tests.azure.fleet import SUBSCRIPTION, Fleet, ask_arm, page, place, running, shows, states
from tests.process.pages import read_text
from tests.runtime.play import A, B, batches, complete
from tests.support.daemon import family
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for


def told(app: App, name: str) -> dict[tuple[str, ...], float]:
    """A family of the exporter about itself, of cluster one."""
    return family(read_text(page(app)), f"exporter_{name}", cluster="one")


def test_who_it_is_and_until_when_is_on_the_page(fleet: Fleet) -> None:
    """For ARM and for the cluster, by the newest tokens that Entra gave out; neither token is there."""
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one", A))
        wait_for(lambda: len(told(app, "credential_expiry_timestamp_seconds")) == 2)
        wait_for(lambda: ("arm",) in told(app, "clock_skew_seconds"))
        assert told(app, "credential_info") == {("arm", "workload_identity"): 1, ("kubernetes", "workload_identity"): 1}
        ends = {token.audience == KUBERNETES: token.expires for token in fleet.azure.entra.issued}
        said = told(app, "credential_expiry_timestamp_seconds")
        assert abs(said["arm",] - ends[False]) <= 2
        assert abs(said["kubernetes",] - ends[True]) <= 2
        assert abs(told(app, "clock_skew_seconds")["arm",]) < 1.0
        assert not any(token.text in page(app) for token in fleet.azure.entra.issued)


def test_with_a_local_account_it_is_a_client_certificate(fleet: Fleet) -> None:
    made = fleet.add("one", A)
    made.client = fleet.azure.authority.client("clusterUser", "system:masters")
    with running(fleet.config()) as app:
        wait_for(lambda: len(told(app, "credential_info")) == 2)
        assert set(told(app, "credential_info")) == {("arm", "workload_identity"), ("kubernetes", "client_certificate")}
        assert set(told(app, "credential_expiry_timestamp_seconds")) == {("arm",)}


def test_a_fleet_is_followed_from_outside_by_its_tags_alone(fleet: Fleet) -> None:
    """No kubeconfig, no administrator's credential, no file."""
    fleet.add("one", A)
    fleet.add("two", B)
    fleet.add("other", tags={})
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one", A) and shows(app, "two", B))
        assert sorted(cluster.settings.name for cluster in app.clusters) == ["one", "two"]
        assert not shows(app, "one", B)
        assert SUBSCRIPTION not in page(app)
    posts = {seen.path.rpartition("/")[2] for seen in fleet.azure.api.seen if seen.method == "POST"}
    assert posts == {"listClusterUserCredential"}


@pytest.mark.fault(55)
def test_a_stopped_cluster_loses_its_series_at_once_and_says_stopped(fleet: Fleet) -> None:
    fleet.add("one", A)
    fleet.add("two", B)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one") and shows(app, "two", B))
        fleet.stop("one")
        ask_arm(app)
        wait_for(lambda: not shows(app, "one"))
        assert states(app, "one") == {"stopped"}
        assert states(app, "two") == {"fresh"}
        assert shows(app, "two", B)
        assert 'state="stopped"} 1' in page(app)


def test_a_cluster_that_starts_again_shows_nothing_of_before_until_it_was_looked_at(fleet: Fleet) -> None:
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))
        fleet.stop("one")
        ask_arm(app)
        wait_for(lambda: not shows(app, "one"))
        store = fleet.apis["one"].store
        for job in store.list("jobs"):
            complete(store, job["metadata"]["name"])
        fleet.say("one", power="Running", provisioning="Starting")
        ask_arm(app)
        wait_for(lambda: states(app, "one") == {"never"}, what=lambda: str(states(app, "one")))
        app.publisher.publish()
        assert not shows(app, "one"), "its API does not answer yet"
        fleet.start("one")
        ask_arm(app)
        done = f'elasticblast_search_jobs{{cluster="one",elb_job_id="{A}",namespace="default",state="succeeded"}} 3.0'
        wait_for(lambda: done in page(app), 40.0, lambda: "\n".join(x for x in page(app).splitlines() if A in x))
        wait_for(lambda: states(app, "one") == {"fresh"}, 40.0)


@pytest.mark.fault(56)
def test_a_starting_cluster_whose_api_flaps_is_held_and_never_called_stopped(fleet: Fleet) -> None:
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))
        fleet.say("one", power="Running", provisioning="Starting")
        fleet.apis["one"].stop(abruptly=True)
        ask_arm(app)
        wait_for(lambda: "stale" in states(app, "one"))
        assert states(app, "one") <= {"stale", "fresh"}
        assert shows(app, "one"), "what was seen is held"


def test_arm_that_says_stopped_too_early_stops_nothing(fleet: Fleet) -> None:
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))
        fleet.say("one", power="Stopped", provisioning="Succeeded")
        ask_arm(app)
        assert states(app, "one") == {"fresh"}
        assert shows(app, "one")


@pytest.mark.fault(57)
def test_a_deleted_cluster_goes_when_its_api_goes(fleet: Fleet) -> None:
    """With a list of clusters in place of a search: nobody takes it out."""
    fleet.add("one", A)
    config = fleet.config(
        **{
            "discovery.subscriptions": "",
            "clusters[0].name": "one",
            "clusters[0].connect.mode": "aks",
            "clusters[0].azure.resource_id": place("one"),
        }
    )
    with running(config) as app:
        wait_for(lambda: shows(app, "one"))
        fleet.forget("one")
        ask_arm(app)
        assert states(app, "one") == {"fresh"}, "Kubernetes follows its own evidence"
        fleet.apis["one"].stop(abruptly=True)
        ask_arm(app)
        wait_for(lambda: not shows(app, "one"))
        assert states(app, "one") == {"absent"}


@pytest.mark.fault(58)
def test_arm_that_is_down_touches_no_cluster(fleet: Fleet) -> None:
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))

        async def down(request: Request) -> Response | None:
            return Response(status_code=503, headers={"Retry-After": "300"})

        fleet.azure.api.intercept = down
        ask_arm(app)
        app._discover()
        assert states(app, "one") == {"fresh"}
        batches(fleet.apis["one"].store, B)
        wait_for(lambda: shows(app, "one", B))


@pytest.mark.fault(60)
def test_a_cluster_whose_tokens_do_not_come_is_said_to_fail_and_the_process_lives(fleet: Fleet) -> None:
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))

        async def down(request: Request) -> Response | None:
            return Response(status_code=503) if request.url.path.endswith("/token") else None

        fleet.azure.api.intercept = down
        fleet.apis["one"].access.tokens.clear()
        fleet.azure.entra.issued.clear()
        fleet.apis["one"].stop(abruptly=True)
        fleet.start("one")
        wait_for(lambda: states(app, "one") <= {"stale", "denied"})
        assert all(check.ok for check in app.live())


def test_one_clusters_trouble_touches_no_other(fleet: Fleet) -> None:
    """One hangs, one refuses, one was never there; the fourth is followed as if it were alone."""

    def hang(peer: Peer) -> None:
        peer.stall()

    fleet.add("good", A)
    with Hostile(hang) as server:
        fleet.add("hangs").server = server.url.replace("http:", "https:")
        fleet.add("refuses").server = "https://127.0.0.1:1"
        fleet.add("nowhere").server = "https://nowhere.invalid"
        with running(fleet.config()) as app:
            wait_for(lambda: len(app.clusters) == 4, 60.0)
            wait_for(lambda: shows(app, "good"))
            complete(fleet.apis["good"].store, fleet.apis["good"].store.list("jobs")[0]["metadata"]["name"])
            wait_for(
                lambda: f'cluster="good",elb_job_id="{A}",namespace="default",state="succeeded"}} 1.0' in page(app)
            )
            assert states(app, "good") == {"fresh"}


def test_replicas_share_the_fleet_and_nobody_is_followed_twice(fleet: Fleet) -> None:
    names = [f"aks-{n}" for n in range(4)]
    for name in names:
        fleet.add(name)
    followed = []
    for index in range(2):
        with running(fleet.config(shard=f"{index}/2")) as app:
            ours = sorted(name for name in names if owner(place(name).lower(), 2) == index)
            wait_for(lambda app=app, ours=ours: sorted(c.settings.name for c in app.clusters) == ours, 30.0)
            followed += [cluster.settings.name for cluster in app.clusters]
    assert sorted(followed) == names


def test_nothing_secret_is_in_any_output(
    fleet: Fleet, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="exporter")
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))
        said = [page(app)]
    said += [str(record.__dict__) for record in caplog.records if record.name.startswith("exporter")]
    said += capfd.readouterr()
    secrets = (SUBSCRIPTION, fleet.azure.token_file.read_text(), *(token.text for token in fleet.azure.entra.issued))
    assert [text for text in said for secret in secrets if secret in text] == []


def test_one_look_finds_the_fleet_and_says_what_it_missed(fleet: Fleet) -> None:
    fleet.add("one", A)
    app = App(fleet.config())
    assert app.once() == []
    assert f'cluster="one",elb_job_id="{A}"' in app.publisher.slot.current.body(TEXT, compressed=False).content.decode()

    async def down(request: Request) -> Response | None:
        return Response(status_code=500) if request.method == "GET" and "managedClusters" in request.url.path else None

    fleet.azure.api.intercept = down
    assert App(fleet.config()).once() == ["discovery: server discovery: HTTP 500"]
