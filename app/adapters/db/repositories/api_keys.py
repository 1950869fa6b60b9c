"""Rows of API keys, and of when each was last used."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import api_keys, key_uses
from app.core.types import ApiKey, Role


class ApiKeyRows:
    """Implements `ports.accounts.ApiKeys`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, api_keys)

    def add(self, key: ApiKey) -> None:
        self._rows.insert({**vars(key), "role": key.role.value})

    def get(self, key_id: str) -> ApiKey | None:
        row = self._rows.one(id=key_id)
        return None if row is None else _key(row)

    def by_hash(self, hash_hex: str) -> ApiKey | None:
        row = self._rows.one(hash=hash_hex)
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        return [_key(row) for row in self._rows.find(select(api_keys).order_by(api_keys.c.id))]

    def rename(self, key_id: str, name: str) -> None:
        self._rows.update({"name": name}, api_keys.c.id == key_id)

    def revoke(self, key_id: str, at: datetime) -> None:
        self._rows.update({"revoked_at": at}, api_keys.c.id == key_id)


class KeyUseRows:
    """Implements `ports.accounts.KeyUses`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, uses: Mapping[str, datetime]) -> None:
        if not uses:
            return
        # In one order, so that two processes do not wait for each other.
        statement = upsert(self._connection, key_uses).values([{"key_id": k, "at": uses[k]} for k in sorted(uses)])
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[key_uses.c.key_id],
                set_={"at": statement.excluded["at"]},
                where=key_uses.c.at < statement.excluded["at"],
            )
        )

    def all(self) -> dict[str, datetime]:
        query = select(key_uses).where(key_uses.c.key_id != _BEGUN)
        return {row.key_id: row.at for row in self._connection.execute(query)}

    def begin(self, at: datetime) -> None:
        statement = upsert(self._connection, key_uses).values({"key_id": _BEGUN, "at": at})
        self._connection.execute(statement.on_conflict_do_nothing())

    def begun_at(self) -> datetime | None:
        query = select(key_uses.c.at).where(key_uses.c.key_id == _BEGUN)
        return self._connection.execute(query).scalar_one_or_none()


_BEGUN = "begun"  # in place of a key's id: since when uses are noted


def _key(row: dict[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "role": Role(row["role"])})
