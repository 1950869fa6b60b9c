"""Takes somebody's face out of every gallery: template and photos go, the person, their badge and their rules stay."""

from datetime import datetime

from app.core.ports.store import Transaction


def forget_face(tx: Transaction, employee_id: str, until: datetime | None = None) -> tuple[int, int]:
    """Removes photos and template, and returns how many of each. The caller has locked the gallery and the person.

    until: only photos that were made by then; the template goes if none is left.
    """
    photos = tx.photos.forget(employee_id, until)
    if until is not None and tx.photos.of(employee_id):
        return photos, 0
    return photos, int(tx.templates.delete(employee_id))
