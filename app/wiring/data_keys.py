"""Checks that master key and key file are this database's, before anything is served."""

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault, derive
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.store import SqlStore
from app.core.errors import CryptoFault
from app.core.site.installation import Installation
from app.core.site.mode import SITE


def check_master_key(vault: Vault, installation: Installation | None) -> None:
    """Raises CryptoFault if the database was sealed with another key. A new database was sealed with none."""
    if installation is not None and not vault.check(installation.key_check):
        raise CryptoFault(
            "the master key is not the one this database was sealed with: restore master.key from its backup"
        )


def settle_keys(store: SqlStore, vault: Vault, key_file: KeyFile) -> None:
    """Gives every data key its secret in the key file, once, for keys older than that file.

    The site's data key is made here, at the first start. So a machine with a key file of its own is told at its start,
    and not when it meets somebody whom another machine enrolled.

    Raises CryptoFault if the key file is missing although keys need it, or if it is not this database's.
    """
    with store.read() as tx:
        keys = tx.data_keys.all()
    old = [subject for subject, wrapped in keys.items() if vault.is_old(wrapped)]
    if len(old) < len(keys) and not key_file.exists():
        raise CryptoFault(
            "the key file people.keys is missing, and without it nobody's photos and passages open: restore its newest "
            "copy, or set people_keys to the file that the other machines use"
        )
    key_file.create()
    if old:
        new = vault.rewrap([keys[subject] for subject in old])
        with store.write() as tx:
            for subject, wrapped in zip(old, new, strict=True):
                tx.data_keys.replace(subject, wrapped)
    if old or SITE not in keys:
        with store.read() as tx:
            keys = tx.data_keys.all()
    if SITE not in keys and (not keys or vault.knows_any(list(keys.values()))):
        with store.write() as tx:
            keys = {SITE: tx.data_keys.get_or_add(SITE, vault.new_key())}
    if SITE not in keys or not vault.knows_any([keys[SITE]]):
        raise CryptoFault(
            "the key file people.keys is another machine's, or another database's, and nothing that was sealed here "
            "opens with it: set people_keys to the file that the other machines use, or restore its newest copy"
        )


def seals_of(master: bytes) -> RowSeals:
    """What seals rows under this master key."""
    return RowSeals(derive(master, b"facegate row seals v1"))
