"""How well gates recognise a person, in words, with the figures that were measured and no others."""

from dataclasses import dataclass

from app.core.recognition.strength import Strength, strength
from app.core.types import Employee
from app.web.console.words import number_word
from app.wiring import System

ENOUGH = 3  # photos


@dataclass(frozen=True)
class StrengthWords:
    """kind: good, warn or bad. basis: what the figures were measured on; empty without any."""

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
        return StrengthWords(f"No gate can recognise {employee.name}: add three photos, in different light.", "bad")
    count = f"{number_word(photos).capitalize()} {'photo' if photos == 1 else 'photos'}"
    missing = number_word(ENOUGH - photos)
    if measured is None:
        words = f"{count}." if photos >= ENOUGH else f"{count}: add {missing}, for fewer refusals."
        return StrengthWords(words, "good" if photos >= ENOUGH else "warn")
    one, three = _share(measured.one), _share(measured.three)
    basis = (
        f"Measured with {measured.enrolled:,} people enrolled and one stranger in {round(1 / measured.rate):,} let in, "
        "press photos, one picture a try."
    )
    if measured.at_least:
        basis += " This site is harder than that (more people, or a stricter rate), so expect more."
    if photos == 1:
        return StrengthWords(
            f"{count}: about {one} tries turned away. With three it is {three}; add {missing}.", "warn", basis
        )
    if photos < ENOUGH:
        words = f"{count}: between {one} tries turned away (with one) and {three} (with three); add {missing}."
        return StrengthWords(words, "warn", basis)
    return StrengthWords(f"{count}: about {three} tries turned away.", "good", basis)


def _share(share: float) -> str:
    return f"1 in {round(1 / share)}"
