"""Catalogs of translated texts, and the language of the request that is being answered.

The key of a text is its English. Sentences are made in many places and reach a page through the database, the API or
another process, so they arrive finished. A catalog therefore knows sentences by their patterns: "{name} is suspended."
also translates "Ada is suspended.", and the rest of the program speaks English without knowing of languages.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from app.web.language.dates import as_day, as_span
from app.web.language.patterns import PHRASES, PLACEHOLDER, TYPED, Pattern

if TYPE_CHECKING:  # Babel takes 60 ms to import, and a start need not wait for it
    from babel import Locale
    from babel.messages.catalog import Message

HERE = Path(__file__).parent
ENGLISH = "en"
# The languages of the pages by code, each called by its own name.
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
CATALOGS = [HERE / f"{language}.po" for language in LANGUAGES if language != ENGLISH]
SCRIPTS = "app/web/console/static/"
NUMBERED = {"line", "revision", "sequence", "version", "year"}  # values that are numbers but count nothing
DEEPEST = 3  # a value in a value in a sentence
LONGEST = 2000  # characters; longer texts are not looked up by pattern
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=\S)")
# One English word may have two translations: "To|zone" is the "To" of a zone. People do not see what follows the bar.
_MEANING = re.compile(r"\|[a-z]+$")
_CLAUSE = re.compile(r"(?=; )")
_FIGURE = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d+")


class Catalog:
    """The texts of one language. Texts that it lacks stay English.

    Args:
        messages: the texts, as Babel reads them from a .po file. Doubtful ones ("fuzzy") are left out.
    """

    def __init__(self, language: str, messages: "Iterable[Message]") -> None:
        self.language = language
        self._texts: dict[str, str] = {}
        self._plurals: dict[str, tuple[str, ...]] = {}
        self._counts: dict[str, tuple[str, ...]] = {}  # the same by what is counted, such as "gates"
        self._of_scripts: dict[str, str | list[str]] = {}
        # By their first word, "" for those that begin with a value; the most literal first.
        self._patterns: dict[str, list[Pattern]] = {}
        for message in messages:
            self._add(message)
        for patterns in self._patterns.values():
            patterns.sort(key=lambda one: one.letters, reverse=True)

    @cached_property
    def locale(self) -> "Locale":
        """How the language writes numbers and dates."""
        from babel import Locale

        return Locale.parse(self.language)

    def _add(self, message: "Message") -> None:
        if not message.id or not message.string or message.fuzzy:
            return
        english, said = _forms(message.id), _forms(message.string)
        if len(english) > 1:
            self._plurals[english[0]] = said
            self._counts |= {one.removeprefix("{count} "): said for one in english if one.startswith("{count} ")}
        else:
            self._texts[english[0]] = said[0]
        is_sentence = any(place.endswith(".py") for place, _ in message.locations)
        for text, translation in zip(english, (said[0], said[-1]), strict=False):
            if is_sentence and Pattern.is_one(text):
                self._patterns.setdefault(_first_word(text.partition("{")[0]), []).append(Pattern(text, translation))
        if any(place.startswith(SCRIPTS) for place, _ in message.locations):
            self._of_scripts[english[0]] = said[0] if len(said) == 1 else list(said)

    @property
    def of_scripts(self) -> Mapping[str, str | list[str]]:
        """The texts that scripts use: a translation, or those of one and of many."""
        return self._of_scripts

    def of(self, text: str, depth: int = 0) -> str:
        """Returns the translation of an English text, which may hold values; the text itself if there is none.

        Args:
            depth: in how many values of sentences the text is.
        """
        if (known := self._texts.get(text)) is not None:
            return known
        text = _MEANING.sub("", text)
        if " " not in text or len(text) > LONGEST or depth > DEEPEST or self.language == ENGLISH:
            return text
        return (
            as_span(text, self.language)
            or self._counted(text)
            or self._by_pattern(text, depth)
            or self._as_sentence(text, depth)
            or self._by_sentences(text, depth)
        )

    def pattern(self, text: str) -> str:
        """Returns the translation of exactly this text."""
        return self._texts.get(text) or _MEANING.sub("", text)

    def plural(self, one: str, many: str, count: int) -> str:
        """Returns the form for the count. Both languages have two forms, and the same rule."""
        forms = self._plurals.get(one, (one, many))
        return forms[0] if count == 1 else forms[-1]

    def _counted(self, text: str) -> str | None:
        """The translation of "3 gates", where pages count gates, too."""
        number, _, what = text.partition(" ")
        forms = self._counts.get(what) if number.replace(",", "").isdigit() else None
        return filled(forms[number != "1"], {"count": self.figure(number)}) if forms else None

    def _by_pattern(self, text: str, depth: int) -> str | None:
        for begin in (_first_word(text), ""):
            for pattern in self._patterns.get(begin, ()):
                if (values := pattern.values(text)) is not None:
                    said = {name: self._value(name, value, depth) for name, value in values.items()}
                    return filled(pattern.translation, said)
        return None

    def _as_sentence(self, text: str, depth: int) -> str | None:
        """What is written in small letters and without a stop elsewhere: "The line works." for "the line works"."""
        if not text[:1].isupper():
            return None
        stop = "." if text.endswith(".") else ""
        bare = text[:1].lower() + text[1:].removesuffix(stop)
        said = self._texts.get(text.removesuffix(stop)) or self._texts.get(bare)
        if said is None and not _SENTENCE_END.search(text):
            said = self._by_pattern(bare, depth)
        return f"{said[:1].upper()}{said[1:]}{stop}" if said else None

    def _value(self, name: str, value: str, depth: int) -> str:
        """A value is a date, a figure, a text of ours if its name is one of PHRASES, or nothing to translate."""
        name, bare = name.rstrip("0123456789"), value.strip()
        if name in TYPED or not bare:
            return value
        if _FIGURE.fullmatch(bare):
            return value.replace(bare, self.figure(bare))
        if (day := as_day(bare, self.language)) is not None:
            return value.replace(bare, day)
        if name not in PHRASES:
            return value
        said = self.of(bare, depth + 1)
        if said == bare:  # ": the camera is busy", after what it is about
            bare = bare.lstrip(":;, ")
            said = self.of(bare, depth + 1)
        return value.replace(bare, said)

    def _by_sentences(self, text: str, depth: int) -> str:
        sentences = _SENTENCE_END.split(text)
        if len(sentences) > 1:
            return " ".join(self.of(one, depth + 1) for one in sentences)
        head, colon, tail = text.partition(": ")
        if colon and head in self._texts:  # "Sent: the relay answered 200."
            return f"{self._texts[head]}: {self.of(tail, depth + 1)}"
        clauses = _CLAUSE.split(text)  # each but the first begins with "; "
        return "".join(self.of(one, depth + 1) for one in clauses) if len(clauses) > 1 and clauses[0] else text

    def figure(self, shown: str) -> str:
        """A number that was written the English way, as the language writes it."""
        if self.language == ENGLISH:
            return shown
        symbols = self.locale.number_symbols["latn"]
        return shown.translate({ord(","): str(symbols["group"]), ord("."): str(symbols["decimal"])})


def _forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """A text, or its forms for one and for many."""
    return (text,) if isinstance(text, str) else tuple(text)


def _first_word(text: str) -> str:
    """The first word, if it is whole: in "gate{number}" it is not."""
    word, space, _ = text.partition(" ")
    return word if space else ""


def filled(text: str, values: Mapping[str, object]) -> str:
    """Returns the text with values in the place of `{name}`. Values are never looked into."""
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)


@cache
def catalog(language: str) -> Catalog:
    """Returns the catalog of a language of LANGUAGES."""
    if language == ENGLISH:
        return Catalog(ENGLISH, ())
    from babel.messages.pofile import read_po

    with (HERE / f"{language}.po").open("rb") as file:
        return Catalog(language, read_po(file, locale=language, abort_invalid=True))


@cache
def texts_of_scripts(language: str) -> bytes:
    """A script that gives static/words.js the texts of the language."""
    return f"globalThis.words = {json.dumps(catalog(language).of_scripts)};".encode()


# Set for each request by `choice.SpokenLanguage`. Outside a request, and for programs, everything is English.
spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def now() -> Catalog:
    """The catalog of the request that is being answered."""
    return catalog(spoken.get())


def translated(text: str, **values: Any) -> str:
    """Returns an English text in the language of the request, with values in the place of `{name}`.

    The answer is Markup if a value is. As `_` in templates and pages.
    """
    if not values:
        return now().of(text)
    return _with(now().pattern(text), values)


def counted(one: str, many: str, count: int, **values: Any) -> str:
    """As `translated`, in the form for the count, which is `{count}`."""
    return _with(now().plural(one, many, count), {"count": count, **values})


def _with(text: str, values: Mapping[str, Any]) -> str:
    shown = {name: shown_value(name, value) for name, value in values.items()}
    if any(hasattr(value, "__html__") for value in shown.values()):
        return Markup(filled(str(escape(text)), {name: escape(value) for name, value in shown.items()}))  # noqa: S704
    return filled(text, shown)


def shown_value(name: str, value: object) -> object:
    """A value as the text of a page shows it: a count with its thousands apart, the number of a line without."""
    return number(value) if type(value) is int and name not in NUMBERED else value


def lowered(text: str) -> str:
    """A text inside a sentence: in lower case where the language writes nouns so."""
    return text.lower() if spoken.get() == ENGLISH else text


def number(value: int) -> str:
    """A whole number with its thousands apart, as the language writes it."""
    return now().figure(f"{value:,}")


def decimals(value: float, places: int) -> str:
    """A number with so many decimals, as the language writes it."""
    return now().figure(f"{value:,.{places}f}")


def figures(value: float, digits: int) -> str:
    """A number with so many significant digits, as the language writes it."""
    return now().figure(f"{value:.{digits}g}")
