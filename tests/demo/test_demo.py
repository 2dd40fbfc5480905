"""The demo as a newcomer runs it: one command, a minute, everything an ElasticBLAST cluster can go through."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.demo.boards import silent
from tests.process.pages import OPENMETRICS, phases, read_openmetrics, searches, state, total
from tests.process.program import ROOT, Program
from tests.support.controlplane_files import free_port
from tests.support.daemon import PREFIX, Page, family, moved
from tests.support.prometheus import Prometheus
from tests.support.waiting import wait_for

LIVE = {"initializing", "submitting", "pending", "running", "failing", "finalizing", "cancelling"}
ENDED_BADLY = {"failing", "failed", "cancelled", "vanished"}
WRONG = ("search_flag", "pods_blocked", "search_attempts_failed", "pods_pending_oldest_timestamp_seconds")
MIB = 1024**2
SEEN = (
    "jobs_unattributed",
    "nodes_removed_total",
    "custom_resources",
    "quota_used_cores",
    "azure_used_bytes",
    "aks_control_plane_usage_ratio",
)
LONGEST_START = 30.0
BUSY, ASLEEP, LEAVING = "busy", "asleep", "leaving"

Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `demo` with flags, on a free port unless told."""
    programs: list[Program] = []

    def begin(*flags: str, **options: Any) -> Program:
        port = free_port()
        programs.append(Program(tmp_path, ["demo", "--port", str(port), *flags], port=port, **options))
        return programs[-1]

    yield begin
    for program in programs:
        program.close()


def of(page: Page, cluster: str) -> Page:
    """What a page says of one cluster, without saying which."""
    return {(name, labels - {("cluster", cluster)}): n for (name, labels), n in page.items() if cluster in word(labels)}


def word(labels: frozenset[tuple[str, str]]) -> set[str]:
    return {text for key, text in labels if key == "cluster"}


def lively(program: Program) -> Page:
    """The first page that shows a search of the busy cluster."""
    wait_for(lambda: program.status("/metrics") == 200, what="a page")
    return program.await_page(lambda page: bool(searches(of(page, BUSY))), what="a search")


@pytest.fixture
def minute(start: Start, tmp_path: Path) -> Iterator[tuple[Program, Prometheus]]:
    """A demo that ends after a minute, and the Prometheus that scrapes it."""
    program = start("--seed", "1", "--for", "60")
    job = {
        "job_name": "elasticblast-exporter",
        "honor_labels": True,
        "static_configs": [{"targets": [program.url.removeprefix("http://")]}],
    }
    with Prometheus(tmp_path, {"scrape_configs": [job]}) as prometheus:
        yield program, prometheus


def test_a_minute_of_the_demo(minute: tuple[Program, Prometheus]) -> None:
    """Twelve phases, ten of them at least in any minute; at every sample something lives and something is wrong;
    both formats parse, no counter falls, what is counted twice agrees, memory is bounded; an old client's Jobs live for
    a while and a spot node is lost; work is queued, a quota is nearly used up, storage and registry are measured; one
    cluster that was stopped starts, one is deleted; it ends by itself. What Prometheus heard answers every board."""
    began, begun = time.monotonic(), time.time()
    program, prometheus = minute
    lively(program)
    assert time.monotonic() - began < LONGEST_START
    program.await_page(lambda page: troubled(of(page, BUSY)), 10.0, "something wrong")
    seen: Counter[str] = Counter()
    most = dict.fromkeys(SEEN, 0.0)
    states: dict[str, list[str]] = {BUSY: [], ASLEEP: [], LEAVING: []}
    while time.monotonic() - began < 57.0:
        page = program.page()
        busy = of(page, BUSY)
        seen.update(set(phases(busy)))
        check(busy)
        assert page["process_resident_memory_bytes", frozenset()] < 600 * MIB
        most = {name: max(known, total(busy, name)) for name, known in most.items()}
        for cluster, past in states.items():
            past += {state(of(page, cluster))} - {"never", *past[-1:]}
        read_openmetrics(program.get("/metrics", Accept=OPENMETRICS).text)
        time.sleep(0.2)
    assert program.wait(15.0) == 0
    assert 60.0 <= time.monotonic() - began < 80.0
    assert len(seen) >= 10, seen
    assert sum(seen.values()) > 50
    assert all(most.values()), most
    used, limit = family(busy, "quota_used_cores"), family(busy, "quota_limit_cores")
    assert {family for (family,), cores in used.items() if cores >= 0.95 * limit[family,]} == {"standardESv5Family"}
    assert {key[0] for key in moved(busy, "custom_resources")} == {"kubeflow.org", "kueue.x-k8s.io"}
    assert len(moved(busy, "azure_used_bytes")) == 2
    assert states[BUSY] == ["fresh"]
    assert (states[ASLEEP][0], states[ASLEEP][-1]) == ("stopped", "fresh")
    assert (states[LEAVING][0], states[LEAVING][-1]) == ("fresh", "absent")
    assert program.log == ""
    assert program.files == []
    count, unanswered = silent(prometheus, begun, time.time())
    assert count > 300
    assert unanswered == []


