"""ARM read through its real client: the cluster, the quota, single resources, and every way to fail."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from exporter.adapters.azure.calls import limited
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import SystemClock
from exporter.domain.azure.armid import resource_id
from exporter.domain.failures import Deferred, Failed, Word
from exporter.logs.setup import configure
from exporter.simulator.arm.model import Resource, Usage
from exporter.simulator.arm.server import ArmSimulator
from tests.azure.arms import Reader
from tests.simulator.azure import CLUSTER_ID, ROOT, SUBSCRIPTION, cluster
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile, Peer

ACCOUNT = f"{ROOT}/Microsoft.Storage/storageAccounts/results"
MACHINE = f"{ROOT}/Microsoft.Compute/virtualMachines/head"
READ = "Microsoft.ContainerService/managedClusters/read"


@pytest.fixture
def reader(azure: ArmSimulator, settings: AzureSettings) -> Iterator[Reader]:
    azure.estate.add(cluster())
    reader = Reader(settings)
    yield reader
    reader.close()


def test_one_call_tells_of_the_cluster_and_its_pools(azure: ArmSimulator, reader: Reader) -> None:
    facts = reader.arm.cluster()
    assert (facts.name, facts.resource_group, facts.location) == ("blast", "searches", "westeurope")
    assert (facts.power, facts.provisioning, facts.tier) == ("Running", "Succeeded", "Standard")
    assert (facts.private, facts.local_accounts, facts.upgrade_channel) == (False, False, "patch")
    pool = {one.name: one for one in facts.pools}["blastpool"]
    assert (pool.count, pool.minimum, pool.maximum) == (3, 0, 10)
    assert (pool.mode, pool.priority, pool.vm_size) == ("User", "Spot", "Standard_E16s_v5")
    assert (pool.version, pool.skew) == ("1.32.9", 1)
    assert len(azure.api.seen) == 1
    assert reader.codes == ["2xx"]


def test_what_is_left_of_the_budget_is_kept(reader: Reader) -> None:
    reader.arm.cluster()
    assert reader.left == [("subscription", "reads", 249)]


@pytest.mark.fault(62)
@pytest.mark.parametrize("ahead", [-40.0, 0.0, 300.0])
def test_the_skew_is_that_of_arms_clock(azure: ArmSimulator, settings: AzureSettings, ahead: float) -> None:
    """By the date of every answer, a refusal's too, as exact as a date is."""
    azure.estate.add(cluster())
    clock = ManualClock()
    clock.step(time.time() - ahead - clock.wall())
    reader = Reader(settings, clock=clock)
    azure.api.denied.add(READ)
    assert reader.word() == ("denied", None)
    azure.api.denied.clear()
    reader.arm.cluster()
    reader.close()
    assert len(reader.skews) == 2
    assert all(abs(skew - ahead) < 5.0 for skew in reader.skews)


def test_absent_denied_throttled_and_broken_are_four_words(azure: ArmSimulator, reader: Reader) -> None:
    azure.api.denied.add(READ)
    assert reader.word() == ("denied", None)
    azure.api.denied.clear()
    del azure.estate.clusters[CLUSTER_ID.lower()]
    assert reader.word() == ("absent", None)
    azure.api.budget.refill = 0.0
    azure.api.budget.drain()
    assert reader.word() == ("throttled", 300.0)
    assert reader.codes == ["403", "404", "429"]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (JSONResponse({"error": {"code": "InternalServerError"}}, 500), "server"),
        (Response("", 503, {"Retry-After": "17"}), "throttled"),
        (HTMLResponse("<html>a proxy</html>"), "garbled"),
        (JSONResponse({"id": "x"}), "garbled"),
        (JSONResponse([1, 2]), "garbled"),
        (JSONResponse({"properties": "no object"}), "garbled"),
        (Response("", 302, {"Location": "https://elsewhere.invalid/"}), "server"),
    ],
)
def test_an_answer_that_is_none_has_a_word(azure: ArmSimulator, reader: Reader, answer: Response, word: str) -> None:
    async def instead(request: Request) -> Response | None:
        return answer if "managedClusters" in request.url.path else None

    azure.api.intercept = instead
    assert reader.word()[0] == word
    assert len(reader.codes) == 1


