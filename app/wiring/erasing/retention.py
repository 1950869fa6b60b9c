"""Builds retention: which kinds of personal data there are, and how each is removed.

A new kind is a member of `core.site.retention.Kind` with its period, and a remover here.
"""

from collections.abc import Callable
from datetime import datetime

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.site.retention import Kind
from app.services.access.contractors.document_remover import DocumentRemover
from app.services.access.gathering.gathering_remover import GatheringRemover
from app.services.access.visits.visitor_remover import VisitorRemover
from app.services.imports.import_reports import ReportRemover
from app.services.people.erasure import Erasure
from app.services.people.retention.removers import usual_removers
from app.services.people.retention.retention import Retention


def retention(
    store: SqlStore, signer: Ed25519Signer, vault: Vault, now: Callable[[], datetime | None], erasure: Erasure
) -> Retention:
    """now: the time, None while the clock cannot be right."""
    removers = {
        **usual_removers(erasure.taking_down),
        Kind.IMPORT_REPORTS: ReportRemover(vault=vault),
        Kind.VISITORS: VisitorRemover(erasure),
        Kind.DOCUMENTS: DocumentRemover(),
        Kind.GATE_FACES: GatheringRemover(),
    }
    return Retention(store, signer, now, removers, vault.forget)
