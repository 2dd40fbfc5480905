"""Custom resources beyond those that are known, and changes to how known ones are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from exporter.config.section import Section
from exporter.config.texts import VersionText, matching
from exporter.domain.custom.kinds import KINDS
from exporter.domain.custom.objects import Amount, Kind, Path, Rule

StateWord = Literal["pending", "suspended", "running", "succeeded", "failed", "deleting", "unknown"]


def _told(raw: object) -> object:
    """YAML reads an unquoted True as a truth."""
    return str(raw) if isinstance(raw, bool) else raw


ConditionValue = Annotated[Literal["True", "False", "Unknown"], BeforeValidator(_told)]
_WORD = matching(re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}"), "must be 1 to 63 letters and digits")
Group = Annotated[
    str,
    matching(
        re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+"),
        "must be an API group such as example.org",
    ),
]
Plural = Annotated[
    str, matching(re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"), "must be the plural of a resource, in lower case")
]
Version = Annotated[
    str, VersionText, matching(re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"), "must be an API version such as v1beta1")
]
Word = Annotated[str, _WORD]
Text = Annotated[str, matching(re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,62}"), "must be 1 to 63 plain characters")]
AmountName = Annotated[
    str, matching(re.compile(r"[a-z][a-z0-9_]{0,62}"), "must be lower-case letters, digits and underscores")
]
FieldPath = Annotated[
    str,
    matching(
        re.compile(r"(status|spec)(\.([A-Za-z0-9_-]{1,63}|\*)){1,8}"),
        "must be a path such as status.parts.*.active that begins with status or spec",
    ),
]


class CustomState(Section):
    """What gives a state: one of condition, phase and amount."""

    state: StateWord = Field(description="State that an object has when this fits.", examples=["running"])
    condition: Word | None = Field(default=None, description="Type of a status condition.", examples=["Ready"])
    value: ConditionValue = Field(default="True", description="Value that the condition must have.")
    reasons: tuple[Word, ...] = Field(
        default=(), description="Reasons of which the condition must have one. Empty: any reason."
    )
    phase: Text | None = Field(default=None, description="Text at the path phase of the kind.", examples=["Active"])
    amount: AmountName | None = Field(default=None, description="Amount that must be above 0.", examples=["active"])


class CustomAmount(Section):
    """A number in the status that is summed."""

    name: AmountName = Field(description="Value of the label amount.", examples=["active"])
    path: FieldPath = Field(
        description="Where the number is; * stands for every item of a list and every value of a mapping.",
        examples=["status.parts.*.active"],
    )


class CustomReasons(Section):
    """Reasons of a condition that may be told."""

    condition: Word = Field(description="Type of a condition that is counted.", examples=["Ready"])
    words: tuple[Word, ...] = Field(description="Reasons that are values of the label reason.", examples=["[Stopped]"])


class Custom(Section):
    """One kind of custom resource, known by its group and plural."""

    group: Group = Field(description="API group.", examples=["example.org"])
    plural: Plural = Field(description="Plural, as kubectl names the resource.", examples=["things"])
    kind: Word | None = Field(
        default=None, description="Kind; required unless the resource is a known one.", examples=["Thing"]
    )
    read: bool = Field(default=True, description="Whether it is read. Known ones are, unless this says no.")
    scope: Literal["namespaced", "cluster"] = Field(
        default="namespaced", description="Whether its objects live in namespaces."
    )
    version: Version | None = Field(
        default=None, description="Version that is read. Without it, the one that the API prefers.", examples=["v1"]
    )
    phase: FieldPath | None = Field(
        default=None, description="Path of a text that tells the state.", examples=["status.phase"]
    )
    states: tuple[CustomState, ...] = Field(default=())
    conditions: tuple[Word, ...] = Field(default=(), description="Status conditions that are counted.")
    reasons: tuple[CustomReasons, ...] = Field(default=())
    amounts: tuple[CustomAmount, ...] = Field(default=())

    @property
    def known(self) -> Kind | None:
        """The known kind of this group and plural."""
        return next((one for one in KINDS if (one.group, one.plural) == (self.group, self.plural)), None)

    @property
    def told(self) -> bool:
        """Whether it says itself how its objects are judged; a known kind is then judged by this alone."""
        return bool(self.phase or self.states or self.conditions or self.amounts)

    def to_kind(self) -> Kind:
        """As the domain takes it. What is asked for by name is missed where it is not served."""
        known = self.known
        if known is not None and not self.told:
            return replace(known, version=self.version or "", optional=False)
        return Kind(
            group=self.group,
            plural=self.plural,
            kind=self.kind or (known.kind if known else ""),
            namespaced=self.scope == "namespaced",
            version=self.version or "",
            rules=tuple(_rule(state) for state in self.states if state.phase is None),
            phase=_path(self.phase),
            words={state.phase: state.state for state in self.states if state.phase is not None},
            conditions=self.conditions,
            reasons={one.condition: one.words for one in self.reasons},
            amounts={amount.name: Amount(path=_path(amount.path)) for amount in self.amounts},
            optional=False,
        )


def kinds(configured: Iterable[Custom]) -> tuple[Kind, ...]:
    """Every kind that is read: the known ones, and those of the configuration in their place or after them."""
    table = {(kind.group, kind.plural): kind for kind in KINDS}
    for one in configured:
        table.pop((one.group, one.plural), None)
        if one.read:
            table[one.group, one.plural] = one.to_kind()
    return tuple(table.values())


def _rule(state: CustomState) -> Rule:
    if state.amount:
        return Rule(state=state.state, above=state.amount)
    return Rule(state=state.state, condition=state.condition or "", value=state.value, reasons=state.reasons)


def _path(text: str | None) -> Path:
    return tuple(text.split(".")) if text else ()
