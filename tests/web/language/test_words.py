"""Words that sentences of pages are made of: numbers, kinds of corrections, filters."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from starlette.datastructures import QueryParams

from app.core.recognition.strength import Strength
from app.core.types import Employee, Photo
from app.web.console.events.activity_filters import read_filters
from app.web.console.people.strength import worded
from app.web.console.people.timeline import timeline
from app.web.language.catalog import catalog, spoken, translated
from app.web.language.patterns import PHRASES, PLACEHOLDER
from app.wiring import System
from tests.web.language.texts import of_python

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    before = spoken.set("de")
    yield
    spoken.reset(before)


def person(photos: int) -> Employee:
    return Employee("e", "1", "Wei Sun", photos=photos)


def test_how_well_somebody_is_recognised_is_one_german_sentence() -> None:
    measured = Strength(0.125, 0.02, 1234, 0.0001, at_least=False)

    said = [worded(person(photos), measured).words for photos in range(4)]

    assert said == [
        "Kein Durchgang kann Wei Sun erkennen: Fügen Sie drei Fotos hinzu, bei verschiedenem Licht.",
        "Ein Foto: etwa 1 von 8 Versuchen abgewiesen. Mit dreien sind es 1 von 50; fügen Sie zwei hinzu.",
        "Zwei Fotos: zwischen 1 von 8 Versuchen (mit einem) und 1 von 50 (mit dreien) abgewiesen; "
        "fügen Sie eins hinzu.",
        "Drei Fotos: etwa 1 von 50 Versuchen abgewiesen.",
    ]


def test_a_photo_and_a_reason_in_the_history_of_a_person() -> None:
    blocked = Employee("e", "1", "Wei Sun", blocked_at=AT, block_reason="no pictures")

    said = [one.words for one in timeline(blocked, [Photo("p", "e", b"", b"", "image/jpeg", 1.0, AT)], [], AT)]

    assert said == ["Ein Foto hinzugefügt", "Gesperrt: no pictures"]


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("This correction is accepted already.", "Diese Korrektur ist schon angenommen."),
        ("This correction is withdrawn already.", "Diese Korrektur ist schon zurückgezogen."),
        (
            "valid_until is 1/2/27, which is no date with the day first.",
            "valid_until ist 1/2/27; mit dem Tag zuerst ist das kein Datum.",
        ),
    ],
)
def test_a_word_in_a_finished_sentence_is_translated(english: str, german: str) -> None:
    assert translated(english) == german


def test_filters_are_named_in_words(system: System) -> None:
    assert "abgewiesen" in read_filters(QueryParams("decision=deny"), system).words()


def test_values_that_may_be_texts_are_values_of_sentences() -> None:
    values = {
        name.rstrip("0123456789") for text in of_python() for name in PLACEHOLDER.findall(text.english + text.many)
    }

    assert values >= PHRASES
    assert catalog("de").of("Release") == "Freigabe"
