"""One search as its client sees it: its identity, its shape and the names of its objects."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Literal

Mode = Literal["pv", "ssd", "sharded"]
CLIENT_VERSION = "1.5.0"
TTL_SECONDS = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The facts all manifests of a search are made from.

    `ttl` is None for clients that set no `ttlSecondsAfterFinished`; `labelled` is False for clients that know
    the labels `app` and `db` only, and whose results stand in a folder without the id. `padding` makes each Job about
    that many bytes bigger.
    """

    id: str
    program: str = "blastn"
    db: str = "core_nt"
    mode: Mode = "sharded"
    batches: int = 1
    shards: int = 1
    nodes: int = 10
    cpu: int = 5
    ttl: int | None = TTL_SECONDS
    labelled: bool = True
    openapi_id: str = "0123456789ab"
    namespace: str = "default"
    tag: str = "1.4.0"
    padding: int = 0

    @property
    def short(self) -> str:
        """The name suffix; the characters a name may not hold become a dash."""
        return re.sub(r"[^a-z0-9-]", "-", self.id[-8:])

    @property
    def suffix(self) -> str:
        return f"-{self.short}" if self.labelled else ""

    @property
    def selector(self) -> str:
        return f"elb-job-id={self.id}"

    @property
    def results(self) -> str:
        folder = f"results/2026/06/01/{self.openapi_id}"
        return f"{folder}/{self.id}" if self.labelled else folder

    @property
    def finalizer_name(self) -> str:
        return f"elb-finalizer{self.suffix}"

    @property
    def submit_name(self) -> str:
        return f"submit-jobs{self.suffix}"

    def init_name(self, ordinal: int) -> str:
        return "init-pv" if self.mode == "pv" else f"init-ssd{self.suffix}-{ordinal}"

    def batch_name(self, number: int, shard: int | None = None) -> str:
        label = self.db.lower().replace("_", "-") if shard is None else f"s{shard:02}"
        return f"{self.program}-batch-{label}-job-{number:03}{self.suffix}"

    @property
    def ordinals(self) -> range:
        """The nodes that get a setup Job: one for a shared volume, else one a node or shard."""
        if self.mode == "pv":
            return range(1)
        return range(min(self.shards, self.nodes) if self.mode == "sharded" else self.nodes)

    @property
    def parts(self) -> list[tuple[int, int | None]]:
        """Batch number and shard of every batch Job, in the order they are applied."""
        shards: list[int | None] = list(range(self.shards)) if self.mode == "sharded" else [None]
        return [(number, shard) for number in range(self.batches) for shard in shards]

    @property
    def batch_names(self) -> list[str]:
        return [self.batch_name(number, shard) for number, shard in self.parts]


def new_search_id(rng: random.Random) -> str:
    """`job-` and 32 hex digits, the way the client makes one for each process."""
    return f"job-{rng.getrandbits(128):032x}"


def new_openapi_id(rng: random.Random) -> str:
    return f"{rng.getrandbits(48):012x}"
