"""Gate results, alerts, doors and the site's mode, as the port promises them, on both databases."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.adapters.db.repositories.alerts.alerts import _columns
from app.adapters.db.store import SqlStore
from app.core.alerts.alert import Acknowledgement, Alert, AlertFilter, AlertKind, AlertState
from app.core.errors import Conflict
from app.core.events.chain import GENESIS
from app.core.events.records import EventRow
from app.core.gates.commands import CommandOutcome, DoorState, DriverKind, FailMode
from app.core.gates.gate import Gate
from app.core.gates.result import GateResultRow
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Reason, Verdict
from tests.stores import open_store

NOW = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
LOBBY = Gate("01G", "lobby-1", created_at=NOW)
HELD = Alert("01L", NOW, AlertKind.DOOR_HELD, gate_id="01G", detail="open for 15 s")
SECOND = timedelta(seconds=1)
EVERY = AlertFilter()


def event(number: int) -> EventRow:
    digest = f"{number:064d}"
    return EventRow(f"{number}E", "01G", number, NOW, Verdict.OPEN, Reason.RECOGNISED, digest, digest)


@pytest.fixture
def lobby(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.gates.add(LOBBY)
        tx.events.append(event(1))
        tx.events.append(event(2))
    return store


def test_result_keeps_its_signature_and_a_later_one_replaces_it(lobby: SqlStore) -> None:
    sent = GateResultRow("1E", NOW, CommandOutcome.SENT, "handed over", "signature")
    opened = replace(sent, at=NOW + SECOND, outcome=CommandOutcome.OPENED, detail="", signature="another")
    other = replace(sent, event_id="2E", outcome=CommandOutcome.TOO_LATE)
    with lobby.write() as tx:
        tx.gate_results.put(sent)
        tx.gate_results.put(other)
        assert tx.gate_results.of(["1E"]) == {"1E": sent}
        tx.gate_results.put(opened)
    with lobby.read() as tx:
        assert tx.gate_results.of(["1E", "2E", "3E"]) == {"1E": opened, "2E": other}
        assert tx.gate_results.of([]) == {}
        assert tx.gate_results.of(f"{number}E" for number in range(40_000)) == {"1E": opened, "2E": other}


def test_result_belongs_to_an_event(lobby: SqlStore) -> None:
    with pytest.raises(Conflict), lobby.write() as tx:
        tx.gate_results.put(GateResultRow("3E", NOW, CommandOutcome.FAILED))


def test_alert_is_raised_once_until_it_is_cleared(lobby: SqlStore) -> None:
    with lobby.write() as tx:
        assert tx.alerts.raise_(HELD) is True
        assert tx.alerts.raise_(replace(HELD, id="02L")) is False
        assert tx.alerts.clear(HELD.kind, "01G", None, NOW + SECOND) is True
        assert tx.alerts.clear(HELD.kind, "01G", None, NOW + 2 * SECOND) is False
        assert tx.alerts.uncleared() == []
        assert tx.alerts.raise_(replace(HELD, id="03L")) is True
    with lobby.read() as tx:
        assert tx.alerts.find(EVERY) == [replace(HELD, id="03L"), replace(HELD, cleared_at=NOW + SECOND)]


def test_alerts_differ_by_kind_gate_and_camera(lobby: SqlStore) -> None:
    alerts = [
        HELD,
        replace(HELD, id="02L", kind=AlertKind.DOOR_FORCED),
        replace(HELD, id="03L", gate_id="02G"),
        replace(HELD, id="04L", gate_id=None),
        replace(HELD, id="05L", camera_id="01C"),
        replace(HELD, id="06L", gate_id=None, camera_id="01C"),
    ]
    with lobby.write() as tx:
        assert [tx.alerts.raise_(alert) for alert in alerts] == [True] * 6
        assert tx.alerts.uncleared() == alerts[::-1]
        assert tx.alerts.clear(HELD.kind, None, None, NOW) is True
        assert tx.alerts.clear(HELD.kind, None, "02C", NOW) is False
        assert [alert.id for alert in tx.alerts.uncleared()] == ["06L", "05L", "03L", "02L", "01L"]


def test_every_kind_of_alert_and_of_nothing_in_particular(store: SqlStore) -> None:
    with store.write() as tx:
        for number, kind in enumerate(AlertKind):
            assert tx.alerts.raise_(Alert(f"{number:02d}", NOW, kind)) is True
            assert tx.alerts.raise_(Alert(f"{number:02d} again", NOW, kind)) is False
        assert [(alert.kind, alert.gate_id, alert.camera_id) for alert in tx.alerts.uncleared()] == [
            (kind, None, None) for kind in reversed(AlertKind)
        ]


def test_alerts_page_newest_first(lobby: SqlStore) -> None:
    alerts = [Alert(f"0{n}L", NOW + n * SECOND, AlertKind.TAILGATING, f"0{n}G", cleared_at=None) for n in range(5)]
    with lobby.write() as tx:
        for alert in alerts:
            assert tx.alerts.raise_(alert)
        assert tx.alerts.clear(AlertKind.TAILGATING, "03G", None, NOW)
    with lobby.read() as tx:
        assert [alert.id for alert in tx.alerts.find(AlertFilter(limit=2))] == ["04L", "03L"]
        assert [alert.id for alert in tx.alerts.find(AlertFilter(before="03L", limit=2))] == ["02L", "01L"]
        assert [alert.id for alert in tx.alerts.find(AlertFilter(since=NOW + 3 * SECOND))] == ["04L", "03L"]


def test_an_alert_is_open_until_it_is_over_and_acknowledged(lobby: SqlStore) -> None:
    lasting, over, seen, closed = (f"0{n}L" for n in range(4))
    moment = replace(HELD, kind=AlertKind.TAILGATING)
    with lobby.write() as tx:
        for alert in (
            replace(HELD, id=lasting),
            replace(moment, id=over, cleared_at=NOW),
            replace(HELD, id=seen, gate_id="03G"),
            replace(moment, id=closed, cleared_at=NOW),
        ):
            assert tx.alerts.raise_(alert), "a momentary alert replaces none"
        for id_ in (seen, closed):
            assert tx.alerts.acknowledge(id_, Acknowledgement(NOW, "user-7"))
    with lobby.read() as tx:
        assert [alert.id for alert in tx.alerts.find(AlertFilter(AlertState.OPEN))] == [seen, over, lasting]
        assert [alert.id for alert in tx.alerts.find(AlertFilter(AlertState.OPEN, limit=2))] == [seen, over]
        assert [alert.id for alert in tx.alerts.find(AlertFilter(AlertState.OPEN, before=over))] == [lasting]
        assert [alert.id for alert in tx.alerts.find(AlertFilter(AlertState.ACKNOWLEDGED))] == [closed, seen]
        assert [alert.id for alert in tx.alerts.find(AlertFilter(gate_id="03G"))] == [seen]
        tailgating = frozenset({AlertKind.TAILGATING})
        assert [alert.id for alert in tx.alerts.find(AlertFilter(kinds=tailgating))] == [closed, over]


def test_an_alert_that_an_earlier_version_closed_stays_closed(lobby: SqlStore) -> None:
    over = replace(HELD, cleared_at=NOW)
    with lobby.write() as tx:
        rows = tx.alerts._rows  # type: ignore[attr-defined]
        rows.insert({**_columns(over), "awaiting": None})  # as the migration leaves it
    with lobby.read() as tx:
        assert tx.alerts.find(EVERY) == [over]
        assert tx.alerts.find(AlertFilter(AlertState.OPEN)) == []


def test_used_alert_id_is_a_conflict_and_no_repeat(lobby: SqlStore) -> None:
    with lobby.write() as tx:
        assert tx.alerts.raise_(HELD)
    with pytest.raises(Conflict), lobby.write() as tx:
        tx.alerts.raise_(replace(HELD, gate_id="02G"))


def test_racing_threads_raise_an_alert_once(lobby: SqlStore, database_url: str) -> None:
    stores = [lobby, open_store(database_url)]  # the second as another process would
    start, raised = threading.Barrier(8), []

    def race(number: int) -> None:
        start.wait()
        with stores[number % 2].write(timedelta(seconds=30)) as tx:
            raised.append(tx.alerts.raise_(replace(HELD, id=f"{number}L")))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stores[1].close()
    assert sorted(raised) == [False] * 7 + [True]
    with lobby.read() as tx:
        assert len(tx.alerts.find(EVERY)) == 1


def test_database_itself_refuses_a_second_uncleared_alert(lobby: SqlStore) -> None:
    with lobby.write() as tx:
        assert tx.alerts.raise_(HELD)
    with pytest.raises(Exception, match=r"(?i)unique"), lobby._engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO alerts (id, at, kind, gate_id, camera_id, detail) "
                "SELECT '02L', at, kind, gate_id, camera_id, detail FROM alerts"
            )
        )


def test_mode_of_the_site(lobby: SqlStore) -> None:
    lockdown = SiteState(SiteMode.LOCKDOWN, NOW, "01K", ("01G", "02G"))
    release = SiteState(SiteMode.RELEASE, NOW + SECOND, "02K")
    with lobby.read() as tx:
        assert tx.site.get() == SiteState(SiteMode.NORMAL, None, None, ())
    for state in (lockdown, release, SiteState()):
        with lobby.write() as tx:
            tx.site.put(state)
        with lobby.read() as tx:
            assert tx.site.get() == state
    assert lockdown.mode_at("01G") is SiteMode.LOCKDOWN
    assert lockdown.mode_at("03G") is SiteMode.NORMAL
    assert release.mode_at("anything") is SiteMode.RELEASE


def test_newest_door_report_wins_in_any_order(lobby: SqlStore) -> None:
    with lobby.write() as tx:
        assert tx.doors.get("01G") is None
        assert tx.doors.set("01G", DoorState.OPEN, NOW) is True
        assert tx.doors.set("01G", DoorState.HELD, NOW + SECOND) is True
        assert tx.doors.set("01G", DoorState.OPEN, NOW) is False
        assert tx.doors.set("01G", DoorState.FORCED, NOW + SECOND) is True, "of the same moment the later one"
    with lobby.read() as tx:
        assert tx.doors.get("01G") == (DoorState.FORCED, NOW + SECOND)
        assert tx.gates.get("01G") == tx.gates.by_name_or_id("lobby-1") == tx.gates.all()[0]
        assert tx.gates.get("01G") == replace(LOBBY, door=DoorState.FORCED, door_at=NOW + SECOND)


def test_gates_update_does_not_move_its_door(lobby: SqlStore) -> None:
    with lobby.write() as tx:
        stale = tx.gates.get("01G")
        assert stale is not None
        tx.doors.set("01G", DoorState.OPEN, NOW)
        tx.gates.update(
            replace(
                stale, driver=DriverKind.MQTT, sealed_config=b"sealed", fail_mode=FailMode.SAFE, door_held_after_ms=1
            )
        )
        found = tx.gates.get("01G")
    assert found == Gate(
        "01G", "lobby-1", True, 5000, NOW, DriverKind.MQTT, b"sealed", FailMode.SAFE, 1, DoorState.OPEN, NOW
    )


def test_door_without_a_gate_is_a_conflict(lobby: SqlStore) -> None:
    with pytest.raises(Conflict), lobby.write() as tx:
        tx.doors.set("nowhere", DoorState.OPEN, NOW)


def test_door_reports_while_its_gate_decides(lobby: SqlStore, database: str) -> None:
    if database != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    other = threading.Thread(target=lambda: _report(lobby))
    with lobby.write() as tx:
        tx.events.lock_head("01G")
        other.start()
        other.join(1.5)  # less than the lock's timeout
        assert not other.is_alive()
        assert tx.doors.get("01G") == (DoorState.OPEN, NOW)


def _report(store: SqlStore) -> None:
    with store.write() as tx:
        assert tx.doors.set("01G", DoorState.OPEN, NOW)


def test_signature_covers_the_documented_members_of_a_result() -> None:
    row = GateResultRow("1E", NOW, CommandOutcome.OPENED, "é", "not signed")
    assert row.signed_part.decode() == (
        '{"at":"2026-11-23T08:00:00.123Z","detail":"é","event_id":"1E","outcome":"opened","v":1}'
    )
    assert row.signed_part != replace(row, outcome=CommandOutcome.FAILED).signed_part
    assert row.signed_part == replace(row, signature=GENESIS).signed_part
