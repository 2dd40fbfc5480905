"""Custom resources: what is read of one object, the one word for how it is, and what is counted of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CUSTOM_STATES = ("pending", "suspended", "running", "succeeded", "failed", "deleting", "unknown")
"""For what runs to an end, its life. For what stays (a queue, a node pool, a scaler): `running` works, `pending` does
not work at present, `suspended` was stopped on purpose, `failed` says of itself that it failed."""
CONDITION_VALUES = ("True", "False", "Unknown")

Path = tuple[str, ...]
"""Keys from the root of an object to a field; `*` stands for every value of a mapping and every item of a list,
`name=cpu` for the items of a list whose name is cpu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What gives a `state`: a condition of this type and value (and one of the reasons, if any are named), or the text
    `equals` at `path`, or an amount of this name `above` zero."""

    state: str
    condition: str = ""
    value: str = "True"
    reasons: tuple[str, ...] = ()
    path: Path = ()
    equals: str = ""
    above: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number in the object; with `equals`, 1 for each text at the path that is this one. The API leaves zeros out,
    unless `always`: then an object without it does not tell."""

    path: Path
    equals: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of custom resource, known by its group and plural.

    The first of `rules` that fits gives the state, else the word for the text at `phase`; a text without a word is
    `unknown`, an object that says nothing is `pending`. `conditions` are counted by value, and by reason where
    `reasons` lists those that may be told. `version` is empty for the one that the API prefers. `optional`: where it is
    not served there is nothing to say. `selector` is that of its labels; not `paged`: its API knows no limit.
    """

    group: str
    plural: str
    kind: str
    namespaced: bool = True
    version: str = ""
    rules: tuple[Rule, ...] = ()
    phase: Path = ()
    words: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    optional: bool = True
    selector: str = ""
    paged: bool = True

    @property
    def qualified(self) -> str:
        """As kubectl names the resource, such as mpijobs.kubeflow.org."""
        return f"{self.plural}.{self.group}"

    @property
    def texts(self) -> frozenset[Path]:
        """The paths of the texts that decide the state."""
        return frozenset(path for path in (self.phase, *(rule.path for rule in self.rules)) if path)

    @property
    def types(self) -> frozenset[str]:
        """The conditions that are read."""
        return frozenset((*self.conditions, *(rule.condition for rule in self.rules if rule.condition)))


@dataclass(frozen=True, slots=True)
class Condition:
    """The value (True, False or Unknown) and the reason of one condition; when it changed is not read."""

    value: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRecord:
    """One object, reduced to what its kind names. `behind`: its status speaks of an older generation of it."""

    conditions: Mapping[str, Condition] = field(default_factory=dict)
    texts: Mapping[Path, str] = field(default_factory=dict)
    amounts: Mapping[str, float] = field(default_factory=dict)
    behind: bool = False
    deleting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCounts:
    """The objects of one kind in one place: by state (every word), by (condition, value, reason) where not 0, sums of
    the amounts that are known, and how many have a status that is behind."""

    states: Mapping[str, int]
    conditions: Mapping[tuple[str, str, str], int]
    amounts: Mapping[str, float]
    behind: int


def state_of(kind: Kind, record: CustomRecord) -> str:
    """One of CUSTOM_STATES. What is being deleted keeps its word only if it had ended before."""
    state = _told(kind, record)
    return "deleting" if record.deleting and state not in ("succeeded", "failed") else state


def _told(kind: Kind, record: CustomRecord) -> str:
    for rule in kind.rules:
        if _fits(rule, record):
            return rule.state
    phase = record.texts.get(kind.phase, "")
    return kind.words.get(phase, "unknown") if phase else "pending"


def _fits(rule: Rule, record: CustomRecord) -> bool:
    if rule.above:
        return record.amounts.get(rule.above, 0.0) > 0
    if rule.path:
        return record.texts.get(rule.path) == rule.equals
    condition = record.conditions.get(rule.condition)
    if condition is None or condition.value != rule.value:
        return False
    return not rule.reasons or condition.reason in rule.reasons


def count(kind: Kind, records: Iterable[CustomRecord]) -> KindCounts:
    """Count objects of one kind."""
    states: dict[str, int] = dict.fromkeys(CUSTOM_STATES, 0)
    conditions: Counter[tuple[str, str, str]] = Counter()
    sums: dict[str, float] = {}
    behind = objects = 0
    for record in records:
        objects += 1
        states[state_of(kind, record)] += 1
        behind += record.behind
        conditions.update(_conditions(kind, record))
        for name, number in record.amounts.items():
            sums[name] = sums.get(name, 0.0) + number
    for name, amount in kind.amounts.items():
        if not objects or not amount.always:
            sums.setdefault(name, 0.0)
    return KindCounts(states=states, conditions=dict(conditions), amounts=sums, behind=behind)


def _conditions(kind: Kind, record: CustomRecord) -> Iterable[tuple[str, str, str]]:
    """Type, value and reason: `none` where reasons are not told, `other` for one that may not be."""
    for name in kind.conditions:
        condition = record.conditions.get(name)
        if condition is not None:
            known = kind.reasons.get(name, ())
            reason = condition.reason if condition.reason in known else "other"
            yield name, condition.value, reason if known else "none"
