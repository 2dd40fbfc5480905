"""`status`: from a daemon or from the cluster, as a table, as one search, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from exporter.cli.status.detail import detail
from exporter.cli.status.overview import overview, searches_of
from exporter.cli.table import Cell, Column, lay_out
from exporter.domain.lookup import matches
from exporter.domain.snapshots import BatchSnapshot
from exporter.web.status_json import report_of
from tests.cli.command import run
from tests.cli.shown import DARK, FAILING, RUNNING
from tests.cli.terminal import Terminal
from tests.support.living import Living
from tests.support.waiting import wait_for
from tests.web.views import NOW, cluster, search, view
from tests.web.wire import Fixed

TABLE = """\
ID        OPENAPI ID    PHASE                             PROGRAM  DB       \
  AGE        PROGRESS     ETA  RUN  PEND  FAIL  LOST  BLOCKED BY
4e3f2a1b  –             unknown                           –        –    1 h \
7 min          –/≥400       –    –     –     –     –  –
4e3f2a1b  4fa1c09be377  running                           blastp   nr  1 h 1\
2 min     200/400 50%  12 min   50   150     0     0  –
4e3f2a1b  –             failing: a batch failed for good  blastp   nr  1 h 1\
6 min  ≥2983/3891 76%  12 min   96   812     3     0  40× not enough CPU, 1× volume not ready"""


def table(*searches: object, width: int | None = None, colour: bool = False) -> list[str]:
    found = list(searches_of(report_of(view(cluster(*searches)))))
    return overview(found, NOW, width=width, colour=colour)


# The table


def test_the_table_says_where_each_search_is() -> None:
    assert "\n".join(table(RUNNING, FAILING, DARK)) == TABLE


def test_a_narrow_terminal_loses_columns_and_never_wraps() -> None:
    whole = table(RUNNING, FAILING, DARK)
    for width in range(40, 200, 7):
        lines = table(RUNNING, FAILING, DARK, width=width)
        assert max(map(len, lines)) <= max(width, 34), width
        assert lines[0].startswith("ID  ")
    assert table(RUNNING, FAILING, DARK, width=400) == whole
    narrow = table(RUNNING, FAILING, DARK, width=80)[0].split()
    assert {"ID", "PHASE", "PROGRESS", "FAIL"} <= set(narrow)
    assert "BLOCKED" not in narrow


def test_colour_changes_no_text() -> None:
    painted = table(RUNNING, FAILING, colour=True)
    assert [re.sub(r"\x1b\[[0-9]*m", "", line) for line in painted] == table(RUNNING, FAILING)
    assert any("\x1b[31m" in line for line in painted)


def test_text_of_others_cannot_steer_the_terminal() -> None:
    lines = table(search(db="nr\x1b[2J\r\n"))
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_wide_characters_keep_the_columns_straight() -> None:
    columns = [Column(head="A", flexible=True), Column(head="B", right=True)]
    rows = [[Cell("日本"), Cell("1")], [Cell("abcd"), Cell("22")]]
    assert lay_out(columns, rows, width=None, colour=False) == ["A      B", "日本   1", "abcd  22"]


# One search


def test_the_detail_of_a_failing_search() -> None:
    lines = detail(FAILING, NOW, width=120, colour=False)
    text = "\n".join(lines)
    for part in (
        "Search           job-000011e0c5d24e1f9a7b6c5d4e3f2a1b",
        "What             blastp nr",
        "Phase            failing: a batch failed for good",
        "Progress         ≥2983/3891 76%",
        "Blocked pods     40× not enough CPU, 1× volume not ready",
        "Failed attempts  11× memory",
        "Batches          812 pending, 96 running, 2980 succeeded, 3 failed, 0 lost",
    ):
        assert part in lines, part
    assert re.search(r"017 +5 +blast +137 +memory +aks-blast-31415926-vmss00000c", text)
    assert text.index(" 017 ") < text.index(" 091 "), "newest first"
    assert "* batch failed: At least one batch used up its retries" in text
    assert "    kubectl describe node aks-blast-31415926-vmss00000c" in lines
    assert '    azcopy list "RESULTS/job-000011e0c5d24e1f9a7b6c5d4e3f2a1b" | grep -e "-017" -e "_017"' in lines


def test_an_id_is_found_by_all_its_names() -> None:
    known = [RUNNING, FAILING]
    for text in (RUNNING.id, "job-7c1d90aa", "job-7c1d90aa…", "4fa1c09be377", "4fa1c0", "4fa1"):
        assert matches(known, text) == [RUNNING], text
    assert matches(known, RUNNING.id[-8:]) == known  # these two end alike
    assert matches(known, "job-") == known
    assert matches(known, "") == matches(known, " ") == matches(known, "nosuch") == []


def test_an_exact_name_wins_over_the_beginning_of_another() -> None:
    short, long = search(1, id="nightly"), search(2, id="nightly.2")
    assert matches([long, short], "nightly") == [short]


# The command


def test_the_daemon_is_asked_first(url: str, fixed: Fixed) -> None:
    ran = run("status", "--url", url)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 4
    assert "\x1b" not in ran.out
    assert "failing: a batch failed for good" in ran.out
    assert fixed.seen == [("status", 200)]


def test_columns_sets_the_width(url: str) -> None:
    ran = run("status", "--url", url, env={"COLUMNS": "70"})
    assert max(map(len, ran.out.splitlines())) <= 70


def test_a_terminal_without_our_signs_still_gets_the_table(url: str) -> None:
    ran = run("status", "--url", url, env={"PYTHONIOENCODING": "ascii"})
    assert (ran.code, len(ran.out.splitlines())) == (0, 4)


def test_one_search_with_its_obituary(url: str) -> None:
    ran = run("status", "--url", url, "job-000011e0")
    assert ran.code == 0
    assert "Last failures, newest first" in ran.out
    assert "What to do next" in ran.out


def test_json_is_the_document_or_one_search_with_its_advice(url: str) -> None:
    whole = json.loads(run("status", "--url", url, "--output", "json").out)
    assert [one["id"] for one in whole["clusters"][0]["searches"]] == [RUNNING.id, FAILING.id, DARK.id]
    one = json.loads(run("status", "--url", url, "4fa1c09be377", "--output", "json").out)
    assert (one["at"], one["cluster"], one["search"]["id"]) == (whole["at"], "", RUNNING.id)
    assert one["advice"][0]["word"] == "running"


def test_several_are_listed_with_2_and_none_is_5(url: str) -> None:
    several = run("status", "--url", url, "job-")
    assert (several.code, several.out) == (2, "")
    assert "may be 3 searches" in several.err
    assert len(several.err.splitlines()) == 5
    assert run("status", "--url", url, "nosuch").code == 5


def test_unread_jobs_are_7_and_not_none(url: str, fixed: Fixed) -> None:
    fixed.view = view(cluster(batch=None, name="prod"))
    for arguments in ((), ("job-1",)):
        ran = run("status", "--url", url, *arguments)
        assert ran.code == 7
        assert "The Jobs of the cluster prod in namespace default cannot be read" in ran.err
        assert "No search at the moment" not in ran.out


def test_no_search_is_said(url: str, fixed: Fixed) -> None:
    fixed.view = view(cluster())
    ran = run("status", "--url", url)
    assert (ran.code, ran.out) == (0, "No search at the moment.\n")


def test_a_namespace_that_cannot_be_read_is_named_and_is_not_empty(url: str, fixed: Fixed) -> None:
    fixed.view = view(cluster(name="prod", namespaces=("default", "blast")))
    ran = run("status", "--url", url)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "The Jobs of the cluster prod in namespace blast cannot be read; try `check`.\n"
    ran = run("status", "--url", url, "--namespace", "default")
    assert (ran.code, ran.out, ran.err) == (0, "No search at the moment.\n", "")
    ran = run("status", "--url", url, "--namespace", "blast")
    assert (ran.code, ran.out) == (7, "")
    assert ran.err == "The Jobs of the cluster prod in namespace blast cannot be read; try `check`.\n"


def test_a_search_that_may_be_where_nobody_can_look_is_7_and_not_5(url: str, fixed: Fixed) -> None:
    fixed.view = view(cluster(RUNNING, namespaces=("default", "blast")))
    assert run("status", "--url", url, "4fa1c09be377").code == 0
    assert run("status", "--url", url, "nosuch").code == 7
    assert run("status", "--url", url, "--namespace", "default", "nosuch").code == 5


def test_a_namespace_that_nobody_reads_is_not_empty(url: str) -> None:
    for arguments in ((), ("4fa1c09be377",)):
        ran = run("status", "--url", url, "--namespace", "elsewhere", *arguments)
        assert (ran.code, ran.out) == (7, "")
        assert "Namespace elsewhere is not among those that are read.\n" in ran.err


def test_searches_that_are_hidden_are_not_none(url: str, fixed: Fixed) -> None:
    full = BatchSnapshot(namespaces=("default", "blast"), searches=(RUNNING,), hidden=3)
    fixed.view = view(cluster(batch=full, namespaces=("default", "blast")))
    ran = run("status", "--url", url, "--namespace", "blast")
    assert (ran.code, ran.out) == (0, "")
    assert "3 more searches are not shown" in ran.err


@pytest.mark.parametrize("address", ["ftp://x", "nonsense", "http://", "http://a b/"])
def test_a_url_that_is_none_is_2(address: str) -> None:
    ran = run("status", "--url", address)
    assert (ran.code, "is not an address" in ran.err) == (2, True)


@pytest.fixture(scope="module")
def demo() -> Iterator[Living]:
    demo = Living(speed=60.0, seed=1)
    demo.start()
    yield demo
    demo.stop()


def direct(demo: Living, folder: Path) -> list[str]:
    (folder / "token").write_text(demo.token)
    keys = {"mode": "direct", "server": demo.url, "token_file": str(folder / "token"), "insecure_http": "true"}
    return [part for key, value in keys.items() for part in ("--set", f"clusters[0].connect.{key}={value}")]


def test_without_a_daemon_it_looks_at_the_cluster_and_says_so(demo: Living, tmp_path: Path) -> None:
    flags = direct(demo, tmp_path)
    ran = wait_for(lambda: _with_searches(flags), 30.0, "a search in the demo")
    assert "No daemon at http://127.0.0.1:1 (connection refused): looking at the cluster itself" in ran[1]
    assert ran[0][0].startswith("ID  ")


def _with_searches(flags: Sequence[str]) -> tuple[list[str], str] | None:
    ran = run("status", "--url", "http://127.0.0.1:1", *flags)
    assert ran.code == 0
    lines = ran.out.splitlines()
    return (lines, ran.err) if len(lines) > 1 else None


def test_a_daemon_that_has_not_looked_yet_does_not_answer_for_the_cluster(
    demo: Living, fixed: Fixed, url: str, tmp_path: Path
) -> None:
    fixed.view = None
    ran = run("status", "--url", url, *direct(demo, tmp_path))
    assert (ran.code, "(it has not looked yet)" in ran.err) == (0, True)


def test_neither_daemon_nor_cluster_is_7(tmp_path: Path) -> None:
    sets = ("--set", "clusters[0].connect.mode=direct", "--set", "clusters[0].connect.server=http://127.0.0.1:1")
    ran = run("status", "--url", "http://127.0.0.1:1", *sets, "--set", "clusters[0].connect.insecure_http=true")
    assert (ran.code, ran.out) == (7, "")
    assert "jobs: connect" in ran.err


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_gets_colour_unless_it_does_not_want_it(
    url: str, environment: dict[str, str], coloured: bool
) -> None:
    with Terminal("status", "--url", url, env=environment) as terminal:
        assert terminal.wait() == 0
        assert "failing" in terminal.shown
        assert ("\x1b[" in terminal.shown) == coloured
