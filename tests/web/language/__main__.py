"""Brings the catalogs up to date: `python -m tests.web.language`. New texts lack a translation, unused ones go."""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from app.web.language.catalog import ENGLISH, HERE, LANGUAGES
from tests.web.language.texts import all_texts

HEAD = """\
# The texts of the pages. `python -m tests.web.language` brings this file up to date; README.md has the glossary.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural}\\n"

"""


def updated(language: str) -> Catalog:
    """The catalog of the language with the texts of today."""
    with (HERE / f"{language}.po").open("rb") as file:
        before = read_po(file, locale=language)
    made = Catalog(language)
    for text in all_texts():
        key = (text.english, text.many) if text.many else text.english
        known = before.get(text.english)
        said = known.string if known and known.id == key else ("", "") if text.many else ""
        made.add(key, said, locations=[(text.place, None)])  # type: ignore[list-item]  # no line
    return made


def written(catalog: Catalog) -> bytes:
    """The file of a catalog, in the order of the texts."""
    body = BytesIO()
    write_po(body, catalog, width=0, omit_header=True, sort_output=True, include_lineno=False)
    return HEAD.format(language=catalog.locale, plural=catalog.plural_forms).encode() + body.getvalue()


def main() -> None:
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        catalog = updated(language)
        Path(HERE / f"{language}.po").write_bytes(written(catalog))
        missing = [message.id for message in catalog if message.id and not any(message.string or ())]
        print(f"{language}: {len(catalog)} texts, {len(missing)} without a translation", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
