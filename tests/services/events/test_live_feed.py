"""What a look at the database finds is told once: also where the database drops in the middle of that look."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from app.adapters.db.repositories.gates import GateResultRows
from app.core.alerts.alert import Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.errors import NotRecorded
from app.core.gates.commands import CommandOutcome
from app.core.gates.result import GateResultRow
from app.services.events import live_feed
from app.services.events.live_feed import AWAIT_RESULT, OVERLAP, LiveFeed
from tests.fakes import Clock, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database


@pytest.fixture
def feed(site: Process, clock: Clock) -> LiveFeed:
    feed = LiveFeed(site.store, site.events, clock)
    site.enrol("E-1", photo(person(0)))
    feed.begin()
    return feed


def told(feed: LiveFeed) -> list[tuple[str, str]]:
    return [(news.kind, news.data["decision_id"]) for news in feed.passages()]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_next_query_returns_the_decisions_of_one_that_failed(
    site: Process, feed: LiveFeed, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    made = [site.decide(photo(person(axis))).id for axis in (0, 1)]
    calls, real = count(), GateResultRows.of

    def gone(rows: GateResultRows, event_ids: Iterable[str]) -> dict[str, GateResultRow]:
        if next(calls) == which:
            raise NotRecorded("the database failed")
        return real(rows, event_ids)

    with monkeypatch.context() as patch:
        patch.setattr(GateResultRows, "of", gone)
        with pytest.raises(NotRecorded):
            feed.passages()
    assert told(feed) == [("decision", event_id) for event_id in made] and told(feed) == []


def changes(feed: LiveFeed) -> list[tuple[str, dict[str, object]]]:
    return [(item.kind, item.data) for item in feed.site()]


def test_gate_result_follows_its_opening(site: Process, feed: LiveFeed, clock: Clock) -> None:
    opened, denied = site.decide(photo(person(0))), site.decide(photo(person(1)))
    assert told(feed) == [("decision", opened.id), ("decision", denied.id)]
    row = GateResultRow(opened.id, clock(), CommandOutcome.OPENED, "")
    with site.store.write() as tx:
        tx.gate_results.put(replace(row, signature=site.signer.sign(row.signed_part)))
    (result,) = feed.passages()
    assert (result.kind, result.data["decision_id"], result.data["outcome"]) == ("gate_result", opened.id, "opened")
    assert feed.passages() == []


def test_a_result_is_not_awaited_for_ever(site: Process, feed: LiveFeed, clock: Clock) -> None:
    opened = site.decide(photo(person(0)))
    feed.passages()
    clock.now += AWAIT_RESULT
    feed.passages()
    row = GateResultRow(opened.id, clock(), CommandOutcome.OPENED, "")
    with site.store.write() as tx:
        tx.gate_results.put(replace(row, signature=site.signer.sign(row.signed_part)))
    assert feed.passages() == []


def test_each_gate_change_is_reported_once(site: Process, feed: LiveFeed) -> None:
    assert changes(feed) == []
    site.change_gate("lobby-1", enabled=False)
    ((kind, gate),) = changes(feed)
    assert (kind, gate["gate"], gate["enabled"], gate["mode"]) == ("gate", "lobby-1", False, "normal")
    assert changes(feed) == []
    site.gates.add("dock")
    assert [(kind, gate["gate"]) for kind, gate in changes(feed)] == [("gate", "dock")]
    site.gates.remove("dock")
    ((kind, gone),) = changes(feed)
    assert (kind, gone["gate"], gone["cleared"]) == ("gate", "dock", True)


def test_cameras_and_their_alerts_come_and_go(site: Process, feed: LiveFeed, clock: Clock) -> None:
    gate = site.gates.get("lobby-1").id
    with site.store.write() as tx:
        tx.cameras.add(Camera("c1", "door", gate, b"sealed"))
        tx.leases.take(gate, "host:1", clock(), clock() + timedelta(minutes=1))
    ((kind, camera),) = changes(feed)
    assert (kind, camera["camera"], camera["gate"], camera["state"]) == ("camera", "door", "lobby-1", "working")
    with site.store.write() as tx:
        tx.alerts.raise_(Alert("a1", clock(), AlertKind.CAMERA_DEAD, gate, "c1", "gone"))
    found = dict(changes(feed))
    assert found["camera"]["state"] == "dead"
    assert (found["alert"]["kind"], found["alert"]["gate"], found["alert"]["camera"]) == (
        "camera_dead",
        "lobby-1",
        "door",
    )


def test_new_watcher_gets_the_present_state_and_missed_events(site: Process, feed: LiveFeed, clock: Clock) -> None:
    first = site.decide(photo(person(0)))
    assert [item.kind for item in feed.catch_up(None)] == ["gate"]
    clock.now += 2 * OVERLAP
    second, third = site.decide(photo(person(1))), site.decide(photo(person(0)))
    assert [(item.kind, item.id) for item in feed.catch_up(first.id)] == [
        ("gate", None),
        ("decision", first.id),
        ("decision", second.id),
        ("decision", third.id),
    ]
    assert [item.id for item in feed.catch_up(third.id)] == [None, second.id, third.id]
    assert [item.kind for item in feed.catch_up("an event that was never here")] == ["gate", "gap"]


def test_reader_that_missed_too_much_gets_a_gap(site: Process, feed: LiveFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "MOST", 2)
    first, *_, last = [site.decide(photo(person(axis))) for axis in (0, 1, 0, 1)]
    kinds = [item.kind for item in feed.catch_up(first.id)]
    assert kinds == ["gate", "gap", "decision", "decision"]
    assert feed.catch_up(first.id)[-1].id == last.id
