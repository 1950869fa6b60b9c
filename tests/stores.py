"""How tests open and migrate a database: sealed under a key of their own, which no code in `app` knows."""

from app.adapters.db.engine import migrate
from app.adapters.db.seals.person_box import Vault
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.store import SqlStore
from app.adapters.db.store import open_store as open_keyed

KEY = b"a key that only the tests know. "
SEALS = RowSeals(KEY)


def upgrade(url: str, *, seals: RowSeals = SEALS, vault: Vault | None = None, sealed_before: bool = False) -> None:
    migrate.upgrade(url, lambda: seals, lambda: vault, sealed_before=sealed_before)


def open_store(
    url: str, *, seals: RowSeals = SEALS, vault: Vault | None = None, server_clock: bool = False
) -> SqlStore:
    """vault: None seals all people under the seals' key, so that a test need not give each of them one."""
    return open_keyed(url, seals, vault, server_clock=server_clock)
