"""The gallery shows what the database holds, whoever changed it, and never takes templates of another model."""

import threading
from collections.abc import Callable

import pytest

from app.adapters.crypto.vault import Vault
from app.adapters.index.faiss_index import FaissIndex
from app.core.errors import PackMismatch
from app.services.people import gallery
from app.services.people.gallery import Gallery
from tests.fakes import DIMENSION, person, photo
from tests.services.process import Process

Start = Callable[..., Process]


def refreshed(process: Process) -> list[str]:
    """The ids in the gallery once it is up to date."""
    with process.store.read() as tx:
        process.gallery.refresh(tx)
    return sorted(c.employee_id for c in process.gallery.search(person(0), 100))


def test_empty_database_is_an_empty_gallery(site: Process) -> None:
    assert site.gallery.revision == -1
    assert refreshed(site) == [] and len(site.gallery) == 0
    assert site.gallery.revision == 0


def test_gallery_is_loaded_once_and_then_follows_changes(site: Process, start: Start) -> None:
    ada, eva = (site.enrol(f"E-{n}", photo(person(n))) for n in range(2))
    other = start()
    assert refreshed(other) == [ada.id, eva.id]
    bob = site.enrol("E-3", photo(person(3)))
    site.erasure.erase(ada.id)
    assert refreshed(other) == [eva.id, bob.id] == refreshed(site)
    assert other.gallery.revision == site.gallery.revision
    assert [round(c.similarity) for c in other.gallery.search(person(3), 1)] == [1]


def test_uncommitted_change_is_not_seen(site: Process, start: Start) -> None:
    other = start()
    ada = site.enrol("E-1", photo(person(0)))
    with pytest.raises(RuntimeError), site.store.write() as tx:
        tx.employees.delete(ada.id)
        assert refreshed(other) == [ada.id]
        raise RuntimeError
    assert refreshed(other) == refreshed(site) == [ada.id]


def test_gallery_never_returns_to_an_older_revision(site: Process) -> None:
    # Given a transaction that began before somebody was enrolled
    with site.store.read() as early:
        early.templates.revision()
        ada = site.enrol("E-1", photo(person(0)))
        assert refreshed(site) == [ada.id]
        newest = site.gallery.revision
        # when the gallery is brought up to date by it
        site.gallery.refresh(early)
    # then it keeps what it has seen
    assert site.gallery.revision == newest
    assert refreshed(site) == [ada.id]


def test_threads_bring_it_up_to_date_together(site: Process, start: Start) -> None:
    everybody = sorted(site.enrol(f"E-{n}", photo(person(n))).id for n in range(6))
    other = start()
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(refreshed(other))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [everybody] * 6


@pytest.mark.parametrize(("pack", "precision"), [("another pack", "f32"), ("pack", "bf16")])
def test_templates_of_another_model_are_refused_with_what_to_do(
    site: Process, vault: Vault, pack: str, precision: str
) -> None:
    site.enrol("E-1", photo(person(0)))
    other = Gallery(FaissIndex(DIMENSION), vault, pack, precision)
    for _ in range(2):
        with pytest.raises(PackMismatch, match="reembed"), site.store.read() as tx:
            other.refresh(tx)
    assert len(other) == 0 and other.revision == -1


def test_later_template_of_another_model_affects_only_its_owner(site: Process, start: Start) -> None:
    """The site moved on to another pack, and this process is about to follow."""
    ada = site.enrol("E-1", photo(person(0)))
    other = start()
    assert refreshed(other) == [ada.id]
    site.gallery.pack_digest = "newer"
    site.gallery._revision = 10**9  # this process looks no further back
    site.enrol("E-2", photo(person(5)))
    for _ in range(2):
        assert refreshed(other) == [ada.id]
    with pytest.raises(PackMismatch):
        refreshed(start())


def test_template_moved_to_another_employee_does_not_open(site: Process, start: Start) -> None:
    # Given somebody with the database's password, who gives Éva the template of Ada
    ada, eva = (site.enrol(f"E-{n}", photo(person(n))) for n in range(2))
    with site.store._engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE templates SET sealed_vector = "
            f"(SELECT sealed_vector FROM templates WHERE employee_id = '{ada.id}') WHERE employee_id = '{eva.id}'"
        )
    # then neither a new process takes it, nor does its gate open
    other = start()
    assert refreshed(other) == [ada.id]
    assert other.sees(0) == "recognised" and other.sees(1) == "not_recognised"


def test_long_load_says_how_far_it_is(
    site: Process, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(5):
        site.enrol(f"E-{n}", photo(person(n)))
    monkeypatch.setattr(gallery, "PROGRESS_EVERY", 2)
    with caplog.at_level("INFO", "app"):
        refreshed(start())
    assert [record.getMessage() for record in caplog.records if "loading" in record.message] == [
        "gallery_loading templates=2",
        "gallery_loading templates=4",
    ]
