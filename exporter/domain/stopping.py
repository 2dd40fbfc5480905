"""What stopping a search would take, and the command that shows the plan and asks. Nothing here stops anything."""

from __future__ import annotations

import shlex

from exporter.domain.cancel import STAGES
from exporter.domain.snapshots import SearchView
from exporter.domain.text import clean

_WEAK = ("template", "env", "path")
UNLABELLED = "An old client made its Jobs without the label elb-job-id: `cancel` refuses it. Delete them by name."


def cancel_command(identity: str, namespace: str, cluster: str = "") -> str:
    """The command for a shell; `cluster` is empty where clusters have no names."""
    place = ["--cluster", cluster] if cluster else []
    return shlex.join(["elasticblast-exporter", "cancel", clean(identity), "--namespace", namespace, *place])


def plan_sentence(search: SearchView) -> str:
    """What a cancel would do now, in the order in which it would: from what was seen last, without another look."""
    counts = {stage: sum(n for (role, _), n in search.roles.items() if role == stage) for stage in STAGES}
    listed = ", ".join(f"{count} {stage}" for stage, count in counts.items() if count)
    jobs = f" ({listed} Jobs, nothing else)" if listed else ""
    return f"To stop it{jobs}; this shows the plan, and asks first:"


def can_be_cancelled(search: SearchView) -> bool:
    """Whether there is something to stop, and no doubt that it carries its label."""
    return not search.terminal and search.evidence not in _WEAK
