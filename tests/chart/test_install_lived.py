"""Installed on the real API server, with exactly its account's token: all that it should do works, nothing else is
allowed, and no right is there for nothing. No kubelet runs here: `tests.chart.local` starts what a pod would."""

from __future__ import annotations

import pytest

from tests.chart.audit import Audit
from tests.chart.lived import NAME, NAMESPACE, REHEARSALS, SEARCHES, VALUES, Lived, live, tls
from tests.chart.release import Release, as_account, await_rights, may, placed
from tests.chart.rights import granted
from tests.lives.sight import search
from tests.support.controlplane import ControlPlane
from tests.support.daemon import moved

pytestmark = pytest.mark.controlplane
EXPORTER, REHEARSER = f"{NAMESPACE}/{NAME}", f"{NAMESPACE}/{NAME}-rehearsal"
# What is granted and was not used here, and when it is.
UNUSED = {"get jobs.batch": "where the answer to a deletion was lost"}


@pytest.fixture(scope="module")
def installed(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("installed")
    release = Release(plane, NAME, NAMESPACE)
    tls(plane, folder)
    release.install(VALUES)
    with as_account(plane, EXPORTER) as api:
        for namespace in (SEARCHES, REHEARSALS):
            await_rights(api, namespace, granted(release.objects(), EXPORTER))
    return live(release, folder)


def test_check_finds_every_permission_of_the_account(installed: Lived) -> None:
    assert installed.check.code == 0, installed.check.out
    assert f"you are  system:serviceaccount:{NAMESPACE}:{NAME}" in installed.check.out


def test_everything_is_read_and_told(installed: Lived) -> None:
    states = {(resource, word) for _, resource, word in moved(installed.after, "exporter_collector_state")}
    kinds = ("leases.coordination.k8s.io", "mpijobs.kubeflow.org", "nodes.metrics.k8s.io", "pods.metrics.k8s.io")
    resources = ("jobs", "jobs_stored", "pods", "nodes", "persistentvolumeclaims", "events", *kinds)
    assert states == {(resource, "fresh") for resource in resources}
    assert search(installed.before, installed.search)["phase"] == "pending"


def test_whoever_may_delete_jobs_cancels_a_search_through_it(installed: Lived) -> None:
    assert (installed.cancelled["outcome"], installed.cancelled["deleted"], installed.cancelled["left"]) == (
        "done",
        3,
        0,
    )
    assert search(installed.after, installed.search)["phase"] == "cancelled"


def test_helm_test_would_say_that_it_answers(installed: Lived) -> None:
    assert installed.answers.code == 0, installed.answers.out + installed.answers.err


def test_helm_test_would_play_a_rehearsal_and_see_everything(installed: Lived) -> None:
    ran = installed.rehearse
    assert ran.code == 0, ran.out + ran.err
    verdicts = [line.split()[0] for line in ran.out.splitlines() if not line.startswith((" ", "Rehearsal", "Deleted"))]
    assert verdicts == ["ok"] * 10


def test_the_exporter_was_refused_nothing_and_used_every_right(installed: Lived, audit: Audit) -> None:
    rights, used = granted(installed.release.objects(), EXPORTER), audit.asked(EXPORTER, "allow")
    assert audit.asked(EXPORTER, "forbid") == set()
    assert used <= rights
    assert {str(one) for one in rights - used} == set(UNUSED)


def test_who_rehearses_used_every_right_and_wrote_nothing_else(installed: Lived, audit: Audit) -> None:
    """It asks for nodes and more, too, and does without where that is refused."""
    assert audit.asked(REHEARSER, "allow") == granted(installed.release.objects(), REHEARSER)
    assert {one.verb for one in audit.asked(REHEARSER, "forbid")} <= {"get", "list"}


@pytest.mark.parametrize("account", [EXPORTER, REHEARSER])
@pytest.mark.parametrize("namespace", [SEARCHES, REHEARSALS, NAMESPACE, "default", "kube-system"])
def test_an_account_may_do_what_the_chart_grants_and_what_everybody_may(
    plane: ControlPlane, installed: Lived, account: str, namespace: str
) -> None:
    rights = placed(granted(installed.release.objects(), account), namespace)
    with as_account(plane, account) as api, as_account(plane, "others/nobody") as nobody:
        assert may(api, namespace) == rights | may(nobody, namespace)
