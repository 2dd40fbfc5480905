"""From file, environment and flags to one configuration, or to every problem in them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.config.checks import Fault, contradictions, unreadable
from exporter.config.document import Document, read_document
from exporter.config.environment import FILE_VARIABLE, Assignment, from_environment, from_flags
from exporter.config.model import Config
from exporter.config.problems import ConfigError, Path, Problem, dotted
from exporter.config.shapes import at, leaves, section_of

_SENTENCES = {
    "missing": "is required",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping",
}


def load(path: FilePath | None, environ: Mapping[str, str], overrides: Mapping[str, object]) -> Config:
    """The file, overridden by the environment, overridden by the flags.

    Without `path`, ELASTICBLAST_EXPORTER_CONFIG names the file. Raises ConfigError.
    """
    if path is None and environ.get(FILE_VARIABLE):
        path = FilePath(environ[FILE_VARIABLE])
    document = read_document(path) if path is not None else Document()
    problems = document.problems
    said = [*from_environment(Config, environ), *from_flags(Config, overrides)]
    problems += [one for one in said if isinstance(one, Problem)]
    for one in said:
        if not isinstance(one, Assignment):
            continue
        if _leaves_hole(document.tree, one.path):
            problems.append(Problem(key=dotted(one.path), source=one.source, sentence="skips a position of its list"))
        else:
            _assign(document, one)
    config, wrong = _validate(document)
    problems += wrong
    if problems or config is None:
        raise ConfigError(tuple(problems))
    return config


def _leaves_hole(tree: dict[str, Any], path: Path) -> bool:
    here: Any = tree
    for step in path:
        if isinstance(step, str):
            here = here.get(step) if isinstance(here, dict) else None
            continue
        length = len(here) if isinstance(here, list) else 0
        if step > length:
            return True
        here = here[step] if step < length else None
    return False


def _assign(document: Document, one: Assignment) -> None:
    """Puts the value into the tree and makes what is missing around it."""
    here: Any = document.tree
    for i, step in enumerate(one.path):
        if isinstance(here, list) and step == len(here):
            here.append(None)
        elif not isinstance(here, list if isinstance(step, int) else dict):
            return  # what stands here has the wrong form, which is reported for itself
        if i == len(one.path) - 1:
            here[step] = one.value
        elif (here[step] if isinstance(step, int) else here.get(step)) is None:
            here[step] = [] if isinstance(one.path[i + 1], int) else {}
            document.sources.setdefault(one.path[: i + 1], one.source)
        here = here[step]
    for path in [p for p in document.sources if p[: len(one.path)] == one.path]:
        del document.sources[path]
    document.sources[one.path] = one.source


def _validate(document: Document) -> tuple[Config | None, list[Problem]]:
    try:
        config = Config.model_validate(document.tree)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    else:
        return config, _problems(document, [*contradictions(config), *unreadable(config)])
    wrong = [_problem(document, one) for one in details]
    bad = {_nearest_key(document.tree, _path(one)) for one in details}
    for path in sorted(bad, key=len, reverse=True):
        _remove(document.tree, path)
    try:
        rest = Config.model_validate(document.tree)
    except ValidationError:
        return None, wrong
    faults = [*contradictions(rest), *unreadable(rest)]
    return None, wrong + _problems(document, [fault for fault in faults if not fault.touches(bad)])


def _problems(document: Document, faults: Iterable[Fault]) -> list[Problem]:
    return [
        Problem(key=dotted(fault.path), source=_source(document, fault.path), sentence=fault.sentence)
        for fault in faults
    ]


def _problem(document: Document, error: ErrorDetails) -> Problem:
    path = _path(error)
    return Problem(key=dotted(path), source=_source(document, path), sentence=_sentence(error, path))


def _sentence(error: ErrorDetails, path: Path) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "value_error":
        return str(error["ctx"]["error"])  # raised by this package: the sentence repeats no input
    if kind == "literal_error":
        return f"must be {error['ctx']['expected']}"
    return _SENTENCES.get(kind, f"is not valid: {kind.replace('_', ' ')}")


def _unknown(path: Path) -> str:
    section = section_of(at(Config, path[:-1])) if path[:-1] else Config
    names = list(section.model_fields) if section else []
    close = difflib.get_close_matches(str(path[-1]), names, n=1)
    elsewhere = [dotted(leaf) for leaf, _ in leaves(Config) if leaf[-1] == path[-1]]
    if close:
        return f"is not a known key; did you mean {dotted((*path[:-1], close[0]))}?"
    return "is not a known key" + (f"; did you mean {elsewhere[0]}?" if len(elsewhere) == 1 else "")


def _path(error: ErrorDetails) -> Path:
    return cast(Path, tuple(step for step in error["loc"] if step != "[key]"))


def _source(document: Document, path: Path) -> str:
    """Who said the value, or the nearest thing around it."""
    return next((document.sources[path[:n]] for n in range(len(path), 0, -1) if path[:n] in document.sources), "")


def _nearest_key(tree: dict[str, Any], path: Path) -> Path:
    """The longest part of `path` that is in the tree and ends with the name of a key."""
    here: Any = tree
    nearest = path[:1]
    for i, step in enumerate(path):
        if isinstance(here, dict) and step in here:
            nearest = path[: i + 1]
        elif not (isinstance(here, list) and isinstance(step, int) and step < len(here)):
            break
        here = here[step]
    return nearest


def _remove(tree: dict[str, Any], path: Path) -> None:
    here: Any = tree
    for step in path[:-1]:
        here = here[step]
    here.pop(path[-1], None)
