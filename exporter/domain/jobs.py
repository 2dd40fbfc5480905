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


def job_state(job: JobRecord, *, pod_running: bool = False, ran_with: int | None = None) -> JobState:
    """The state of a Job; conditions count by type and status, never by position.

    `pod_running`: one of its pods has phase Running. `ran_with`: the `status.active` it had when it was seen
    running a moment ago, None if it was not; it keeps a Job running while only results-export is left and `ready` is 0.

    ===  =======================================================  =========
    1    condition Failed                                         failed
    2    condition Complete                                       succeeded
    3    deletionTimestamp                                        deleting
    4    condition FailureTarget                                  failing
    5    condition SuccessCriteriaMet                             finishing
    6    condition Suspended, or spec.suspend                     suspended
    7    active, and a pod runs, or ready, or it ran with the     running
         same number of active pods before
    8    active                                                   pending
    9    failed pods, or startTime set and nothing active         retrying
    10   otherwise                                                created
    ===  =======================================================  =========
    """
    state = base_state(job)
    if state is JobState.PENDING and (pod_running or job.ready > 0 or ran_with == job.active):
        return JobState.RUNNING
    return state


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
