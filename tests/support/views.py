"""Hypothesis strategies for Views within the default limits, with hostile texts in every open label."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from exporter.domain.cancel import STAGES, Outcome, Refusal
from exporter.domain.phase import Phase, Reason
from exporter.domain.records import JOB_ROLES, POD_ROLES, SEARCH_ROLES
from exporter.domain.snapshots import (
    BatchSnapshot,
    CancelCounts,
    ClusterCancels,
    ClusterView,
    CoreSnapshot,
    CountsSnapshot,
    PoolView,
    ProcessView,
    ResourceHealth,
    RunningCancel,
    SearchView,
    Tally,
    View,
)
from exporter.domain.words import (
    AUTH_FAILURES,
    BLOCK_REASONS,
    CANCEL_DURATION_BOUNDS,
    CLAIM_PHASES,
    FAILURE_REASONS,
    FLAGS,
    JOB_VIEW,
    LIVE_JOB_STATES,
    LIVE_PHASES,
    MODES,
    NODE_STATES,
    POD_STATES,
    PRESSURES,
    PROGRAMS,
    RESOURCE_STATES,
    WARMUP_STATES,
)
from exporter.metrics.born import initial_tallies, initial_totals

RESOURCES = (
    ("core", "pods"),
    ("core", "nodes"),
    ("core", "claims"),
    ("core", "events"),
    ("batch", "jobs"),
    ("batch", "stored"),
)
FOREIGN = "NeverHeardOf"
POOLS = ("blastpool", "systempool", "spot", "warm")

texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
ids = st.one_of(st.from_regex(r"job-[0-9a-f]{32}", fullmatch=True), texts)
numbers = st.integers(0, 10**6)
times = st.floats(0, 4e9)
amounts = st.floats(0, 1e15)


def words(vocabulary: Sequence[str]) -> st.SearchStrategy[str]:
    """A word of the vocabulary, or one that nobody knows."""
    return st.sampled_from((*vocabulary, FOREIGN))


def counts(*axes: Sequence[str]) -> st.SearchStrategy[dict[tuple[str, ...], int]]:
    return st.dictionaries(st.tuples(*(st.sampled_from(axis) for axis in axes)), numbers, max_size=6)


def search_views(namespaces: Sequence[str]) -> st.SearchStrategy[SearchView]:
    return st.builds(
        SearchView,
        namespace=st.sampled_from(namespaces),
        id=ids,
        phase=st.sampled_from([phase for phase in Phase if phase is not Phase.UNKNOWN]),
        reason=st.sampled_from(Reason),
        phase_since=times,
        created=times,
        last_progress=times,
        terminal=st.booleans(),
        jobs=st.dictionaries(st.sampled_from(JOB_VIEW), numbers),
        roles=counts(SEARCH_ROLES, LIVE_JOB_STATES),
        attempts=st.dictionaries(words(FAILURE_REASONS), numbers, max_size=5),
        blocked=st.dictionaries(words(BLOCK_REASONS), numbers, max_size=5),
        flags=st.dictionaries(st.sampled_from(FLAGS), st.booleans()),
        evidence=words(("label", "template", "env", "path", "suffix", "")),
        program=words((*PROGRAMS, "")),
        db=st.one_of(texts, st.just("")),
        mode=words(MODES),
        shards=st.one_of(st.none(), numbers),
        client_version=st.one_of(texts, st.just("")),
        expected=st.one_of(st.none(), numbers),
        eta=st.one_of(st.none(), times),
    )


def batch_snapshots(namespaces: Sequence[str]) -> st.SearchStrategy[BatchSnapshot]:
    return st.builds(
        BatchSnapshot,
        namespaces=st.just(tuple(namespaces)),
        searches=st.lists(
            search_views(namespaces), max_size=4, unique_by=lambda search: (search.namespace, search.id)
        ).map(tuple),
        hidden=numbers,
        live_phases=counts(namespaces, LIVE_PHASES),
        jobs=counts(namespaces, JOB_ROLES, LIVE_JOB_STATES),
        unattributed=counts(namespaces, SEARCH_ROLES),
        stored=st.dictionaries(st.sampled_from(namespaces), numbers),
        warmup=st.dictionaries(st.tuples(texts, words(WARMUP_STATES)), numbers, max_size=6),
    )


def pool_views(pool: str) -> st.SearchStrategy[PoolView]:
    return st.builds(
        PoolView,
        pool=st.just(pool),
        nodes=st.dictionaries(words(NODE_STATES), numbers),
        pressure=st.dictionaries(st.sampled_from(PRESSURES), numbers),
        cpu_allocatable=amounts,
        cpu_requested=st.one_of(st.none(), amounts),
        memory_allocatable=amounts,
    )


def core_snapshots(namespaces: Sequence[str]) -> st.SearchStrategy[CoreSnapshot]:
    pools = st.lists(st.sampled_from(POOLS), unique=True).flatmap(lambda names: st.tuples(*map(pool_views, names)))
    claims = st.dictionaries(st.tuples(st.sampled_from(namespaces), texts), words(CLAIM_PHASES), max_size=4)
    return st.builds(
        CoreSnapshot,
        pod_namespaces=st.just(tuple(namespaces)),
        pods=st.one_of(st.none(), counts(namespaces, POD_ROLES, POD_STATES)),
        blocked=st.one_of(st.none(), counts(namespaces, POD_ROLES, (*BLOCK_REASONS, FOREIGN))),
        oldest_pending=st.one_of(
            st.none(), st.dictionaries(st.tuples(st.sampled_from(namespaces), st.sampled_from(POD_ROLES)), times)
        ),
        run_slots=st.one_of(st.none(), st.dictionaries(st.sampled_from(namespaces), numbers)),
        pools=st.one_of(st.none(), pools),
        claims=st.one_of(st.none(), claims),
    )


@st.composite
def counts_snapshots(draw: st.DrawFn, namespaces: Sequence[str]) -> CountsSnapshot:
    """A few of the counters that exist from the start, and some that came later: a View must stay readable."""
    born = initial_totals(namespaces, RESOURCES, POOLS, cancels=draw(st.booleans()))
    totals = draw(st.dictionaries(st.sampled_from(list(born)), amounts, max_size=8))
    for verb in draw(st.lists(st.sampled_from(("get", "list", "watch")), unique=True)):
        totals["exporter_api_requests_total", ("core", verb, draw(words(("2xx", "404"))))] = draw(amounts)
    totals["events_total", (FOREIGN, FOREIGN)] = draw(amounts)
    pairs = st.tuples(st.just("job_duration_seconds"), st.tuples(words(PROGRAMS), texts))
    tallies = draw(st.dictionaries(pairs, _tallies(13), max_size=3))
    empty = initial_tallies(RESOURCES)
    for key in draw(st.lists(st.sampled_from(list(empty)), max_size=3)):
        tallies[key] = draw(_tallies(len(empty[key].counts)))
    return CountsSnapshot(totals=totals, tallies=tallies)


def _tallies(buckets: int) -> st.SearchStrategy[Tally]:
    return st.builds(Tally, st.tuples(*[numbers] * buckets), amounts)


def healths() -> st.SearchStrategy[tuple[ResourceHealth, ...]]:
    return st.tuples(
        *(
            st.builds(
                ResourceHealth,
                collector=st.just(collector),
                resource=st.just(resource),
                mode=st.sampled_from(("watch", "poll")),
                state=st.sampled_from(RESOURCE_STATES),
                last_success=st.one_of(st.none(), times),
            )
            for collector, resource in RESOURCES
        )
    )


@st.composite
def cluster_views(draw: st.DrawFn, name: str = "") -> ClusterView:
    """Of its namespaces, any may be shown by one boundary and not by the other."""
    namespaces = tuple(draw(st.lists(texts, min_size=1, max_size=2, unique=True)))
    readable = st.sets(st.sampled_from(namespaces), min_size=1).map(sorted)
    return ClusterView(
        name=name,
        namespaces=namespaces,
        batch=draw(st.one_of(st.none(), readable.flatmap(batch_snapshots))),
        core=draw(st.one_of(st.none(), readable.flatmap(core_snapshots))),
        counts=draw(counts_snapshots(namespaces)),
        health=draw(healths()),
        clock_skew=draw(st.dictionaries(st.sampled_from(("core", "batch")), st.floats(-1e6, 1e6))),
        node_seconds=draw(
            st.dictionaries(st.tuples(st.sampled_from(namespaces), texts, st.sampled_from(POOLS)), amounts, max_size=3)
        ),
    )


process_views = st.builds(
    ProcessView,
    version=texts,
    revision=texts,
    python_version=texts,
    cpu_seconds=st.one_of(st.none(), amounts),
    resident_bytes=st.one_of(st.none(), numbers),
    start_time=times,
    open_fds=st.one_of(st.none(), numbers),
    http_requests=st.dictionaries(
        st.tuples(st.sampled_from(("metrics", "livez", "readyz")), st.sampled_from(("200", "503"))), numbers
    ),
)


def cancel_counts(names: Sequence[str]) -> st.SearchStrategy[CancelCounts]:
    """Of any of the clusters, and of one that is followed no more."""
    running = st.builds(RunningCancel, namespace=texts, id=ids, since=times, stage=words((*STAGES, "verify", "")))
    cancels = st.builds(
        ClusterCancels,
        results=st.dictionaries(words([outcome.value for outcome in Outcome]), numbers, max_size=4),
        deleted=st.dictionaries(words(SEARCH_ROLES), numbers),
        durations=_tallies(len(CANCEL_DURATION_BOUNDS) + 1),
        running=st.lists(running, max_size=2, unique_by=lambda one: (one.namespace, one.id)).map(tuple),
    )
    return st.builds(
        CancelCounts,
        clusters=st.dictionaries(st.sampled_from((*names, FOREIGN)), cancels),
        refused=st.dictionaries(words([refusal.value for refusal in Refusal]), numbers, max_size=4),
        auth_failures=st.dictionaries(words(AUTH_FAILURES), numbers, max_size=4),
        audit_failures=numbers,
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    """One unnamed cluster, or one to three named ones."""
    names = draw(st.one_of(st.just([""]), st.lists(texts, min_size=1, max_size=3, unique=True)))
    return View(
        at=draw(times),
        clusters=tuple(draw(cluster_views(name)) for name in names),
        process=draw(process_views),
        cancels=draw(st.one_of(st.none(), cancel_counts(names))),
        prices=draw(st.dictionaries(st.sampled_from(POOLS), st.tuples(amounts, st.sampled_from(("EUR", "USD"))))),
    )
