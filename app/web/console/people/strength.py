"""How well gates recognise a person, in words, with the figures that were measured and no others."""

from dataclasses import dataclass

from app.core.recognition.strength import Strength, strength
from app.core.types import Employee
from app.web.console.words import number_word
from app.web.language.catalog import counted
from app.web.language.catalog import translated as _
from app.wiring import System

ENOUGH = 3  # photos


@dataclass(frozen=True)
class StrengthWords:
    """In the language of the page. kind: good, warn or bad. basis: what the figures were measured on, or empty."""

    words: str
    kind: str
    basis: str = ""


def strength_words(system: System, employee: Employee, badges: int) -> StrengthWords:
    if badges and not employee.photos:
        return StrengthWords(f"{employee.name} passes by badge.", "good")
    return worded(employee, strength(system.quality.measured, len(system.gallery), system.false_accept_rate()))


def worded(employee: Employee, measured: Strength | None) -> StrengthWords:
    photos = employee.photos
    if not photos:
        words = _("No gate can recognise {name}: add three photos, in different light.", name=employee.name)
        return StrengthWords(words, "bad")
    count = counted("{number} photo", "{number} photos", photos, number=_(number_word(photos)))
    count = count[:1].upper() + count[1:]
    missing = _(number_word(ENOUGH - photos))
    if measured is None:
        if photos >= ENOUGH:
            return StrengthWords(f"{count}.", "good")
        return StrengthWords(_("{count}: add {missing}, for fewer refusals.", count=count, missing=missing), "warn")
    one, three = _share(measured.one), _share(measured.three)
    basis = _(
        "Measured with {enrolled} people enrolled and one stranger in {strangers} let in, press photos, one picture "
        "a try.",
        enrolled=measured.enrolled,
        strangers=round(1 / measured.rate),
    )
    if measured.at_least:
        basis += " " + _("This site is harder than that (more people, or a stricter rate), so expect more.")
    if photos >= ENOUGH:
        return StrengthWords(_("{count}: about {three} tries turned away.", count=count, three=three), "good", basis)
    said = (
        "{count}: about {one} tries turned away. With three it is {three}; add {missing}."
        if photos == 1
        else "{count}: between {one} tries turned away (with one) and {three} (with three); add {missing}."
    )
    return StrengthWords(_(said, count=count, one=one, three=three, missing=missing), "warn", basis)


def _share(share: float) -> str:
    return _("1 in {number}", number=round(1 / share))
