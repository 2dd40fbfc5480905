"""What to do next about one search."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from exporter.domain import remedies
from exporter.domain.phase import Phase, Reason
from exporter.domain.remedies import Remedy
from exporter.domain.snapshots import Obituary, SearchView
from exporter.domain.text import clean

Kind = Literal["phase", "reason", "failure", "block", "flag"]
_TABLES: Mapping[Kind, Mapping[str, Remedy]] = {
    "phase": remedies.PHASES,
    "reason": remedies.REASONS,
    "failure": remedies.FAILURES,
    "block": remedies.BLOCKS,
    "flag": remedies.FLAGS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What one word about a search asks for. The commands can be pasted into a shell; capitals are to be replaced."""

    kind: Kind
    word: str
    text: str
    commands: tuple[str, ...] = ()


_POINTING = (Reason.IDLE, Reason.UNSCHEDULABLE)


def advise(search: SearchView) -> tuple[Advice, ...]:
    """The advice for a search: its reason (or phase) first, then failures and blocks, most frequent first, then flags.

    A word that has no entry is passed over; a command is left out when a fact that it needs is not known.
    """
    return tuple(_all(search))


def first_step(search: SearchView) -> Advice | None:
    """The first advice that asks for anything; rather what blocks it than a reason that only points there."""
    asking = (one for one in _all(search) if not one.text.startswith(remedies.NOTHING_TO_DO))
    first = next(asking, None)
    return next(asking, first) if search.reason in _POINTING else first


def _all(search: SearchView) -> Iterator[Advice]:
    found = (_advice(kind, word, search) for kind, word in _words(search))
    return (one for one in found if one is not None)


def _words(search: SearchView) -> Iterator[tuple[Kind, str]]:
    phase = search.phase or Phase.UNKNOWN
    if search.reason is Reason.NONE:
        yield "phase", phase
    else:
        yield "reason", search.reason
    if phase is not Phase.SUCCEEDED:
        yield from (("failure", word) for word in _most_first(search.attempts))
        yield from (("block", word) for word in _most_first(search.blocked))
    yield from (("flag", flag) for flag, raised in sorted(search.flags.items()) if raised)


def _most_first(counts: Mapping[str, int]) -> list[str]:
    return sorted((word for word, n in counts.items() if n), key=lambda word: (-counts[word], word))


def _advice(kind: Kind, word: str, search: SearchView) -> Advice | None:
    remedy = _TABLES[kind].get(word)
    if remedy is None:
        return None
    facts = _facts(search, word if kind == "failure" else "")
    text = remedy.text.format_map({"batch": "NNN", **facts})
    commands = tuple(filled for command in remedy.commands if (filled := _filled(command, facts)))
    return Advice(kind=kind, word=word, text=text, commands=commands)


def _facts(search: SearchView, reason: str) -> dict[str, str]:
    """What may stand in a command, safe in a shell; of the newest failure with this reason, else of the newest."""
    facts = {"namespace": search.namespace, "id": search.id}
    fitting = [one for one in search.failures if one.reason == reason] or list(search.failures)
    if fitting:
        facts |= _facts_of(fitting[-1])
    return {name: shlex.quote(clean(value)) for name, value in facts.items() if value}


def _facts_of(failure: Obituary) -> dict[str, str]:
    batch = "" if failure.batch is None else f"{failure.batch:03d}"
    return {"job": failure.job, "batch": batch, "node": failure.node}


def _filled(command: str, facts: Mapping[str, str]) -> str:
    try:
        return command.format_map(facts)
    except KeyError:
        return ""
