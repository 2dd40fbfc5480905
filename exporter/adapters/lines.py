"""Lines out of the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.domain.failures import Failed, Word

BATCH = 200


class LineSplitter:
    """Collects chunks; gives out the complete lines among them, without their ends. Empty lines are dropped."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._lines: list[bytes] = []
        self._tail = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Add what arrived. Raises Failed (`oversize`) when a line is longer than the cap."""
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            self._tail += part
            self._check()
            if self._tail:
                self._lines.append(bytes(self._tail))
                self._tail.clear()
        self._tail += rest
        self._check()

    @property
    def cut_short(self) -> bool:
        """Whether a line has begun that has no end yet."""
        return bool(self._tail)

    def has_batch(self) -> bool:
        """Say whether there are enough lines to go on with."""
        return len(self._lines) >= BATCH

    def batches(self) -> Iterator[list[bytes]]:
        """Give out the complete lines, at most 200 at a time."""
        lines, self._lines = self._lines, []
        for start in range(0, len(lines), BATCH):
            yield lines[start : start + BATCH]

    def _check(self) -> None:
        if len(self._tail) > self._cap:
            raise Failed(Word.OVERSIZE, f"a line of more than {self._cap} bytes")
