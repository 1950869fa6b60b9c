"""Lists of employees on both databases: kept in memory, and still what the transaction sees."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.adapters.db.store import SqlStore
from app.core.events.chain import GENESIS
from app.core.events.records import EventRow
from app.core.gates.gate import Gate
from app.core.people.records import EmployeeFilter, PeopleOrder
from app.core.types import Employee, Reason, Template, Verdict

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ADA = Employee("01A", "E-1", "Ada King", created_at=NOW)
EVA = Employee("01B", "E-2", "Éva Haddad", created_at=NOW)


def numbers(store: SqlStore, which: EmployeeFilter) -> list[str]:
    with store.read() as tx:
        return [one.number for one in tx.employees.page(which).people]


def test_list_follows_every_change(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.add(ADA)
        tx.employees.add(EVA)
        assert tx.employees.count(EmployeeFilter(q="haddad eva")) == 1  # also before the commit
    with store.read() as tx:
        page = tx.employees.page(EmployeeFilter(order=PeopleOrder.NAME, limit=1))
    assert (page.people, page.matching, page.next) == ((ADA,), 2, ("ada king", "E-1"))
    assert numbers(store, EmployeeFilter(order=PeopleOrder.NAME, after="E-1", after_key="ada king")) == ["E-2"]
    with store.write() as tx:
        tx.employees.update(replace(ADA, name="Zoe King", groups=("Night",)))
        tx.templates.put(Template(EVA.id, b"vector", 1, "digest", "float32"))
        assert [one.number for one in tx.employees.find(EmployeeFilter(group="night"))] == ["E-1"]
    assert numbers(store, EmployeeFilter(order=PeopleOrder.NAME)) == ["E-2", "E-1"]
    assert numbers(store, EmployeeFilter(photos=1)) == ["E-2"]
    with store.write() as tx:
        tx.employees.delete(EVA.id)
    assert numbers(store, EmployeeFilter()) == ["E-1"]


def test_rolled_back_change_is_not_listed(store: SqlStore) -> None:
    try:
        with store.write() as tx:
            tx.employees.add(ADA)
            assert tx.employees.count(EmployeeFilter()) == 1
            raise RuntimeError
    except RuntimeError:
        pass
    assert numbers(store, EmployeeFilter()) == []


def test_last_seen(store: SqlStore) -> None:
    with store.write() as tx:
        for one in (ADA, EVA, Employee("01C", "E-3", "Never Seen")):
            tx.employees.add(one)
        tx.gates.add(Gate("g", "lobby"))
        before = GENESIS
        for sequence, (person, reason, hours) in enumerate(
            (
                (ADA, Reason.RECOGNISED, 1),
                (EVA, Reason.NO_RULE, 2),
                (ADA, Reason.GRANT_GIVEN, 3),  # nobody stood at the gate
                (None, Reason.NOT_RECOGNISED, 4),
            ),
            start=1,
        ):
            verdict = Verdict.OPEN if reason is Reason.RECOGNISED else Verdict.DENY
            at = NOW + timedelta(hours=hours)
            tx.events.append(
                EventRow(
                    f"e{sequence}", "g", sequence, at, verdict, reason, "c", before + "x", person.id if person else None
                )
            )
    with store.read() as tx:
        seen = tx.employees.last_seen([ADA.id, EVA.id, "01C"])
    assert seen == {ADA.id: NOW + timedelta(hours=1), EVA.id: NOW + timedelta(hours=2)}
    newest = EmployeeFilter(order=PeopleOrder.SEEN, descending=True)
    assert numbers(store, newest) == ["E-2", "E-1", "E-3"]
