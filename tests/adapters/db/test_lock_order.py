"""The watch over the order of locks: it knows every table, and finds what is locked too late."""

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.adapters.db.tables import (
    data_keys,
    employees,
    events,
    gallery,
    gallery_changes,
    gates,
    metadata,
    seal_totals,
)
from tests import lock_order
from tests.lock_order import COVERED_BY, LockOrder, locked_by

HEAD = select(gates.c.head_hash).with_for_update(key_share=True)
KEY = select(data_keys).with_for_update(read=True)
PERSON = select(employees, data_keys.c.wrapped).select_from(employees.join(data_keys, employees.c.id == "x"))


def test_every_table_has_one_place() -> None:
    order = lock_order.stated_order()
    assert len(order) == len(set(order))
    assert set(order) | set(COVERED_BY) == set(metadata.tables)
    assert order[-1] == seal_totals.name


def test_statements_that_lock_rows_are_recognised() -> None:
    assert locked_by(HEAD) == {"gates"}
    assert locked_by(PERSON) == locked_by(insert(events)) == set()
    assert locked_by(PERSON.with_for_update(of=employees)) == {"employees"}
    assert locked_by(PERSON.with_for_update()) == {"employees", "subject_keys"}
    assert locked_by(update(gates)) == {"gates"} and locked_by(delete(events)) == {"events"}
    assert locked_by(upsert(gallery_changes).on_conflict_do_nothing()) == {"gallery_changes"}


@pytest.mark.parametrize(
    ("statements", "mistakes"),
    [
        ([HEAD, KEY, update(gates), update(events), delete(seal_totals)], []),
        ([KEY, HEAD], ["gates is locked after subject_keys"]),
        (
            [update(events), KEY, HEAD],
            ["subject_keys is locked after events", "gates is locked after events, subject_keys"],
        ),
        ([update(gallery), upsert(gallery_changes).on_conflict_do_nothing(), KEY], []),
        ([upsert(gallery_changes).on_conflict_do_nothing()], ["gallery_changes is written without a lock on gallery"]),
    ],
)
def test_lock_out_of_order_is_detected(
    statements: list[object], mistakes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_order, "SERVICES", __file__)  # this test is the service
    order, connection = LockOrder(), Connection(create_engine("sqlite://"))
    for _ in range(2):
        order.begin(connection)
        for statement in statements:
            order.locks(connection, statement)
        order.end(connection)
    found = [mistake.partition(": ")[2] for mistake in order.mistakes]
    assert found == mistakes * 2
    connection.close()


def test_reads_and_migrations_are_not_watched() -> None:
    order, connection = LockOrder(), Connection(create_engine("sqlite://"))
    for statement in (KEY, HEAD):
        order.locks(connection, statement)
    assert order.mistakes == []
    connection.close()