def check(page: Page) -> None:
    """What must hold of any page of the demo."""
    now = phases(page)
    assert set(now) & LIVE, "nothing lives"
    assert troubled(page), "nothing is wrong"
    assert len(now) == len(searches(page)), "a search has not exactly one phase"
    reasons = [labels for name, labels in page if name == f"{PREFIX}search_phase_reason"]
    assert len(reasons) == len(now), "a search has not exactly one reason"
    assert total(page, "exporter_searches_hidden") == 0
    shown = Counter(phase for phase in now if phase in LIVE)
    assert {key[0]: n for key, n in moved(page, "searches", namespace="default").items()} == shown
    known = total(page, "search_jobs", state="running")
    assert known <= total(page, "jobs", role="blast"), "more Jobs run in searches than there are"
    assert {key[1] for key in family(page, "pool_node_hourly_price")} == {"blastpool", "systempool"}
    assert {is_sound(dict(labels)) for name, labels in page if name == f"{PREFIX}search_info"} <= {True}


def is_sound(info: dict[str, str]) -> bool:
    """Whether the program can search the database: blastp proteins, blastn nucleotides."""
    return (info["program"], info["db"]) == ("unknown", "unknown") or (info["program"] == "blastp") == (
        info["db"] == "nr"
    )


def troubled(page: Page) -> bool:
    return bool(set(phases(page)) & ENDED_BADLY) or any(moved(page, name) for name in WRONG)


