"""What an alert does over time, as small values; unit.py makes promtool's files of them.

Time is in minutes. A trouble begins at minute BEGIN. Label sets are texts as in PromQL, without braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deploy.rules.azure import seconds
from deploy.rules.source import defaults, groups

BEGIN = 5
LONG = 6 * 60
RULES = {rule["alert"]: rule for group in groups(defaults()) for rule in group["rules"] if "alert" in rule}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One life: at each minute of `fires` exactly one alert with these labels and this value, at `silent` none."""

    alert: str
    claim: str
    series: Mapping[str, str]
    labels: str = ""
    value: str = ""
    fires: Sequence[int] = ()
    silent: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An alert on a state: `signal` is `bad` while it lasts and `good` else; `value` is what the text calls it.

    `words`: that of the signal, and the others for which the alert speaks just so.
    """

    alert: str
    signal: str
    labels: str
    value: str = ""
    good: str = "0"
    bad: str = "1"
    background: Mapping[str, str] = field(default_factory=dict)
    hushed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: Sequence[str] = ()

    def cases(self) -> Iterator[Case]:
        """It speaks when `for` is over and stops when the state ends or its series go, or goes on over a gap where it
        keeps firing; a blip, what is gone before, and every one of `hushed` (series by claim) is silent."""
        last, keep = minutes(self.alert, "for"), minutes(self.alert, "keep_firing_for")
        on, off = BEGIN + last, BEGIN + last + 10
        life = f"{self.good}x{BEGIN - 1} {self.bad}x{last + 9} "
        after = [off + keep + 1, off + keep + 30]
        yield self._case("fires after its time and resolves", f"{life} {self.good}x{keep + 60}", [on, off - 1],
                         [BEGIN - 1, *([on - 1] if last else []), *after])  # fmt: skip
        yield self._case("resolves when its series are gone", f"{life} stale", [on], after)
        yield from others(self._case("fires", life, [on], [BEGIN - 1]), self.words)
        if keep:
            life = f"{self.good}x{BEGIN - 1} {self.bad}x{last + 9} stale _x2 {self.bad}x60"
            yield self._case(
                "fires on while the exporter is replaced", life, [on, off - 1, off, off + 1, off + 9], [on - 1]
            )
        if last:
            blip = f"{self.good}x{BEGIN - 1} {self.bad} {self.good}x{last + 60}"
            yield self._case("is silent on a blip", blip, [], [BEGIN, BEGIN + 1, on, on + 5])
            short = f"{self.good}x{BEGIN - 1} {self.bad}x{last - 2 if last > 2 else 0} stale"
            yield self._case("is silent on what is gone before its time", short, [], [on - 1, on, on + 5])
        for claim, series in self.hushed.items():
            lasting = {self.signal: f"{self.bad}x{last + LONG}", **self.background, **series}
            yield Case(alert=self.alert, claim=claim, series=lasting, silent=[1, last, last + 30])

    def _case(self, claim: str, signal: str, fires: list[int], silent: list[int]) -> Case:
        return Case(alert=self.alert, claim=claim, series={self.signal: signal, **self.background}, labels=self.labels,
                    value=self.value, fires=fires, silent=silent)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An alert on a counter that rises by `rise` within its window of `window` minutes. `words` as in State."""

    alert: str
    counter: str
    labels: str
    value: str = ""
    rise: int = 2
    window: int = 30
    background: Mapping[str, str] = field(default_factory=dict)
    hushed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: Sequence[str] = ()

    def cases(self) -> Iterator[Case]:
        """It speaks once the counter has risen and stops when that is out of the window; a counter that begins above 0,
        one that falls back to 0, and every one of `hushed` is silent."""
        last = minutes(self.alert, "for")
        on, off = BEGIN + last, BEGIN + self.window + 1
        risen = f"0x{BEGIN - 1} {self.rise}x120"
        before = [BEGIN - 1, *([on - 1] if last else [])]
        yield self._case("fires when it rises and resolves", risen, [on], [*before, off, off + 30])
        yield from others(self._case("fires", risen, [on], [BEGIN - 1]), self.words)
        yield self._case("is silent on a counter that is born", f"_x{BEGIN} {self.rise}x120", [], [on, on + 1, off])
        yield self._case("is silent on a restart", f"{self.rise}x{BEGIN - 1} 0x120", [], [on, on + 1, off])
        for claim, series in self.hushed.items():
            yield Case(alert=self.alert, claim=claim, series={self.counter: risen, **self.background, **series},
                       silent=[on, on + 1, off])  # fmt: skip

    def _case(self, claim: str, counter: str, fires: list[int], silent: list[int]) -> Case:
        return Case(alert=self.alert, claim=claim, series={self.counter: counter, **self.background},
                    labels=self.labels, value=self.value, fires=fires, silent=silent)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a recording rule (or any query) gives at one minute: value by label set."""

    query: str
    claim: str
    series: Mapping[str, str]
    at: int
    gives: Mapping[str, float]


def others(case: Case, words: Sequence[str]) -> Iterator[Case]:
    """The same case for each word after the first, which it names."""
    for word in words[1:]:
        old, new = f'"{words[0]}"', f'"{word}"'
        series = {name.replace(old, new): values for name, values in case.series.items()}
        labels = case.labels.replace(old, new)
        yield replace(case, claim=f"{case.claim} for {word}", series=series, labels=labels)


def minutes(alert: str, what: str) -> int:
    """`for` or `keep_firing_for` of an alert, in minutes."""
    return seconds(RULES[alert].get(what, "0m")) // 60


def expected(case: Case) -> dict[str, dict[str, str]]:
    """The labels and annotations of the alert that a case expects: the rule's texts with its labels and its value."""
    rule = RULES[case.alert]
    labels = dict(re.findall(r'(\w+)="([^"]*)"', case.labels))

    def filled(text: str) -> str:
        text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels.get(found[1], ""), text)
        text = re.sub(r"\{\{ or \$labels\.(\w+) \"(.+?)\" \}\}", lambda found: labels.get(found[1], found[2]), text)
        return re.sub(r"\{\{ \$value \| \w+ \}\}", case.value, text)

    notes = {name: filled(text) for name, text in rule["annotations"].items()}
    return {"exp_labels": {**labels, **rule["labels"]}, "exp_annotations": notes}
