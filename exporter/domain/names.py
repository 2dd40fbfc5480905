"""What the names of ElasticBLAST's objects say."""

from __future__ import annotations

import re
from functools import lru_cache

from exporter.domain.text import clean
from exporter.domain.words import PROGRAMS

_BATCH = re.compile(r".+-batch-.+-job-([0-9]{3,9})(?:-.{8})?", re.ASCII)
_OPENAPI_ID = re.compile(r"[0-9a-f]{12}")
_SHARD = re.compile(r"(.+)_shard_[0-9]+", re.ASCII)
_PARTITION = re.compile(r"part[0-9]+", re.ASCII)
_HOLE = "\0"  # in no name
SHORT_LENGTH = 8


def batch_number(name: str) -> int | None:
    """Return NNN of `<program>-batch-<db>-job-NNN-<short id>`, also without the short id; None for other names."""
    found = _BATCH.fullmatch(name)
    return _number(found[1]) if found else None


@lru_cache(maxsize=4096)
def _number(digits: str) -> int:
    """Of equal ones, one object: batches of several searches are numbered alike."""
    return int(digits)


def mould_of(name: str, number: int | None) -> str:
    """Return `name` without its batch number, which is one text for all batches of a search; `cast` undoes it."""
    before, found, after = name.rpartition(f"-job-{number:03}" if number is not None else _HOLE)
    return f"{before}-job-{_HOLE}{after}" if found and number is not None else name


def cast(mould: str, number: int | None) -> str:
    """Return the name that `mould_of` was given."""
    return mould if number is None else mould.replace(_HOLE, f"{number:03}")


def program_of(name: str, env_program: str = "") -> str:
    """Return the BLAST program, from the environment or else the Job name: one of PROGRAMS, or empty text."""
    program = env_program or (name.partition("-batch-")[0] if "-batch-" in name else "")
    if not program:
        return ""
    return program if program in PROGRAMS else "other"


def db_name(raw: str) -> str:
    """Return the database without path, partition folder, query string and shard suffix."""
    base = raw.partition("?")[0].rstrip("/").rpartition("/")[2]
    shard = _SHARD.fullmatch(base)
    return clean(shard[1] if shard else base)


def is_partition(label: str) -> bool:
    """Say whether a `db` label names a partition (`part00`) and not a database."""
    return _PARTITION.fullmatch(label) is not None


def short_id(search: str) -> str:
    """Return the part of a search id that ends the names of its Jobs."""
    return search[-SHORT_LENGTH:]


def openapi_id(results_path: str) -> str:
    """Return the OpenAPI service's id, the path segment of 12 hexadecimal digits; empty without one."""
    return next((part for part in results_path.split("/") if _OPENAPI_ID.fullmatch(part)), "")