def test_a_server_that_is_not_there_or_not_trusted_has_a_word(azure: ArmSimulator, settings: AzureSettings) -> None:
    words = []
    for changed in (replace(settings, endpoint="https://127.0.0.1:1"), replace(settings, ca_file="")):
        reader = Reader(changed)
        words.append(reader.word()[0])
        reader.close()
    assert words == ["connect", "tls"]


def test_no_seventh_call_is_made_in_a_minute(azure: ArmSimulator, settings: AzureSettings) -> None:
    azure.estate.add(cluster())
    clock = ManualClock()
    reader = Reader(settings, clock=clock)
    ask = limited(
        reader.arm.cluster, name="x", calls=reader.arm.calls, cost=lambda: 2, keep=1, clock=clock, budget=10.0
    )
    ask(10.0)
    clock.advance(1.0)
    ask(10.0)
    with pytest.raises(Deferred) as later:
        ask(10.0)
    assert later.value.wait == 59.0
    reader.arm.calls.take()
    clock.advance(59.0)
    ask(10.0)
    assert len(azure.api.seen) == 3
    reader.close()


def test_a_token_that_is_refused_without_a_challenge_is_unauthenticated_and_not_sent_again(
    azure: ArmSimulator, reader: Reader
) -> None:
    reader.arm.cluster()
    azure.entra.revoke()
    assert reader.word() == ("unauthenticated", None)
    assert [seen.status for seen in azure.api.seen] == [200, 401]


def test_a_claims_challenge_is_answered_in_the_same_read_by_one_new_token(azure: ArmSimulator, reader: Reader) -> None:
    """Entra hears the claims of the challenge; the token serves from then on, and its end is known."""
    reader.arm.cluster()
    azure.entra.lifetime = 7000.0
    azure.entra.outdate()
    assert [reader.word() for _ in range(2)] == [("ok", None)] * 2
    assert reader.codes == ["2xx", "401", "2xx", "2xx"]
    first, second = azure.entra.issued
    asked = {"access_token": {"nbf": {"essential": True, "value": str(int(azure.entra.valid_from))}}}
    assert (first.claims, json.loads(second.claims)) == ("", asked)
    assert abs((reader.principal.facts().ends_at or 0.0) - second.expires) < 5.0


def test_a_second_claims_challenge_in_a_row_is_unauthenticated(azure: ArmSimulator, reader: Reader) -> None:
    """Both requests count; when the minute's calls are used up, a challenge is not answered any more."""
    azure.entra.outdate(ahead=3600.0)
    ask = limited(
        reader.arm.cluster, name="x", calls=reader.arm.calls, cost=lambda: 1, keep=0, clock=SystemClock(), budget=10.0
    )
    for _ in range(3):
        with pytest.raises(Failed) as refused:
            ask(10.0)
        assert refused.value == Failed(Word.UNAUTHENTICATED, "ARM: HTTP 401")
    with pytest.raises(Deferred):
        ask(10.0)
    assert [seen.status for seen in azure.api.seen] == [401] * 6


def test_a_claims_challenge_without_room_for_its_answer_waits_for_room(azure: ArmSimulator, reader: Reader) -> None:
    """The token that was asked for meanwhile is there for the next read."""
    reader.arm.cluster()
    azure.entra.outdate()
    reader.arm.calls.take(6)
    word, wait = reader.word()
    assert (word, 55.0 < (wait or 0.0) <= 60.0) == ("throttled", True)
    assert reader.word() == ("ok", None)
    assert [seen.status for seen in azure.api.seen] == [200, 401, 200]
    assert len(azure.entra.issued) == 2


def test_azure_monitors_claims_challenges_draw_on_the_same_calls(azure: ArmSimulator, reader: Reader) -> None:
    reader.monitor.offers(CLUSTER_ID, "one")
    azure.entra.outdate()
    reader.arm.calls.take(5)
    reader.monitor.offers(CLUSTER_ID, "two")
    assert reader.codes == ["2xx", "401", "2xx"]
    with pytest.raises(Deferred):
        reader.arm.calls.take()


