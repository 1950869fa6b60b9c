"""Runs migrations on a given connection (`adapters.db.engine.migrate`), or from the shell: alembic -x url=URL."""

from alembic import context
from sqlalchemy import Connection

from app.adapters.db.engine.connect import make_engine
from app.adapters.db.tables import metadata


def migrate(connection: Connection) -> None:
    # SQLite's DDL is transactional once BEGIN is explicit, as it is here: a failed migration leaves nothing behind.
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        raise SystemExit("name the database: alembic -x url=sqlite:///data/facegate.db ...")
    engine = make_engine(url, foreign_keys=False)
    try:
        with engine.begin() as connection:
            migrate(connection)
    finally:
        engine.dispose()
