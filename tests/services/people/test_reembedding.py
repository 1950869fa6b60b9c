"""With another model every template is made anew from the photos, or none is; no vector of the old one survives."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.core.errors import Busy, Conflict, PackMismatch
from app.core.people.details import Details
from app.core.site.installation import Installation
from app.core.types import FrameResult, Reason, Template
from app.services.people.reembedding import Moved, Reembedding
from tests.fakes import NOW, Clock, like, look, person, seen, unseen
from tests.fakes import photo as new_photo
from tests.services.process import Process

Start = Callable[..., Process]


def photo(vector: Any, note: str = "the same") -> bytes:
    """The same bytes at each call: what is kept is recognised by them."""
    return new_photo(vector, note=note)


SEEN_WORSE = photo(like(0, 0.9, 7), note="the newer pack finds no face in this one")


def newer(data: bytes) -> FrameResult:
    """Another model: the same people, in other places."""
    if data == SEEN_WORSE:
        return unseen(Reason.NO_FACE)
    subject = look(data).subject
    assert subject is not None
    return seen(np.roll(subject.embedding, 3))


@pytest.fixture
def installed(site: Process) -> Process:
    """Ada and Éva are enrolled, Bob is only known; the installation says with which pack."""
    with site.store.write() as tx:
        tx.installation.put(Installation("pack", "f32", b"check", NOW))
    site.enrol("E-1", photo(person(0)), photo(person(0), note="another"))
    site.enrol("E-2", photo(person(1)))
    site.enrolment.add(Details("E-3", "Bob"))
    return site


@pytest.fixture
def reembedding(installed: Process) -> Reembedding:
    return Reembedding(installed.store, installed.vault, newer, "newer", "bf16")


@pytest.fixture
def upgraded(start: Start) -> Process:
    """A process that runs the newer model."""
    process = start(looks=lambda frames, liveness, who, within_s: [newer(frame) for frame in frames])
    process.gallery.pack_digest, process.gallery.precision = "newer", "bf16"
    process.enrolment = replace(process.enrolment, look=newer)
    return process


def templates(site: Process) -> dict[str, Template]:
    with site.store.read() as tx:
        return {template.employee_id: template for template, _ in tx.templates.all()}


def packs(site: Process) -> set[tuple[str, str]]:
    with site.store.read() as tx:
        facts = tx.installation.get()
    assert facts is not None
    return {(t.pack_digest, t.precision) for t in templates(site).values()} | {(facts.pack_digest, facts.precision)}


def test_every_template_is_recomputed(installed: Process, reembedding: Reembedding, upgraded: Process) -> None:
    assert upgraded.sees(0) == "system_fault"
    passed: list[str] = []

    def progress(ids: Any) -> Any:
        for employee_id in ids:
            passed.append(employee_id)
            yield employee_id

    assert reembedding.run(progress) == Moved(2)
    assert sorted(passed) == sorted(templates(installed))
    assert packs(installed) == {("newer", "bf16")}
    assert upgraded.sees(0) == upgraded.sees(1) == "recognised"
    assert upgraded.sees(2) == "not_recognised"
    # and a process that still runs the old model goes on deciding by what it has in memory
    assert installed.sees(0) == "recognised" and installed.sees(2) == "not_recognised"


def test_photos_are_kept_as_they_were(
    installed: Process, reembedding: Reembedding, upgraded: Process, clock: Clock
) -> None:
    ada = installed.enrolment.by_number("E-1")
    assert ada is not None
    before = [replace(kept, sealed_embedding=b"") for kept in installed.enrolment.photos(ada.id)]
    clock.advance(days=1)
    reembedding.run(list)
    assert [replace(kept, sealed_embedding=b"") for kept in installed.enrolment.photos(ada.id)] == before
    # and the new embeddings are what the next template is made of
    upgraded.enrolment.delete_photo(ada.id, before[0].id)
    assert upgraded.sees(0) == "recognised"
    assert upgraded.decide(photo(person(0))).similarity == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("fault", [RuntimeError("the model failed"), KeyboardInterrupt()])
def test_interrupted_run_keeps_the_old_templates_and_resumes(
    installed: Process, reembedding: Reembedding, upgraded: Process, fault: BaseException
) -> None:
    before, looked = templates(installed), []

    def cut(data: bytes) -> FrameResult:
        if data == photo(person(1)):
            raise fault
        return newer(data)

    def note(data: bytes) -> FrameResult:
        looked.append(data)
        return newer(data)

    with pytest.raises(type(fault)):
        replace(reembedding, look=cut).run(list)
    assert templates(installed) == before and packs(installed) == {("pack", "f32")}
    assert installed.sees(0) == installed.sees(1) == "recognised"
    # when it is run again
    assert replace(reembedding, look=note).run(list) == Moved(2)
    # then only who was missing is looked at
    assert looked == [photo(person(1))]
    assert upgraded.sees(0) == upgraded.sees(1) == "recognised"


def test_gates_use_the_old_templates_during_the_run(installed: Process, reembedding: Reembedding) -> None:
    found: list[str] = []

    def watched(data: bytes) -> FrameResult:
        found.append(installed.sees(0))
        return newer(data)

    replace(reembedding, look=watched).run(list)
    assert found == ["recognised"] * 3


def test_changes_during_the_run_are_kept(installed: Process, reembedding: Reembedding, upgraded: Process) -> None:
    eva = installed.enrolment.by_number("E-2")
    ada = installed.enrolment.by_number("E-1")
    assert eva is not None and ada is not None
    again = iter([1])

    def meanwhile(data: bytes) -> FrameResult:
        # given that Ada and Éva were looked at, before the switch, once
        if data == photo(person(1)) and next(again, None):
            kept = installed.enrolment.photos(ada.id)
            installed.enrolment.delete_photo(ada.id, kept[0].id)
            installed.enrolment.add_photos(ada.id, [photo(person(0), note="a third")])
            installed.enrol("E-5", photo(person(6)))
            installed.erasure.erase(eva.id)
        return newer(data)

    assert replace(reembedding, look=meanwhile).run(list) == Moved(2)
    assert (upgraded.sees(0), upgraded.sees(1), upgraded.sees(6)) == ("recognised", "not_recognised", "recognised")
    assert eva.id not in templates(installed)
    # and nothing of the erased is left beside
    with installed.store.read() as tx:
        assert eva.id not in tx.moves.waiting("newer", "bf16") and tx.data_keys.get(eva.id) is None
    assert upgraded.enrolment.get(ada.id).photos == 2


def test_process_that_has_not_followed_yet_enrols_nobody_and_says_why(
    installed: Process, reembedding: Reembedding, upgraded: Process
) -> None:
    assert installed.sees(1) == "recognised"  # its gallery is up to date
    reembedding.run(list)
    ada = installed.enrolment.by_number("E-1")
    assert ada is not None
    with pytest.raises(Busy, match="Try again"):
        installed.enrolment.add_photos(ada.id, [photo(person(0), note="late")])
    with pytest.raises(Busy):
        installed.enrolment.delete_photo(ada.id, installed.enrolment.photos(ada.id)[0].id)
    # and whom another process enrols meanwhile is unknown to it, not confused with anybody
    upgraded.sees(0)
    assert upgraded.enrolment.add_photos(ada.id, [photo(person(0), note="late")])[0].accepted
    assert installed.sees(0) == "not_recognised" and installed.sees(1) == "recognised"


def test_people_unseen_by_the_new_model_are_named_and_stop_the_switch(
    installed: Process, reembedding: Reembedding, upgraded: Process
) -> None:
    installed.enrol("E-4", photo(person(5)))
    blind = replace(reembedding, look=lambda d: unseen(Reason.NO_FACE) if d == photo(person(5)) else newer(d))
    with pytest.raises(PackMismatch, match=r"employees E-4\. Nothing was switched"):
        blind.run(list)
    assert packs(installed) == {("pack", "f32")} and installed.sees(5) == "recognised"
    # unless it is said that they may be left out: then they are not recognised, and not lost
    assert blind.run(list, leave_out=True) == Moved(2, ("E-4",))
    assert upgraded.sees(5) == "not_recognised"
    dave = upgraded.enrolment.by_number("E-4")
    assert dave is not None and dave.photos == 0 and len(upgraded.enrolment.photos(dave.id)) == 1
    assert upgraded.enrolment.add_photos(dave.id, [photo(person(5), note="better")])[0].accepted
    assert upgraded.sees(5) == "recognised"


def test_second_run_is_refused_while_one_is_in_progress(
    installed: Process, reembedding: Reembedding, start: Start
) -> None:
    other = replace(reembedding, store=start().store, look=look, pack_digest="third", precision="f32")
    refused: list[str] = []

    def meanwhile(data: bytes) -> FrameResult:
        with pytest.raises(Conflict) as found:
            other.run(list)
        refused.append(found.value.code)
        return newer(data)

    assert replace(reembedding, look=meanwhile).run(list) == Moved(2)
    assert set(refused) == {"model_migration_running"} and packs(installed) == {("newer", "bf16")}
    assert other.run(list) == Moved(2) and packs(installed) == {("third", "f32")}


def test_results_for_another_pack_are_not_switched_to(installed: Process, reembedding: Reembedding) -> None:
    """As one that lost its connection, and with it the lock, could still write."""
    again = iter([1])

    def meanwhile(data: bytes) -> FrameResult:
        if data == photo(person(1)) and next(again, None):
            with installed.store.write() as tx:
                for before in templates(installed).values():
                    kept = tx.photos.of(before.employee_id)
                    made = {each.id: each.sealed_embedding for each in kept}
                    tx.moves.put(replace(before, pack_digest="third"), len(kept), made)
        return newer(data)

    assert replace(reembedding, look=meanwhile).run(list) == Moved(2)
    assert packs(installed) == {("newer", "bf16")}


def test_moving_back_gives_the_old_vectors(installed: Process, reembedding: Reembedding, upgraded: Process) -> None:
    reembedding.run(list)
    upgraded.sees(0)
    ada = upgraded.enrolment.by_number("E-1")
    assert ada is not None
    assert upgraded.enrolment.add_photos(ada.id, [photo(person(0), note="of the newer time")])[0].accepted
    back = replace(reembedding, look=look, pack_digest="pack", precision="f32")
    assert back.run(list) == Moved(2)
    assert packs(installed) == {("pack", "f32")}
    assert installed.enrolment.get(ada.id).photos == 3
    assert installed.enrolment.add_photos(ada.id, [photo(person(0), note="of now")])[0].accepted
    assert installed.sees(0) == installed.sees(1) == "recognised"


def test_photo_without_a_face_for_the_new_model_stays_out_of_templates(
    installed: Process, reembedding: Reembedding, upgraded: Process
) -> None:
    # Given a photo that was good to the old model only
    ada = installed.enrolment.by_number("E-1")
    assert ada is not None
    assert installed.enrolment.add_photos(ada.id, [SEEN_WORSE])[0].accepted
    reembedding.run(list)
    assert upgraded.enrolment.get(ada.id).photos == 2
    assert len(upgraded.enrolment.photos(ada.id)) == 3
    # when the template is made anew from what is kept
    assert upgraded.enrolment.add_photos(ada.id, [photo(person(0), note="a third")])[0].accepted
    # then it is of the three that the newer model sees
    assert upgraded.enrolment.get(ada.id).photos == 3
    assert upgraded.decide(photo(person(0))).similarity == pytest.approx(1, abs=2e-3)