@pytest.mark.parametrize(("claims", "word"), [("", "unauthenticated"), ("%%%", "unauthenticated"), ("/w", "garbled")])
def test_a_claims_challenge_that_asks_for_nothing_readable_has_a_word(
    azure: ArmSimulator, reader: Reader, claims: str, word: str
) -> None:
    async def challenge(request: Request) -> Response | None:
        head = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
        return Response("", 401, {"WWW-Authenticate": head}) if "managedClusters" in request.url.path else None

    azure.api.intercept = challenge
    assert reader.word() == (word, None)


def test_a_claims_challenge_leaves_no_token_and_no_claims_in_a_log(
    azure: ArmSimulator, reader: Reader, tmp_path: Path
) -> None:
    reader.arm.cluster()
    with (tmp_path / "log").open("w") as stream:
        logs = configure("debug", "logfmt", stream=stream)
        azure.entra.outdate()
        reader.arm.cluster()
        azure.entra.outdate(ahead=3600.0)
        reader.word()
        logging.getLogger("exporter.azure").debug("the end")
        logs.close()
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert "the end" in line


def test_quota_is_that_of_the_families_in_use_and_of_all_cores(azure: ArmSimulator, reader: Reader) -> None:
    azure.estate.usages[SUBSCRIPTION, "westeurope"] = [
        Usage(name="standardESv5Family", used=48, limit=100),
        Usage(name="standardDSv3Family", used=4, limit=10),
        Usage(name="standardNCFamily", used=0, limit=0),
        Usage(name="cores", used=52, limit=350),
        Usage(name="availabilitySets", used=1, limit=2500),
    ]
    reader.arm.cluster()
    seen = [(one.family, one.used, one.limit) for one in reader.arm.usages()]
    assert seen == [("cores", 52, 350), ("standardDSv3Family", 4, 10), ("standardESv5Family", 48, 100)]
    reader.arm.usages()
    assert len(azure.api.seen) == 3


def test_who_may_not_read_the_quota_may_still_read_the_cluster(azure: ArmSimulator, reader: Reader) -> None:
    azure.api.denied.add("Microsoft.Compute/locations/usages/read")
    reader.arm.cluster()
    with pytest.raises(Failed) as refused:
        reader.arm.usages()
    assert refused.value.word is Word.DENIED
    assert reader.word() == ("ok", None)


def test_without_the_cluster_its_failure_is_that_of_the_quota(azure: ArmSimulator, reader: Reader) -> None:
    azure.api.denied.add(READ)
    assert reader.word()[0] == "denied"
    with pytest.raises(Failed) as refused:
        reader.arm.usages()
    assert refused.value.word is Word.DENIED
    assert len(azure.api.seen) == 1


def test_a_resource_is_a_plain_get_and_a_machine_comes_with_its_view(azure: ArmSimulator, reader: Reader) -> None:
    view = {"instanceView": {"statuses": [{"code": "PowerState/running"}]}}
    azure.estate.add(Resource(id=ACCOUNT, sku={"name": "Standard_LRS"}), Resource(id=MACHINE, expanded=view))
    assert reader.arm.resource(resource_id(ACCOUNT))["sku"] == {"name": "Standard_LRS"}
    assert reader.arm.resource(resource_id(MACHINE))["properties"] == view
    with pytest.raises(Failed) as gone:
        reader.arm.resource(resource_id(ACCOUNT + "2"))
    assert gone.value.word is Word.ABSENT


def test_no_failure_tells_of_the_subscription(azure: ArmSimulator, reader: Reader) -> None:
    azure.api.denied.add(READ)
    with pytest.raises(Failed) as refused:
        reader.arm.cluster()
    assert SUBSCRIPTION not in str(refused.value)


def test_a_server_that_says_nothing_ends_at_the_wall_deadline(azure: ArmSimulator, settings: AzureSettings) -> None:
    def silence(peer: Peer) -> None:
        peer.stall()

    with Hostile(silence) as hostile:
        reader = Reader(replace(settings, endpoint=hostile.url.replace("http://", "https://")))
        arm, clock = reader.arm, SystemClock()
        ask = limited(arm.cluster, name="x", calls=arm.calls, cost=lambda: 1, keep=0, clock=clock, budget=0.5)
        words = []
        for _ in range(2):
            with pytest.raises(Failed) as late:
                ask(0.5)
            words.append(late.value.word)
        assert words == [Word.TIMEOUT, Word.TIMEOUT]
        assert hostile.accepted == 1
        reader.close()
