"""One control plane for what is installed: it audits accounts, and serves what an operator's cluster serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.domain.custom.kinds import MPIJOB
from exporter.domain.custom.usage import NODE_METRICS, POD_METRICS
from tests.chart.audit import Audit
from tests.chart.release import kubectl
from tests.custom import crds
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect
from tests.support.tools import tool

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
OPERATORS = ("podmonitors", "servicemonitors", "prometheusrules")


@pytest.fixture(scope="package")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return Audit(tmp_path_factory.mktemp("audit"))


@pytest.fixture(scope="package")
def plane(audit: Audit) -> Iterator[ControlPlane]:
    """With the namespaces `monitoring` and `second`, where Pod Security is restricted, and `searches` and `others`."""
    with ControlPlane(apiserver_args=audit.flags) as plane:
        definitions = [f"--filename={tool('crds') / f'monitoring.coreos.com_{name}.yaml'}" for name in OPERATORS]
        kubectl(plane, "apply", "--server-side", *definitions)
        crds.define_all(plane.api, (MPIJOB, NODE_METRICS, POD_METRICS), ("v1beta1",))
        for name, labels in (("monitoring", RESTRICTED), ("second", RESTRICTED), ("searches", {}), ("others", {})):
            expect(plane.api.post("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}}))
        yield plane
