"""What is measured: three exporters, how each is started, and what its page says."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from children import free_port

_HERE = Path(__file__).parent
_SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_BATCH_STATES = ("pending", "running", "succeeded")
_ONE = re.compile(rb"\} 1$", re.MULTILINE)
_VALUE = re.compile(rb"\} (\S+)$", re.MULTILINE)
_LIST_SECONDS = 25.0  # the default deadline of a list, enough for so many Jobs:
_JOBS_IN_TIME = 50_000
_RECORDS = 200_000
States = dict[str, dict[str, int]]
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where an exporter reads (`server`, or `kubeconfig` if one is given), its port, and a folder for its files."""

    server: str
    kubeconfig: Path | None
    folder: Path
    jobs: int
    poll: float
    port: int = field(default_factory=free_port)


@dataclass(slots=True)
class Seen:
    """What a page says. `states`: objects by search and state, without zeros."""

    series: int = 0
    restarts: float = 0.0
    states: States = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One exporter.

    `states` says what its page says once it is right; `look_every`: seconds between two looks at the page;
    `page_time`: seconds that it may take over one page of a list before the pass counts as over; `program`: of what
    runs outside of this interpreter.
    """

    name: str
    argv: Callable[[Setting, str], list[str]]
    read: Callable[[bytes], Seen]
    states: Callable[[Facts], States]
    look_every: float
    page_time: float
    program: str = ""

    def command(self, setting: Setting) -> list[str]:
        return self.argv(setting, self.program)


def exporter_argv(setting: Setting, _program: str) -> list[str]:
    """`exporter run` with a configuration file that allows for the size of the cluster."""
    connect: dict[str, object] = {"mode": "direct", "server": setting.server, "insecure_http": True}
    if setting.kubeconfig:
        connect = {"mode": "kubeconfig", "kubeconfig": str(setting.kubeconfig)}
    limits = {
        "records": max(_RECORDS, 2 * setting.jobs),
        "list_deadline": max(_LIST_SECONDS, _LIST_SECONDS * setting.jobs / _JOBS_IN_TIME),
    }
    listen = {"port": setting.port, "address": "127.0.0.1"}
    file = setting.folder / "exporter.yaml"
    file.write_text(json.dumps({"clusters": [{"connect": connect}], "listen": listen, "limits": limits}))
    return [sys.executable, "-m", "exporter", "run", "--config", str(file)]


def naive_argv(setting: Setting, _program: str) -> list[str]:
    where = ["--kubeconfig", str(setting.kubeconfig)] if setting.kubeconfig else ["--server", setting.server]
    own = ["--port", str(setting.port), "--interval", str(setting.poll)]
    return [sys.executable, str(_HERE / "naive.py"), *where, *own]


def ksm_argv(setting: Setting, program: str) -> list[str]:
    """The four resources that the exporter reads too; gzip, which is off by default."""
    where = f"--kubeconfig={setting.kubeconfig}" if setting.kubeconfig else f"--apiserver={setting.server}"
    own = ["--host=127.0.0.1", f"--port={setting.port}", "--telemetry-host=127.0.0.1"]
    reads = ["--resources=jobs,pods,nodes,persistentvolumeclaims", "--namespaces=default"]
    return [program, where, *own, f"--telemetry-port={free_port()}", *reads, "--enable-gzip-encoding"]


# What is not there need not be fresh.
_STALE = re.compile(r'state="(stale|expired|denied|stopped|never)"')


def _of_search(jobs_family: str, restarts_family: str) -> Callable[[bytes], Seen]:
    """A reader of a page that says the batches of each search by state."""

    def read(body: bytes) -> Seen:
        page = Seen()
        for name, labels, value in _SERIES.findall(body.decode()):
            page.series += 1
            if name == restarts_family:
                page.restarts += float(value)
            elif name == jobs_family:
                pairs = dict(_LABEL.findall(labels))
                if pairs["state"] in _BATCH_STATES and float(value):
                    page.states.setdefault(pairs["elb_job_id"], {})[pairs["state"]] = int(float(value))
            elif name == "elasticblast_exporter_collector_state" and _STALE.search(labels) and float(value):
                page.stale.append(labels)
        return page

    return read


def ksm_read(body: bytes) -> Seen:
    """All objects of a kind together, for there is no search on that page."""
    counts = {"jobs": _family(body, b"kube_job_info").count(b"\nkube_job_info{")}
    counts["pods"] = _family(body, b"kube_pod_info").count(b"\nkube_pod_info{")
    counts["succeeded"] = len(_ONE.findall(_family(body, b"kube_job_status_succeeded")))
    restarts = sum(map(float, _VALUE.findall(_family(body, b"kube_pod_container_status_restarts_total"))))
    series = body.count(b"\n") - body.count(b"\n#") - body.startswith(b"#")
    return Seen(series=series, restarts=restarts, states={"all": counts} if counts["jobs"] else {})


def _family(body: bytes, name: bytes) -> bytes:
    start = body.find(b"# HELP " + name + b" ")
    return b"" if start < 0 else body[start : max(body.find(b"\n# HELP ", start), start)]


def ksm_states(facts: Facts) -> States:
    counts = {"jobs": facts["jobs"], "pods": facts["pods"], "succeeded": facts["succeeded"]}
    return {"all": counts}


def _by_search(facts: Facts) -> States:
    states: States = facts["states"]
    return states


EXPORTER = Subject(
    name="exporter",
    argv=exporter_argv,
    read=_of_search("elasticblast_search_jobs", "elasticblast_attempts_failed_total"),
    states=_by_search,
    look_every=0.01,
    page_time=1.0,
)
NAIVE = Subject(
    name="naive",
    argv=naive_argv,
    read=_of_search("naive_search_jobs", "naive_search_restarts"),
    states=_by_search,
    look_every=0.2,
    page_time=4.0,
)


def kube_state_metrics(program: str) -> Subject:
    return Subject(
        name="kube-state-metrics",
        argv=ksm_argv,
        read=ksm_read,
        states=ksm_states,
        look_every=0.2,
        page_time=4.0,
        program=program,
    )
