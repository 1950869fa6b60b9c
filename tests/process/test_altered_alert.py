"""A row that somebody wrote without the master key raises an alert, which ends when the audit finds everything good."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text

from app.core.alerts.alert import AlertKind
from app.core.errors import Unauthorised
from app.core.tokens import digest
from app.core.types import Role
from app.process import serving
from app.settings import Settings
from app.wiring import System
from app.wiring.backbone import Backbone, open_backbone
from tests.waiting import eventually


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Backbone]:
    office = open_backbone(Settings(data=tmp_path))
    yield office
    office.close()


def alerts(office: Backbone) -> list[tuple[AlertKind, str]]:
    with office.store.read() as tx:
        return [(alert.kind, alert.detail) for alert in tx.alerts.uncleared()]


def test_planted_admin_key_opens_nothing_and_is_reported(office: Backbone) -> None:
    gate = office.gates.add("lobby-1")
    office.keys.create(Role.GATE, gate.name)
    with office.store._engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO api_keys (id, role, hash, name, created_at, seal) "
                "SELECT 'planted', 'admin', :hash, 'mine', created_at, seal FROM api_keys"
            ),
            {"hash": digest("stolen")},
        )
    with pytest.raises(Unauthorised):
        office.keys.authenticate("stolen")
    assert alerts(office) == [(AlertKind.RECORD_ALTERED, "api_keys planted")]
    flaw = office.checkpoints.verify().flaw
    assert flaw is not None and "api_keys planted" in flaw.problem
    # and the alert ends once the row is gone and the audit has found everything good
    with office.store._engine.begin() as connection:
        connection.execute(text("DELETE FROM api_keys WHERE id = 'planted'"))
    assert office.checkpoints.verify().valid
    assert alerts(office) == []


def test_table_that_is_put_back_whole_is_found_by_a_checkpoint(office: Backbone) -> None:
    gate = office.gates.add("lobby-1")
    _, key = office.keys.create(Role.GATE, gate.name)
    kept = {}
    with office.store._engine.begin() as connection:
        for name in ("api_keys", "seal_totals"):
            kept[name] = [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {name}"))]
    office.keys.revoke(key.id)
    office.checkpoints.write()
    with office.store._engine.begin() as connection:
        for row in kept["api_keys"]:
            put_back = text("UPDATE api_keys SET revoked_at = :revoked_at, seal = :seal WHERE id = :id")
            connection.execute(put_back, row)
        for row in kept["seal_totals"]:
            connection.execute(text("UPDATE seal_totals SET sealed = :sealed WHERE name = :name"), row)
    flaw = office.checkpoints.verify().flaw
    assert flaw is not None and "api_keys was put back as it once was" in flaw.problem


def test_restored_row_raises_the_alert_at_the_next_examination(office: Backbone) -> None:
    gate = office.gates.add("lobby-1")
    _, key = office.keys.create(Role.GATE, gate.name)
    with office.store._engine.begin() as connection:
        before = dict(connection.execute(text("SELECT * FROM api_keys")).one()._mapping)
    office.keys.revoke(key.id)
    office.checkpoints.audit.look_at_rows()
    assert alerts(office) == []
    with office.store._engine.begin() as connection:
        connection.execute(text("UPDATE api_keys SET revoked_at = :revoked_at, seal = :seal WHERE id = :id"), before)
    office.checkpoints.audit.look_at_rows()
    assert alerts(office) == [(AlertKind.RECORD_ALTERED, "api_keys")]


def test_row_that_was_removed_while_nothing_ran_is_reported_soon_after_the_start(
    office: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "FIRST_CHECKPOINT_S", 0.05)
    gate = office.gates.add("lobby-1")
    office.keys.create(Role.GATE, gate.name)
    with office.store._engine.begin() as connection:
        connection.execute(text("DELETE FROM api_keys"))
    with serving.checkpointing(cast(System, office)):
        assert eventually(lambda: alerts(office)) == [(AlertKind.RECORD_ALTERED, "api_keys")]
