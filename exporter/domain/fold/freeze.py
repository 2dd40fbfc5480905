"""Freezing the ledger: from tallies to the immutable values that a page is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from exporter.domain.fold.ledger import Ledger
from exporter.domain.fold.search import Key, Search
from exporter.domain.jobs import JobState
from exporter.domain.phase import Phase
from exporter.domain.progress import remaining
from exporter.domain.snapshots import BatchSnapshot, CoreSnapshot, SearchView

_DATABASES = "blast-dbs-pvc"  # how ElasticBLAST's claims begin
_PASSING = frozenset({"cpu", "memory"})  # what blocks a pod only until another one ends


def freeze_batch(
    ledger: Ledger,
    now: float,
    *,
    namespaces: Sequence[str],
    shown_before: frozenset[Key],
    pods_known: Collection[str],
    nodes_known: bool,
    stored: Mapping[str, int],
) -> BatchSnapshot:
    """The batch boundary as it may be shown: only of `namespaces`, whose Jobs are known well enough; `pods_known` are
    those whose pods are."""
    known = [s for s in ledger.jobs.searches.values() if s.namespace in namespaces and s.memory.phase is not None]
    candidates = [s for s in known if _may_show(s, now, ledger)]
    shown = sorted(candidates, key=lambda s: (*_rank(s, shown_before), s.key))[: ledger.limits.searches_shown]
    live = Counter((s.namespace, s.memory.phase.value) for s in known if s.memory.phase and not s.memory.phase.terminal)
    ordinals = ledger.nodes.ordinals() if nodes_known else None
    blockers = _setup_owners(ledger)
    return BatchSnapshot(
        namespaces=tuple(namespaces),
        searches=tuple(
            _view(ledger, s, phase, now, pods_known=s.namespace in pods_known, ordinals=ordinals, blockers=blockers)
            for s in sorted(shown, key=lambda s: s.key)
            if (phase := s.memory.phase) is not None
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
    oldest = {group: min(ages) for group, ages in pods.pending.items() if ages and group[0] in pod_namespaces}
    return CoreSnapshot(
        pod_namespaces=tuple(pod_namespaces),
        pods={key: n for key, n in pods.states.items() if key[0] in pod_namespaces} if any_pods else None,
        blocked={key: n for key, n in pods.blocked.items() if key[0] in pod_namespaces} if any_pods else None,
        oldest_pending=oldest if any_pods else None,
        run_slots={ns: n for ns, n in pods.run_slots().items() if ns in pod_namespaces} if any_pods else None,
        pools=ledger.nodes.pools(with_pods=any_pods) if nodes_known else None,
        claims=_claims(ledger, claim_namespaces) if claim_namespaces else None,
    )


def _claims(ledger: Ledger, namespaces: Sequence[str]) -> dict[tuple[str, str], str]:
    """Claims by (namespace, name): of each namespace the first by name up to the cap, ElasticBLAST's before others."""
    known = (claim for claim in ledger.claims.values() if claim.namespace in namespaces)
    shown: dict[tuple[str, str], str] = {}
    places: Counter[str] = Counter()
    for claim in sorted(known, key=lambda c: (c.namespace, not c.name.startswith(_DATABASES), c.name)):
        places[claim.namespace] += 1
        if places[claim.namespace] <= ledger.limits.claims:
            shown[claim.namespace, claim.name] = claim.phase
    return shown


def _may_show(search: Search, now: float, ledger: Ledger) -> bool:
    phase = search.memory.phase
    return phase is not None and (not phase.terminal or now - search.told_since <= ledger.rules.shown_for)


def _rank(search: Search, shown_before: frozenset[Key]) -> tuple[bool, bool, float]:
    """Live ones first, then those already shown (a series that comes and goes helps nobody), then the newest."""
    phase = search.memory.phase
    return (phase is None or phase.terminal, search.key not in shown_before, -search.created)


def _view(
    ledger: Ledger,
    search: Search,
    phase: Phase,
    now: float,
    *,
    pods_known: bool,
    ordinals: set[int] | None,
    blockers: Mapping[str, Counter[Key | None]],
) -> SearchView:
    blocked = dict(search.blocked) if pods_known else {}
    flags = _flags(ledger, search, now, pods_known=pods_known, ordinals=ordinals, blockers=blockers)
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
        blocked=blocked,
        flags=flags,
        evidence=search.evidence,
        program=search.program,
        db=search.db,
        mode=search.mode,
        shards=len(search.shards) or (1 if search.highest_batch is not None else None),
        client_version=search.client_version,
        openapi_id=search.openapi_id,
        expected=search.expected(),
        expected_min=search.expected_min(),
        eta=None if phase is not Phase.RUNNING or _held_up(search, blocked, flags) else _eta(ledger, search, now),
        failures=tuple(search.failures),
    )


def _held_up(search: Search, blocked: Mapping[str, int], flags: Mapping[str, bool]) -> bool:
    """Whether some batch waits for more than a free place, so that nobody can say when it will run."""
    suspended = search.live["blast", JobState.SUSPENDED] > 0
    return suspended or flags.get("shard_without_node", False) or bool(set(blocked) - _PASSING)


def _eta(ledger: Ledger, search: Search, now: float) -> float | None:
    """Unix seconds; None unless all batches are known and some batch has told how long it took."""
    expected, typical = search.expected(), ledger.jobs.endings.typical_duration(search)
    states = search.five_states()
    if expected is None or typical is None or sum(states.values()) < expected or states["lost"]:
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
    if search.cancel_requested:
        flags["zombie"] = bool(search.strays)
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
            owners.setdefault(entry.kind.namespace, Counter())[key] += 1
    return owners


def _warmup(ledger: Ledger, namespaces: Sequence[str], *, nodes_known: bool) -> dict[tuple[str, str], int]:
    """Warm-up Jobs by (db, state). One that succeeded is ready only while its node is the one it ran on."""
    _place_warm_dbs(ledger)
    found: Counter[tuple[str, str]] = Counter()
    for uid, warm in ledger.jobs.warm.items():
        if ledger.jobs.entries[uid].kind.namespace not in namespaces:
            continue
        state = "loading"
        if warm.state is JobState.FAILED:
            state = "failed"
        elif warm.state is JobState.SUCCEEDED:
            node = ledger.nodes.by_name(warm.node)
            same = node is not None and warm.ended is not None and node.created < warm.ended
            state = ("ready" if same else "stale") if nodes_known else "unknown"
        db = warm.db or "unknown"
        found[db if db in ledger.warm_dbs else "other", state] += 1
    return dict(found)


def _place_warm_dbs(ledger: Ledger) -> None:
    """Decide which dbs have series of their own: up to the cap, each until it is gone; newcomers by name."""
    present = frozenset(warm.db or "unknown" for warm in ledger.jobs.warm.values())
    kept = ledger.warm_dbs & present
    kept |= frozenset(sorted(present - kept)[: max(ledger.limits.db_pairs - len(kept), 0)])
    over = present - kept
    for _ in over - ledger.warm_dbs_over:
        ledger.counts.replaced("db")
    ledger.warm_dbs, ledger.warm_dbs_over = kept, over
