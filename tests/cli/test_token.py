"""`token`: shown once, kept as a digest."""

from __future__ import annotations

import stat
from hashlib import sha256
from pathlib import Path

from exporter.cancel.statictokens import TokenFile
from tests.cli.command import run


def test_a_token_is_printed_once_with_the_line_for_the_file(tmp_path: Path) -> None:
    ran = run("token", "alice")
    token, line = ran.out.splitlines()
    assert ran.code == 0
    assert line == f"alice:sha256:{sha256(token.encode()).hexdigest()}"
    assert token not in ran.err
    assert run("token", "alice").out.splitlines()[0] != token
    (tmp_path / "tokens").write_text(f"{line}\n")
    assert TokenFile(tmp_path / "tokens").caller(token) == "alice"


def test_a_file_gets_the_digest_and_never_the_token(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    first = run("token", "alice", "--file", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text(file.read_text().rstrip("\n"))  # somebody's editor
    second = run("token", "bob", "--file", str(file))
    tokens = [one.out.strip() for one in (first, second)]
    known = TokenFile(file)
    assert [known.caller(token) for token in tokens] == ["alice", "bob"]
    assert not [token for token in tokens if token in file.read_text()]


def test_a_token_for_nobody_is_2_and_a_file_that_cannot_be_written_is_1(tmp_path: Path) -> None:
    for name in ("", "a b", "a:b", "x" * 64, "-"):
        assert run("token", "--", name).code == 2, name
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for target in (str(tmp_path), str(link), str(tmp_path / "no" / "where"), "/dev/full"):
        ran = run("token", "alice", "--file", target)
        assert (ran.code, ran.out) == (1, ""), target
