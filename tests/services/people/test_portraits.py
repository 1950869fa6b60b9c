"""The portrait of an employee is the best of their photos, small, and kept in memory alone, sealed."""

import numpy as np
import pytest

from app.adapters.vision.photos.image import decode
from app.adapters.vision.photos.jpeg import encode_jpeg
from app.core.errors import Busy, NotFound
from app.core.people.details import Details
from app.core.types import Box, Pixels
from app.services.people.portraits import Portraits
from tests.fakes import person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database


def drawn(data: bytes) -> Pixels:
    """A picture 480 high, all of one grey, which stands for what these bytes show."""
    return np.full((480, 640, 3), sum(data) % 256, np.uint8)


@pytest.fixture
def portraits(site: Process) -> Portraits:
    return Portraits(site.enrolment, drawn, lambda _: None, encode_jpeg)


def test_the_best_photo_is_shown_small(site: Process, portraits: Portraits) -> None:
    poor, best, fair = (photo(person(0), quality=quality) for quality in (0.6, 0.9, 0.7))
    ada = site.enrol("E-1", poor, best, fair)
    shown = decode(portraits.of(ada.id).data)
    assert shown.shape[0] <= 240
    kept = {one.quality: one.id for one in site.enrolment.photos(ada.id)}
    data, _ = site.enrolment.photo(ada.id, kept[0.9])
    assert int(np.median(shown)) == pytest.approx(sum(data) % 256, abs=2)


def test_the_face_is_cropped_as_a_gate_crops_it_unless_gates_need_the_engines(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    cropped = Portraits(site.enrolment, drawn, lambda _: Box(300, 200, 60, 80), encode_jpeg)
    assert decode(cropped.of(ada.id).data).shape[:2] == (160, 160)

    def busy(_: bytes) -> Box:
        raise Busy("too_busy", "All engines work for gates.")

    whole = Portraits(site.enrolment, drawn, busy, encode_jpeg)
    assert decode(whole.of(ada.id).data).shape[:2] == (240, 320)


def test_unknown_person_and_person_without_photo_have_no_portrait(site: Process, portraits: Portraits) -> None:
    ada = site.enrolment.add(Details("E-1", "Ada Lovelace"))
    with pytest.raises(NotFound) as refused:
        portraits.of(ada.id)
    assert refused.value.code == "no_photo"
    with pytest.raises(NotFound):
        portraits.of("nobody")


def test_erased_person_has_no_portrait(site: Process, portraits: Portraits) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    assert portraits.of(ada.id)
    site.erasure.erase(ada.id)
    with pytest.raises(NotFound):
        portraits.of(ada.id)


def test_portrait_is_made_once_and_follows_the_photos(site: Process) -> None:
    looked: list[bytes] = []

    def look(data: bytes) -> None:
        looked.append(data)

    portraits = Portraits(site.enrolment, drawn, look, encode_jpeg)
    ada = site.enrol("E-1", photo(person(0), quality=0.7))
    first = portraits.of(ada.id)
    assert portraits.of(ada.id) == first and len(looked) == 1
    (kept,) = portraits._kept.values()
    assert first.data not in kept, "what is kept lies sealed"
    site.enrolment.add_photos(ada.id, [photo(person(0), quality=0.9)])
    better = portraits.of(ada.id)
    assert better.photo_id != first.photo_id and len(looked) == 2
    site.enrolment.delete_photo(ada.id, better.photo_id)
    assert portraits.of(ada.id) == first and len(looked) == 2


def test_portrait_of_a_busy_moment_is_not_kept(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))

    def busy(_: bytes) -> Box:
        raise Busy("too_busy", "All engines work for gates.")

    portraits = Portraits(site.enrolment, drawn, busy, encode_jpeg)
    assert not portraits.of(ada.id).cropped and not portraits._kept
