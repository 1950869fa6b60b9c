"""Uploads sealed under a key of their own; destroying the key destroys every copy of the files."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from app.core.errors import NotFound
from app.core.imports import people_text
from app.core.imports.reports import PhotoSource, Uploads, Writer, no_people
from app.core.ports.crypto import Vault
from app.core.ports.store import Store, Transaction
from app.core.sealing import Sealed, context

Work = Callable[[bytes, bytes, str], bytes]  # seals or opens with a key: bytes, bound to a context

CSV, PHOTOS = "people.csv", "photos.zip"


@dataclass(frozen=True)
class SealedUploads:
    """The files of uploads. Raises NotFound if their key is gone."""

    store: Store
    vault: Vault
    folder: Uploads

    def begin(self, import_id: str) -> tuple[Writer, Writer]:
        """Makes the key. Returns the writers for the people and their photos."""
        with self.store.write() as tx:
            tx.data_keys.add(_key(import_id), self.vault.new_key())
        return self._writer(import_id, CSV), self._writer(import_id, PHOTOS)

    def is_there(self, tx: Transaction, import_id: str) -> bool:
        return tx.data_keys.get(_key(import_id)) is not None

    def people(self, import_id: str) -> bytes:
        """The people's CSV: sent by itself, or else in the zip. Raises BadInput."""
        data = self.folder.csv(import_id, self._bound(import_id, CSV, self.vault.open), people_text.MOST_BYTES)
        if not data:
            unseal = self._bound(import_id, PHOTOS, self.vault.open)
            packed = self.folder.people(import_id, unseal, people_text.MOST_BYTES)
            if packed is None:
                raise no_people()
            data = packed
        return data

    def photos(self, import_id: str, encoding: str | None) -> AbstractContextManager[PhotoSource]:
        return self.folder.photos(import_id, self._bound(import_id, PHOTOS, self.vault.open), encoding)

    def discard(self, import_id: str) -> None:
        with self.store.write() as tx:
            key = tx.data_keys.get(_key(import_id))
            tx.data_keys.destroy(_key(import_id))
            if key is not None:
                self.vault.forget(key)
        self.folder.delete(import_id)

    def _writer(self, import_id: str, name: str) -> Writer:
        return self.folder.writer(import_id, name, self._bound(import_id, name, self.vault.seal))

    def _bound(self, import_id: str, name: str, work: Work) -> Callable[[bytes, str], bytes]:
        """Returns what seals or opens the pieces of one file, each bound to its file and place."""
        with self.store.read() as tx:
            key = tx.data_keys.get(_key(import_id)) or b""
        if not key:
            raise NotFound("unknown_upload", "The files of this import are no longer there; send them again.")
        return lambda data, piece: work(key, data, context(Sealed.UPLOAD, import_id, name, piece))


def _key(import_id: str) -> str:
    return f"{import_id}:upload"
