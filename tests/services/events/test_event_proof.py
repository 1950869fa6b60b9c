"""The proof of one event: that it is in its chain as it was recorded, and which kept checkpoint covers it."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.store import SqlStore
from app.core.errors import NotFound
from app.core.events.chain import GENESIS
from app.core.events.records import EventRow
from app.services.events.access_log import AccessLog
from app.services.events.audit import Audit
from app.services.events.event_proof import EventProofs
from app.services.people.erasure import Erasure
from tests.services.events.written import ADA, Tamper, marks_of

Marks = Iterable[Mapping[str, Any]]


@pytest.fixture
def kept(audit: Audit, rows: list[EventRow]) -> list[dict[str, Any]]:
    return marks_of(audit)


@pytest.fixture
def proofs(store: SqlStore, log: AccessLog, signer: Ed25519Signer, kept: list[dict[str, Any]]) -> EventProofs:
    return EventProofs(store, log, signer, lambda: kept)


def test_an_event_follows_from_the_one_before_it(proofs: EventProofs, rows: list[EventRow]) -> None:
    first, second = proofs.of("e1"), proofs.of("e2")
    assert (first.sequence, first.previous) == (1, GENESIS)
    assert (second.sequence, second.previous, second.hash) == (2, first.hash, rows[1].hash)
    for proof in (first, second):
        assert proof.holds and proof.linked and proof.signed and proof.payload is True
        assert proof.checkpoint is not None and proof.checkpoint.sequence == len(rows)


def test_an_unknown_event_has_no_proof(proofs: EventProofs) -> None:
    with pytest.raises(NotFound):
        proofs.of("nothing")


@pytest.mark.parametrize(
    ("column", "value", "part"),
    [
        ("reason", "expired", "linked"),
        ("hash", "0" * 64, "linked"),
        ("signature", "AAAA", "signed"),
        ("sealed_payload", b"altered", "payload"),
    ],
)
def test_an_altered_event_does_not_hold(
    proofs: EventProofs, tamper: Tamper, column: str, value: object, part: str
) -> None:
    tamper(f"UPDATE events SET {column} = :value WHERE id = 'e3'", value=value)
    proof = proofs.of("e3")
    assert not proof.holds and getattr(proof, part) is False
    assert proofs.of("e1").holds


def test_an_erased_event_holds_without_its_payload(proofs: EventProofs, erasure: Erasure) -> None:
    erasure.erase(ADA.id)
    proof = proofs.of("e3")  # Ada's
    assert proof.payload is None and proof.holds


def test_only_a_genuine_checkpoint_of_this_gate_at_or_after_the_event_covers_it(
    proofs: EventProofs, kept: list[dict[str, Any]], rows: list[EventRow]
) -> None:
    dock = [mark for mark in kept if mark["gate_id"] != rows[0].gate_id]
    lobby = next(mark for mark in kept if mark["gate_id"] == rows[0].gate_id)
    kept[:] = [{"gate_id": "half a line"}, *dock, {**lobby, "sequence": 99}]
    assert proofs.of("e1").checkpoint is None and proofs.of("e1").holds
    kept.append(lobby)
    covering = proofs.of("e1").checkpoint
    assert covering is not None and covering.json() == lobby
