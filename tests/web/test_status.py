"""The status page: true, escaped, readable."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain import words
from exporter.domain.phase import Phase, Reason
from exporter.domain.snapshots import BatchSnapshot, CoreSnapshot, PoolView, ResourceHealth, SearchView, View
from exporter.web import plain
from exporter.web.frame import CONTENT_SECURITY_POLICY
from exporter.web.status import render, waiting
from tests.web.views import NOW, PROCESS, cluster, failure, rich_view, search, view

VOID = {"meta"}


class Reader(HTMLParser):
    """The text of a page, its tags and their attributes; fails on a tag that closes another."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text.append(data)


def words_of(page: bytes) -> str:
    """The words of a page, apart by one blank."""
    return re.sub(r"\s+", " ", " ".join(Reader(page).text))


def read(view: View) -> str:
    """The words of the status page."""
    return words_of(render(view, NOW))


def shown(search: SearchView) -> str:
    return read(view(cluster(search)))


def test_a_running_search_says_what_it_is_how_far_and_until_when() -> None:
    page = shown(search(1, openapi_id="4fa1c09be377"))
    for part in (
        "blastp nr",
        "job-00000001…",
        "4fa1c09be377",
        "running BLAST is running",
        "200 of 400",
        "50 %",
        "50 running, 150 pending",
        "0 failed, 0 lost",
        "in 12 min",
        "1 h 6 min last progress 40 s ago",
    ):
        assert part in page


def test_progress_counts_what_is_no_longer_open() -> None:
    jobs = {"pending": 10, "running": 5, "succeeded": 80, "failed": 3, "lost": 2}
    page = render(view(cluster(search(jobs=jobs, expected=100))), NOW).decode()
    assert '<progress value="83" max="100" aria-label="Batches ended">83 of 100</progress>' in page


def test_incomplete_history_makes_every_count_a_lower_bound() -> None:
    page = shown(search(flags={"history_incomplete": True}))
    assert "≥ 200 of 400" in page
    assert "≥ 50 %" in page
    assert "counts are lower bounds" in page


def test_before_submission_closes_there_is_no_bar() -> None:
    page = render(view(cluster(search(expected=None, expected_min=40))), NOW)
    assert b"<progress" not in page
    assert "200 of ≥ 40" in shown(search(expected=None, expected_min=40))


def test_unknown_is_a_dash_and_never_0() -> None:
    unknown = search(
        phase=None,
        reason=Reason.NONE,
        jobs={},
        expected=None,
        expected_min=None,
        eta=None,
        program="unknown",
        db="unknown",
    )
    page = shown(unknown)
    for part in ("– of –", "– running, – pending", "– failed, – lost", "unknown no recent word from the cluster"):
        assert part in page
    assert not re.search(r"\b0 (running|pending|failed|lost|of|%)", page)


def test_a_cluster_that_cannot_be_read_has_no_empty_table() -> None:
    page = read(view(cluster(batch=None, core=None)))
    assert "Not known: the cluster's Jobs could not be read lately" in page
    assert "Not known: the nodes could not be read lately" in page
    assert "No search at the moment" not in page


def test_a_known_empty_cluster_says_so() -> None:
    page = read(view(cluster(core=CoreSnapshot(pools=()))))
    assert "No search at the moment" in page
    assert page.startswith("0 live searches")


def partly_dark(*searches: SearchView) -> View:
    """A cluster of two namespaces, of which one can be read."""
    return view(cluster(*searches, namespaces=("default", "blast")))


def test_a_namespace_that_cannot_be_read_is_named_and_is_not_empty() -> None:
    page = read(partly_dark())
    assert "Not known of namespace blast : the Jobs there could not be read lately" in page
    assert "No search at the moment in namespace default" in page
    page = read(partly_dark(search()))
    assert "Not known of namespace blast" in page
    assert "No search" not in page


