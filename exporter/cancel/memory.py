"""What the desk remembers of cancels, for a while and in a bounded room. Guarded by the desk's lock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from exporter.cancel.order import Order
from exporter.cancel.ticket import Ticket

_MOST_SEARCHES = 4096
Place = tuple[str, str, str]
"""Cluster, namespace and id."""


class Memory:
    """Tickets by key, and searches of which something was deleted. What ended `seconds` ago is forgotten; of more than
    `tickets` those that ended first. A ticket that has not ended is kept. `clock` gives monotonic seconds."""

    def __init__(self, *, seconds: float, tickets: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = tickets
        self._clock = clock
        self._tickets: OrderedDict[str, tuple[Order, Ticket]] = OrderedDict()
        self._gone: OrderedDict[Place, float] = OrderedDict()

    def ticket(self, key: str) -> tuple[Order, Ticket] | None:
        """The order that had the key, and the ticket that it was given."""
        self._forget()
        return self._tickets.get(key)

    def keep(self, key: str, order: Order, ticket: Ticket) -> None:
        """Remember a ticket by this key too."""
        self._tickets[key] = (order, ticket)

    def deleted(self, place: Place) -> None:
        """Something of the search was deleted now."""
        self._gone[place] = self._clock()
        self._gone.move_to_end(place)
        while len(self._gone) > _MOST_SEARCHES:
            self._gone.popitem(last=False)

    def was_deleted(self, place: Place) -> bool:
        """Whether something of the search was deleted here lately."""
        self._forget()
        return place in self._gone

    def _forget(self) -> None:
        oldest = self._clock() - self._seconds
        ended = [(key, ticket.ended_at) for key, (_, ticket) in self._tickets.items() if ticket.ended_at is not None]
        surplus = len(self._tickets) - self._most
        for number, (key, at) in enumerate(ended):
            if number < surplus or at < oldest:
                del self._tickets[key]
        for place in [place for place, at in self._gone.items() if at < oldest]:
            del self._gone[place]
