"""`check` for a cancel: what the admin port needs, what a person needs without it, and Roles of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from exporter.cli.check.grants import grants
from exporter.cli.check.permissions import Permission, cost, of_cancel, of_person, of_reviews
from exporter.simulator.access import Rule, User
from exporter.simulator.server import Simulator
from tests.cli.command import run, to

ACCOUNT = "system:serviceaccount:monitoring:exporter"
CANCEL = {"get jobs.batch", "delete jobs.batch", "create events"}
REVIEWS = {"create tokenreviews.authentication.k8s.io", "create subjectaccessreviews.authorization.k8s.io"}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False) as simulator:
        simulator.access.tokens["reader-token"] = User(name="reader")
        simulator.access.grants.append(Rule(user="reader", verbs=("list", "watch")))
        simulator.access.grants.append(Rule(user="reader", verbs=("get",), resources=("leases",)))
        yield simulator


def test_each_permission_of_a_cancel_has_a_cost_of_its_own() -> None:
    told = [cost(one, poll=15.0, purpose="cancel") for one in [*of_person(["a"]), *of_reviews()]]
    assert len(set(told)) == len(told) == 7


def test_a_cancel_is_granted_by_a_role_of_its_own() -> None:
    missing = [Permission(verb="list", group="batch", resource="jobs", namespace="blast"), *of_cancel(["blast"])]
    reader, _, canceller, binding = yaml.safe_load_all(grants(missing, ACCOUNT))
    assert reader["rules"] == [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list"]}]
    assert canceller["rules"] == [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "delete"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
    ]
    assert re.fullmatch(r"elasticblast-exporter-cancel-[0-9a-f]{8}", canceller["metadata"]["name"])
    assert binding["roleRef"]["name"] == canceller["metadata"]["name"]


def asked(text: str) -> set[str]:
    """The permissions in the table of a report."""
    return {line.split("  ")[0] for line in text.splitlines() if re.search(r"  (yes|no)$", line)}


def test_what_a_cancel_needs_is_asked_for_only_where_one_may_come(simulator: Simulator, tmp_path: Path) -> None:
    flags = to(simulator, tmp_path, "reader-token")
    tokens = ("--set", "admin.callers=tokens", "--set", f"admin.tokens_file={tmp_path / 'tokens'}")
    (tmp_path / "tokens").write_text(f"alice:sha256:{'0' * 64}\n")
    for more, code, wanted in (
        ((), 0, set()),
        (("--set", "admin.enabled=true"), 1, CANCEL | REVIEWS),
        (("--cancel",), 1, CANCEL | REVIEWS),
        (("--set", "admin.enabled=true", *tokens), 1, CANCEL),
    ):
        ran = run("check", *flags, *more)
        assert (ran.code, asked(ran.out) & (CANCEL | REVIEWS)) == (code, wanted), more


def test_a_person_is_told_what_a_cancel_without_a_daemon_needs(simulator: Simulator, tmp_path: Path) -> None:
    flags = (*to(simulator, tmp_path, "reader-token"), "--cancel", "person")
    ran = run("check", *flags)
    assert (ran.code, asked(ran.out)) == (1, {"list jobs.batch", "list pods", *CANCEL})
    assert "delete jobs.batch (namespace default): nothing can be cancelled here" in ran.out
    assert "check --cancel person --grants | kubectl apply -f -" in ran.out
    simulator.access.grants.append(Rule(user="reader", verbs=("get", "delete"), resources=("jobs",)))
    simulator.access.grants.append(Rule(user="reader", verbs=("create",), resources=("events",)))
    ran = run("check", *flags)
    assert (ran.code, "You may run `cancel` directly on this cluster." in ran.out) == (0, True)
