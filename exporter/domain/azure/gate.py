"""Whether a cluster is to be read: what ARM says of it, and whether its API answers.

| ARM says, freshly | API answers | does not answer |
|---|---|---|
| nothing | open | open |
| running | open | open |
| starting | open | starting |
| stopped, stopping | open | stopped |
| deleted, deleting | open | absent |

Only `stopped` and `absent` pause the readers: what answers is read, whatever ARM says, because ARM is late; and while
ARM says nothing, Kubernetes speaks for itself. While a cluster starts its readers try, and what they hold is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exporter.domain.failures import Word

Gate = Literal["open", "stopped", "absent", "starting"]
PAUSED: tuple[Gate, ...] = ("stopped", "absent")

UNANSWERED = (Word.DNS, Word.CONNECT, Word.TIMEOUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmState:
    """What ARM said last, not too long ago. `power` and `provisioning` are its words, see domain.arm; a cluster that it
    does not know (404) does not exist."""

    exists: bool = True
    power: str = ""
    provisioning: str = ""


def gate(arm: ArmState | None, reachable: bool) -> Gate:
    """Return the state of the gate, by the table above. `arm`: None while ARM says nothing."""
    if reachable or arm is None:
        return "open"
    if not arm.exists or arm.provisioning == "Deleting":
        return "absent"
    if arm.provisioning == "Starting":
        return "starting"
    if arm.power == "Stopped" or arm.provisioning == "Stopping":
        return "stopped"
    return "open"


def doubtful(arm: ArmState | None) -> bool:
    """Whether it matters if the API answers: what ARM says could close the gate."""
    return gate(arm, False) != "open"


def answers(word: Word | None) -> bool:
    """Whether an attempt that ended with `word` (None: well) has met a server: a refusal is an answer."""
    return word not in UNANSWERED
