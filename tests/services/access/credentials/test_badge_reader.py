"""What a gate's reader reads is decided, and the gate's driver opens; one that is held to it is one read."""

import logging

import pytest

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.errors import Conflict, NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import DriverKind
from app.core.gates.gate import Gate
from app.core.people.details import Details
from app.services.access.credentials.badge_reader import BadgeReader
from app.services.access.credentials.credential_book import CredentialBook
from app.services.gates.dispatcher import GateDispatcher
from tests.fakes import new_id
from tests.services.gate_hardware import Turnstile
from tests.services.process import Process
from tests.waiting import eventually

BADGE = Badge(56, 0x04A1B2C3D4E5F6)
pytestmark = pytest.mark.one_database


@pytest.fixture
def opened() -> list[RecordedDecision]:
    return []


@pytest.fixture
def reader(site: Process, opened: list[RecordedDecision]) -> BadgeReader:
    ada = site.enrolment.add(Details("E-1", "Ada"))
    CredentialBook(site.store, site.vault, site.clock, new_id).give(ada.id, BADGE, CardFormat.RAW, "admin")
    return BadgeReader(site.access, opened.append)


def gate_of(site: Process) -> Gate:
    with site.store.read() as tx:
        gate = tx.gates.by_name_or_id("lobby-1")
    assert gate is not None
    return gate


def test_badge_opens_the_gate(site: Process, reader: BadgeReader, opened: list[RecordedDecision]) -> None:
    reader.read(gate_of(site), BADGE, site.clock())
    assert [(one.reason, one.verdict) for one in opened] == [("credential_accepted", "open")]


def test_badge_that_is_held_to_the_reader_is_one_read(
    site: Process, reader: BadgeReader, opened: list[RecordedDecision]
) -> None:
    gate = gate_of(site)
    for _ in range(10):
        reader.read(gate, BADGE, site.clock())
        site.clock.advance(milliseconds=300)
    reader.read(gate, Badge(56, 7), site.clock())
    reader.read(gate, BADGE, site.clock())
    site.clock.advance(seconds=1)
    reader.read(gate, BADGE, site.clock())
    assert [one.verdict for one in opened] == ["open", "deny", "open", "open"]


def test_badge_that_nothing_decided_about_is_read_again(
    site: Process, reader: BadgeReader, opened: list[RecordedDecision], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise NotRecorded("the database is gone")

    gate = gate_of(site)
    with monkeypatch.context() as patch:
        patch.setattr(type(site.access), "decide", away)
        reader.reported(gate.id, BADGE, site.clock())
    site.clock.advance(milliseconds=200)
    reader.reported(gate.id, BADGE, site.clock())
    assert [one.verdict for one in opened] == ["open"]


def test_gate_that_opens_by_itself_must_ask(site: Process, reader: BadgeReader) -> None:
    site.change_gate("lobby-1", driver=DriverKind.PLAIN)
    with pytest.raises(Conflict, match="decisions"):
        reader.read(gate_of(site), BADGE, site.clock())
    assert site.recorded() == 0


def test_badge_reported_while_nothing_can_be_recorded_is_dropped(
    site: Process,
    reader: BadgeReader,
    opened: list[RecordedDecision],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuses(*args: object) -> None:
        raise NotRecorded("the disk is full")

    gate = gate_of(site)
    monkeypatch.setattr(site.store, "write", refuses)
    with caplog.at_level(logging.WARNING):
        reader.reported(gate.id, BADGE, site.clock())
    assert opened == [] and "badge_not_decided" in caplog.text
    assert "A1B2C3" not in caplog.text
    reader.reported("no such gate", BADGE, site.clock())


def test_turnstile_opens_for_a_badge_that_it_read(
    site: Process, reader: BadgeReader, control: GateDispatcher, turnstile: Turnstile
) -> None:
    driving = BadgeReader(site.access, control.carry_out)
    control.on_read = driving.reported
    turnstile.say(BADGE)
    eventually(lambda: len(turnstile.opened) == 1)
