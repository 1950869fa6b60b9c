"""Openings on their way to the process that drives the gate: through the database, and only within their window."""

import logging
from collections.abc import Collection
from datetime import datetime
from functools import partial

from app.core.errors import NotRecorded
from app.core.gates.commands import Order
from app.core.ports.store import Clock, Store
from app.services.events.answers import Answer
from app.services.events.second_records import GONE, SecondRecords
from app.services.gates.write_behind import ROUND_S, WriteBehind

logger = logging.getLogger(__name__)


class OpeningOrders:
    def __init__(self, store: Store, clock: Clock, second_records: SecondRecords) -> None:
        self._store, self._clock, self._second_records = store, clock, second_records
        self._waiting = WriteBehind()

    def add(self, answer: Answer) -> None:
        """At once; `pass_on` writes it."""
        self._waiting.add(partial(self._put, answer))

    def pass_on(self) -> bool:
        """Whether none waits any more. Raises NotRecorded: then they wait on, until their windows are over."""
        return self._waiting.catch_up(ROUND_S)

    def pass_on_now(self, answer: Answer) -> None:
        """For a process that has no thread for it."""
        try:
            self._put(answer)
        except NotRecorded:
            self._not_sent(answer)

    def take(self, gate_ids: Collection[str]) -> list[Order]:
        """What other processes decided for these gates, oldest first. Raises NotRecorded."""
        with self._store.read() as tx:
            if not tx.orders.waiting(gate_ids):
                return []
        with self._store.write() as tx:
            return tx.orders.take(gate_ids)

    def _put(self, answer: Answer) -> None:
        if self._clock() >= datetime.fromisoformat(answer["open_until"]):
            self._not_sent(answer)
            return
        with self._store.write() as tx:
            gate = tx.gates.by_name_or_id(answer["gate"])
            if gate is not None:
                tx.orders.put(order_of(answer, gate.id))

    def _not_sent(self, answer: Answer) -> None:
        logger.error("opening_not_sent event=%s reason=database_gone", answer["decision_id"])
        self._second_records.not_sent(answer["gate"], answer["decision_id"], GONE)


def order_of(answer: Answer, gate_id: str) -> Order:
    employee = answer["employee"]
    return Order(
        answer["decision_id"],
        gate_id,
        employee["id"] if employee else None,
        datetime.fromisoformat(answer["at"]),
        datetime.fromisoformat(answer["open_until"]),
    )
