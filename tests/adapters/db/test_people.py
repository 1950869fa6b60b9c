"""Employees, photos and templates, as the port promises them, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.adapters.db.store import SqlStore
from app.core.errors import Conflict
from app.core.people.records import EmployeeFilter
from app.core.types import Employee, Photo, Status, Template

NOW = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
ADA = Employee(
    id="01A",
    number="E-1001",
    name="Ada Lovelace",
    email="ada@example.org",
    valid_from=date(2026, 11, 23),
    valid_until=date(2027, 11, 22),
    groups=("engineering", "night"),
    legal_basis="consent",
    consent_at=date(2026, 11, 20),
    created_at=NOW,
)
EVA = Employee(id="01B", number="E-1002", name="Éva 100%_sure", status=Status.INACTIVE)


def photo(identifier: str, at: datetime = NOW) -> Photo:
    return Photo(identifier, ADA.id, b"image", b"embedding", "image/jpeg", 0.9, at)


def template(employee_id: str = ADA.id, vector: bytes = b"vector", photos: int = 3) -> Template:
    return Template(employee_id, vector, photos, "digest", "float32")


def test_employee_round_trip(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.employees.add(EVA)
    with store.read() as tx:
        assert tx.employees.get(ADA.id) == ADA
        assert tx.employees.by_number("E-1002") == EVA
        assert tx.employees.get("nobody") is None
        assert tx.employees.count() == 2


def test_time_of_another_zone_is_the_same_moment(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(replace(ADA, created_at=NOW.astimezone(timezone(timedelta(hours=2)))))
    with store.read() as tx:
        found = tx.employees.get(ADA.id)
        assert found is not None and found.created_at == NOW and found.created_at.tzinfo is UTC


def test_time_without_a_zone_is_refused(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="zone"), store.write() as tx:
        tx.employees.add(replace(ADA, created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_duplicate_number_is_a_conflict_and_the_transaction_continues(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        with pytest.raises(Conflict) as refusal:
            tx.employees.add(replace(EVA, number=ADA.number))
        tx.employees.add(EVA)
        with pytest.raises(Conflict):
            tx.employees.update(replace(EVA, number=ADA.number))
    assert refusal.value.code == "number_taken"
    with store.read() as tx:
        assert tx.employees.count() == 2


def test_card_belongs_to_one_person(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(replace(ADA, card_number="4711"))
        tx.employees.add(EVA)
        tx.employees.add(replace(EVA, id="01C", number="card_number"))  # no card either
        with pytest.raises(Conflict) as taken:
            tx.employees.update(replace(EVA, card_number="4711"))
        with pytest.raises(Conflict) as added:
            tx.employees.add(replace(EVA, id="01D", number="E-1004", card_number="4711"))
        with pytest.raises(Conflict) as number:
            tx.employees.add(replace(EVA, id="01D", number="card_number", card_number="4712"))
        tx.employees.update(ADA)
        tx.employees.update(replace(EVA, card_number="4711"))
    assert (taken.value.code, added.value.code, number.value.code) == ("card_taken", "card_taken", "number_taken")
    with store.read() as tx:
        assert tx.employees.get(ADA.id) == ADA
        assert tx.employees.get(EVA.id) == replace(EVA, card_number="4711")


def test_update(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.employees.update(replace(ADA, name="Ada King", status=Status.INACTIVE, groups=()))
    with store.read() as tx:
        assert tx.employees.find(EmployeeFilter(q="king"))[0].status is Status.INACTIVE
        assert tx.employees.find(EmployeeFilter(q="lovelace")) == []


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (EmployeeFilter(), ["E-1001", "E-1002"]),
        (EmployeeFilter(limit=1), ["E-1001"]),
        (EmployeeFilter(after="E-1001"), ["E-1002"]),
        (EmployeeFilter(status=Status.ACTIVE), ["E-1001"]),
        (EmployeeFilter(q="e-10"), ["E-1001", "E-1002"]),
        (EmployeeFilter(q="1002"), []),
        (EmployeeFilter(q="LOVE"), ["E-1001"]),
        (EmployeeFilter(q="éVA"), ["E-1002"]),
        (EmployeeFilter(q="%"), ["E-1002"]),
        (EmployeeFilter(q="a_l"), []),
        (EmployeeFilter(q="%_s"), ["E-1002"]),
    ],
)
def test_find(store: SqlStore, which: EmployeeFilter, expected: list[str]) -> None:
    with store.write() as tx:
        tx.employees.add(EVA)
        tx.employees.add(ADA)
    with store.read() as tx:
        assert [employee.number for employee in tx.employees.find(which)] == expected


def test_numbers_sort_by_byte_in_both_databases(store: SqlStore) -> None:
    numbers = ["b", "B", "a", "_", "10", "9"]
    with store.write() as tx:
        for number in numbers:
            tx.employees.add(replace(EVA, id=f"id {number}", number=number))
    with store.read() as tx:
        assert [employee.number for employee in tx.employees.find(EmployeeFilter())] == sorted(numbers)


def test_photos_oldest_first(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.photos.add([photo("2", NOW + timedelta(seconds=1)), photo("3", NOW)])
    with store.read() as tx:
        assert [found.id for found in tx.photos.of(ADA.id)] == ["3", "2"]
        assert tx.photos.get(ADA.id, "3") == photo("3")
        assert tx.photos.get("somebody else", "3") is None
    with store.write() as tx:
        tx.photos.delete("3")
        assert [found.id for found in tx.photos.of(ADA.id)] == ["2"]


def test_photo_without_an_employee_is_a_conflict(store: SqlStore) -> None:
    with pytest.raises(Conflict), store.write() as tx:
        tx.photos.add([photo("1")])


def test_template_changes_are_listed_in_order(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.employees.add(EVA)
        tx.data_keys.add(ADA.id, b"key of ada")
        tx.data_keys.add(EVA.id, b"key of eva")
        assert tx.templates.lock() == 0
        tx.templates.put(template())
        tx.templates.put(template(EVA.id, photos=1))
        tx.templates.put(template(vector=b"newer"))
    with store.read() as tx:
        assert tx.templates.revision() == 3
        assert tx.templates.changed_since(0) == {ADA.id, EVA.id}
        assert tx.templates.changed_since(2) == {ADA.id}
        assert tx.templates.changed_since(3) == set()
        assert dict(tx.templates.all()) == {
            template(vector=b"newer"): b"key of ada",
            template(EVA.id, photos=1): b"key of eva",
        }
        assert tx.templates.some([ADA.id, "nobody"]) == [(template(vector=b"newer"), b"key of ada")]
        assert tx.templates.some([]) == []
        assert tx.templates.photo_counts() == {3: 1, 1: 1}
        enrolled = tx.employees.get(ADA.id)
        assert enrolled is not None and enrolled.photos == 3
    with store.write() as tx:
        tx.templates.delete(EVA.id)
        assert tx.templates.get(EVA.id) is None
        assert tx.templates.changed_since(3) == {EVA.id}


def test_deleting_an_employee_deletes_photos_and_template_and_is_listed_as_a_change(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.photos.add([photo("1")])
        tx.templates.put(template())
    with store.write() as tx:
        tx.employees.delete(ADA.id)
    with store.read() as tx:
        assert tx.employees.get(ADA.id) is None
        assert tx.photos.of(ADA.id) == []
        assert tx.templates.get(ADA.id) is None
        assert tx.templates.changed_since(1) == {ADA.id}


def test_updating_an_employee_leaves_photos_template_and_feed_alone(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.photos.add([photo("1")])
        tx.templates.put(template())
        tx.employees.update(replace(ADA, name="Ada King"))
    with store.read() as tx:
        assert len(tx.photos.of(ADA.id)) == 1
        assert tx.templates.revision() == 1
