"""A dump of an earlier version's database fills an empty one of that version, which is then brought up to date."""

import io
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData

from app.adapters.db.engine import dump, migrate
from app.adapters.db.engine.connect import make_engine
from app.core.errors import CryptoFault
from app.core.gates.gate import Gate
from tests.stores import open_store, upgrade

pytestmark = pytest.mark.one_database
EARLIER = "0028"  # has neither the backups nor the columns of their folder


def test_dump_of_an_earlier_version_is_brought_up_to_date(database_url: str, tmp_path: Path) -> None:
    store = open_store(database_url)
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1"))
    store.close()
    migrate.downgrade(database_url, EARLIER)
    old = MetaData()
    engine = make_engine(database_url)
    with engine.connect() as connection:
        old.reflect(connection)
        tables = [table for table in old.sorted_tables if table.name not in {*dump.LEFT_OUT, "alembic_version"}]
        content = io.BytesIO(b"".join(dump.dump(connection, lambda: None, tables)))
    engine.dispose()
    url = f"sqlite:///{tmp_path / 'new.db'}"

    def fill(connection: Connection) -> None:
        heads = iter(lambda: content.readline(), b"")
        dump.load(connection, ((head, dump.rows_of(content, head)) for head in map(json.loads, heads)))

    migrate.refill(url, EARLIER, fill)
    assert migrate.current(url) == EARLIER
    upgrade(url)
    again = open_store(url)
    with again.read() as tx:
        assert tx.gates.all() == [Gate("01G", "lobby-1")]
        assert next(tx.seals.flaws(), None) is None
    again.close()
    with pytest.raises(CryptoFault, match="not empty"):
        migrate.refill(url, EARLIER, fill)
