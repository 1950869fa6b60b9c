"""Takes somebody's face out of every gallery: template and photos go, the person, their badge and their rules stay."""

from datetime import datetime

from app.core.ports.store import Transaction


def forget_face(tx: Transaction, employee_id: str, until: datetime | None = None) -> tuple[int, int]:
    """Removes photos and template, and returns how many of each. The caller has locked the gallery and the person.

    until: only photos that were made by then; the template goes if none is left.
    """
    photos = tx.photos.forget(employee_id, until)
    stays = until is not None and bool(tx.photos.of(employee_id))
    templates = 0 if stays else int(tx.templates.delete(employee_id))
    tx.gatherings.forget(employee_id, until)  # who is enrolled by badge is not any more
    return photos, templates
