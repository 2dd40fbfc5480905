"""An ARM template worked out offline, as far as ours goes: its expressions, its conditions, its copies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/searches"
_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\d+)|([A-Za-z]\w*)|([()\[\],.]))")


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that a deployment would make; `when` is the parameter that decides it, empty if none does."""

    kind: str
    version: str
    name: str
    scope: str
    when: str
    properties: Mapping[str, Any]


@dataclass(kw_only=True)
class Deployment:
    """A template with the values of its parameters. Raises KeyError or ValueError for what ARM would refuse."""

    template: Mapping[str, Any]
    given: Mapping[str, Any]
    place: str = GROUP
    used: set[str] = field(default_factory=set)
    index: int = 0

    def text(self, value: Any) -> Any:
        """The value, with every expression in it worked out."""
        if isinstance(value, Mapping):
            return {name: self.text(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.text(inner) for inner in value]
        if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
            return Expression(value[1:-1], self.functions()).value()
        return value

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "parameters": self._parameter,
            "variables": self._variable,
            "resourceId": lambda kind, *names: f"{self.place}/providers/{_joined(kind, names)}",
            "subscriptionResourceId": lambda kind, *names: f"{SUBSCRIPTION}/providers/{_joined(kind, names)}",
            "format": lambda pattern, *parts: pattern.format(*parts),
            "guid": lambda *parts: str(uuid5(NAMESPACE_URL, "|".join(parts))),
            "reference": lambda of, version: {"principalId": f"principal of {of}", "clientId": f"client of {of}"},
            "copyIndex": lambda: self.index,
            "length": len,
            "subscription": lambda: {"id": SUBSCRIPTION, "subscriptionId": SUBSCRIPTION.rpartition("/")[2]},
            "resourceGroup": lambda: {"location": "westeurope"},
        }

    def resources(self) -> Iterator[Made]:
        """Everything that is made, those of nested deployments in place of these."""
        for resource in self.template["resources"]:
            for number in range(self.text(resource["copy"]["count"]) if "copy" in resource else 1):
                self.index = number
                yield from self._made(resource)

    def _made(self, resource: Mapping[str, Any]) -> Iterator[Made]:
        condition = resource.get("condition", True)
        if not self.text(condition):
            return
        when = str(condition).removeprefix("[parameters('").removesuffix("')]") if condition is not True else ""
        properties = resource.get("properties", {})
        nested = resource["type"] == "Microsoft.Resources/deployments"
        shown = {name: value for name, value in properties.items() if not nested or name != "template"}
        worked = self.text(
            {key: resource[key] for key in ("name", "location", "subscriptionId", "dependsOn") if key in resource}
        )
        values = self.text(shown)
        if not nested:
            scope = self.text(resource.get("scope", self.place))
            yield Made(resource["type"], resource["apiVersion"], worked["name"], scope, when, values)
            return
        given = {name: one["value"] for name, one in values["parameters"].items()}
        inner = Deployment(template=properties["template"], given=given, place=SUBSCRIPTION)
        for one in inner.resources():
            yield Made(one.kind, one.version, one.name, one.scope, when, one.properties)

    def _parameter(self, name: str) -> Any:
        self.used.add(f"parameter {name}")
        declared = self.template["parameters"][name]
        return self.given[name] if name in self.given else self.text(declared["defaultValue"])

    def _variable(self, name: str) -> Any:
        self.used.add(f"variable {name}")
        return self.text(self.template["variables"][name])


class Expression:
    """One expression: calls, texts, numbers, `.name` and `[index]`."""

    def __init__(self, text: str, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._tokens = list(_tokens(text))
        self._functions = functions

    def value(self) -> Any:
        found = self._one()
        if self._tokens:
            raise ValueError(f"unexpected {self._tokens[0]}")
        return found

    def _one(self) -> Any:
        kind, text = self._tokens.pop(0)
        if kind == "text":
            return text
        if kind == "number":
            return int(text)
        if kind != "name":
            raise ValueError(f"unexpected {text}")
        found = self._functions[text](*self._arguments())
        while self._next() in (".", "["):
            if self._tokens.pop(0)[1] == ".":
                found = found[self._tokens.pop(0)[1]]
            else:
                found = found[self._one()]
                self._take("]")
        return found

    def _arguments(self) -> list[Any]:
        self._take("(")
        found: list[Any] = []
        while self._next() != ")":
            if found:
                self._take(",")
            found.append(self._one())
        self._take(")")
        return found

    def _next(self) -> str:
        kind, text = self._tokens[0] if self._tokens else ("end", "")
        return text if kind == "sign" else ""

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise ValueError(f"{sign} is missing")
        self._tokens.pop(0)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not an expression: {text}")
        at = found.end()
        for kind, part in zip(("text", "number", "name", "sign"), found.groups(), strict=True):
            if part is not None:
                yield kind, part


def _joined(kind: str, names: tuple[str, ...]) -> str:
    """The type and the names by turns, as an ARM id has them."""
    provider, *types = kind.split("/")
    return "/".join([provider, *(part for pair in zip(types, names, strict=True) for part in pair)])
