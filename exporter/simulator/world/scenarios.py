"""Every scenario by name, the timelines also by letter."""

from __future__ import annotations

from functools import partial

from exporter.simulator.world import timelines as t
from exporter.simulator.world import troubles as x
from exporter.simulator.world.plots import Scenario

TIMELINES: tuple[Scenario, ...] = (
    Scenario(letter="A", name="sharded_warm", play=t.sharded_warm),
    Scenario(letter="B", name="pv_cold", play=t.pv_cold),
    Scenario(letter="C", name="batch_failure", play=t.batch_failure),
    Scenario(letter="D", name="out_of_memory", play=t.out_of_memory),
    Scenario(letter="E", name="drain", play=t.drain),
    Scenario(letter="F", name="external_cancel", play=t.external_cancel),
    Scenario(letter="G", name="setup_failure", play=t.setup_failure),
    Scenario(letter="H", name="cluster_stop", play=t.cluster_stop),
    Scenario(letter="I", name="legacy_client", play=t.legacy_client),
    Scenario(letter="J", name="idempotency_key", play=t.idempotency_key, identify=t.nightly_key),
    Scenario(letter="K", name="finished_litter", play=t.finished_litter),
    Scenario(letter="L", name="big_search", play=t.big_search),
    Scenario(letter="M", name="two_searches_one_failing", play=t.two_searches_one_failing),
    Scenario(letter="N", name="foreign_import_queries", play=t.foreign_import_queries),
)

TROUBLES: tuple[Scenario, ...] = (
    Scenario(name="submit_failed", play=x.submit_failed),
    Scenario(name="partial_submit", play=x.partial_submit),
    Scenario(name="vanished", play=x.vanished),
    Scenario(name="completed_unverified", play=x.completed_unverified),
    Scenario(name="prepare", play=x.prepare),
    Scenario(name="unschedulable", play=x.unschedulable),
    Scenario(name="long_search", play=x.long_search),
    Scenario(name="shards_over_nodes", play=x.shards_over_nodes),
    Scenario(name="image_pull_error", play=x.image_pull_error),
    Scenario(name="merge_failure", play=x.merge_failure),
    Scenario(name="export_failure", play=x.export_failure),
    Scenario(name="memory_pressure", play=x.memory_pressure),
    Scenario(name="spot_eviction", play=partial(t.drain, spot=True)),
)
SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (*TIMELINES, *TROUBLES)}
_BY_LETTER = {scenario.letter: scenario for scenario in TIMELINES}


def find_scenario(letter_or_name: str) -> Scenario:
    """The scenario of that letter or name; KeyError if there is none."""
    return _BY_LETTER.get(letter_or_name) or SCENARIOS[letter_or_name]
