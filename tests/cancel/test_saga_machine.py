"""Everyone acts between any two requests of a cancel, in any order: what must hold, holds (Q1 to Q11).

Q1 scope, Q3 order, Q10 intent and Q11 form are judged by the witness at the API server, for every write; the others
here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditError
from exporter.cancel.order import Times
from exporter.domain.cancel import Outcome, Result
from tests.cancel.bench import NAMESPACE, A, B, has_ended
from tests.cancel.gate import Fate, Stepped
from tests.cancel.runs import Play, Server, nothing
from tests.cancel.witness import OWN
from tests.support.manifests import batch_job, finalizer_job, setup_job, submit_job

TIMES = Times(poll=10.0, settle=20.0, wave=2)
GOOD = (Outcome.DONE, Outcome.NOT_FOUND, Outcome.ALREADY_GONE)
MANIFESTS = {"blast": lambda: batch_job(A, 0), "setup": lambda: setup_job(A), "submit": lambda: submit_job(A)}
FATES: tuple[Fate, ...] = ("refused", "broken", "busy", "unsent", "unanswered", "killed", "killed_after")
picks = st.integers(0, 99)


class Cancels(RuleBasedStateMachine):
    """One search that is cancelled again and again, another beside it, and everybody else."""

    server: ClassVar[Server]
    submit: ClassVar[bool]
    finalizer: ClassVar[bool]

    @initialize(batches=st.integers(0, 3))
    def begin_the_world(self, batches: int) -> None:
        self.play: Play = self.server.stage()
        self.bench, self.witness = self.play.bench, self.play.witness
        self.cancel: Stepped | None = None
        self.audit_works = True
        self.bench.create(batch_job(B, 0))
        self.bench.create(setup_job(A, mode="pv"))
        self.bench.search(batches=batches, submit=self.submit, finalizer=self.finalizer)

    # The cancel

    @precondition(lambda self: self.cancel is None)
    @rule()
    def begin(self) -> None:
        self.witness.looks.clear()
        self.cancel = Stepped(self.play, self._run)
        self._ended()

    @precondition(lambda self: self.cancel is not None)
    @rule(steps=st.integers(1, 12))
    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self._step("answered")

    @precondition(lambda self: self.cancel is not None)
    @rule(fate=st.sampled_from(FATES))
    def go_wrong(self, fate: Fate) -> None:
        self._step(fate)

    @precondition(lambda self: self.cancel is not None)
    @rule(steps=st.integers(1, 12))
    def go_on_while_everyone_acts(self, steps: int) -> None:
        for _ in range(steps):
            self.bench.tick()
            self._step("answered")

    @rule(works=st.booleans())
    def audit(self, works: bool) -> None:
        self.audit_works = works

    @precondition(lambda self: self.cancel is None)
    @rule()
    def rehearse(self) -> None:
        """Q9: a dry run changes nothing."""
        before = self.bench.store.rv
        self.play.cancel(dry_run=True, api=self.play.api(nothing), times=TIMES)
        assert self.bench.store.rv == before

    def _run(self, api: JobsApi, sleep: Callable[[float], None]) -> Result:
        return self.play.cancel(api=api, sleep=sleep, times=TIMES, audit=self._audit)

    def _audit(self, record: dict[str, object]) -> None:
        if not self.audit_works:
            raise AuditError
        self.witness.audit(record)

    def _step(self, fate: Fate) -> None:
        """One step of the cancel alone. Q2: what it changes are living Jobs of its own search."""
        if self.cancel is None:
            return
        before = dict.fromkeys(self.bench.store.kinds, self.bench.store.rv)
        self.cancel.step(fate)
        for resource, version in before.items():
            for change in self.bench.store.changes(resource, version):
                labels = change.entry.obj["metadata"].get("labels") or {}
                own = resource == "jobs" and labels.get("elb-job-id") == A and labels.get("app") in OWN
                assert own or resource == "events", change
                assert resource == "events" or not has_ended(change.entry.obj), change
        self._ended()

    def _ended(self) -> None:
        if self.cancel is None or not self.cancel.over:
            return
        assert self.cancel.error is None
        if self.cancel.result is not None:
            self._judge(self.cancel.result)
        self.cancel = None

    def _judge(self, result: Result) -> None:
        """Q7 and Q8: nothing is called gone that was not looked for and found gone."""
        if result.outcome is Outcome.DONE:
            assert self.witness.looked_twice(TIMES.settle), result
            assert result.remaining == ()
        if result.outcome in (Outcome.ALREADY_GONE, Outcome.NOT_FOUND):
            assert self.witness.looks[-1].empty, result
            assert result.remaining == ()

    # Everyone else

    @rule(seconds=st.sampled_from((0.0, 5.0, 31.0)))
    def time_passes(self, seconds: float) -> None:
        self.bench.tick(seconds)

    @rule()
    def finalizers_go_on(self) -> None:
        self.bench.finalizers_go_on()

    @rule()
    def submits_go_on(self) -> None:
        self.bench.submits_go_on()

    @rule()
    def controllers_and_kubelet_come_to_rest(self) -> None:
        self.bench.settle()

    @rule(stuck=st.booleans())
    def finalizer_pods_do_not_die(self, stuck: bool) -> None:
        self.bench.stuck = {f"elb-finalizer-{A[-8:]}"} if stuck else set()

    @rule(app=st.sampled_from(tuple(MANIFESTS)))
    def someone_applies(self, app: str) -> None:
        manifest = MANIFESTS[app]()
        if self.bench.store.find("jobs", NAMESPACE, manifest["metadata"]["name"]) is None:
            self.bench.create(manifest)

    @rule(number=st.integers(0, 2))
    def someone_applies_a_finalizer(self, number: int) -> None:
        manifest = finalizer_job(A)
        manifest["metadata"]["name"] += "-again" * number
        if self.bench.store.find("jobs", NAMESPACE, manifest["metadata"]["name"]) is None:
            self.bench.create(manifest)

    @rule(pick=picks, propagation=st.sampled_from(("Background", "Foreground", "Orphan")))
    def someone_deletes(self, pick: int, propagation: str) -> None:
        if name := self._job(pick):
            self.bench.remove(name, propagation)

    @rule(pick=picks)
    def someone_touches(self, pick: int) -> None:
        if name := self._job(pick):
            self.bench.touch(name)

    @rule(pick=picks, to=st.sampled_from((B, A + "0", A)))
    def someone_relabels(self, pick: int, to: str) -> None:
        if name := self._job(pick):
            self.bench.relabel(name, to)

    @rule(pick=picks, condition=st.sampled_from(("Complete", "Failed")))
    def a_job_ends(self, pick: int, condition: str) -> None:
        name = self._job(pick)
        if name and "deletionTimestamp" not in self.bench.store.get("jobs", NAMESPACE, name)["metadata"]:
            self.bench.end(name, condition)

    @rule(pick=picks)
    def a_name_is_taken_by_another_search(self, pick: int) -> None:
        name = self._job(pick)
        if not name:
            return
        self.bench.remove(name)
        self.bench.tick(31.0)
        if self.bench.store.find("jobs", NAMESPACE, name) is None:
            manifest = batch_job(B, 0)
            manifest["metadata"]["name"] = name
            self.bench.create(manifest)

    def _job(self, pick: int) -> str:
        names = [job["metadata"]["name"] for job in self.bench.store.list("jobs", NAMESPACE)]
        names = [name for name in names if name != "init-pv"]
        return str(names[pick % len(names)]) if names else ""

    # What must hold

    @invariant()
    def q1_q3_q10_q11_no_write_is_wrong(self) -> None:
        assert self.witness.wrongs == []

    @invariant()
    def q4_no_finalizer_says_success_of_what_was_cancelled(self) -> None:
        assert self.witness.false_markers() == []

    def teardown(self) -> None:
        """Q5 and Q6: with nobody in the way any beginning comes to the same end, and stays there."""
        if not hasattr(self, "bench"):
            return
        self.audit_works, self.bench.stuck = True, set()
        while self.cancel is not None:
            self.bench.tick()
            self._step("answered")
        self._strays_end()
        outcomes = [self.play.cancel(times=TIMES).outcome for _ in range(2)]
        assert outcomes[-1] in GOOD, outcomes
        assert self.bench.deletable() == []
        deletes = len(self.witness.deletes)
        assert self.play.cancel(times=TIMES).outcome in (Outcome.NOT_FOUND, Outcome.ALREADY_GONE)
        assert len(self.witness.deletes) == deletes
        assert self.witness.wrongs == []
        assert self.witness.false_markers() == []

    def _strays_end(self) -> None:
        """Pods of the search whose Job is gone, or has another label by now, end by themselves, and so do such Jobs."""
        self.bench.tick(31.0)
        own = {job["metadata"]["uid"] for job in self.bench.jobs(A)}
        for pod in self.bench.pods(A):
            name, labels = pod["metadata"]["name"], pod["metadata"]["labels"]
            if labels["controller-uid"] not in own:
                self.bench.remove(labels["job-name"])
                self.bench.store.update("pods", NAMESPACE, name, lambda one: one["status"].update(phase="Failed"))
        self.bench.tick(31.0)


@pytest.mark.parametrize(("submit", "finalizer"), [(True, True), (False, True), (True, False)])
def test_whatever_happens_between_two_requests_the_rules_hold(server: Server, submit: bool, finalizer: bool) -> None:
    Cancels.server, Cancels.submit, Cancels.finalizer = server, submit, finalizer
    Cancels.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
    Cancels.TestCase("runTest").runTest()
