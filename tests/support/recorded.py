"""Answers of a real kube-apiserver with its controllers and scheduler (a played kubelet), as they came."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "data" / "recorded"

Body = dict[str, Any]


def page(resource: str) -> bytes:
    """The body of a LIST."""
    return (FOLDER / f"{resource}.json").read_bytes()


def watch_lines(resource: str) -> list[bytes]:
    """The lines of a watch on `jobs` or `pods`."""
    return (FOLDER / f"{resource}_watch.jsonl").read_bytes().splitlines()


def body(resource: str) -> Body:
    """The same LIST as a value of its own."""
    parsed: Body = json.loads(page(resource))
    return parsed


def with_items(resource: str, items: list[Body]) -> bytes:
    """The LIST with other items."""
    return json.dumps({**body(resource), "items": items}).encode()


def item(resource: str, name: str) -> Body:
    """The first item whose name contains `name`."""
    return copy.deepcopy(next(each for each in body(resource)["items"] if name in each["metadata"]["name"]))
