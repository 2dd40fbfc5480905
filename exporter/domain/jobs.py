"""The state of one Job: total, and independent of the order in which the API lists its conditions."""

from __future__ import annotations

from enum import StrEnum

from exporter.domain.records import JobRecord


class JobState(StrEnum):
    """Ten states; failed and succeeded are terminal, the others live."""

    FAILED = "failed"
    SUCCEEDED = "succeeded"
    DELETING = "deleting"
    FAILING = "failing"
    FINISHING = "finishing"
    SUSPENDED = "suspended"
    RUNNING = "running"
    PENDING = "pending"
    RETRYING = "retrying"
    CREATED = "created"

    @property
    def terminal(self) -> bool:
        return self is JobState.FAILED or self is JobState.SUCCEEDED


ENDED_OR_RUNNING = (JobState.RUNNING, JobState.FINISHING, JobState.FAILING)


def job_state(
    base: JobState, *, active: int, ready: int, running_pods: int | None = None, ran_with: int | None = None
) -> JobState:
    """The state of a Job; conditions count by type and status, never by position.

    `base` is what the Job alone supports (rows 1 to 6 and 8 to 10). `running_pods`: how many of its pods have phase
    Running, None while pods are not known. `ran_with`: the `status.active` it had when it was last seen running, None
    if it never was; while pods are not known, it keeps a Job running of which only results-export is left.

    ===  =======================================================  =========
    1    condition Failed                                         failed
    2    condition Complete                                       succeeded
    3    deletionTimestamp                                        deleting
    4    condition FailureTarget                                  failing
    5    condition SuccessCriteriaMet                             finishing
    6    condition Suspended, or spec.suspend                     suspended
    7    active, and ready or a pod runs; pods not known: and     running
         ready or it ran with the same number of active pods
    8    active                                                   pending
    9    failed pods, or startTime set and nothing active         retrying
    10   otherwise                                                created
    ===  =======================================================  =========
    """
    if base is not JobState.PENDING:
        return base
    evidence = ran_with == active if running_pods is None else running_pods > 0
    return JobState.RUNNING if ready > 0 or evidence else JobState.PENDING


_BY_CONDITION = (
    ("Failed", JobState.FAILED),
    ("Complete", JobState.SUCCEEDED),
)
_BY_INTERIM_CONDITION = (
    ("FailureTarget", JobState.FAILING),
    ("SuccessCriteriaMet", JobState.FINISHING),
    ("Suspended", JobState.SUSPENDED),
)


def base_state(job: JobRecord) -> JobState:
    """The state that the Job alone supports: row 7 left out, so an active Job is pending."""
    for condition, state in _BY_CONDITION:
        if condition in job.conditions:
            return state
    if job.deleting:
        return JobState.DELETING
    for condition, state in _BY_INTERIM_CONDITION:
        if condition in job.conditions:
            return state
    if job.suspended:
        return JobState.SUSPENDED
    if job.active > 0:
        return JobState.PENDING
    if job.failed > 0 or job.started is not None:
        return JobState.RETRYING
    return JobState.CREATED
