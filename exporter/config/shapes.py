"""Questions about the model: what stands at a path, and which paths there are."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from exporter.config.problems import Path
from exporter.config.section import Section

PREFIX = "ELASTICBLAST_EXPORTER_"
ANY_NAME = "<pool>"
"""Stands for the key of a mapping that users name themselves."""


def plain(annotation: Any) -> Any:
    """The type without `Annotated` and `| None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return plain(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return plain(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return annotation


def section_of(annotation: Any) -> type[Section] | None:
    """The section that the type is, if it is one."""
    kind = plain(annotation)
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def item_of(annotation: Any) -> Any:
    """The type of the items of a list or of the values of a mapping; None for anything else."""
    kind = plain(annotation)
    origin = get_origin(kind)
    if origin is tuple:
        return get_args(kind)[0]
    return get_args(kind)[1] if origin is Mapping else None


def is_list(annotation: Any) -> bool:
    """Whether the type is a list."""
    return get_origin(plain(annotation)) is tuple


def at(model: type[Section], path: Path) -> Any:
    """The type at `path`, or None if there is no such key."""
    annotation: Any = model
    for step in path:
        section = section_of(annotation)
        if section is not None:
            field = section.model_fields.get(str(step))
            annotation = field.annotation if field else None
        elif is_list(annotation) is isinstance(step, int):
            annotation = item_of(annotation)
        else:
            annotation = None
        if annotation is None:
            return None
    return annotation


def leaves(model: type[Section], prefix: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """Every key that holds a value of its own, in the order of the model; 0 and `<pool>` stand for any item."""
    for name, field in model.model_fields.items():
        path: Path = (*prefix, name)
        inner = section_of(field.annotation)
        if inner is None and (inner := section_of(item_of(field.annotation))):
            path = (*path, 0 if is_list(field.annotation) else ANY_NAME)
        if inner is None:
            yield path, field
        else:
            yield from leaves(inner, path)


def variable(path: Path) -> str:
    """The environment variable of a key."""
    return PREFIX + "__".join(str(step) if step == ANY_NAME else str(step).upper() for step in path)
