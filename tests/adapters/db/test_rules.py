"""Rules in both databases: what is stored comes back, each change has a version, and migrating keeps who may pass."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.adapters.db.engine import migrate
from app.adapters.db.engine.connect import make_engine
from app.adapters.db.seals.first_rules import machines_zone
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.store import SqlStore
from app.core.access.permission import CompiledRules, Denial
from app.core.access.rule_set import RuleSet
from app.core.access.rules import (
    EntryMode,
    GateMode,
    GatePlace,
    Grant,
    Group,
    GroupSource,
    Lane,
    Person,
    Rule,
    Where,
    Who,
    Zone,
)
from app.core.access.rules import Site as Place
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.core.errors import Conflict
from app.core.gates.gate import Gate
from app.core.types import Employee
from tests.fakes import NOW
from tests.stores import open_store, upgrade

HOUR = timedelta(hours=1)
HOLIDAYS = Calendar(
    "C1", "Holidays", (CalendarDay(date(2026, 12, 25), True), CalendarDay(date(2027, 3, 26), False, "Good Friday"))
)
DAYS = Schedule(
    "T1", "Days", (Window((0, 1, 2), Hours(420, 720)),), (CalendarHours("C1", (Hours(600, 60),)), CalendarHours("C2"))
)
STAFF = Rule(
    "R1",
    "Staff",
    Who(groups=frozenset({"H1"}), people=frozenset({"E1", "E2"})),
    Where(zones=frozenset({"Z2"}), gates=frozenset({"G1"})),
    "T1",
    date(2026, 1, 1),
    date(2026, 12, 31),
    "since the move",
)


@pytest.fixture
def site(store: SqlStore) -> str:
    """The first site's id, with two gates and two people."""
    with store.write() as tx:
        for n in "12":
            tx.gates.add(Gate(f"G{n}", f"gate-{n}", created_at=NOW))
            tx.employees.add(Employee(f"E{n}", f"N-{n}", f"Name {n}"))
        return tx.rules.all().sites[0].id


def stored(store: SqlStore) -> RuleSet:
    with store.read() as tx:
        return tx.rules.all()


def test_new_installation_lets_everybody_in_everywhere_always(store: SqlStore, site: str) -> None:
    rules = stored(store)
    assert [(place.name, place.time_zone) for place in rules.sites] == [("Site", machines_zone())]
    assert [rule.name for rule in rules.rules] == ["Everybody, everywhere, always"]
    assert [(gate.id, gate.name, gate.site_id) for gate in rules.gates] == [
        ("G1", "gate-1", site),
        ("G2", "gate-2", site),
    ]
    assert CompiledRules(rules).may_pass(Person("E1"), "G2", NOW).allowed
    rules.check()


def test_rules_round_trip(store: SqlStore, site: str) -> None:
    parts = (
        Place("S2", "Harbour", "Australia/Lord_Howe"),
        Zone("Z1", "Office", site),
        Zone("Z2", "Lab", site, "Z1"),
        GatePlace("G1", "gate-1", site, "Z1", "Z2", "Asia/Tokyo"),
        Lane("L1", "Lobby", ("G1", "G2")),
        Group("H1", "Staff"),
        Group("H2", "Night", GroupSource.SCIM),
        HOLIDAYS,
        Calendar("C2", "Closing"),
        DAYS,
        STAFF,
        GateMode("N1", "G1", EntryMode.FREE, "T1", "H1"),
        GateMode("N2", "G2", EntryMode.NO_ENTRY),
        Grant("F1", "E1", Where(everywhere=True), NOW, NOW + HOUR, "a parcel", "U1"),
    )
    with store.write() as tx:
        tx.rules.put(*parts)
    rules = stored(store)
    rules.check()
    found = {*rules.sites, *rules.zones, *rules.gates, *rules.lanes, *rules.groups, *rules.calendars}
    assert {*parts} <= found | {*rules.schedules, *rules.rules, *rules.modes, *rules.grants}
    with store.write() as tx:
        tx.rules.put(replace(STAFF, who=Who(everybody=True), note=None))
    assert stored(store).rules[1] == replace(STAFF, who=Who(everybody=True), note=None)


def test_each_change_has_the_next_version(store: SqlStore, site: str) -> None:
    before = stored(store).version
    with store.write() as tx:
        assert tx.rules.lock() == before
        tx.rules.put(Group("H1", "Staff"), Group("H2", "Night"))
    assert stored(store).version == before + 1
    with store.write() as tx:
        tx.rules.delete(Group("H2", "Night"))
    assert stored(store).version == before + 2
    with pytest.raises(RuntimeError, match="undone"), store.write() as tx:
        tx.rules.put(Group("H3", "Third"))
        raise RuntimeError("undone")
    assert stored(store).version == before + 2
    assert [group.name for group in stored(store).groups] == ["Staff"]


