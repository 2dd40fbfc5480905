"""The sections that are numbers only: intervals, rules, limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.config.quantities import count, duration, size
from exporter.config.section import Section
from exporter.domain.rules import Rules

_HOUR = 3600.0
_DAY = 24 * _HOUR
_MIB = 1024**2
_RULES = Rules()

RuleTime = Annotated[float, duration(0, 30 * _DAY)]


class Intervals(Section):
    """How often things are done."""

    tick: Annotated[float, duration(0.1, 60)] = Field(
        default=0.5,
        description="Time between two snapshots; one is made only if something changed or a rule depends on time.",
    )
    poll: Annotated[float, duration(5, _HOUR)] = Field(
        default=60.0, description="Time between two reads of what is polled, such as the number of stored Jobs."
    )
    api_groups: Annotated[float, duration(10, 300)] = Field(
        default=240.0, description="Time between two looks at which APIs a cluster serves, and in which versions."
    )
    fallback_poll: Annotated[float, duration(5, _HOUR)] = Field(
        default=15.0, description="Time between two lists where the right to watch is missing."
    )
    discovery: Annotated[float, duration(30, 24 * _HOUR)] = Field(
        default=300.0, description="Time between two searches for clusters, where discovery is configured."
    )
    arm: Annotated[float, duration(60, _HOUR)] = Field(
        default=60.0, description="Time between two reads of a managed cluster from ARM."
    )
    monitor: Annotated[float, duration(60, 24 * _HOUR)] = Field(
        default=300.0, description="Time between two reads of Azure Monitor, and of each resource beside a cluster."
    )
    quota: Annotated[float, duration(60, 24 * _HOUR)] = Field(
        default=300.0, description="Time between two reads of the region's quota."
    )
    render_idle: Annotated[float, duration(0.1, 300)] = Field(
        default=5.0, description="Longest time for which a page is served again when nothing changed."
    )


class RuleTimes(Section):
    """Thresholds of the rules that decide phases and flags."""

    no_finalizer_grace: RuleTime = Field(
        default=_RULES.no_finalizer_grace,
        description="A search without a finalizer has succeeded when nothing of it changed for this long.",
    )
    phantom_after: RuleTime = Field(
        default=_RULES.phantom_after,
        description="Age from which a finalizer without a submit or blast Job is a phantom.",
    )
    stalled_after: RuleTime = Field(
        default=_RULES.stalled_after,
        description="Setup and submit are over and no batch appeared: age of the last sign of life from which the "
        "search is stalled.",
    )
    nothing_left_after: RuleTime = Field(
        default=_RULES.nothing_left_after,
        description="As stalled_after; from this age on the search has ended as completed_unverified.",
    )
    export_stuck_after: RuleTime = Field(
        default=_RULES.export_stuck_after,
        description="Time for which results-export may run on after blast ended, before it is flagged.",
    )
    finalizer_alone_after: RuleTime = Field(
        default=_RULES.finalizer_alone_after,
        description="Time for which a finalizer may be live without a batch, before it is flagged.",
    )
    shown_for: RuleTime = Field(
        default=_RULES.shown_for, description="Time for which a search that has ended keeps its series."
    )
    forget_after: RuleTime = Field(
        default=_RULES.forget_after, description="Time after which a search that has ended is forgotten."
    )
    settle: RuleTime = Field(
        default=_RULES.settle,
        description="Time for which a failed Job waits for the exit code of its last pod, and an exit code 137 for the "
        "event that explains it.",
    )
    oom_window: RuleTime = Field(
        default=_RULES.oom_window,
        description="Time between a node's OOMKilling event and an exit code 137 on it that the event explains.",
    )

    def to_rules(self) -> Rules:
        """The same numbers as the value that the domain takes."""
        return Rules(**self.model_dump())


class Limits(Section):
    """Bounds on work, memory and series."""

    searches: Annotated[int, count(1, 10_000, unit="searches")] = Field(
        default=100,
        description="Searches of a cluster that have series of their own; the newest are kept, the rest is counted.",
    )
    databases: Annotated[int, count(1, 1000, unit="databases")] = Field(
        default=20, description="Databases of a cluster that have series of their own; the rest is added up as other."
    )
    pools: Annotated[int, count(1, 1000, unit="pools")] = Field(
        default=20, description="Node pools of a cluster that have series of their own; the rest is added up as other."
    )
    namespaces: Annotated[int, count(1, 1000, unit="namespaces")] = Field(
        default=10, description="Namespaces that may be configured for a cluster."
    )
    records: Annotated[int, count(100, 10_000_000, unit="records")] = Field(
        default=200_000,
        description="Objects that all lists of one pass may bring together. A pass with more is incomplete and not "
        "published. What a watch adds later is not counted.",
    )
    page_items: Annotated[int, count(10, 10_000, unit="objects")] = Field(
        default=250, description="Objects asked for in one page of a list."
    )
    page_bytes: Annotated[int, size(_MIB, 1024 * _MIB)] = Field(
        default=32 * _MIB, description="Most bytes of one page. A larger page ends the list with the class oversize."
    )
    pages: Annotated[int, count(1, 100_000, unit="pages")] = Field(
        default=800, description="Pages of one list. A list with more is incomplete and not published."
    )
    custom_objects: Annotated[int, count(1, 1_000_000, unit="objects")] = Field(
        default=20_000,
        description="Custom resources of one kind in one namespace that are counted. With more of them nothing is said "
        "about the kind there.",
    )
    connect: Annotated[float, duration(0.1, 60)] = Field(
        default=3.0, description="Time for a connection to be made, name look-up and TLS included."
    )
    list_deadline: Annotated[float, duration(1, 600)] = Field(
        default=25.0, description="Time for one whole list: connecting, every page and every byte."
    )
    bookmark_silence: Annotated[float, duration(10, _HOUR)] = Field(
        default=150.0, description="Silence of a watch from which its data is stale and the connection is made anew."
    )
    expire: Annotated[float, duration(10, _DAY)] = Field(
        default=300.0, description="Age from which data has expired: its state series go, its counters stay."
    )
