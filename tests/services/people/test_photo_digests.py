"""A photo that is sent again is known by a digest beside the kept one, which no write opens to compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.ports.store import Transaction
from app.core.sealing import Sealed, context
from tests.fakes import person, photo
from tests.services.process import Process

PICTURE, OTHER = photo(person(0), note="one"), photo(person(0), note="two")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What the vault opens from here on: the context, and whether a write was under way."""
    found: list[tuple[str, bool]] = []
    writing: list[bool] = []
    really_open, really_write = Vault.open, SqlStore.write

    def spy(vault: Vault, wrapped_key: bytes, sealed: bytes, bound_to: str) -> bytes:
        found.append((bound_to, bool(writing)))
        return really_open(vault, wrapped_key, sealed, bound_to)

    @contextmanager
    def write(store: SqlStore, deadline: timedelta | None = None) -> Iterator[Transaction]:
        with really_write(store, deadline) as tx:
            writing.append(True)
            try:
                yield tx
            finally:
                writing.pop()

    monkeypatch.setattr(Vault, "open", spy)
    monkeypatch.setattr(SqlStore, "write", write)
    return found


def problems(site: Process, employee_id: str, *pictures: bytes) -> list[tuple[str, ...]]:
    return [result.problems for result in site.enrolment.add_photos(employee_id, pictures)]


def test_stored_photo_is_not_decrypted_for_comparison(site: Process, opened: list[tuple[str, bool]]) -> None:
    ada = site.enrol("E-1", PICTURE)
    assert problems(site, ada.id, OTHER, PICTURE, OTHER) == [(), ("duplicate_photo",), ("duplicate_photo",)]
    assert context(Sealed.PHOTO, ada.id) not in dict(opened)
    assert context(Sealed.EMBEDDING, ada.id) in dict(opened), "the spy sees what is opened"


def test_photo_of_an_earlier_version_is_decrypted_outside_the_write(
    site: Process, opened: list[tuple[str, bool]]
) -> None:
    ada = site.enrol("E-1", PICTURE)
    with site.store.write() as tx:
        (kept,) = tx.photos.of(ada.id)
        tx.photos.delete(kept.id)
        tx.photos.add([replace(kept, digest=None)])
    assert problems(site, ada.id, PICTURE, OTHER) == [("duplicate_photo",), ()]
    assert (context(Sealed.PHOTO, ada.id), False) in opened
    assert (context(Sealed.PHOTO, ada.id), True) not in opened


def test_digest_reveals_nothing_without_the_employees_key(site: Process) -> None:
    ada, bob = site.enrol("E-1", PICTURE), site.enrol("E-2", photo(person(1)))
    with site.store.read() as tx:
        (kept,), keys = tx.photos.of(ada.id), [tx.data_keys.get(one.id) for one in (ada, bob)]
    assert kept.digest is not None and len(kept.digest) == 32 and all(keys)
    digests = {site.vault.digest(key or b"", kept.digest, "a context") for key in keys}
    assert len(digests | {site.vault.digest(keys[0] or b"", kept.digest, "another")}) == 3
