"""The database of `bench log`: a million signed events of 10,000 stored people, sealed as a service would seal them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from rich.progress import track
from sqlalchemy import insert, text, update

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.adapters.db.tables import events, gates
from app.core.events.chain import GENESIS
from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.events.records import ChainHead, EventRow
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Employee, Reason
from app.services.events.access_log import AccessLog
from app.wiring.data_keys import seals_of

MASTER = bytes(range(32))
VAULT, SIGNER, SEALS = Vault(MASTER), Ed25519Signer(MASTER), seals_of(MASTER)
LOG = AccessLog(VAULT, SIGNER)
BATCH = 5000
GATES, DAYS = 20, 90
START = datetime(2026, 8, 31, tzinfo=UTC)
COMMON = [Reason.RECOGNISED] * 88 + [Reason.NOT_RECOGNISED] * 8 + [Reason.FACE_TOO_SMALL, Reason.POOR_QUALITY] * 2
NAMED = frozenset({Reason.RECOGNISED, Reason.EMPLOYEE_INACTIVE})
RARE = (Reason.SYSTEM_FAULT, Reason.EMPLOYEE_INACTIVE, Reason.OPENED_BY_HAND)
PLACES = [Gate(f"01GATE{i:020d}", f"gate-{i}") for i in range(GATES)]


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Eva Ada Grace Alan Noor Luca Mia Jonas Zoë Søren Ines Kofi Amara Tariq Yuki Pavel Rosa Niels Aisha Omar"
)
_SECOND = ["Maria", "Lee", "Jo", "Ann", "Kai", "Max", "Sol", "Ray", "Kim", "Dan"]
_LAST = _words(
    "Haddad Lovelace Hopper Turing Okafor Rossi Novak Müller Sørensen García Mensah Khan Tanaka Ivanov Silva Jansen "
    "Ali Nguyen Kowalski Dubois Larsen Costa Weber Fischer Brown Smith Jones Murphy Walsh Byrne Kelly Ryan Doyle "
    "Moore Clarke Lynch Daly Burke Nolan Quinn Flynn Foley Hayes Hughes Martin Keane Power Reid Shaw Webb"
)
PEOPLE = [
    Employee(f"01EMPLOYEE{i:016d}", f"E-{i}", f"{first} {second} {last}")
    for i, (first, second, last) in enumerate(
        (first, second, last) for first in _FIRST for second in _SECOND for last in _LAST
    )
]
COURIER, CLERK = PEOPLE[0], PEOPLE[77]  # one of a fiftieth of all events, and one of about a hundred


class _Drawer:
    """Stands for a transaction of `AccessLog.append`: keeps keys, and the rows until they are stored in bulk."""

    def __init__(self) -> None:
        self.events = self.data_keys = self
        self.keys = dict(zip((one.id for one in PEOPLE), VAULT.new_keys(len(PEOPLE)), strict=True))
        self.heads: dict[str, ChainHead] = {}
        self.rows: list[EventRow] = []

    def lock_head(self, gate_id: str) -> ChainHead:
        return self.heads.get(gate_id, ChainHead(gate_id, 0, GENESIS))

    def append(self, row: EventRow) -> None:
        self.heads[row.gate_id] = ChainHead(row.gate_id, row.sequence, row.hash)
        self.rows.append(row)

    def get(self, subject: str) -> bytes:
        return self.keys.setdefault(subject, VAULT.new_key())


def fill(stores: list[SqlStore], count: int) -> None:
    """Fills empty databases, opened with SEALS and VAULT, with gates, people and `count` events."""
    drawer = _Drawer()
    for store in stores:
        with store.write() as tx:
            for gate in PLACES:
                tx.gates.add(gate)
            for person in PEOPLE:
                tx.data_keys.add(person.id, drawer.keys[person.id])
                tx.employees.add(person)
    for rows in track(_batches(count, drawer), "Making the log", total=-(-count // BATCH)):
        columns = [
            {**vars(row), "verdict": row.verdict.value, "reason": row.reason.value, **_blinded(row)} for row in rows
        ]
        for one in columns:
            del one["has_snapshot"]
        for store in stores:
            with store._engine.begin() as connection:
                connection.execute(insert(events), columns)
    for store in stores:
        with store.write() as tx:
            for subject, wrapped in drawer.keys.items():
                if subject.startswith("day:"):
                    tx.data_keys.add(subject, wrapped)
        with store._engine.begin() as connection:
            for head in drawer.heads.values():
                moved = update(gates).where(gates.c.id == head.gate_id)
                connection.execute(moved.values(head_sequence=head.sequence, head_hash=head.hash))
            if connection.dialect.name == "postgresql":
                connection.execute(text("ANALYZE"))


def _batches(count: int, drawer: _Drawer) -> Iterator[list[EventRow]]:
    """Events as they would have been: one every few seconds, three in a thousand for a rare reason."""
    dice = random.Random(1)
    step = timedelta(days=DAYS) / count
    for number in range(count):
        at = START + number * step
        gate = PLACES[min(dice.randrange(GATES), dice.randrange(GATES))]
        reason = dice.choice(RARE) if number % 10_000 == 0 else dice.choice(COMMON)
        # One who passes a thousand times as often as the others: a courier.
        who = (COURIER if dice.random() < 0.02 else dice.choice(PEOPLE)) if reason in NAMED else None
        event_id = f"{int(at.timestamp() * 1000):010X}".rjust(10, "0") + f"{number:016d}"
        decision = RecordedDecision(
            event_id, gate.id, gate.name, at, reason, Method.FACE, similarity=0.7, threshold=0.5, margin=0.4,
            employee=None if who is None else Identity.of(who), faces=1, camera=f"{gate.name}-cam", frames_received=3,
            frames_used=3, duration_ms=20.0,
        )  # fmt: skip
        LOG.append(cast(Transaction, drawer), decision)
        if len(drawer.rows) == BATCH or number == count - 1:
            yield drawer.rows
            drawer.rows = []


def _blinded(row: EventRow) -> dict[str, str | None]:
    def blind(person: str | None) -> str | None:
        return person if person is None or person.startswith("day:") else SEALS.blind(person)

    return {"employee_id": blind(row.employee_id), "subject_id": blind(row.subject_id)}
