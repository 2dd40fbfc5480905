"""An installed exporter that has done all that it can do, and what came of it."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from exporter.cli.check.permissions import Permission
from tests.chart.helm import the
from tests.chart.local import Local, local
from tests.chart.release import Release, as_account, await_rights, grant
from tests.cli.command import Ran
from tests.contract.targets import RealTarget
from tests.lives.sight import search
from tests.lives.world import new_id
from tests.rehearsal.playing import Player
from tests.support import manifests
from tests.support.controlplane import ControlPlane
from tests.support.controlplane_files import free_port
from tests.support.daemon import Daemon, Page
from tests.support.kubeapi import Api, Body, expect
from tests.support.process import Process
from tests.support.waiting import wait_for

NAMESPACE, NAME, SEARCHES, REHEARSALS = "monitoring", "elasticblast-exporter", "searches", "rehearsals"
VALUES: dict[str, Any] = {
    "cluster": {"namespaces": [SEARCHES]},
    "admin": {"enabled": True, "tls": {"secretName": "admin-tls"}, "hosts": ["127.0.0.1"]},
    "rehearsal": {"enabled": True, "namespace": REHEARSALS, "wait": 60},
}
_HERE = {
    "listen.address": "127.0.0.1",
    "admin.address": "127.0.0.1",
    "intervals.tick": "0.1s",
    "intervals.render_idle": "0.2s",
    "intervals.poll": "5s",
    "shutdown_delay": "0s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """`check`, `answers` and `rehearse` as they ended; the page with a search on it, what became of a cancel of it by
    somebody who may, and the page after."""

    release: Release
    check: Ran
    answers: Ran
    rehearse: Ran
    search: str
    before: Page
    cancelled: Body
    after: Page


def live(release: Release, folder: Path) -> Lived:
    """The exporter runs as the installed Deployment says, with its ServiceAccount's token, while all else happens."""
    plane, objects = release.plane, release.objects()
    page, admin = free_port(), free_port()
    service = f"{NAME}.{NAMESPACE}.svc:9850", f"{NAME}-admin.{NAMESPACE}.svc:9851"
    addresses = {service[0]: f"127.0.0.1:{page}", service[1]: f"127.0.0.1:{admin}"}
    pod = the("Deployment", objects)["spec"]["template"]
    exporter = local(plane, pod, folder / "exporter", namespace=NAMESPACE)
    tests = release.tests()
    answers = local(plane, tests[f"{NAME}-test"], folder / "answers", namespace=NAMESPACE, addresses=addresses)
    rehearse = local(plane, tests[f"{NAME}-rehearse"], folder / "rehearse", namespace=NAMESPACE, addresses=addresses)
    with (
        _running(exporter, page, admin, folder / "exporter.log") as daemon,
        Player(RealTarget(plane, REHEARSALS)),
        _operator(plane, admin, folder / "ca.crt") as operator,
    ):
        name = _begun(plane)
        before = daemon.wait(lambda page: search(page, name).get("jobs") == {"pending": 3}, 30.0)
        wish = {"confirm": name, "namespace": SEARCHES, "wait": 0}
        begun = expect(operator.post(f"/v1/searches/{name}/cancel", wish), 202)
        check = _ran(exporter, [*exporter.argv[:3], "check", *exporter.argv[4:], *exporter.connection])
        answered, rehearsed = _ran(answers, answers.argv), _ran(rehearse, [*rehearse.argv, *rehearse.connection])
        result = wait_for(lambda: expect(operator.get(f"/v1/cancels/{begun['key']}"))["result"], 60.0, "the cancel")
        return Lived(
            release=release,
            check=check,
            answers=answered,
            rehearse=rehearsed,
            search=name,
            before=before,
            cancelled=result,
            after=daemon.page(),
        )


@contextmanager
def _running(exporter: Local, page: int, admin: int, log: Path) -> Iterator[Daemon]:
    keys = {**_HERE, "listen.port": page, "admin.port": admin}
    flags = [part for key, text in keys.items() for part in ("--set", f"{key}={text}")]
    env = [f"{key}={text}" for key, text in exporter.env.items()]
    daemon = Daemon(log, namespaces=(), log=log)
    daemon.url = f"http://127.0.0.1:{page}"
    daemon.process = Process(argv=["env", *env, *exporter.argv, *exporter.connection, *flags], log=log)
    with daemon:
        yield daemon


def _ran(what: Local, argv: list[str]) -> Ran:
    nowhere = {"HOME": "/nonexistent", "KUBECACHEDIR": "/dev/null"}  # who is root could make the first
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **nowhere, **what.env}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def _begun(plane: ControlPlane) -> str:
    """A search whose pods wait for a node that is not there; its id."""
    name = new_id()
    for number in range(3):
        job = manifests.batch_job(name, number, shard=7, namespace=SEARCHES)
        expect(plane.api.post(f"/apis/batch/v1/namespaces/{SEARCHES}/jobs", job))
    return name


@contextmanager
def _operator(plane: ControlPlane, port: int, ca_file: Path) -> Iterator[Api]:
    """The admin port, for somebody who may delete Jobs there."""
    token = plane.account_token("operator", namespace=SEARCHES, audiences=[NAME])
    rules = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list", "delete"]}]
    grant(plane, SEARCHES, "operator", rules, f"{SEARCHES}/operator")
    with as_account(plane, f"{SEARCHES}/operator") as own:
        await_rights(own, SEARCHES, [Permission(verb="delete", group="batch", resource="jobs", namespace=SEARCHES)])
    api = Api(f"https://127.0.0.1:{port}", token=token, ca_file=ca_file, timeout=60.0)
    yield api
    api.close()


def tls(plane: ControlPlane, folder: Path) -> None:
    """The Secret of the admin port."""
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1", f"{NAME}-admin.{NAMESPACE}.svc")
    parts = {
        "tls.crt": made.cert_chain_pems[0].bytes(),
        "tls.key": made.private_key_pem.bytes(),
        "ca.crt": authority.cert_pem.bytes(),
    }
    (folder / "ca.crt").write_bytes(parts["ca.crt"])
    data = {name: base64.b64encode(content).decode() for name, content in parts.items()}
    secret = {"metadata": {"name": "admin-tls"}, "type": "kubernetes.io/tls", "data": data}
    expect(plane.api.post(f"/api/v1/namespaces/{NAMESPACE}/secrets", secret))
