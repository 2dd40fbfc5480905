"""The YAML file: read strictly, with the line of every key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from exporter.config.problems import Path, Problem, dotted

_MOST_BYTES = 1024 * 1024
_ALIAS = "uses an alias; write the value out"


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds. `sources` maps the path of each value to `file:line`."""

    tree: dict[str, Any] = field(default_factory=dict)
    sources: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_document(path: FilePath) -> Document:
    """The file as a tree of plain values; never raises for what is in the file or for its absence."""
    document = Document()
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        return _refused(document, str(path), f"cannot be read: {reason}")
    if len(raw) > _MOST_BYTES:
        return _refused(document, str(path), "is larger than 1 MiB")
    try:
        _fill(document, raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        return _refused(document, str(path), "is not UTF-8")
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        return _refused(document, f"{path}{line}", "is not valid YAML")
    except (yaml.YAMLError, ValueError, RecursionError):
        return _refused(document, str(path), "is not valid YAML")
    return document


def _refused(document: Document, source: str, sentence: str) -> Document:
    document.problems.append(Problem(key="", source=source, sentence=f"the configuration file {sentence}"))
    return document


def _fill(document: Document, text: str, name: str) -> None:
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return
        for path, line, fault in _walk(root, ()):
            source = f"{name}:{line}"
            document.sources[path] = source
            if fault:
                document.problems.append(Problem(key=dotted(path), source=source, sentence=fault))
        if not isinstance(root, yaml.MappingNode):
            _refused(document, f"{name}:{root.start_mark.line + 1}", "must hold a mapping at its top")
        elif not any(problem.sentence == _ALIAS for problem in document.problems):
            document.tree.update(loader.construct_document(root))
    finally:
        loader.dispose()


def _walk(root: yaml.Node, top: Path) -> Iterator[tuple[Path, int, str]]:
    """(path, line, fault or nothing) of each node. An anchor that is used again is refused: no tree grows by itself."""
    seen: set[int] = set()
    waiting = [(root, top, root.start_mark.line + 1)]
    while waiting:
        node, path, line = waiting.pop()
        if id(node) in seen:
            yield path, line, _ALIAS
            continue
        seen.add(id(node))
        yield path, line, ""
        if isinstance(node, yaml.SequenceNode):
            waiting += [(item, (*path, i), item.start_mark.line + 1) for i, item in enumerate(node.value)][::-1]
        elif isinstance(node, yaml.MappingNode):
            yield from _bad_keys(node, path)
            waiting += [(v, (*path, k.value), k.start_mark.line + 1) for k, v in node.value][::-1]


def _bad_keys(node: yaml.MappingNode, path: Path) -> Iterator[tuple[Path, int, str]]:
    """Reports keys that are no text or stand there twice, and takes them out, so that the rest can be judged."""
    kept: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not _is_name(key):
            yield path, line, "has a key that is not text"
        elif key.value in kept:
            yield (*path, key.value), line, "is given twice"
        else:
            kept[key.value] = (key, value)
    node.value = list(kept.values())


def _is_name(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str"
