"""A read that takes too long ends by itself, says so, and leaves its connection usable."""

import time
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import text

from app.adapters.db.store import SqlStore
from app.core.errors import Busy
from app.core.ports.store import Transaction

WITHIN = timedelta(milliseconds=200)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n"


def ask(tx: Transaction, query: str) -> Any:
    return cast(Any, tx.events)._connection.execute(text(query)).scalar()


def test_an_endless_query_is_given_up_and_says_what_to_do(store: SqlStore) -> None:
    for _ in range(3):  # of a pool, whose connections come back
        began = time.monotonic()
        with pytest.raises(Busy, match="Ask for less") as refused, store.read(WITHIN) as tx:
            ask(tx, ENDLESS)
        assert refused.value.code == "took_too_long"
        assert time.monotonic() - began >= WITHIN.total_seconds()


def test_time_limit_ends_with_its_read(store: SqlStore, database: str) -> None:
    with pytest.raises(Busy), store.read(WITHIN) as tx:
        ask(tx, ENDLESS)
    with store.read() as tx:
        if database == "postgresql":
            assert ask(tx, "SHOW statement_timeout") == "0"
        longer = ENDLESS.replace("1000000000", "1000000")
        assert ask(tx, longer) == 1000000
    with store.write() as tx:
        assert tx.gates.all() == []


def test_other_errors_of_a_bounded_read_stay_what_they_are(store: SqlStore) -> None:
    with pytest.raises(Exception, match="failed") as failed, store.read(WITHIN) as tx:
        ask(tx, "SELECT x FROM nowhere")
    assert not isinstance(failed.value, Busy)
