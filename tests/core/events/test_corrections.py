"""A correction is signed without its personal part, which an erasure can therefore empty."""

from dataclasses import replace
from datetime import datetime

import pytest

from app.core.events.corrections import Correction, CorrectionKind, committed
from tests.fakes import NOW


class Signature:
    """Verifies only the message that was signed."""

    def __init__(self, message: bytes) -> None:
        self.message = message

    def verify(self, message: bytes, signature: str) -> bool:
        return message == self.message and signature == "signed"


WAS_ADA = Correction(
    "01C", "01E", NOW, "01U", CorrectionKind.WAS, committed("01A", "nonce"), "signed", employee_id="01A", nonce="nonce"
)
SIGNER = Signature(WAS_ADA.signed_part)


def test_signature_holds_before_and_after_an_erasure() -> None:
    assert WAS_ADA.signed_by(SIGNER)
    assert replace(WAS_ADA, employee_id=None, nonce=None).signed_by(SIGNER)


@pytest.mark.parametrize(
    "change",
    [
        {"employee_id": "01B"},
        {"nonce": "other"},
        {"employee_id": None},
        {"nonce": None},
        {"kind": CorrectionKind.NOT_THIS_PERSON},
        {"event_id": "01F"},
        {"actor": "01V"},
        {"at": NOW.replace(hour=9)},
        {"commitment": committed("01A", "other")},
        {"signature": "forged"},
    ],
)
def test_changed_correction_is_not_signed(change: dict[str, object]) -> None:
    assert not replace(WAS_ADA, **change).signed_by(SIGNER)  # type: ignore[arg-type]


def test_time_without_a_zone_cannot_be_signed() -> None:
    with pytest.raises(ValueError, match="zone"):
        _ = replace(WAS_ADA, at=datetime(2026, 11, 23)).signed_part  # noqa: DTZ001
