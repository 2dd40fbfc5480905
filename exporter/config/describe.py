"""The keys as a table for the docs and as an example file. Both are printed from the model."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from exporter.config.model import Config
from exporter.config.problems import dotted
from exporter.config.quantities import Quantity
from exporter.config.section import Section
from exporter.config.shapes import is_list, item_of, leaves, plain, section_of, variable

_HEAD = """\
# Configuration

One YAML file (`--config`, or `ELASTICBLAST_EXPORTER_CONFIG`), overridden by environment variables, overridden by flags.
Nothing else is read, and it is read again on SIGHUP only (see [reliability.md](reliability.md)).

* A key or a variable that is not in this table is refused. Every problem is reported at once, with the exit code 2.
* A duration is written `30s`, `5m`, `1h30m`, `250ms` or as a number of seconds; a size `32MiB` or as a number of bytes.
* In a variable, a list of words has commas between them (`a,b`) or is JSON; any other list and any mapping is JSON.
* `[0]` stands for any position of a list: `clusters[1].name` is `ELASTICBLAST_EXPORTER_CLUSTERS__1__NAME`.
* The variables that Kubernetes sets for a Service named `elasticblast-exporter` are not ours and are passed over.
"""

_NO_TEXT = ("true", "false", "yes", "no", "on", "off", "null")  # what YAML takes for something else
_EXAMPLE_HEAD = """\
## Example

Every key with its default. Behind a `#` without a blank stands a key that is not set.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key as people read about it."""

    key: str
    environment: str
    type: str
    default: str
    unit: str
    description: str


def describe() -> list[Key]:
    """Every key, in the order of the model."""
    return [
        Key(
            key=dotted(path),
            environment=variable(path),
            type=_type_words(field),
            default=_default(field),
            unit=quantity.unit if (quantity := _quantity(field)) else "",
            description=field.description or "",
        )
        for path, field in leaves(Config)
    ]


def markdown() -> str:
    """The page docs/configuration.md."""
    rows = [
        f"| `{k.key}`<br>`{k.environment}` | {k.type} | {k.default} | {k.unit} | {_cell(k.description)} |"
        for k in describe()
    ]
    table = ["| Key and variable | Value | Default | Unit | Meaning |", "|---|---|---|---|---|", *rows]
    return "\n".join([_HEAD, *table, "", _EXAMPLE_HEAD, "```yaml", f"{example_yaml()}```", ""])


def example_yaml() -> str:
    """A file with every key, its meaning and its default; loading it changes nothing."""
    return "\n".join(_section_lines(Config, "")) + "\n"


def _section_lines(model: type[Section], mark: str) -> Iterator[str]:
    """`mark` is `#` for a section that is not set."""
    for name, field in model.model_fields.items():
        yield from _comment(field)
        inner = section_of(field.annotation) or section_of(item_of(field.annotation))
        if inner is None:
            yield _value_line(name, field, mark)
        elif is_list(field.annotation) and field.default == ():
            yield f"#{name}:" if mark else f"{name}: []"
            yield from _unset_item(_section_lines(inner, "#"))
        elif is_list(field.annotation):
            yield f"{mark}{name}:"
            yield from _indented(_section_lines(inner, mark), first="  - ", rest="    ")
        elif item_of(field.annotation) is not None:
            yield f"{mark}{name}: {{}}"
            yield from _indented(["#default:", *_indented(_section_lines(inner, "#"))])
        else:
            off = mark or ("#" if field.default is None else "")
            lines = list(_section_lines(inner, off))
            unset = all(line.lstrip().startswith("#") for line in lines)
            yield f"{'#' if unset else off}{name}:"
            yield from _indented(lines)


def _comment(field: FieldInfo) -> list[str]:
    if not field.description:
        return []
    facts = f"{field.description} ({_type_words(field).replace('`', '')})"
    return textwrap.wrap(facts, 100, initial_indent="# ", subsequent_indent="# ")


def _indented(lines: Iterable[str], *, first: str = "  ", rest: str = "  ") -> Iterator[str]:
    """To the right by `rest`; `first` leads the first line that is a key."""
    lead = first
    for line in lines:
        if line.lstrip().startswith("#"):
            yield rest + line
        else:
            yield lead + line
            lead = rest


def _unset_item(lines: Iterable[str]) -> Iterator[str]:
    """An item of a list that has none: with the `#` of its keys taken away it is one."""
    first = True
    for line in lines:
        key = line.startswith("#") and not line.startswith("# ")
        yield f"  #- {line[1:]}" if first and key else f"    {line}"
        first &= not key


def _value_line(name: str, field: FieldInfo, mark: str) -> str:
    if field.is_required() or field.default is None:
        shown = field.examples[0] if field.examples else ""
        return f"#{name}: {shown}"
    return f"{mark}{name}: {_shown(field)}"


def _shown(field: FieldInfo) -> str:
    value = field.default
    if quantity := _quantity(field):
        return quantity.show(value)
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value[:1].isalpha() and value.lower() not in _NO_TEXT
    return str(value) if text else f'"{value}"'


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "–" if field.default is None else f"`{_shown(field)}`"


def _type_words(field: FieldInfo) -> str:
    if quantity := _quantity(field):
        return f"{quantity.words}, {quantity.show(quantity.low)} to {quantity.show(quantity.high)}"
    kind = plain(field.annotation)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{word}`" for word in get_args(kind))
    if is_list(kind):
        return "list of text"
    return {bool: "`true` or `false`", FilePath: "file path"}.get(kind, "text")


def _quantity(field: FieldInfo) -> Quantity | None:
    return next((mark for mark in field.metadata if isinstance(mark, Quantity)), None)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
