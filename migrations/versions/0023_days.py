"""The dates of people become days. `adapters.db.seals.people_by_day` seals again the rows that were good before.

A page or an import wrote a day as its first or last moment in UTC: that day it becomes. Any other time is one that a
script sent, and it becomes the date that the site's clock showed then.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from app.adapters.db.seals.first_rules import machines_zone
from app.core.access.time_zones import time_zone, zone_names

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

COLUMNS = ("valid_from", "valid_until", "consent_at")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
employees = sa.table("employees", sa.column("id"), *(sa.column(name, sa.String()) for name in COLUMNS))
sites = sa.table("sites", sa.column("id"), sa.column("time_zone"))


def upgrade() -> None:
    with op.batch_alter_table("employees") as batch:
        for name in COLUMNS:
            batch.alter_column(name, existing_type=sa.BigInteger(), type_=sa.String(), existing_nullable=True)
    zone = _zone(op.get_bind())
    _rewrite(lambda name, millis: _day(millis, zone))


def downgrade() -> None:
    _rewrite(_millis)
    with op.batch_alter_table("employees") as batch:
        for name in COLUMNS:
            batch.alter_column(
                name,
                existing_type=sa.String(),
                type_=sa.BigInteger(),
                existing_nullable=True,
                postgresql_using=f"{name}::bigint",
            )


def _rewrite(new: Callable[[str, str], str | None]) -> None:
    connection = op.get_bind()
    dated = sa.or_(*(employees.c[name].is_not(None) for name in COLUMNS))
    for row in connection.execute(sa.select(employees).where(dated)).mappings().all():
        values = {name: new(name, row[name]) for name in COLUMNS if row[name] is not None}
        connection.execute(sa.update(employees).where(employees.c.id == row["id"]).values(**values))


def _zone(connection: sa.Connection) -> ZoneInfo:
    """The first site's zone. An older installation gets its site right after this, on the machine's clock."""
    name = connection.execute(sa.select(sites.c.time_zone).order_by(sites.c.id).limit(1)).scalar_one_or_none()
    return time_zone(name if name in zone_names() else machines_zone())


def _day(millis: str, zone: ZoneInfo) -> str | None:
    try:
        at = EPOCH + timedelta(milliseconds=int(millis))
        into_day = (at - EPOCH) % DAY
        local = at if into_day == timedelta() or into_day >= DAY - timedelta(seconds=1) else at.astimezone(zone)
        return local.date().isoformat()
    except (ValueError, OverflowError):
        return None  # no time: somebody else wrote it, and the seal of its row says that


def _millis(name: str, day: str) -> str | None:
    try:
        begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return None
    begins_at = (begins - EPOCH) // MILLISECOND
    return str(begins_at + DAY // MILLISECOND - 1 if name == "valid_until" else begins_at)
