"""The control plane's programs as processes: chosen, frozen, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from tests.support import manifests
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect
from tests.support.kubelet import FakeKubelet
from tests.support.process import Process
from tests.support.waiting import wait_for

pytestmark = pytest.mark.controlplane
SEARCH = "job-" + "89abcdef01234567" * 2
JOBS = "/apis/batch/v1/namespaces/default/jobs"


def has_ended(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_frozen_api_server_answers_only_after_the_thaw(control_plane: ControlPlane) -> None:
    impatient = control_plane.client(timeout=0.5)
    control_plane.apiserver.freeze()
    try:
        with pytest.raises(urllib3.exceptions.TimeoutError):
            impatient.get("/readyz")
    finally:
        control_plane.apiserver.thaw()
    control_plane.wait_ready()
    impatient.close()


def test_without_controllers_and_scheduler_nothing_happens_by_itself_and_requests_are_audited() -> None:
    with ControlPlane(controllers=False, scheduler=False, audit=True) as control_plane:
        job = manifests.batch_job(SEARCH, 0)
        name = expect(control_plane.api.post(JOBS, job))["metadata"]["name"]
        kubelet = FakeKubelet(control_plane.api)
        kubelet.add_node("blast-0")
        expect(control_plane.api.delete(f"{JOBS}/{name}"))

        assert not control_plane.manager.alive
        assert not control_plane.scheduler.alive
        assert kubelet.pods_of(name) == []
        ours = [event for event in control_plane.audited() if event["user"]["username"] == "admin"]
        assert [event["verb"] for event in ours] == ["create", "delete", "list"]


def test_a_pod_can_be_bound_by_hand() -> None:
    with ControlPlane(scheduler=False) as control_plane:
        kubelet = FakeKubelet(control_plane.api)
        kubelet.add_node("blast-0")
        name = expect(control_plane.api.post(JOBS, manifests.batch_job(SEARCH, 0)))["metadata"]["name"]
        pod = kubelet.wait(lambda: kubelet.pods_of(name))[0]

        assert kubelet.bind(pod, "blast-0")["spec"]["nodeName"] == "blast-0"


def test_a_program_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="unknown flag: --nonsense"):
        ControlPlane(apiserver_args=["--nonsense"]).__enter__()


def test_a_restarted_process_keeps_its_arguments_and_its_log(tmp_path: Path) -> None:
    process = Process(argv=["/bin/sh", "-c", "echo ready; exec sleep 60"], log=tmp_path / "log")
    process.start()
    first = process.pid
    wait_for(lambda: process.tail() == "ready")
    process.freeze()
    process.kill()
    process.start()
    wait_for(lambda: process.tail() == "ready\nready")

    assert process.pid != first
    assert process.terminate() == -signal.SIGTERM


def test_nothing_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    """Not even when that process is killed."""
    script = (
        "import sys, time; from pathlib import Path; from tests.support.process import Process\n"
        "child = Process(argv=['/bin/sleep', '60'], log=Path(sys.argv[1])); child.start()\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).resolve().parent.parent.parent
    command = [sys.executable, "-c", script, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_for(lambda: os.readlink(f"/proc/{child}/exe").endswith("sleep"))
        parent.kill()

    wait_for(lambda: has_ended(child))
