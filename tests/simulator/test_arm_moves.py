"""The order in which a cluster's states change, as ARM tells it and as its API does."""

from __future__ import annotations

from exporter.simulator.arm.model import Estate, ManagedCluster
from exporter.simulator.arm.moves import Moves
from exporter.simulator.clock import SimClock
from tests.simulator.azure import cluster


class World:
    """One cluster, a clock moved by hand, and what was seen at each of the times."""

    def __init__(self, **given: str) -> None:
        self.wall = [1_800_000_000.0]
        self.estate = Estate()
        self.cluster = cluster(**given)
        self.estate.add(self.cluster)
        self.open = self.cluster.power == "Running"
        clock = SimClock(wall=lambda: self.wall[0])
        self.moves = Moves(estate=self.estate, clock=clock, reach=self._reach)

    def _reach(self, _cluster: ManagedCluster, is_open: bool) -> None:
        self.open = is_open

    def after(self, *seconds: float) -> list[tuple[str, str, bool]]:
        """(power, provisioning, API open) at each of the times; ('', '', …) once ARM knows nothing of it."""
        began, seen = self.wall[0], []
        for moment in seconds:
            self.wall[0] = began + moment
            self.moves.settle()
            here = self.estate.clusters.get(self.cluster.id.lower())
            seen.append((here.power, here.provisioning, self.open) if here else ("", "", self.open))
        return seen


def test_stopping_is_seen_late_and_ends_succeeded() -> None:
    world = World()
    world.moves.stop(world.cluster)
    assert world.after(1, 16, 121) == [
        ("Running", "Succeeded", False),
        ("Running", "Stopping", False),
        ("Stopped", "Succeeded", False),
    ]


def test_power_says_running_while_the_cluster_is_still_starting() -> None:
    world = World(power="Stopped")
    world.moves.start(world.cluster)
    assert world.after(1, 91, 151) == [
        ("Running", "Starting", False),
        ("Running", "Starting", True),
        ("Running", "Succeeded", True),
    ]


def test_a_deleted_cluster_is_deleting_then_silent_then_unknown() -> None:
    world = World()
    world.moves.delete(world.cluster)
    assert world.after(1, 31, 181) == [("Running", "Deleting", True), ("Running", "Deleting", False), ("", "", False)]


def test_the_pools_go_with_their_cluster() -> None:
    world = World()
    world.moves.stop(world.cluster)
    world.after(121)
    assert {pool.power for pool in world.cluster.pools} == {"Stopped"}
