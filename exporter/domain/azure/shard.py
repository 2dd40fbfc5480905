"""Which replica follows which cluster: rendezvous hashing, so that few clusters move when the replicas change."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Shard:
    """One replica of several, counted from 0."""

    index: int
    replicas: int

    def owns(self, name: str) -> bool:
        return owner(name, self.replicas) == self.index


def owner(name: str, replicas: int) -> int:
    """Return the replica, 0 to `replicas` - 1, that follows the cluster: the same one in every process.

    With one replica more only clusters that go to it move, on average one in `replicas` + 1.
    """
    if replicas < 1:
        raise ValueError("there is no replica")
    return max(range(replicas), key=lambda replica: _weight(name, replica))


def shard_of(text: str, host: str) -> Shard:
    """Read `i/n`, or `ordinal/n`, where i is the number at the end of a StatefulSet pod's host name.

    Raises ValueError with a sentence for people.
    """
    first, slash, last = text.partition("/")
    if first == "ordinal":
        first = host.partition(".")[0].rpartition("-")[2]
        if not _counts(first):
            raise ValueError("the host's name does not end with the ordinal of a StatefulSet")
    if not slash or not _counts(first) or not _counts(last):
        raise ValueError("must be i/n, such as 0/3, or ordinal/n")
    shard = Shard(int(first), int(last))
    if shard.index >= shard.replicas:
        raise ValueError("must be i/n with i from 0 to n - 1")
    return shard


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _weight(name: str, replica: int) -> bytes:
    return blake2b(f"{replica}/{name}".encode(), digest_size=16).digest()