def test_the_printed_line_cancels_a_search(start: Start) -> None:
    """Copied into a shell as it is, with --yes after it: the phase goes to cancelling and then to cancelled. The search
    is not known in another cluster, and found without naming one."""
    program = start("--seed", "3")
    lively(program)
    (line,) = re.findall(
        r"^  (ELASTICBLAST_EXPORTER_ADMIN_TOKEN=\S+ .* cancel (\S+) --cluster busy --url \S+)$",
        program.said,
        re.MULTILINE,
    )
    command, identity = line

    def phase(page: Page) -> set[str]:
        shown = family(of(page, BUSY), "search_phase")
        return {key[2] for key, value in shown.items() if key[0] == identity and value}

    program.await_page(lambda page: phase(page) == {"running"}, 30.0, "the search that goes on for hours")
    assert exit_code(f"{command.replace(f'--cluster {BUSY}', f'--cluster {LEAVING}')} --dry-run") == 5
    assert exit_code(f"{command.replace(f' --cluster {BUSY}', '')} --dry-run") == 0
    shell = subprocess.Popen(["sh", "-c", f"{command} --yes"], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        program.await_page(lambda page: phase(page) == {"cancelling"}, 30.0, "cancelling")
        program.await_page(lambda page: phase(page) == {"cancelled"}, 30.0, "cancelled")
        said = shell.communicate(timeout=60.0)[0].decode()
    finally:
        shell.kill()
        shell.wait()
    assert shell.returncode == 0
    assert "Done: nothing of the search lives any more." in said
    token = command.partition("=")[2].partition(" ")[0]
    assert program.said.count(token) == 1
    reasons = family(of(program.page(), BUSY), "search_phase_reason")
    assert (identity, "default", "admin") in {key for key, value in reasons.items() if value}
    assert not [file for file in program.files if file.is_file() and token in file.read_text(errors="replace")]
    program.signal(signal.SIGINT)
    assert program.wait(15.0) == 0
    assert program.files == []


def exit_code(command: str) -> int:
    return subprocess.run(["sh", "-c", command], check=False, cwd=ROOT, stdout=subprocess.DEVNULL).returncode


def test_it_says_where_to_look(start: Start) -> None:
    """Every address it prints answers; Azure and the Kubernetes API ask who is there."""
    program = start("--seed", "2", "--speed", "50")
    lively(program)
    assert "50 times faster than real ones, seed 2:" in program.said
    status, metrics, live, ready, admin, azure, api, again = re.findall(r"https?://\S+", program.said)
    assert {status, metrics, live, ready} == {program.url + path for path in ("/", "/metrics", "/livez", "/readyz")}
    assert [program.status(path) for path in ("/", "/metrics", "/livez", "/readyz")] == [200] * 4
    assert admin == f"{again}/"
    program.url = again
    assert [program.status(path) for path in ("/openapi.json", "/v1/searches")] == [200, 401]
    assert asked(f"{api}/api/v1/nodes") in (401, 403)
    assert asked(f"{azure}/subscriptions/0/resourceGroups/x") == 401


def asked(url: str) -> int:
    """The status of a GET of a server whose certificate nobody here knows."""
    with urllib3.PoolManager(cert_reqs="CERT_NONE", retries=False) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        return pool.request("GET", url, timeout=10.0).status


def test_the_same_seed_gives_the_same_searches(start: Start) -> None:
    """The opening is at the same moments, so the first two searches of two runs are the same ones."""
    found = []
    for _ in range(2):
        program = start("--seed", "7", "--speed", "60", "--scenario", "sharded_warm", "--scenario", "vanished")
        lively(program)
        page = program.await_page(lambda page: len(searches(of(page, BUSY))) >= 2, what="two searches")
        found.append(searches(of(page, BUSY)))
        program.close()
    assert len(found[0] & found[1]) >= 2


def test_only_the_named_scenario_is_played(start: Start) -> None:
    program = start("--scenario", "unschedulable", "--speed", "100")
    assert len(searches(of(lively(program), BUSY))) == 1
    page = program.await_page(lambda page: moved(page, "search_pods_blocked"), what="blocked pods")
    assert set(phases(page)) == {"pending"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--scenario", "sunshine"), "no such scenario: sunshine; there are: batch_failure, "),
        (("--speed", "0"), "--speed must be a number between 0.1 and 200"),
        (("--speed", "nan"), "--speed must be a number between 0.1 and 200"),
        (("--seed", "one"), "argument --seed: invalid int value: 'one'"),
        (("--for", "-1"), "--for must be a number of seconds above 0"),
        (("--address", "nowhere"), "listen.address: must be an IP address or localhost"),
        (("--port", "70000"), "listen.port: must be between 1 and 65535"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else None,
)
def test_a_bad_flag_is_a_clear_error(start: Start, flags: tuple[str, ...], said: str) -> None:
    program = start(*flags)
    assert program.wait() == 2
    assert said in program.log
    assert "Traceback" not in program.log
    assert program.said == ""


def test_all_bad_flags_are_told_at_once(start: Start) -> None:
    program = start("--speed", "-1", "--for", "0", "--scenario", "sunshine", "--address", "nowhere")
    assert program.wait() == 2
    assert [word for word in ("--speed", "--for", "sunshine", "listen.address") if word not in program.log] == []


def test_port_0_is_any_free_port(start: Start) -> None:
    program = start("--port", "0", "--for", "20")
    wait_for(lambda: "/metrics" in program.said, what="the addresses")
    program.url = re.findall(r"http://127.0.0.1:\d+", program.said)[0]
    lively(program)


def test_ctrl_c_ends_it_cleanly(start: Start) -> None:
    program = start()
    lively(program)
    program.signal(signal.SIGINT)
    assert program.wait(5.0) == 0
    assert program.log == ""
