"""SIGHUP: a good configuration is followed, a bad one changes nothing, and what it does not touch goes on."""

from __future__ import annotations

import json
import signal

import pytest

from tests.process.bench import Bench
from tests.process.pages import searches, state, states, total
from tests.process.program import Program
from tests.support.daemon import check_rise, family
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for

RUNS = "exporter_collector_runs_total"


def hang_up(program: Program, lines: int, text: str) -> None:
    """Ask for a reload, and wait until the log has so many lines with `text`."""
    program.signal(signal.SIGHUP)
    wait_for(lambda: program.log.count(text) == lines, 15.0, lambda: f"{text}:\n{program.log}")


def watching(bench: Bench, *flags: str) -> Program:
    program = bench.run(*flags)
    program.await_ready()
    program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")
    return program


def test_a_new_namespace_is_followed_and_other_clusters_go_on(bench: Bench) -> None:
    """The counters of the cluster that is as before neither fall nor begin anew; its watches are not made again."""
    bench.simulator.store.create("namespaces", {"metadata": {"name": "blast"}})
    first, second = bench.search(1), bench.search(2, namespace="blast")
    bench.write(bench.cluster(name="a"), bench.cluster(name="b"))
    program = watching(bench)
    before = program.await_page(lambda page: searches(page) == {first})
    bench.write(bench.cluster(name="a"), bench.cluster(name="b", namespaces=["default", "blast"]))
    hang_up(program, 1, "msg=reloaded")
    program.rises = False  # a replaced cluster counts from 0
    after = program.await_page(lambda page: searches(page) == {first, second}, what="the second search")
    assert {key[0] for key in family(after, "searches", namespace="blast")} == {"b"}
    check_rise({series: number for series, number in before.items() if ("cluster", "a") in series[1]}, after)
    kept, again = (total(page, RUNS, cluster="a", resource="nodes", result="ok") for page in (before, after))
    assert kept == again == 1
    assert state(after, cluster="a") == state(after, cluster="b") == "fresh"


def test_prices_and_the_log_are_followed_without_a_new_look(bench: Bench) -> None:
    """Level and format of the log are those of the file from the next line on."""
    bench.write(log={"level": "error"})
    program = watching(bench)
    asked = len(bench.simulator.api.seen)
    assert program.log == ""
    price = {"blastpool": {"price": 1.5, "currency": "USD"}}
    bench.write(log={"level": "info", "format": "json"}, metrics={"node_hourly_price": price})
    program.signal(signal.SIGHUP)
    page = program.await_page(lambda page: family(page, "pool_node_hourly_price"), what="the price")
    assert family(page, "pool_node_hourly_price") == {("USD", "blastpool"): 1.5}
    hang_up(program, 1, '"msg": "reloaded"')
    polls = [seen for seen in list(bench.simulator.api.seen)[asked:] if seen.query != {"limit": "1"}]
    assert polls == []
    assert program.stop() == 0
    assert [json.loads(line)["msg"] for line in program.log.splitlines()] == ["reloaded", "stopping", "stopped"]


def test_what_needs_a_restart_is_named(bench: Bench) -> None:
    bench.write()
    program = watching(bench)
    bench.write(shutdown_delay="1s", intervals={"tick": "0.3s"})
    hang_up(program, 1, "needs_restart=intervals")
    assert program.status("/readyz") == 200


@pytest.mark.fault(78)
def test_a_broken_configuration_changes_nothing(bench: Bench) -> None:
    """Every problem has a line; the cluster that the broken file would have dropped is still followed."""
    search = bench.search()
    bench.write()
    program = watching(bench)
    bench.write(bench.cluster(namespaces=["Not_A_Namespace"]), log={"level": "verbose"}, lisen={"port": 1})
    hang_up(program, 3, "msg=reload_refused")
    assert [word for word in ("clusters[0].namespaces", "log.level", "lisen") if word not in program.log] == []
    bench.config.write_text("clusters: [")
    hang_up(program, 4, "msg=reload_refused")
    page = program.page()
    assert searches(page) == {search}
    assert states(page) == {"fresh"}
    assert "msg=reloaded" not in program.log


def test_a_cluster_that_cannot_be_used_changes_nothing(bench: Bench) -> None:
    """The token of the new cluster is empty: known only when the connection is prepared."""
    empty = bench.folder / "empty"
    empty.write_text("")
    bench.write(bench.cluster(name="a"))
    program = watching(bench)
    broken = bench.cluster(name="b")
    broken["connect"]["token_file"] = str(empty)
    bench.write(bench.cluster(name="a"), broken)
    hang_up(program, 1, "msg=reload_refused")
    assert states(program.page()) == {"fresh"}


def test_the_old_cluster_is_shown_until_the_new_one_has_looked(bench: Bench) -> None:
    """The namespaces change and the API has become silent: the page keeps what it knows, and scrapes are answered."""
    search = bench.search()
    bench.write()
    program = watching(bench)
    program.await_page(lambda page: searches(page) == {search})
    with Hostile(Peer.stall) as silent:
        bench.write(bench.cluster(url=silent.url), limits={"list_deadline": "3s"})
        program.signal(signal.SIGHUP)
        wait_for(lambda: silent.accepted >= 5, what="the new cluster's first lists")
        assert searches(program.page()) == {search}
        assert program.status("/readyz") == 200
        program.await_log("msg=reloaded")
        program.rises = False  # a replaced cluster counts from 0
        page = program.await_page(lambda page: state(page) == "never", what="the new cluster")
    assert not searches(page)
