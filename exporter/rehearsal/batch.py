"""The batch boundary of a rehearsal: Jobs are made, read back, listed by label, and deleted with their pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from exporter.adapters.transport import Transport
from exporter.rehearsal.rest import Metadata, Stored, listed, remove, sent, stored

State = Literal["live", "succeeded", "failed"]
_ENDS: Mapping[str, State] = {"Complete": "succeeded", "Failed": "failed"}


class _Condition(msgspec.Struct, frozen=True):
    type: str
    status: str


class _Status(msgspec.Struct, frozen=True):
    conditions: list[_Condition] = []


class _Job(msgspec.Struct, frozen=True):
    metadata: Metadata
    status: _Status = _Status()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One Job, and whether it has ended: conditions count by type and status, never by position."""

    stored: Stored
    state: State


class Batch:
    """The Jobs of one namespace. Every method raises Failed."""

    def __init__(self, transport: Transport, namespace: str) -> None:
        self._transport = transport
        self._jobs = f"/apis/batch/v1/namespaces/{quote(namespace, safe='')}/jobs"

    def create(self, manifest: Mapping[str, Any]) -> Stored:
        return sent(self._transport, "POST", self._jobs, manifest)

    def jobs(self, selector: str) -> list[Job]:
        return [_job(one) for one in listed(self._transport, self._jobs, selector, _Job)]

    def delete(self, name: str, uid: str) -> None:
        """This very Job, its pods first."""
        remove(self._transport, self._path(name), uid)

    def _path(self, name: str) -> str:
        return f"{self._jobs}/{quote(name, safe='')}"


def _job(found: _Job) -> Job:
    ends = [_ENDS[one.type] for one in found.status.conditions if one.type in _ENDS and one.status == "True"]
    return Job(stored=stored(found.metadata), state=ends[0] if ends else "live")
