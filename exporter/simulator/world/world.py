"""A stage on which scenarios are played."""

from __future__ import annotations

import random
from typing import Any

from exporter.simulator.world.agenda import Actor
from exporter.simulator.world.scenarios import find_scenario
from exporter.simulator.world.search import new_search_id
from exporter.simulator.world.stage import Stage


class World(Stage):
    """Plays scenarios, see Stage."""

    _launched = 0

    def launch(self, letter_or_name: str, *, search_id: str = "", after: float = 0.0, **options: Any) -> str:
        """Begin a scenario and return the id of its search; KeyError for a name that is none."""
        actor, search_id = self.cast(letter_or_name, search_id=search_id, **options)
        self.agenda.spawn(actor, after=after)
        return search_id

    def cast(self, letter_or_name: str, *, search_id: str = "", **options: Any) -> tuple[Actor, str]:
        """A scenario that has not begun, and its search id."""
        scenario = find_scenario(letter_or_name)
        self._launched += 1
        rng = random.Random(f"{self.seed}/{scenario.name}/{self._launched}")  # noqa: S311 - a simulation, not a secret
        search_id = search_id or (scenario.identify(self._launched) if scenario.identify else new_search_id(rng))
        return scenario.play(self, search_id, rng, **options), search_id
