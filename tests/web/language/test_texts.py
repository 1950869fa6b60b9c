"""The catalogs have every text of the pages, no other, and each with the values of the original."""

import re
from collections import Counter
from typing import Any

import pytest
from babel.messages.pofile import read_po

from app.web.language.catalog import ENGLISH, HERE, LANGUAGES, Catalog, catalog, filled
from app.web.language.patterns import PLACEHOLDER, Pattern
from tests.web.language.__main__ import updated, written
from tests.web.language.texts import (
    ENGLISH_TEMPLATES,
    SCRIPTS,
    TEMPLATES,
    all_texts,
    of_python,
    template_literal,
    unmarked,
)
from tests.web.language.unmarked_scripts import unmarked_in_script

OTHERS = [language for language in LANGUAGES if language != ENGLISH]
PLACEHOLDERS = re.compile(r"\{\w+\}|</?\d+>")
# Expressions that are no text: an example to type, the name that a new site has, words for `_`.
NOT_TEXT = {"haddad eva", "Site", "driven here"}


def forms(text: Any) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def messages(language: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The texts of a catalog, in English and translated, without doubtful ones."""
    with (HERE / f"{language}.po").open("rb") as file:
        return [
            (forms(one.id), forms(one.string)) for one in read_po(file, locale=language) if one.id and not one.fuzzy
        ]


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_pages_has_a_translation(language: str) -> None:
    known = dict(messages(language))
    texts = {(text.english, text.many) if text.many else (text.english,) for text in all_texts()}

    missing = sorted(text for text in texts if not known.get(text) or not all(known[text]))

    assert not missing, "run `python -m tests.web.language` and translate what it adds"


@pytest.mark.parametrize("language", OTHERS)
def test_catalog_is_as_the_command_writes_it(language: str) -> None:
    assert (HERE / f"{language}.po").read_bytes() == written(updated(language)), "run `python -m tests.web.language`"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_values_and_elements_of_the_original(language: str) -> None:
    for english, said in messages(language):
        for at, (original, translation) in enumerate(zip(english, said, strict=True)):
            wanted, found = Counter(PLACEHOLDERS.findall(original)), Counter(PLACEHOLDERS.findall(translation))
            if len(english) > 1 and at == 0:  # the form for one may write the count as a word
                for counts in (wanted, found):
                    counts["{count}"] = counts["{number}"] = counts["{0}"] = 0
            assert wanted == found, original


@pytest.mark.parametrize("language", OTHERS)
def test_translations_end_as_the_original(language: str) -> None:
    for english, said in messages(language):
        for original, translation in zip(english, said, strict=True):
            ends = [re.sub(r"</?\d+>", "", text)[-1] for text in (original, translation)]
            assert ends[0] == ends[1] or not set(ends) & set(".?…:"), (original, translation)


def test_a_text_in_an_expression_of_a_template_is_marked() -> None:
    for file in TEMPLATES.rglob("*.html"):
        if file.relative_to(TEMPLATES).as_posix() not in ENGLISH_TEMPLATES:
            assert not set(unmarked(file.read_text())) - NOT_TEXT, file.name


def test_a_text_in_a_script_is_marked() -> None:
    for file in SCRIPTS.rglob("*.js"):
        assert not list(unmarked_in_script(file.read_text())), file.name


@pytest.mark.parametrize("language", OTHERS)
def test_a_finished_sentence_is_found_again(language: str) -> None:
    """However alike two sentences are, each gets its own translation."""
    found, sentences = catalog(language), {text.english for text in of_python()}
    for english, said in messages(language):
        for original, translation in zip(english, said, strict=True):
            if original in sentences and Pattern.is_one(original):
                values = {name: f"Value{at}" for at, name in enumerate(PLACEHOLDER.findall(original))}
                assert found.of(filled(original, values)) == filled(translation, values)


def test_keys_of_scripts_count_their_values() -> None:
    source = "Add ${name} to ${list.map((one) => `${one}`).join(', ')} now`;"

    assert template_literal(source, 0) == "Add {0} to {1} now"


def test_unmarked_text_of_a_script_is_found() -> None:
    assert list(unmarked_in_script('say("Saved now."); el("p", {}, `Good day`);')) == ["Saved now.", "Good day"]
    assert not list(unmarked_in_script('say(_("Saved now.")); el("p", {}, _`Good day`); // It is "Saved now."'))


def test_a_catalog_leaves_out_what_is_doubtful() -> None:
    with (HERE / "de.po").open("rb") as file:
        read = read_po(file, locale="de")
    message = read.get("Save")
    assert message is not None
    message.flags.add("fuzzy")

    assert Catalog("de", read).of("Save") == "Save"
