"""Rows of the pictures that gates sent: their digests, for as long as the same one again is told apart."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete

from app.adapters.db.engine.connect import upsert
from app.adapters.db.tables import sent_pictures


class SentPictureRows:
    """pictures.SentPictures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digests: Iterable[str], at: datetime) -> set[str]:
        # In one order, so that two who add the same ones do not wait for each other.
        rows = [{"digest": digest, "at": at} for digest in sorted(set(digests))]
        statement = upsert(self._connection, sent_pictures).on_conflict_do_nothing().returning(sent_pictures.c.digest)
        return set(self._connection.execute(statement, rows).scalars())

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(sent_pictures).where(sent_pictures.c.at < before))