def test_the_title_counts_no_search_that_could_not_be_looked_for() -> None:
    dark = cluster(batch=None)
    assert read(view(dark)).startswith("Jobs cannot be read · ElasticBLAST")
    assert read(partly_dark()).startswith("Jobs cannot be read")
    assert read(view(cluster(), dark)).startswith("Jobs cannot be read")
    assert read(partly_dark(search())).startswith("≥ 1 live search ·")
    assert read(view(cluster(search(1), search(2)), dark)).startswith("≥ 2 live searches")


def test_live_searches_that_may_be_among_the_hidden_make_the_title_a_lower_bound() -> None:
    """Live ones are shown first: where an ended one is shown, none of the hidden is live."""
    live, ended = search(1), search(2, terminal=True, phase=Phase.SUCCEEDED)
    full = BatchSnapshot(namespaces=("default",), searches=(live,), hidden=4)
    assert read(view(cluster(batch=full))).startswith("≥ 1 live search ·")
    assert read(view(cluster(batch=replace(full, searches=(live, ended))))).startswith("1 live search ·")


def test_pools_show_their_nodes_and_what_is_not_known_of_them() -> None:
    pool = PoolView(
        pool="blast",
        nodes={"ready": 11, "cordoned": 1, "not_ready": 2, "unknown": 1},
        pressure={"memory": 1, "disk": 0},
        cpu_allocatable=175.1,
        cpu_requested=None,
        memory_allocatable=1e12,
    )
    assert "blast 11 1 3 – of 175.1 cores 1 × memory" in read(view(cluster(core=CoreSnapshot(pools=(pool,)))))


def test_collectors_show_state_mode_age_and_the_last_word() -> None:
    health = ResourceHealth(
        collector="core",
        resource="pods",
        mode="watch",
        state="stale",
        last_success=NOW - 190,
        word="timeout",
        detail="60 s",
    )
    page = read(view(cluster(health=(health, replace(health, state="never", last_success=None, word="", detail="")))))
    assert "core pods stale late, last values are shown watch 3 min ago timeout 60 s" in page
    assert "core pods never nothing received yet watch – –" in page


def test_the_last_failures_of_a_search_are_listed() -> None:
    page = shown(search(failures=(failure(), failure(exit_code=None, shard=None, at=None, node=""))))
    assert "Details and last failures (2)" in page
    assert "blastp-batch-017-job-05 17 5 blast 137 memory aks-blast-31415926-vmss00000c 08:43 UTC" in page
    assert "blastp-batch-017-job-05 17 – blast – memory – –" in page


def test_what_blocks_it_comes_with_the_most_pods_first() -> None:
    page = shown(search(blocked={"cpu": 1, "volume": 12, "image": 0}, flags={"recreated": True, "zombie": False}))
    assert "12 pods: volume not ready 1 pod: not enough CPU Jobs appeared after its end" in page
    assert "image" not in page


def test_live_searches_come_first_and_the_newest_of_them_on_top() -> None:
    ended = search(3, terminal=True, phase=Phase.SUCCEEDED, created=NOW)
    page = read(view(cluster(ended, search(1, created=NOW - 900), search(2, created=NOW - 60))))
    order = [page.index(f"job-0000000{number}…") for number in (2, 1, 3)]
    assert order == sorted(order)
    assert page.startswith("2 live searches")


def test_searches_left_out_are_counted() -> None:
    made = cluster(search())
    assert "1 200 more are not shown" in read(
        view(replace(made, batch=replace(made.batch or BatchSnapshot(), hidden=1200)))
    )


@pytest.mark.parametrize("at", [NOW - 5000, NOW, NOW + 0.5])
def test_an_estimate_that_has_passed_is_any_moment(at: float) -> None:
    assert "any moment" in shown(search(eta=at))


@pytest.mark.parametrize("at", [float("nan"), 1e300, -1e300])
def test_a_time_that_is_none_is_a_dash(at: float) -> None:
    assert "– –" in shown(search(failures=(failure(at=at, node=""),)))


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\x00\u202e\ud800'


