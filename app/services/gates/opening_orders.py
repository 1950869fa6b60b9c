"""Passes openings to the process that drives the gate, through the database and only within their window."""

import logging
from collections.abc import Collection
from functools import partial

from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import Order
from app.core.ports.store import Clock, Store
from app.services.events.second_records import GONE, SecondRecords
from app.services.gates.write_behind import ROUND_S, WriteBehind

logger = logging.getLogger(__name__)


class OpeningOrders:
    def __init__(self, store: Store, clock: Clock, second_records: SecondRecords) -> None:
        self._store, self._clock, self._second_records = store, clock, second_records
        self._waiting = WriteBehind()

    def add(self, decision: RecordedDecision) -> None:
        """Queues an opening, which `pass_on` writes. Returns at once."""
        self._waiting.add(partial(self._put, decision))

    def pass_on(self) -> bool:
        """Writes what waits, and returns whether all is written. Raises NotRecorded: then the rest waits on."""
        return self._waiting.catch_up(ROUND_S)

    def pass_on_now(self, decision: RecordedDecision) -> None:
        """Writes an opening at once, for a process without a thread of its own."""
        try:
            self._put(decision)
        except NotRecorded:
            self._not_sent(decision)

    def take(self, gate_ids: Collection[str]) -> list[Order]:
        """Takes what other processes decided for these gates, oldest first. Raises NotRecorded."""
        with self._store.read() as tx:
            if not tx.orders.waiting(gate_ids):
                return []
        with self._store.write() as tx:
            return tx.orders.take(gate_ids)

    def _put(self, decision: RecordedDecision) -> None:
        order = order_of(decision)
        if self._clock() >= order.until:
            self._not_sent(decision)
            return
        with self._store.write() as tx:
            if tx.gates.get(order.gate_id) is not None:
                tx.orders.put(order)

    def _not_sent(self, decision: RecordedDecision) -> None:
        logger.error("opening_not_sent event=%s reason=database_gone", decision.id)
        self._second_records.not_sent(decision.gate_id, decision.id, GONE)


def order_of(decision: RecordedDecision) -> Order:
    """The order for a decision that opens. Raises ValueError if it has no end."""
    if decision.open_until is None:
        raise ValueError("only an opening with an end can be ordered")
    employee_id = None if decision.employee is None else decision.employee.id
    return Order(decision.id, decision.gate_id, employee_id, decision.at, decision.open_until)
