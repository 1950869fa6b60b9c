"""The rules that an installation begins with, once: what everybody could do before there were rules, they still may.

One site on the machine's clock, all gates at it, a group for each text that employees carry, and one rule that an admin
can see and change: everybody, everywhere, always.
"""

import os
from pathlib import Path

from sqlalchemy import Connection, insert, select
from ulid import ULID

from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.seals.sealing import seal_tables
from app.adapters.db.tables import employees, gate_places, gates, groups, rule_version, rules, sites
from app.adapters.db.tables.access import RULE_TABLES
from app.core.access.time_zones import zone_names
from app.core.text import folded

LOCALTIME = Path("/etc/localtime")


def lay_down(connection: Connection, seals: RowSeals) -> None:
    """Right after the migration that makes the tables, and never again: it seals what it writes."""
    site_id = str(ULID())
    connection.execute(insert(rule_version).values(id=1, version=1))
    connection.execute(insert(sites).values(id=site_id, name="Site", time_zone=machines_zone()))
    for gate_id in connection.execute(select(gates.c.id)).scalars().all():
        connection.execute(insert(gate_places).values(gate_id=gate_id, site_id=site_id))
    texts: dict[str, str] = {}
    for of_one in connection.execute(select(employees.c.groups)).scalars():
        for text in of_one:
            texts[folded(text)] = min(text, texts.get(folded(text), text))
    for key, text in sorted(texts.items()):
        connection.execute(insert(groups).values(id=str(ULID()), name=text, folded=key, source="local"))
    connection.execute(
        insert(rules).values(
            id=str(ULID()),
            name="Everybody, everywhere, always",
            who={"everybody": True, "groups": []},
            places={"everywhere": True, "sites": [], "zones": [], "gates": []},
        )
    )
    seal_tables(connection, seals, RULE_TABLES)


def machines_zone() -> str:
    """The name of the machine's time zone; UTC where it has none that is known."""
    named = os.environ.get("TZ", "").lstrip(":")
    linked = str(LOCALTIME.resolve()).rpartition("/zoneinfo/")[2]
    return next((name for name in (named, linked) if name in zone_names()), "UTC")
