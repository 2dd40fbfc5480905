"""From a search that fails to the message in somebody's channel: simulator, daemon, Prometheus, Alertmanager, webhook.

One life of four clusters, sixty times faster. The tests are its chapters: they run in order and share it, because
starting it costs more than a chapter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from exporter.simulator.access import Rule
from tests.alive.chain import Chain, chain
from tests.alive.story import Story, story
from tests.support.waiting import wait_for

WORK, REST, LOST, SOUND = "work", "rest", "lost", "sound"
SOON = 60.0
THRESHOLDS = {
    "searchStalledSeconds": 10,
    # ARM is asked every 12 s even here, and a Date header has whole seconds.
    "clusterApiUnreachableFor": "20s",
    "exporterCollectorFailingFor": "60s",
    "exporterClockSkewSeconds": 30,
}
pytestmark = pytest.mark.xdist_group("alive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """`ids` are the searches by what is made of them."""

    story: Story
    chain: Chain
    ids: dict[str, str] = field(default_factory=dict)

    def launch(self, cluster: str, called: str, scenario: str, **options: object) -> None:
        self.ids[called] = self.story.sites[cluster].world.launch(scenario, **options)

    def await_firing(self, name: str, *, called: str = "", **labels: str) -> dict[str, str]:
        """Wait until such an alert was said to fire; its annotations."""
        wanted = self._labels(called, labels)
        found = wait_for(
            lambda: self.chain.webhook.fired(name, **wanted), timeout=SOON, what=lambda: self._held(name, wanted)
        )
        return dict(found[0]["annotations"])

    def await_over(self, name: str, *, called: str = "", **labels: str) -> None:
        """Wait until none such fires any more, though one did."""
        wanted = self._labels(called, labels)
        wait_for(
            lambda: self.chain.webhook.resolved(name, **wanted) and not self.chain.webhook.firing(name, **wanted),
            timeout=SOON,
            what=lambda: self._held(name, wanted),
        )

    def of(self, called: str) -> set[str]:
        """The names of all alerts about a search."""
        return self.chain.webhook.names(elb_job_id=self.ids[called])

    def _labels(self, called: str, labels: dict[str, str]) -> dict[str, str]:
        return labels | ({"elb_job_id": self.ids[called]} if called else {})

    def _held(self, name: str, labels: dict[str, str]) -> str:
        return f"{name}{labels}; Prometheus holds {sorted(self.chain.held())}"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("alive")
    with story(folder, WORK, REST, LOST, SOUND) as played, chain(folder, played.target, **THRESHOLDS) as linked:
        yield Life(story=played, chain=linked)


def test_each_trouble_of_a_search_is_told_with_its_name(life: Life) -> None:
    """Everything begins here: one cluster is stopped on purpose and another one is lost at the same time."""
    life.launch(WORK, "failing", "batch_failure")
    life.launch(WORK, "stuck", "long_search")
    life.launch(WORK, "hungry", "out_of_memory", fatal=True)
    life.launch(WORK, "imageless", "image_pull_error", missing=1500.0)
    life.launch(SOUND, "sound", "sharded_warm")
    life.launch(SOUND, "retried", "out_of_memory")
    life.story.azure.moves.stop(life.story.sites[REST].managed)
    life.story.sites[LOST].api.close()
    said = life.await_firing("ElbSearchFailed", called="failing", cluster=WORK, reason="batch_failed")
    assert life.ids["failing"] in said["description"]
    assert said["runbook_url"].endswith("/ElbSearchFailed.md")
    life.await_firing("ElbPodsOOMKilled", called="hungry", cluster=WORK)
    life.await_firing("ElbPodsCannotStart", cluster=WORK, reason="image")
    life.await_firing("ElbSearchStalled", called="stuck", cluster=WORK)


def test_a_cluster_that_is_lost_is_critical_and_one_that_is_stopped_is_not(life: Life) -> None:
    life.await_firing("ElbClusterApiUnreachable", cluster=LOST, severity="critical")
    life.story.sites[LOST].api.open()
    assert life.chain.webhook.receivers("ElbClusterApiUnreachable") == {"on-call"}
    stopped = f'elasticblast_exporter_collector_state{{cluster="{REST}",resource="jobs",state="stopped"}} == 1'
    assert life.chain.prometheus.query(stopped)


def test_a_cancel_that_fails_is_told_and_one_that_works_ends_the_alert_of_its_search(life: Life) -> None:
    """The deletion is refused first, as by an admission policy, then allowed."""
    work = life.story.sites[WORK].api.access
    work.denials.append(Rule(verbs=("delete",), resources=("jobs",)))
    assert life.story.cancel(life.ids["stuck"], WORK)["outcome"] != "done"
    life.await_firing("ElbCancelFailed", cluster=WORK)
    work.denials.clear()
    assert life.story.cancel(life.ids["stuck"], WORK)["outcome"] == "done"
    life.await_over("ElbSearchStalled", called="stuck")


def test_alerts_end_when_what_they_are_about_ends(life: Life) -> None:
    life.await_over("ElbClusterApiUnreachable", cluster=LOST)
    life.await_over("ElbPodsCannotStart", cluster=WORK)
    life.await_over("ElbCancelFailed", cluster=WORK)
    life.await_over("ElbSearchFailed", called="failing")
    life.await_over("ElbPodsOOMKilled", called="hungry")


def test_a_daemon_that_is_dead_is_critical_until_it_is_back(life: Life) -> None:
    life.story.daemon.kill()
    life.await_firing("ElbExporterDown", severity="critical")
    life.story.daemon.start()
    life.await_over("ElbExporterDown")


def test_nothing_else_was_said(life: Life) -> None:
    """Not of what is sound, of retries, of a planned stop, nor because the daemon began anew."""
    assert life.of("sound") == set()
    assert life.of("retried") <= {"ElbSearchMarkerDoubt", "ElbPodsOOMKilled"}
    assert life.chain.webhook.names(cluster=REST) == set()
    assert life.chain.webhook.names(cluster=SOUND) <= {"ElbNodePoolIdle", "ElbSearchMarkerDoubt", "ElbPodsOOMKilled"}
    expected = {
        "ElbSearchFailed", "ElbSearchFailing", "ElbSearchStalled", "ElbSearchFailureRatioHigh", "ElbFinalizerHung",
        "ElbPodsOOMKilled", "ElbPodsCannotStart", "ElbCancelFailed", "ElbClusterApiUnreachable", "ElbExporterDown",
        "ElbNodePoolIdle", "ElbSearchMarkerDoubt",
    }  # fmt: skip
    assert life.chain.webhook.names() <= expected


def test_every_message_carries_what_a_person_needs(life: Life) -> None:
    for _, alert in life.chain.webhook.messages:
        assert {"severity", "audience"} <= alert["labels"].keys()
        assert {"summary", "description", "runbook_url"} <= alert["annotations"].keys()
        assert not re.search(r"\{\{|<no value>", str(alert["annotations"]))
