"""Contractors. Each has a sponsor: an employee who confirms every 90 days that the contractor still works here.

A contractor passes while that confirmation and all their documents are valid. This is worked out at each decision, so
no job has to run for it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.core.reasons import Reason
from app.core.text import plain_text

CONFIRMED_FOR = timedelta(days=90)
SOON = timedelta(days=14)  # before it ends, those who can renew it are told
COMPANY_CHARS = 200


@dataclass(frozen=True)
class Contract:
    """Why a contractor may be here. Raises BadInput for a company that cannot be shown.

    Attributes:
        sponsor_id: The employee who answers for them; they may be gone.
        confirmed_at: When the sponsor last said that the contractor is still needed.
        documents_until: The last day on which all documents are valid; None without documents.
        sponsor_active: As stored now. An erased sponsor is not active.
    """

    sponsor_id: str
    confirmed_at: datetime
    company: str = ""
    documents_until: date | None = None
    sponsor_active: bool = False

    def __post_init__(self) -> None:
        if self.company:
            plain_text("company", self.company, COMPANY_CHARS)

    @property
    def confirmed_until(self) -> datetime:
        """The first instant without a confirmation."""
        return self.confirmed_at + CONFIRMED_FOR


class ContractState(StrEnum):
    """SOON: access ends within 14 days unless somebody acts. LAPSED: it has ended."""

    VALID = "valid"
    SOON = "soon"
    LAPSED = "lapsed"


def lapse(contract: Contract, now: datetime, today: date) -> Reason | None:
    """Why the contractor may go in nowhere, or None. today: on the gate's clock; a document's last day counts."""
    if not contract.sponsor_active:
        return Reason.SPONSOR_INACTIVE
    if now >= contract.confirmed_until:
        return Reason.SPONSOR_UNCONFIRMED
    if contract.documents_until is not None and today > contract.documents_until:
        return Reason.DOCUMENTS_EXPIRED
    return None


def state(contract: Contract, now: datetime, today: date) -> ContractState:
    if lapse(contract, now, today) is not None:
        return ContractState.LAPSED
    return ContractState.VALID if lapse(contract, now + SOON, today + SOON) is None else ContractState.SOON
