"""What the survivor's counters must be, from the record of the witness and the outages that the survivor met.

An outage after which the watch went on where it had stopped exempts nothing: everything is demanded exactly. If the
daemon had to list anew, a Job is demanded once, with the right result, unless one of these holds for that outage:

* it ended and was gone within it: only the API server ever knew how it ended. A list shows that it is not there, so
  that the daemon says `lost`, or nothing where the TTL may have taken the Job;
* it was born, and succeeded, within it, and nothing else tells of its search at the end of the outage: no live, failed
  or older Job and no finalizer. The daemon never lists all that was ever finished, so it does not ask for that one;
* it was live when it went, within an outage in which it was also born, or which lasted longer than its TTL;
* the witness itself did not see its end.

A setup Job that goes while live is not counted: the client that made it deletes it. A failed attempt is demanded once
unless its pod was over before such an outage in which it failed was; its reason may be `other` if it failed within one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tests.soak.witness import JobLife, PodLife, Witness
from tests.support.daemon import Page, family

ROLES = ("setup", "submit", "blast", "finalizer")
_MARGIN = 1.0  # seconds by which an outage may begin before it is made, and last after it is seen to be over
_UNKNOWN = frozenset({"succeeded", "failed", "lost", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Monotonic seconds: from its cause until everything was fresh again; and what the daemon listed meanwhile."""

    start: float
    end: float
    jobs_listed: bool
    pods_listed: bool

    def holds(self, first: float, last: float) -> bool:
        return self.start - _MARGIN <= first and last <= self.end + _MARGIN

    def meets(self, first: float, last: float) -> bool:
        return self.start - _MARGIN <= last and first <= self.end + _MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """`wrong` says what does not agree; `jobs` that ended were demanded exactly, `exempt` were not; `attempts` were
    demanded of `attempts_seen`; `tallies` of searches were compared."""

    wrong: list[str]
    jobs: int
    exempt: int
    attempts: int
    attempts_seen: int
    tallies: int


def balance(page: Page, witness: Witness, outages: Sequence[Outage]) -> Balance:
    """Compare the counters and the tallies of a page with the record."""
    with witness.still():
        jobs = [job for job in witness.jobs.values() if job.search]
        pods = list(witness.pods.values())
        listed = [outage for outage in outages if outage.jobs_listed]
        may = {job.uid: may_count(job, listed, jobs) for job in jobs}
        wrong = _endings(page, jobs, may)
        bad_attempts, attempts, seen = _attempts(page, pods, [outage for outage in outages if outage.pods_listed])
        bad_tallies, tallies = _tallies(page, jobs, may)
    exact = sum(
        len(words) == 1 and bool(job.result or job.gone < float("inf"))
        for job, words in zip(jobs, may.values(), strict=True)
    )
    exempt = sum(len(words) > 1 for words in may.values())
    return Balance(
        wrong=wrong + bad_attempts + bad_tallies,
        jobs=exact,
        exempt=exempt,
        attempts=attempts,
        attempts_seen=seen,
        tallies=tallies,
    )


def may_count(job: JobLife, outages: Sequence[Outage], jobs: Collection[JobLife]) -> frozenset[str]:
    """The results under which a Job may be counted, "" for not at all; one word if it must be so."""
    if not job.sure:
        return _UNKNOWN
    if job.result:
        if any(outage.holds(job.ended, job.gone) for outage in outages):
            return frozenset({job.result, "lost", ""})
        unasked = any(o.holds(job.born, job.ended) and not _told_of(job, o, jobs) for o in outages)
        return frozenset({job.result, ""} if unasked else {job.result})
    if job.gone == float("inf") or job.role == "setup":
        return frozenset({""})
    unseen = any(
        o.holds(job.born, job.gone) or (o.holds(job.gone, job.gone) and _outlasts(o, job.ttl)) for o in outages
    )
    return frozenset({"lost", ""} if unseen else {"lost"})


def _outlasts(outage: Outage, ttl: float | None) -> bool:
    return ttl is not None and outage.end - outage.start + 2 * _MARGIN >= ttl


def _told_of(job: JobLife, outage: Outage, jobs: Collection[JobLife]) -> bool:
    """Whether anything else tells the daemon of the Job's search at the end of the outage."""
    there = [j for j in jobs if j.search == job.search and j.uid != job.uid and j.gone > outage.end + _MARGIN]
    older = any(j.search == job.search and j.born < outage.start - _MARGIN for j in jobs)
    return (
        job.result == "failed"
        or job.role == "finalizer"
        or older
        or any(
            j.born < outage.end - _MARGIN
            and (j.ended > outage.end + _MARGIN or j.result == "failed" or j.role == "finalizer")
            for j in there
        )
    )


def _endings(page: Page, jobs: Sequence[JobLife], may: dict[str, frozenset[str]]) -> list[str]:
    wrong = []
    for role in ROLES:
        for result in ("succeeded", "failed", "lost"):
            words = [may[job.uid] for job in jobs if job.role == role]
            least = sum(found == {result} for found in words)
            most = sum(result in found for found in words)
            said = sum(family(page, "jobs_finished_total", role=role, result=result).values())
            if not least <= said <= most:
                wrong.append(f"jobs_finished_total {role} {result}: {said:g}, not {least} to {most}")
    return wrong


def _attempts(page: Page, pods: Sequence[PodLife], outages: Sequence[Outage]) -> tuple[list[str], int, int]:
    """Failed attempts by role in all, and by reason as far as the reason must be known."""
    wrong, exact, seen = [], 0, 0
    for role in ROLES:
        least, most, right, possible = 0, 0, Counter[str](), Counter[str]()
        for pod in (pod for pod in pods if pod.role == role):
            for at, reason in pod.attempts:
                met = [outage for outage in outages if outage.holds(at, at)]
                most += 1
                least += not any(outage.holds(at, pod.over) for outage in met)
                right[reason] += not met
                possible[reason] += 1
        said = {key[0]: number for key, number in family(page, "attempts_failed_total", role=role).items()}
        exact += least
        seen += most
        if not least <= sum(said.values()) <= most:
            wrong.append(f"attempts_failed_total {role}: {sum(said.values()):g}, not {least} to {most}")
        for reason, number in said.items():
            top = most if reason == "other" else possible[reason] + possible[""]
            if not right[reason] <= number <= top:
                wrong.append(f"attempts_failed_total {role} {reason}: {number:g}, not {right[reason]} to {top}")
    return wrong, exact, seen


def _tallies(page: Page, jobs: Sequence[JobLife], may: dict[str, frozenset[str]]) -> tuple[list[str], int]:
    """The batches of each search that is shown and none of whose batches is exempt."""
    wrong, exact = [], 0
    batches: dict[str, list[JobLife]] = {}
    for job in jobs:
        if job.role == "blast":
            batches.setdefault(job.search, []).append(job)
    for search, mine in batches.items():
        said = {state: number for (_, state), number in family(page, "search_jobs", elb_job_id=search).items()}
        if not said or any(len(may[job.uid]) > 1 for job in mine):
            continue
        counts = Counter(word for job in mine for word in may[job.uid])
        for state in ("succeeded", "failed", "lost"):
            exact += 1
            if said[state] != counts[state]:
                wrong.append(f"search_jobs {search} {state}: {said[state]:g}, not {counts[state]}")
    return wrong, exact
