"""What people ask, and the panels that answer: data for the docs and for the tests."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """A question by its number, and where it is answered: board and panel. Without panels, `instead` says where."""

    number: int
    question: str
    panels: tuple[tuple[str, str], ...]
    instead: str = ""


def _at(board: str, *panels: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"elb-{board}", panel) for panel in panels)


ANSWERS: tuple[Answer, ...] = (
    Answer(1, "Which searches are live, and what does each do?", _at("home", "Searches", "Phases of searches")),
    Answer(2, "How far is my search?", _at("search", "Done", "Jobs left", "Jobs by state")),
    Answer(3, "When will it end?", _at("search", "Time left", "Jobs done per minute")),
    Answer(4, "For how long has it been in this phase?", _at("search", "In this phase for", "Time in each phase")),
    Answer(5, "Does it move, or is it stuck?", _at("search", "Quiet for", "Jobs done per minute")),
    Answer(6, "Did it succeed?", _at("search", "Phase", "Why", "Failed Jobs")),
    Answer(
        7,
        "What failed, and why?",
        _at("search", "Failed attempts", "Failed Jobs"),
        "The batch, its node and its last words are on the exporter's own page of the search.",
    ),
    Answer(
        8,
        "Is it the query or the machinery?",
        _at("search", "Failed attempts") + _at("jobs", "Blast Jobs failed by reason", "Share of blast Jobs that fail"),
    ),
    Answer(
        9, "Does BLAST run out of memory?", _at("search", "Failed attempts") + _at("jobs", "Failed attempts by role")
    ),
    Answer(
        10,
        "How much memory and CPU is used of what there is?",
        _at("search", "Memory of its fullest pod") + _at("nodes", "CPU", "Memory"),
    ),
    Answer(11, "Why do pods not start?", _at("jobs", "Blocked pods by reason") + _at("search", "What blocks its pods")),
    Answer(
        12, "Is the cluster too small, or only waking up?", _at("nodes", "Pods without room", "Nodes missing", "Pools")
    ),
    Answer(13, "Are pods retried a lot?", _at("jobs", "Failed attempts per minute by reason")),
    Answer(
        14,
        "Is the database still being copied?",
        _at("jobs", "Setup, submit and finalizer Jobs") + _at("search", "Phase over time"),
    ),
    Answer(15, "Did the copy fail, and where?", _at("jobs", "Jobs ended by role", "Failed attempts by role")),
    Answer(16, "Which database is warm?", _at("jobs", "Warm-up Jobs")),
    Answer(17, "Is it still warm after a restart?", _at("jobs", "Warm-up Jobs") + _at("nodes", "Nodes removed")),
    Answer(18, "How many searches run, and may more?", _at("home", "Live searches") + _at("jobs", "Run slots taken")),
    Answer(19, "Who holds the submit lock, since when?", _at("jobs", "Submit lock held for")),
    Answer(
        20,
        "How many searches wait in the queue of the OpenAPI service?",
        (),
        "The service keeps its queue to itself; ask its list of jobs. Run slots taken shows when it must queue.",
    ),
    Answer(21, "Is the OpenAPI service well?", _at("jobs", "OpenAPI pods ready", "Failed attempts by role")),
    Answer(22, "Did my cancel work?", _at("search", "Stage of its cancel", "Phase") + _at("admin", "Cancels that run")),
    Answer(23, "Were Jobs made again after a cancel?", _at("admin", "Jobs after a cancel") + _at("search", "Flags")),
    Answer(24, "Does anything live on that was ended?", _at("jobs", "Searches with a flag")),
    Answer(
        25,
        "Does a finalizer hang or wait in vain?",
        _at("jobs", "Searches with a flag", "Why searches are in their phase"),
    ),
    Answer(
        26,
        "How many finished Jobs litter the cluster?",
        _at("jobs", "Job objects stored") + _at("nodes", "Control plane"),
    ),
    Answer(27, "Is the cluster on, waking, off, broken?", _at("nodes", "Cluster: power", "Cluster: provisioning")),
    Answer(28, "How many nodes should there be, and how many are?", _at("nodes", "Pools", "Nodes by pool")),
    Answer(
        29,
        "Of what size, priority and version are they?",
        _at("nodes", "Pools") + _at("cost", "Nodes by size and priority"),
    ),
    Answer(30, "Do we pay for nodes without work?", _at("cost", "Spend on idle nodes", "Idle nodes by pool")),
    Answer(31, "Is the quota nearly used up?", _at("nodes", "Quota used", "Quota of cores")),
    Answer(32, "Were nodes evicted, drained or lost?", _at("nodes", "Pods taken off their node", "Nodes removed")),
    Answer(33, "Are nodes short of memory or disk?", _at("nodes", "Nodes under pressure", "Busiest node of each pool")),
    Answer(34, "Is the shared disk there?", _at("jobs", "Volume claims")),
    Answer(35, "Has each shard its node?", _at("search", "Flags") + _at("jobs", "Searches with a flag")),
    Answer(36, "Does the setup of another search block mine?", _at("search", "Flags", "Why")),
    Answer(37, "How long do batches take, by program and database?", _at("jobs", "Duration of blast Jobs by program")),
    Answer(38, "How many searches failed this week?", _at("home", "Searches failed", "Searches ended per day")),
    Answer(
        39, "Is the exporter itself blind?", _at("exporter", "What is read", "Age of the data", "Resources not read")
    ),
    Answer(
        40, "Do people submit with different versions?", _at("search", "Facts") + _at("jobs", "Jobs without a search")
    ),
)
