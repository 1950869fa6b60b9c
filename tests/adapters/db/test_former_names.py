"""A row that was sealed while its columns had other names is still ours after the migration that renames them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Table

from app.adapters.db.engine import migrate
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.store import SqlStore
from app.core.alerts.alert import Alert, AlertFilter, AlertKind
from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.core.gates.gate import Gate
from app.core.site.mode import SiteMode, SiteState
from tests.fakes import NOW
from tests.stores import open_store, upgrade

LOBBY = Gate("G1", "lobby-1", unlock_ms=4000, created_at=NOW)
RELEASED = SiteState(SiteMode.RELEASE, NOW, "K1", ("G1",))
FRONT = Camera("C1", "front", "G1", b"sealed", region=Region(0.1, 0.2, 0.9, 1.0, 60), created_at=NOW)
NAMES = {
    "cameras": {"region": "zone"},
    "gates": {"unlock_ms": "open_ms", "door_held_after_ms": "held_after_ms"},
    "site": {"actor": "key_id"},
}


class Former(StrEnum):
    """A kind of alert as an earlier version stored it."""

    PICTURE_AGAIN = "picture_again"


def test_rows_sealed_before_columns_were_renamed_are_used_and_pass_the_audit(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seals = RowSeals(bytes(range(32)))

    def seal_as_then(self: RowSeals, table: Table, values: Mapping[str, Any]) -> bytes:
        return self._seal(table, values, NAMES.get(table.name, {}))

    upgrade(empty_database_url, seals=seals)
    with monkeypatch.context() as then:
        then.setattr(RowSeals, "seal", seal_as_then)
        store = open_store(empty_database_url, seals=seals)
        with store.write() as tx:
            tx.gates.add(LOBBY)
            tx.cameras.add(FRONT)
            tx.site.put(RELEASED)
        store.close()
        migrate.downgrade(empty_database_url, "0017")
    upgrade(empty_database_url, seals=seals)
    store = open_store(empty_database_url, seals=seals)
    with store.write() as tx:
        assert tx.gates.all() == [LOBBY]
        assert tx.cameras.all() == [FRONT]
        assert tx.site.get() == RELEASED
        assert list(tx.seals.flaws()) == []
        tx.gates.update(Gate("G1", "lobby-1", unlock_ms=3000, created_at=NOW))
    with store.read() as tx:
        assert tx.gates.all()[0].unlock_ms == 3000
        assert list(tx.seals.flaws()) == []
    store.close()


def test_alert_stored_under_a_former_kind_has_its_new_name(store: SqlStore) -> None:
    with store.write() as tx:
        tx.alerts.raise_(Alert("A1", NOW, Former.PICTURE_AGAIN))  # type: ignore[arg-type]
        assert [alert.kind for alert in tx.alerts.uncleared()] == [AlertKind.REPEATED_PICTURE]
        assert [alert.kind for alert in tx.alerts.find(AlertFilter())] == [AlertKind.REPEATED_PICTURE]
        only = AlertFilter(kinds=frozenset({AlertKind.REPEATED_PICTURE}))
        assert [alert.id for alert in tx.alerts.find(only)] == ["A1"]
