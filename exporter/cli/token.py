"""`token`: a new token for the admin port, shown once, and the line that the tokens file needs."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from pathlib import Path

from exporter.cancel.statictokens import new_token

_USAGE, _NOT_WRITTEN = 2, 1


def command(arguments: Namespace) -> int:
    try:
        token, line = new_token(arguments.name)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    if arguments.file is None:
        sys.stderr.write("The token, shown this once; the line after it goes into admin.tokens_file:\n")
        sys.stdout.write(f"{token}\n{line}\n")
        return 0
    try:
        _append(arguments.file, line)
    except OSError as error:
        sys.stderr.write(f"{arguments.file}: {error.strerror or error}\n")
        return _NOT_WRITTEN
    sys.stderr.write(f"Its digest was added to {arguments.file}. The token, shown this once:\n")
    sys.stdout.write(f"{token}\n")
    return 0


def _append(path: Path, line: str) -> None:
    """Add a line to a file that only its owner may read; to no link, and to nothing that is not a file."""
    number = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "r+b", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError("is not a regular file")
        size = os.fstat(number).st_size
        torn = size > 0 and os.pread(number, 1, size - 1) != b"\n"
        file.write((b"\n" if torn else b"") + f"{line}\n".encode())
        os.fsync(number)
