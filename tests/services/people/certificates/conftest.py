"""Somebody who is erased, on a site that has a key file and searches everywhere."""

import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.engine.connect import sqlite_file
from app.adapters.searches.files import FileSearch
from app.adapters.searches.memory import CacheSearch, IndexSearch
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.core.people.traces import Traces
from app.core.types import Employee
from app.services.access.credentials.credential_book import CredentialBook
from app.services.imports.import_search import ImportSearch
from tests.fakes import DIMENSION, new_id, person, photo
from tests.services import process
from tests.services.importing import Importing
from tests.services.process import Process
from tests.stores import open_store

NOISE = random.Random(1)
# A face as a network sees it: no number of its vector is round.
FACE = np.array([3 * (axis == 0) + NOISE.random() / 4 for axis in range(DIMENSION)], np.float32)
FACE /= np.linalg.norm(FACE)
PHOTO = photo(FACE, note=NOISE.randbytes(4000).hex())
BADGE = Badge(56, 0x12AB34CD56EF78)


@pytest.fixture
def vault(master_key: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """With a key file, and databases that seal people with it, as the wiring makes them."""
    vault = Vault(master_key, KeyFile(tmp_path / "people.keys"))
    monkeypatch.setattr(process, "open_store", partial(open_store, vault=vault))
    return vault


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


@pytest.fixture
def site(site: Process, database_url: str, tmp_path: Path) -> Process:
    database = sqlite_file(database_url)
    desk = Importing(site, tmp_path).desk
    site.certificates.searches = (
        site.store.remains,
        IndexSearch(site.gallery.index),
        CacheSearch({"people": site.store.people.kept}),
        ImportSearch(site.store, site.vault, desk, desk.sealed),
        FileSearch(tmp_path, (), () if database is None else (database,), site.vault.knows_any),
    )

    def faces(traces: Traces) -> None:
        with site.store.read() as tx:
            site.gallery.refresh(tx)
        site.gallery.index.sweep()

    site.certificates.let_go = (faces,)
    return site


@pytest.fixture
def ada(site: Process) -> Employee:
    """Enrolled, with a badge, and let in once."""
    ada = site.enrolment.add(Details("E-77001", "Augusta Kingsley", email="augusta@example.net"))
    assert all(one.accepted for one in site.enrolment.add_photos(ada.id, [PHOTO]))
    CredentialBook(site.store, site.vault, site.clock, new_id).give(ada.id, BADGE, CardFormat.RAW, "tests")
    site.enrol("E-2", photo(person(1)))
    assert site.sees(0) == "recognised"
    return ada