def test_referenced_entry_cannot_be_deleted(store: SqlStore, site: str) -> None:
    with store.write() as tx:
        tx.rules.put(Calendar("C1", "Holidays"), Calendar("C2", "Closing"), DAYS)
        tx.rules.put(replace(STAFF, who=Who(everybody=True)))
    with pytest.raises(Conflict), store.write() as tx:
        tx.rules.delete(DAYS)
    with pytest.raises(Conflict), store.write() as tx:
        tx.rules.put(Zone("Z9", "Attic", site, "Z8"))
    assert [schedule.id for schedule in stored(store).schedules] == ["T1"]


def test_erasure_removes_the_persons_rules(store: SqlStore, site: str) -> None:
    with store.write() as tx:
        tx.rules.put(
            Calendar("C1", "Holidays"), Calendar("C2", "Closing"), DAYS, replace(STAFF, where=Where(everywhere=True)),
            Rule("R2", "Only one", Who(people=frozenset({"E1"})), Where(everywhere=True)),
            Grant("F1", "E1", Where(everywhere=True), NOW, NOW + HOUR, "a parcel", "U1"),
        )  # fmt: skip
        tx.employees.delete("E1")
    rules = stored(store)
    assert [rule.who.people for rule in rules.rules if rule.id == "R1"] == [frozenset({"E2"})]
    assert "R2" not in [rule.id for rule in rules.rules]  # it reaches nobody any more
    assert rules.grants == ()
    with store.read() as tx:
        assert list(tx.seals.flaws()) == []


def test_deleting_a_gate_deletes_its_place_and_lane(store: SqlStore, site: str) -> None:
    with store.write() as tx:
        tx.rules.put(Lane("L1", "Lobby", ("G1", "G2")), GateMode("N1", "G1", EntryMode.NO_ENTRY))
        tx.gates.delete("G1")
    rules = stored(store)
    assert ([gate.id for gate in rules.gates], rules.lanes, rules.modes) == (["G2"], (), ())


def test_persons_groups_are_groups(store: SqlStore, site: str) -> None:
    with store.write() as tx:
        tx.employees.add(Employee("E3", "N-3", "Name 3", groups=("Staff", "Night")))
        tx.employees.add(Employee("E4", "N-4", "Name 4", groups=("staff",)))
        before = tx.rules.version()
        tx.employees.update(Employee("E4", "N-4", "Name 5", groups=("STAFF",)))
        assert tx.rules.version() == before
    assert [(group.name, group.source) for group in stored(store).groups] == [
        ("Night", GroupSource.LOCAL),
        ("Staff", GroupSource.LOCAL),
    ]


def test_altered_row_lets_nobody_in(store: SqlStore, site: str) -> None:
    allowed = CompiledRules(stored(store))
    assert allowed.may_pass(Person("E1"), "G1", NOW).allowed
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE rules SET note = 'planted'"))
    assert CompiledRules(stored(store)).may_pass(Person("E1"), "G1", NOW).denial is Denial.NO_RULE
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE rule_version SET version = 99"))
    assert stored(store).version == 0
    store._seals._altered.clear()  # the seals are shared by all tests and name each row once


def test_block_is_stored_with_its_reason_sealed(store: SqlStore) -> None:
    blocked = Employee("E9", "N-9", "Name 9", blocked_at=NOW, blocked_until=NOW + HOUR, block_reason="lost badge")
    with store.write() as tx:
        tx.employees.add(blocked)
    with store.read() as tx:
        assert tx.employees.get("E9") == blocked
    with store._engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM employees WHERE id = 'E9'")).all()
    assert len(rows) == 1 and b"lost badge" not in repr(rows).encode()


def test_upgrade_keeps_who_may_pass(empty_database_url: str) -> None:
    seals = RowSeals(bytes(range(32)))
    upgrade(empty_database_url, seals=seals)
    store = open_store(empty_database_url, seals=seals)
    with store.write() as tx:
        tx.gates.add(Gate("G1", "lobby-1", created_at=NOW))
        tx.employees.add(Employee("E1", "N-1", "Ada", groups=("Staff", "Night")))
        tx.employees.add(Employee("E2", "N-2", "Bob", groups=("staff",)))
    store.close()
    migrate.downgrade(empty_database_url, "0020")
    engine = make_engine(empty_database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM employees")).scalar_one() == 2
    engine.dispose()
    upgrade(empty_database_url, seals=seals)
    store = open_store(empty_database_url, seals=seals)
    with store.write() as tx:
        rules = tx.rules.all()
        assert [group.name for group in rules.groups] == ["Night", "Staff"]
        assert [gate.name for gate in rules.gates] == ["lobby-1"]
        assert CompiledRules(rules).may_pass(Person("E1"), "G1", NOW).allowed
        assert list(tx.seals.flaws()) == []
        tx.rules.put(Group("H1", "Third"))
    with store.read() as tx:
        assert list(tx.seals.flaws()) == []
    store.close()
