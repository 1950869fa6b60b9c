"""Texts in the language of the request: by their English, by their pattern, with values, dates and numbers."""

from collections.abc import Iterator
from timeit import timeit

import pytest
from markupsafe import Markup

from app.web.language.catalog import catalog, counted, decimals, figures, number, spoken, translated
from app.web.language.patterns import Pattern


@pytest.fixture
def german() -> Iterator[None]:
    before = spoken.set("de")
    yield
    spoken.reset(before)


def test_outside_a_request_everything_is_english() -> None:
    assert translated("Save") == "Save"
    assert counted("{count} attempt", "{count} attempts", 1234) == "1,234 attempts"
    assert (number(1234567), decimals(1234.5, 2), figures(0.00012, 2)) == ("1,234,567", "1,234.50", "0.00012")


def test_english_shows_no_note_on_the_meaning() -> None:
    assert translated("To|zone") == "To"


@pytest.mark.usefixtures("german")
def test_a_text_is_found_by_its_english() -> None:
    assert translated("Save") == "Speichern"
    assert translated("To|zone") == "Nach"
    assert translated("Let {name} in for a while", name="Save") == "Save für eine Weile einlassen"


@pytest.mark.usefixtures("german")
def test_a_finished_sentence_is_found_by_its_pattern() -> None:
    assert translated("Ada is suspended.") == "Ada ist deaktiviert."
    assert translated("The gate is already locked.") == "Der Durchgang ist schon verriegelt."


@pytest.mark.usefixtures("german")
def test_a_clause_is_found_as_a_sentence() -> None:
    said = translated("The camera refuses the user name or password. Restart the camera.")

    assert said == "Die Kamera lehnt Benutzername oder Passwort ab. Starten Sie die Kamera neu."


@pytest.mark.usefixtures("german")
def test_names_in_a_sentence_stay_as_they_are() -> None:
    assert translated("Release is suspended.") == "Release ist deaktiviert."
    assert translated("{name} is suspended.") == "{name} ist deaktiviert."


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("name", ["Wei Sun", "Let in", "All people", "Mon", "Sun to Mon", "May 2026", "1,234"])
def test_a_name_that_looks_like_a_text_or_a_date_stays(name: str) -> None:
    assert translated(f"{name} is suspended.") == f"{name} ist deaktiviert."
    assert translated(f"“{name}” lets Ada through lobby.") == f"„{name}“ gibt Ada Zutritt an lobby."


@pytest.mark.usefixtures("german")
def test_a_weekday_and_a_long_date_in_a_sentence_follow_the_language() -> None:
    assert translated("Open now, until Sun 07:00.") == "Jetzt offen, bis So 07:00."
    assert translated("Closed now. Next: opens Sun 29 March 2026 07:00.").endswith("So., 29. März 2026 07:00.")


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("3 days", "3 Tage"),
        ("1,234 gates", "1.234 Durchgänge"),
        ("1 gate", "1 Durchgang"),
        ("This is a HEIC photo; send a JPEG or PNG.", "Das ist ein HEIC-Foto; senden Sie ein JPEG oder PNG."),
        ("the ID token is not valid: it names nobody (sub)", "das ID-Token ist nicht gültig: es nennt niemanden"),
        ("Too many wrong tries; wait 1 minute and try again.", "Zu viele falsche Versuche; warten Sie 1 Minute"),
        ("it was set back by 2 hours", "sie wurde um 2 Stunden zurückgestellt"),
        ("no picture for 12 s: the camera is too busy", "kein Bild seit 12 s: die Kamera ist überlastet"),
        ("Sent: the relay answered 200 in 43 ms.", "Gesendet: das Relais antwortete 200 in 43 ms."),
        ("This changes nothing for anybody.", "Das ändert für niemanden etwas."),
    ],
)
def test_parts_of_a_sentence_are_translated(english: str, said: str) -> None:
    assert translated(english).startswith(said)


@pytest.mark.usefixtures("german")
def test_dates_in_a_sentence_follow_the_language() -> None:
    said = translated("From Monday 30 November 2026, 07:00, by “Staff”.")

    assert said == "Zutritt ab Montag, 30. November 2026, 07:00 durch „Staff“."
    assert translated("Ada may pass from 2026-11-30 on.") == "Ada hat ab dem 30.11.2026 Zutritt."


@pytest.mark.usefixtures("german")
def test_several_sentences_are_translated_one_by_one() -> None:
    assert translated("You signed out. The line works.") == "Sie haben sich abgemeldet. Die Leitung funktioniert."


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("text", ["", "Ada", "Nothing in any catalog says this.", "x " * 5000, "2026-13-45 at lobby"])
def test_what_no_catalog_knows_stays_as_it_is(text: str) -> None:
    assert translated(text) == text


@pytest.mark.usefixtures("german")
def test_counts_have_two_forms() -> None:
    assert counted("{count} attempt", "{count} attempts", 1) == "1 Versuch"
    assert counted("{count} attempt", "{count} attempts", 0) == "0 Versuche"
    assert counted("{count} attempt", "{count} attempts", 1234) == "1.234 Versuche"


@pytest.mark.usefixtures("german")
def test_numbers_follow_the_language() -> None:
    assert (number(1234567), decimals(1234.5, 2), figures(0.00012, 2)) == ("1.234.567", "1.234,50", "0,00012")


@pytest.mark.usefixtures("german")
def test_markup_among_the_values_keeps_the_others_escaped() -> None:
    said = translated("{what} at {gate}", what="<b>", gate=Markup("<i>lobby</i>"))

    assert isinstance(said, Markup)
    assert said == "&lt;b&gt; an <i>lobby</i>"


def test_long_texts_are_looked_up_in_a_time_that_grows_with_their_length() -> None:
    pattern = Pattern("{a} to {b} to {c} to {d} is {e}.", "")

    def took(words: int) -> float:
        text = "one is " + "to two " * words + "."  # nearly such a sentence, in many ways
        return min(timeit(lambda: pattern.values(text), number=1) for _ in range(5))

    assert took(400) / took(50) < 80  # 8 times as long; by trying every way, 500 times


def test_each_value_ends_where_the_next_words_begin() -> None:
    assert Pattern("{a} at {b}", "").values("Ada at the gate at noon") == {"a": "Ada", "b": "the gate at noon"}
    assert Pattern("set {a}; {a} holds", "").values("set x; x holds") == {"a": "x"}
    for text in ("set x; y holds", "set ; holds", " at b", "a at ", "set x", ""):
        assert Pattern("{a} at {b}", "").values(text) is None
        assert Pattern("set {a}; {a} holds", "").values(text) is None


def test_scripts_get_only_their_texts() -> None:
    of_scripts = catalog("de").of_scripts

    assert of_scripts["Saved. It applies now."] == "Gespeichert. Es gilt jetzt."
    assert of_scripts["{0} person"] == ["{0} Person", "{0} Personen"]
    assert "Nobody gets in at {where}." not in of_scripts
