"""Who may call: keys for devices and scripts, shown once, stored as a hash, revocable at once in every process."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.core.errors import BadInput, NotFound, NotRecorded, Unauthorised
from app.core.ports.store import Clock, Store, Transaction
from app.core.tokens import digest
from app.core.types import ApiKey, Role

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keys:
    store: Store
    clock: Clock
    new_id: Callable[[], str]
    # Called with the id of a revoked key.
    revoked: Callable[[str], None] = lambda _: None
    # When keys were used since that was last stored: a request must not wait for a write.
    _used: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)

    def create(
        self, role: Role, gate: str | None = None, name: str = "", directory_id: str | None = None
    ) -> tuple[str, ApiKey]:
        """Makes a key. Returns the secret, which is stored nowhere, and its record.

        Only a gate key has a gate, and only a directory's key a directory. Raises BadInput, and NotFound for an unknown
        gate or directory.
        """
        if role in (Role.VIEWER, Role.DISPLAY):
            raise BadInput("bad_role", f"No key has the role {role.value}; the role security reads the log.")
        if (role is Role.GATE) != (gate is not None):
            raise BadInput("bad_gate", "A key of role gate names its gate; no other key does.")
        if (role is Role.DIRECTORY) != (directory_id is not None):
            raise BadInput("bad_role", "A directory's key is made for that directory: POST /v1/directories/{id}/keys.")
        secret = f"fg_{role.value}_{secrets.token_urlsafe(32)}"
        with self.store.write() as tx:
            gate_id = None
            if gate is not None:
                found = tx.gates.by_name_or_id(gate)
                if found is None:
                    raise NotFound("unknown_gate", f"There is no gate of that name. Add it: gates add {gate}")
                gate_id = found.id
            if directory_id is not None and tx.directories.get(directory_id) is None:
                raise NotFound("unknown_directory", "There is no directory with this id.")
            key = ApiKey(
                self.new_id(),
                role,
                digest(secret),
                name or role.value,
                gate_id,
                self.clock(),
                directory_id=directory_id,
            )
            tx.api_keys.add(key)
        return secret, key

    def authenticate(self, secret: str, then: Callable[[Transaction, ApiKey], None] = lambda tx, key: None) -> ApiKey:
        """Finds the record of a key as the database has it now.

        Args:
            secret: What the caller sent.
            then: Reads on in the same transaction, once the key is known to be good.

        Raises:
            Unauthorised: The key is unknown or was revoked.
        """
        with self.store.read() as tx:
            key = tx.api_keys.by_hash(digest(secret))
            if key is None or key.revoked_at is not None:
                raise Unauthorised("bad_key", "This key is unknown or was revoked; ask an admin for a new one.")
            then(tx, key)
        self._used[key.id] = self.clock()
        return key

    def note_uses(self) -> None:
        """Stores when keys were last used. Called once a minute. Raises NotRecorded, and then nothing is lost."""
        used = dict(self._used)
        with self.store.read() as tx:
            begun = tx.key_uses.begun_at() is not None
        if begun and not used:
            return
        with self.store.write() as tx:
            tx.key_uses.begin(self.clock())
            tx.key_uses.put(used)
        for key_id, at in used.items():
            if self._used.get(key_id) == at:
                self._used.pop(key_id, None)

    def note_last_uses(self) -> None:
        """As `note_uses`, when the process ends and nobody tries again: what cannot be stored is lost."""
        try:
            self.note_uses()
        except NotRecorded as error:
            if self._used:
                logger.warning("key_uses_lost keys=%d reason=%s", len(self._used), error)

    def last_uses(self) -> dict[str, datetime]:
        """When each key was last used, by its id; of other processes up to a minute ago."""
        with self.store.read() as tx:
            stored = tx.key_uses.all()
        for key_id, at in dict(self._used).items():
            stored[key_id] = max(at, stored.get(key_id, at))
        return stored

    def unused_since(self, at: datetime) -> list[ApiKey]:
        """Returns the keys in force that were made before this time and not used since, as far as that was noted."""
        used = self.last_uses()
        with self.store.read() as tx:
            keys, begun = tx.api_keys.all(), tx.key_uses.begun_at()
        # In a version before uses were noted, a key without one may have been used every day.
        unknown = at if begun is None else begun
        return [k for k in keys if k.revoked_at is None and k.created_at < at and used.get(k.id, unknown) < at]

    def all(self) -> list[ApiKey]:
        with self.store.read() as tx:
            return tx.api_keys.all()

    def get(self, key_id: str) -> ApiKey:
        with self.store.read() as tx:
            key = tx.api_keys.get(key_id)
        if key is None:
            raise NotFound("unknown_key", "There is no key with this id.")
        return key

    def rename(self, key_id: str, name: str) -> ApiKey:
        """Raises NotFound."""
        self.get(key_id)
        with self.store.write() as tx:
            tx.api_keys.rename(key_id, name)
        return self.get(key_id)

    def revoke(self, key_id: str) -> None:
        """Revokes a key. Once this returns, it opens nothing. Raises NotFound."""
        self.get(key_id)
        with self.store.write() as tx:
            tx.api_keys.revoke(key_id, self.clock())
        self.revoked(key_id)
