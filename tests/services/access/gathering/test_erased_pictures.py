"""Pictures of an enrolment by badge are gone once it is rejected, withdrawn, erased, turned off or too old."""

from collections.abc import Callable

import pytest

from app.core.people.gathering import NEEDED, GatheringState
from app.core.site.retention import Kind
from app.services.access.gathering.gathering_remover import GatheringRemover
from app.services.people.retention.retention import Retention
from tests.fakes import like
from tests.services.access.gathering.desk import Desk
from tests.services.process import Process

READY = GatheringState.READY


@pytest.fixture
def desk(site: Process) -> Desk:
    return Desk(site)


def rejected(desk: Desk) -> None:
    assert desk.book.stop(desk.ada) == NEEDED


def withdrawn(desk: Desk) -> None:
    desk.site.consents.withdraw(desk.ada)


def erased(desk: Desk) -> None:
    desk.site.erasure.erase(desk.ada)


def turned_off(desk: Desk) -> None:
    desk.allow(False)
    desk.book.stop_all()


def too_old(desk: Desk) -> None:
    job = Retention(desk.site.store, desk.site.signer, desk.site.clock, {Kind.GATE_FACES: GatheringRemover()})
    desk.site.clock.advance(days=29)
    assert job.run(lambda seconds: False) == {}
    desk.site.clock.advance(days=1)
    assert job.states(counted=True)[0].due == 1
    assert job.run(lambda seconds: False) == {Kind.GATE_FACES: 1}


@pytest.mark.parametrize("end", [rejected, withdrawn, erased, turned_off, too_old])
def test_pictures_are_gone_after(desk: Desk, end: Callable[[Desk], None]) -> None:
    desk.site.consents.record(desk.ada, desk.site.clock().date(), "I agree", "en")
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(NEEDED)))
    assert desk.state() is READY
    end(desk)
    desk.book.alert()
    assert (desk.state(), desk.pictures(), desk.alerts()) == (None, 0, [])
    assert desk.site.audit.verify().valid


def test_withdrawal_holds_after_a_restore(desk: Desk) -> None:
    desk.site.consents.record(desk.ada, desk.site.clock().date(), "I agree", "en")
    desk.gather(*(like(0, 0.98, 2 + n) for n in range(NEEDED)))
    with desk.site.store.read() as tx:
        before, faces = tx.gatherings.of(desk.ada), tx.gatherings.faces(desk.ada)
    assert before is not None
    desk.site.clock.advance(hours=1)
    desk.site.consents.withdraw(desk.ada)
    with desk.site.store.write() as tx:  # an older backup
        tx.employees.get(desk.ada, for_update=True)
        tx.gatherings.put(before)
        for face in faces:
            tx.gatherings.add_face(face)
    desk.site.erasure.replay()
    assert (desk.state(), desk.pictures()) == (None, 0)
