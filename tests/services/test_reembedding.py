"""With another model every template is made anew from the photos, or none is; no vector of the old one survives."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.core.errors import PackMismatch
from app.core.records import Installation
from app.core.registry import Details
from app.core.types import Look, Reason, Template
from app.services.reembedding import Reembedding
from tests.fakes import NOW, Clock, like, look, person, photo, seen, unseen
from tests.services.process import Process

Start = Callable[..., Process]
SEEN_WORSE = photo(like(0, 0.9, 7), note="the newer pack finds no face in this one")


def newer(data: bytes) -> Look:
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
    process = start(looks=lambda frames: [newer(frame) for frame in frames])
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


def test_everybody_enrolled_is_made_anew(installed: Process, reembedding: Reembedding, upgraded: Process) -> None:
    assert upgraded.sees(0) == "system_fault"
    passed: list[str] = []

    def progress(ids: Any) -> Any:
        for employee_id in ids:
            passed.append(employee_id)
            yield employee_id

    assert reembedding.run(progress) == 2
    assert sorted(passed) == sorted(templates(installed))
    assert packs(installed) == {("newer", "bf16")}
    assert upgraded.sees(0) == upgraded.sees(1) == "recognised"
    assert upgraded.sees(2) == "not_recognised"
    # and a process that still runs the old model opens for nobody
    assert installed.sees(0) == "system_fault"


def test_who_is_on_a_later_page_is_made_anew_too(
    installed: Process, reembedding: Reembedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.reembedding.PAGE", 1)
    assert reembedding.run(list) == 2


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
    assert upgraded.decide(photo(person(0)))["similarity"] == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("fault", [RuntimeError("the model failed"), KeyboardInterrupt()])
def test_if_it_is_cut_off_nothing_has_changed(
    installed: Process, reembedding: Reembedding, fault: BaseException
) -> None:
    before = templates(installed)

    def cut(data: bytes) -> Look:
        if data == photo(person(1)):
            raise fault
        return newer(data)

    with pytest.raises(type(fault)):
        replace(reembedding, look=cut).run(list)
    assert templates(installed) == before and packs(installed) == {("pack", "f32")}
    assert installed.sees(0) == "recognised"


def test_an_employee_whom_the_newer_model_cannot_see_stops_it(installed: Process, reembedding: Reembedding) -> None:
    dave = installed.enrol("E-4", photo(person(5)))
    blind = replace(reembedding, look=lambda d: unseen(Reason.NO_FACE) if d == photo(person(5)) else newer(d))
    with pytest.raises(PackMismatch, match=dave.id):
        blind.run(list)
    assert packs(installed) == {("pack", "f32")} and installed.sees(5) == "recognised"


def test_a_photo_in_which_the_newer_model_sees_nobody_never_gets_into_a_template_again(
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
    assert upgraded.decide(photo(person(0)))["similarity"] == pytest.approx(1, abs=2e-3)
