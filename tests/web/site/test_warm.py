"""Before anybody is let in, what the first request would wait for is done."""

from pathlib import Path
from threading import Event

import pytest

from app.adapters.db.store import SqlStore
from app.core.types import Employee
from app.web.app import create_app
from app.web.console.render import templates
from app.web.warm import PEOPLE_AT_ONCE, unseal_people
from app.wiring import System
from tests.fakes import NOW
from tests.stores import open_store
from tests.web.conftest import TestClient


def test_application_warms_itself_where_it_is_served(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "cache", type(templates.cache)(100))  # type: ignore[call-arg]  # an LRU cache of Jinja
    assert not templates.cache
    with TestClient(create_app(system)):
        assert len(templates.cache) == len(templates.list_templates())  # type: ignore[arg-type]  # as above


def test_people_are_unsealed_before_the_first_list_asks_for_them(store: SqlStore) -> None:
    with store.write() as tx:
        for number in range(2 * PEOPLE_AT_ONCE + 1):
            tx.employees.add(Employee(f"id-{number:03d}", f"E-{number}", "Ada Lovelace", created_at=NOW))
    fresh = open_store(store._engine.url.render_as_string(hide_password=False))
    box = fresh._engine.get_execution_options()["facegate_people"]
    unseal_people(fresh, Event())
    assert len(box._opened) == 2 * PEOPLE_AT_ONCE + 1
    fresh.close()


def test_unsealing_ends_with_the_service_and_outlives_the_database(store: SqlStore, tmp_path: Path) -> None:
    with store.write() as tx:
        for number in range(PEOPLE_AT_ONCE + 1):
            tx.employees.add(Employee(f"id-{number:03d}", f"E-{number}", "Ada Lovelace", created_at=NOW))
    fresh = open_store(store._engine.url.render_as_string(hide_password=False))
    box, ended = fresh._engine.get_execution_options()["facegate_people"], Event()
    ended.set()
    unseal_people(fresh, ended)
    assert len(box._opened) == PEOPLE_AT_ONCE
    fresh.close()
    gone = open_store(f"sqlite:///{tmp_path / 'no folder' / 'facegate.db'}")
    unseal_people(gone, Event())
    gone.close()
