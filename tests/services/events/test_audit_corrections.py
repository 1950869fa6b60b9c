"""Whoever changes what was said of an event is found by the audit too; whoever is erased leaves nothing to find."""

from itertools import count

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.events.chain import Flaw
from app.core.events.corrections import CorrectionKind
from app.core.events.records import EventRow
from app.services.events.access_log import AccessLog
from app.services.events.audit import EMPTIED, MISQUOTED, Audit
from app.services.events.corrections import Corrections
from app.services.people.erasure import Erasure
from tests.services.events.written import AT, EVA, Tamper

pytestmark = pytest.mark.one_database

_numbers = count()


@pytest.fixture
def corrections(store: SqlStore, vault: Vault, log: AccessLog, signer: Ed25519Signer) -> Corrections:
    return Corrections(store, log, vault, signer, lambda: AT, lambda: f"c{next(_numbers)}")


@pytest.mark.parametrize(
    "change", ["actor = 'k2'", "kind = 'was'", "employee_id = '01A'", "signature = 'AAAA'", "kind = 'x'"]
)
def test_correction_that_was_altered(
    audit: Audit, corrections: Corrections, rows: list[EventRow], tamper: Tamper, change: str
) -> None:
    corrections.add("e1", CorrectionKind.NOT_THIS_PERSON, None, "k1")
    corrections.add("e2", CorrectionKind.WAS, EVA.id, "k1")
    assert audit.verify().valid
    tamper(f"UPDATE corrections SET {change} WHERE event_id = 'e1'")
    report = audit.verify()
    assert not report.valid and report.flaw is not None
    if change == "kind = 'x'":
        assert "a correction holds" in report.flaw.problem
    else:
        assert report.flaw == Flaw("lobby-1", 1, "e1", MISQUOTED)


def test_correction_that_was_emptied(
    audit: Audit, corrections: Corrections, rows: list[EventRow], tamper: Tamper
) -> None:
    corrections.add("e2", CorrectionKind.WAS, EVA.id, "k1")
    corrections.add("e1", CorrectionKind.NOT_THIS_PERSON, None, "k1")
    tamper("UPDATE corrections SET employee_id = NULL, nonce = NULL WHERE event_id = 'e1'")
    assert audit.verify().flaw == Flaw("lobby-1", 1, "e1", EMPTIED)


def test_erasure_removes_corrections_and_the_rest_verifies(
    audit: Audit, corrections: Corrections, erasure: Erasure, rows: list[EventRow]
) -> None:
    corrections.add("e1", CorrectionKind.NOT_THIS_PERSON, None, "k1")
    erasure.erase(EVA.id)
    assert audit.verify().valid