@pytest.mark.fault(47)
def test_hostile_names_stay_text() -> None:
    """Every text that comes from a cluster, in every place where it is shown."""
    made = search(
        id=HOSTILE, namespace=HOSTILE, program=HOSTILE, db=HOSTILE, mode=HOSTILE, client_version=HOSTILE,
        openapi_id=HOSTILE, blocked={HOSTILE: 1}, flags={HOSTILE: True}, attempts={HOSTILE: 1},
        failures=(failure(job=HOSTILE, container=HOSTILE, reason=HOSTILE, node=HOSTILE),),
    )  # fmt: skip
    pool = PoolView(
        pool=HOSTILE, nodes={}, pressure={HOSTILE: 1}, cpu_allocatable=1, cpu_requested=1, memory_allocatable=1
    )
    health = ResourceHealth(
        collector=HOSTILE, resource=HOSTILE, mode=HOSTILE, state=HOSTILE, word=HOSTILE, detail=HOSTILE
    )
    hostile = view(
        cluster(made, name=HOSTILE, namespaces=(HOSTILE,), core=CoreSnapshot(pools=(pool,)), health=(health,))
    )
    hostile = replace(hostile, process=replace(PROCESS, version=HOSTILE, revision=HOSTILE))
    read = Reader(render(hostile, NOW))
    assert "img" not in read.tags
    assert read.tags.count("script") == 1
    assert not any(name.startswith("on") for name, _ in read.attributes)
    assert sum("<script>alert(1)</script>" in text for text in read.text) >= 20


@given(st.text(max_size=40))
def test_any_name_is_read_back_as_it_is(name: str) -> None:
    page = render(view(cluster(search(program="blastn", db=name))), NOW)
    if name not in ("", "unknown") and "\r" not in name and "\x00" not in name:
        assert f"blastn {name}" in "".join(Reader(page).text)


def test_every_word_of_the_vocabulary_has_its_plain_english() -> None:
    assert set(plain.PHASES) == set(Phase)
    assert set(plain.REASONS) == set(Reason) - {Reason.NONE}
    assert set(plain.FLAGS) == set(words.FLAGS)
    assert set(plain.BLOCKS) == set(words.BLOCK_REASONS)
    assert set(plain.STATES) == set(words.RESOURCE_STATES)


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_a_coloured_word(phase: Phase) -> None:
    tone, meaning = plain.PHASES[phase]
    made = search(phase=phase, terminal=phase.terminal)
    page = render(view(cluster(made)), NOW).decode()
    assert f'<span class="word {tone}">{phase.replace("_", " ")}</span><small>{escape(meaning)}</small>' in page


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7500, "2 h 5 min"),
        (86400, "1 d 0 h"),
        (1e6, "11 d 13 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert plain.span(seconds) == text


def test_a_time_of_another_day_has_its_date() -> None:
    assert plain.clock(NOW, NOW) == "08:53 UTC"
    assert plain.clock(NOW - 86400, NOW) == "2025-10-08 08:53 UTC"


def test_the_policy_allows_the_one_style_and_nothing_else_needs_allowing() -> None:
    page = render(rich_view(), NOW).decode()
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    read = Reader(render(rich_view(), NOW))
    assert not {"link", "img", "iframe", "form"} & set(read.tags)
    assert "style" not in {name for name, _ in read.attributes}


def test_every_column_and_row_has_a_header_and_every_bar_a_name() -> None:
    page = render(rich_view(), NOW).decode()
    assert page.count("<th ") == page.count('scope="col"') + page.count('scope="row"')
    assert page.count("<progress ") == page.count('aria-label="Batches ended"') > 0
    assert page.count("<table ") == page.count("<caption ") > 3


def test_text_has_a_contrast_of_4_5_in_both_schemes() -> None:
    """WCAG 2 AA, computed from the colours of the style sheet."""
    style = re.findall(r"<style>(.*?)</style>", waiting().decode(), re.DOTALL)[0]
    schemes = [
        dict(re.findall(r"--(\w+): #(\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 2
    for colours in schemes:
        for ink in ("text", "soft", "link", "good", "busy", "wait", "bad"):
            for paper in ("page", "card"):
                assert _contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
