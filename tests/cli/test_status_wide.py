"""`status --output wide`, and what stands below the table: pools, quota, collectors, next steps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import pytest

from exporter.cli.status.answer import Answer, Style, Wanted, answer
from exporter.domain.azure.arm import Usage
from exporter.domain.cost import Cost
from exporter.domain.measures import Measures
from exporter.domain.snapshots import ResourceHealth
from exporter.web.status_json import Report, report_of
from tests.cli.shown import FAILING, RUNNING
from tests.web.views import NOW, cluster, rich_view, view

MEASURED = Measures(speed=3.25, cost=Cost(amounts={"USD": 12.5}, unpriced=()), memory_ratio=0.815)


def rich() -> Report:
    """The rich view, with a measured search and a quota."""
    report = report_of(rich_view())
    first, *others = report.clusters or ()
    key = (RUNNING.namespace, RUNNING.id)
    quota = (Usage(family="standardESv5Family", used=352, limit=350),)
    return replace(report, clusters=(replace(first, measures={key: MEASURED}, quota=quota), *others))


def said(wanted: Wanted, width: int | None = None) -> Answer:
    return answer(rich(), wanted, NOW, Style(width=width))


def test_wide_has_every_column_and_whole_ids_in_whatever_width() -> None:
    lines = said(Wanted(output="wide"), width=60).lines
    heads = lines[0].split("  ")
    for head in ("CLUSTER", "NAMESPACE", "ID", "SPEED", "MODE", "SHARDS", "LAST PROGRESS", "MEMORY", "COST", "NOTE"):
        assert head in map(str.strip, heads), head
    running = next(line for line in lines if RUNNING.id in line)
    for part in ("elb-prod", "default", "3.2/min", "81 %", "12.50 USD", "ssd", "200/400 50%"):
        assert part in running, part
    assert "a database shard has no node that holds it" in next(line for line in lines if FAILING.id in line)


def test_the_table_has_the_speed_where_one_is_known() -> None:
    assert "SPEED" in said(Wanted()).lines[0]
    assert "SPEED" not in answer(report_of(rich_view()), Wanted(), NOW, Style()).lines[0]


def test_wide_says_what_to_do_about_searches_that_need_somebody_and_no_others() -> None:
    text = "\n".join(said(Wanted(output="wide"), width=100).lines)
    steps = text.partition("What to do next\n")[2].partition("\n\n")[0]
    assert re.search(r"^\* 4e3f2a1b: At least one batch used up its retries", steps, re.MULTILINE)
    assert "Nothing to do." not in steps
    assert all(len(line) <= 100 for line in steps.splitlines())


def test_an_advice_for_several_searches_stands_there_once() -> None:
    alike = [replace(FAILING, id=f"job-{number:032x}") for number in range(6)]
    lines = answer(report_of(view(cluster(*alike))), Wanted(output="wide"), NOW, Style()).lines
    (line,) = [line for line in lines if "used up its retries" in line]
    assert line.startswith("* 00000000, 00000001, 00000002, 00000003 and 2 more: ")


def test_wide_shows_pools_quota_and_collectors_of_each_cluster() -> None:
    lines = [" ".join(line.split()) for line in said(Wanted(output="wide")).lines]
    for line in (
        "Node pools of elb-prod",
        "blast 11 1 2 160.0 of 175.1 1× memory",
        "system 2 0 0 – of 7.8 –",
        "Quota of the region of elb-prod",
        "standardESv5Family 352 350",
        "Collectors of elb-test",
        "core pods watch stale: late, last values are shown 3 min ago timeout no byte for 60 s",
    ):
        assert line in lines, line


def test_the_table_tells_which_collectors_are_in_trouble_and_no_others() -> None:
    lines = said(Wanted()).lines
    below = [line for line in lines if line.startswith(("core:", "arm:", "batch:", "custom:"))]
    assert below == [
        "core: pods of elb-prod stale for 3 min: late, last values are shown (timeout no byte for 60 s)",
        "arm: managed cluster of elb-prod denied: access is refused (denied)",
    ]


def test_one_search_tells_speed_memory_and_cost() -> None:
    lines = said(Wanted(id=RUNNING.openapi_id)).lines
    for line in ("Speed          3.2/min", "Cost so far    12.50 USD"):
        assert line in lines, line
    assert any(line.startswith("Memory         81 %") for line in lines)


@pytest.mark.parametrize("output", ["table", "wide"])
def test_what_answers_may_have_other_words_and_cannot_steer_the_terminal(output: Literal["table", "wide"]) -> None:
    """Whoever answers at the given address: an older daemon, a newer one, somebody else."""
    bad = "\x1b[2Jdozing\n"
    health = (ResourceHealth(collector=bad, resource=bad, mode=bad, state=bad, word=bad, detail=bad),)
    late = replace(health[0], state="stale")
    around = cluster(replace(FAILING, id=bad, namespace=bad), name=bad, namespaces=(bad,), health=(*health, late))
    shown = replace(around, batch=replace(around.batch, namespaces=(bad,)))
    lines = answer(report_of(view(shown, around)), Wanted(output=output), NOW, Style()).lines
    assert any("dozing" in line for line in lines)
    assert not any("\x1b" in line or "\n" in line for line in lines)
