"""Freezing the ledger: from tallies to the immutable values that a page is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from exporter.domain.jobs import JobState
from exporter.domain.ledger import Ledger
from exporter.domain.phase import Phase
from exporter.domain.progress import remaining
from exporter.domain.search import Key, Search
from exporter.domain.snapshots import BatchSnapshot, CoreSnapshot, SearchView


def freeze_batch(
    ledger: Ledger,
    now: float,
    *,
    namespaces: Sequence[str],
    shown_before: frozenset[Key],
    pods_known: bool,
    nodes_known: bool,
    stored: Mapping[str, int],
) -> BatchSnapshot:
    """The batch boundary as it may be shown: only of `namespaces`, whose Jobs are known well enough."""
    known = [s for s in ledger.jobs.searches.values() if s.namespace in namespaces and s.memory.phase is not None]
    candidates = [s for s in known if _may_show(s, now, ledger)]
    shown = sorted(candidates, key=lambda s: (*_rank(s, shown_before), s.key))[: ledger.limits.searches_shown]
    live = Counter((s.namespace, s.memory.phase.value) for s in known if s.memory.phase and not s.memory.phase.terminal)
    ordinals = ledger.nodes.ordinals() if nodes_known else None
    blockers = _setup_owners(ledger)
    return BatchSnapshot(
        namespaces=tuple(namespaces),
        searches=tuple(
            _view(ledger, s, now, pods_known=pods_known, ordinals=ordinals, blockers=blockers)
            for s in sorted(shown, key=lambda s: s.key)
        ),
        hidden=len(candidates) - len(shown),
        live_phases=dict(live),
        jobs={key: n for key, n in ledger.jobs.live.items() if key[0] in namespaces},
        unattributed={key: n for key, n in ledger.jobs.unattributed().items() if key[0] in namespaces},
        stored={ns: n for ns, n in stored.items() if ns in namespaces},
        warmup=_warmup(ledger, namespaces, nodes_known=nodes_known),
    )


def freeze_core(
    ledger: Ledger, now: float, *, pod_namespaces: Sequence[str], claim_namespaces: Sequence[str], nodes_known: bool
) -> CoreSnapshot:
    """The core boundary as it may be shown: pods and claims of the namespaces given, nodes if they are known."""
    pods = ledger.pods
    any_pods = bool(pod_namespaces)
    oldest = {group: min(ages.values()) for group, ages in pods.pending.items() if ages and group[0] in pod_namespaces}
    claims = {(c.namespace, c.name): c.phase for c in ledger.claims.values() if c.namespace in claim_namespaces}
    return CoreSnapshot(
        pod_namespaces=tuple(pod_namespaces),
        pods={key: n for key, n in pods.states.items() if key[0] in pod_namespaces} if any_pods else None,
        blocked={key: n for key, n in pods.blocked.items() if key[0] in pod_namespaces} if any_pods else None,
        oldest_pending=oldest if any_pods else None,
        run_slots={ns: n for ns, n in pods.run_slots().items() if ns in pod_namespaces} if any_pods else None,
        orphans=pods.orphans(now) if any_pods else None,
        pools=ledger.nodes.pools(with_pods=any_pods) if nodes_known else None,
        claims=claims if claim_namespaces else None,
    )


def _may_show(search: Search, now: float, ledger: Ledger) -> bool:
    phase = search.memory.phase
    return phase is not None and (not phase.terminal or now - search.phase_since <= ledger.rules.shown_for)


def _rank(search: Search, shown_before: frozenset[Key]) -> tuple[bool, bool, float]:
    """Live ones first, then those already shown (a series that comes and goes helps nobody), then the newest."""
    phase = search.memory.phase
    return (phase is None or phase.terminal, search.key not in shown_before, -search.created)


def _view(
    ledger: Ledger,
    search: Search,
    now: float,
    *,
    pods_known: bool,
    ordinals: set[int] | None,
    blockers: Mapping[str, Counter[Key | None]],
) -> SearchView:
    phase = search.memory.phase or Phase.UNKNOWN
    return SearchView(
        namespace=search.namespace,
        id=search.id,
        phase=phase,
        reason=search.memory.reason,
        phase_since=search.phase_since,
        created=search.created,
        last_progress=search.last_progress or search.created,
        terminal=phase.terminal,
        jobs=search.five_states(),
        roles={(role, state.value): n for (role, state), n in search.live.items() if n},
        attempts=dict(search.attempts),
        blocked=dict(search.blocked) if pods_known else {},
        flags=_flags(ledger, search, now, pods_known=pods_known, ordinals=ordinals, blockers=blockers),
        evidence=search.evidence,
        program=search.program,
        db=search.db,
        mode=search.mode,
        shards=len(search.shards) or (1 if search.highest_batch is not None else None),
        client_version=search.client_version,
        openapi_id=search.openapi_id,
        expected=search.expected(),
        expected_min=search.expected_min(),
        eta=_eta(ledger, search, now),
        node_seconds=dict(search.node_seconds),
        failures=tuple(search.failures),
    )


def _eta(ledger: Ledger, search: Search, now: float) -> float | None:
    """Unix seconds; None unless the search runs, all its batches are known and some batch has told how long it took."""
    expected, typical = search.expected(), ledger.jobs.endings.typical_duration(search)
    if search.memory.phase is not Phase.RUNNING or expected is None or typical is None:
        return None
    states = search.five_states()
    if sum(states.values()) < expected or states["lost"]:
        return None
    left = remaining(typical, [max(now - start, 0.0) for start in search.running.values()], states["pending"])
    return None if left is None else now + left


def _flags(
    ledger: Ledger,
    search: Search,
    now: float,
    *,
    pods_known: bool,
    ordinals: set[int] | None,
    blockers: Mapping[str, Counter[Key | None]],
) -> dict[str, bool]:
    """The abnormal facts; one that cannot be known now is left out."""
    rules, finalizer = ledger.rules, search.fate("finalizer")
    busy = search.live_of("blast") > 0
    quiet = not busy and search.live_of("submit") == 0 and search.live_of("setup") == 0
    since = max(search.last_progress, search.finalizer_created)
    blocking = blockers.get(search.namespace, Counter())
    flags = {
        "finalizer_alone": finalizer == "live" and quiet and now - since >= rules.finalizer_alone_after,
        "finalizer_early": finalizer in ("succeeded", "failed") and busy,
        "history_incomplete": search.history_incomplete(),
        "recreated": search.reopened,
        "foreign_setup": search.live_of("submit") > 0 and sum(blocking.values()) > blocking[search.key],
    }
    if ordinals is not None:
        flags["shard_without_node"] = any(shard not in ordinals for shard in search.pending_shards)
    if pods_known:
        flags["export_stuck"] = any(now - at >= rules.export_stuck_after for at in search.export_waits.values())
    return flags


def _setup_owners(ledger: Ledger) -> dict[str, Counter[Key | None]]:
    """By namespace: how many setup Jobs of which search are live or failed. Each of them holds every submit Job up."""
    owners: dict[str, Counter[Key | None]] = {}
    for entry in ledger.jobs.setups.values():
        if entry.state is not JobState.SUCCEEDED:
            key = entry.search.key if entry.search else None
            owners.setdefault(entry.namespace, Counter())[key] += 1
    return owners


def _warmup(ledger: Ledger, namespaces: Sequence[str], *, nodes_known: bool) -> dict[tuple[str, str], int]:
    """Warm-up Jobs by (db, state). One that succeeded is ready only while its node is the one it ran on."""
    found: Counter[tuple[str, str]] = Counter()
    for uid, warm in ledger.jobs.warm.items():
        if ledger.jobs.entries[uid].namespace not in namespaces:
            continue
        state = "loading"
        if warm.state is JobState.FAILED:
            state = "failed"
        elif warm.state is JobState.SUCCEEDED:
            node = ledger.nodes.by_name(warm.node)
            same = node is not None and warm.ended is not None and node.created < warm.ended
            state = ("ready" if same else "stale") if nodes_known else "unknown"
        found[warm.db or "unknown", state] += 1
    return dict(found)
