"""Guesses what the columns of a file of another system mean, for a person to confirm on the mapping page."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from app.core.imports.people_cells import DATES
from app.core.imports.people_columns import COLUMNS, Header
from app.core.imports.people_dates import written_day
from app.core.text import folded
from app.core.types import Status

SAMPLES = 3
_SAMPLE_CHARS = 60
# What other systems call our columns, in English and German, the surest first. Folded: no accents, no punctuation.
_FIRST = "first name|firstname|given name|forename|vorname|rufname|prenom|first"
_LAST = "last name|lastname|surname|family name|nachname|familienname|zuname|nom|last"
_WORDS = {
    "number": "number|personnel no|personnel number|personnel nr|personalnummer|personal nr|personalnr|pers nr|persnr"
    "|employee number|employee no|employee id|employeeid|employee|emp id|emp no|staff number|staff no|staff id"
    "|mitarbeiternummer|mitarbeiter nr|mitarbeiternr|mitarbeiter id|payroll number|payroll no|worker id|matricule"
    "|person id|id number|id|nr|no",
    "name": "name|full name|fullname|employee name|display name|displayname|anzeigename|vollstandiger name|mitarbeiter",
    "email": "email|e mail|mail|email address|e mail address|work email|e mail adresse|emailadresse|mailadresse",
    "status": "status",
    "valid_from": "valid from|start date|startdate|start|hire date|hired|entry date|date of joining|joined|from"
    "|eintritt|eintrittsdatum|eintritt am|gultig ab|gultig von|beginn|von|ab",
    "valid_until": "valid until|valid to|valid till|end date|enddate|end|exit date|termination date|leaving date"
    "|last day|contract end|expires|expiry|until|to|austritt|austrittsdatum|austritt am|gultig bis|vertragsende"
    "|befristet bis|ende|bis",
    "groups": "groups|group|department|dept|team|division|abteilung|gruppe|gruppen|bereich|organisationseinheit",
    "legal_basis": "legal basis|rechtsgrundlage",
    "consent_at": "consent at|consent|consent date|einwilligung|einwilligung am|einwilligungsdatum",
    "card_number": "card number|card no|card|badge number|badge no|badge id|badge|kartennummer|karten nr|ausweisnummer"
    "|ausweis nr|ausweis|transponder|chipnummer",
    "photos": "photos|photo|picture|pictures|image|foto|fotos|bild|bilder",
}
_ALIASES = {column: words.split("|") for column, words in _WORDS.items()}
_ALL = {word for words in (*_ALIASES.values(), _FIRST.split("|"), _LAST.split("|")) for word in words}


@dataclass(frozen=True)
class FileColumn:
    """A column of a file: its unique title, and the first values in it that differ."""

    title: str
    samples: tuple[str, ...]


@dataclass(frozen=True)
class FilePreview:
    """What a person sees in order to map a file. guess: ours to titles; it may lack what is needed."""

    header: Header
    columns: tuple[FileColumn, ...]
    guess: Mapping[str, tuple[str, ...]]


def preview(header: Header, rows: Sequence[Sequence[str]]) -> FilePreview:
    """Returns the columns with samples from these rows, and the guess."""
    columns = []
    for at, title in enumerate(header.titles):
        values = dict.fromkeys(_sample(cells[at]) for cells in rows if at < len(cells) and cells[at].strip())
        columns.append(FileColumn(title, tuple(values)[:SAMPLES]))
    return FilePreview(header, tuple(columns), _guess(columns))


def known_titles(cells: Sequence[str]) -> int:
    """Returns how many cells of a row are names that some system has for a column."""
    return sum(_word(cell) in _ALL for cell in cells)


def _guess(columns: Sequence[FileColumn]) -> dict[str, tuple[str, ...]]:
    words = [_word(column.title) for column in columns]
    taken: set[int] = set()
    found: dict[str, tuple[str, ...]] = {}

    def take(aliases: Sequence[str], column: str = "") -> str | None:
        for alias in aliases:
            for at, word in enumerate(words):
                if word == alias and at not in taken and _plausible(column, columns[at].samples):
                    taken.add(at)
                    return columns[at].title
        return None

    first, last = take(_FIRST.split("|")), take(_LAST.split("|"))
    if first and last:
        found["name"] = (first, last)
    for column in COLUMNS:
        if column not in found and (title := take(_ALIASES[column], column)):
            found[column] = (title,)
    if "name" in found and last and not first:
        found["name"] = (*found["name"], last)  # "Name" beside a last name is the first
    elif "name" not in found and (only := first or last):
        found["name"] = (only,)
    for at, one in enumerate(columns):
        near = get_close_matches(_word(one.title).replace(" ", "_")[:40], COLUMNS, n=1, cutoff=0.8)
        if at not in taken and near and near[0] not in found and _plausible(near[0], one.samples):
            found[near[0]] = (one.title,)
    return {column: found[column] for column in COLUMNS if column in found}


def _plausible(column: str, samples: Sequence[str]) -> bool:
    """Whether a column may be this one of ours, judged by its values."""
    if column in DATES:
        return all(written_day(sample, any_time=True) for sample in samples)
    if column == "status":
        return all(sample.casefold() in tuple(Status) for sample in samples)
    if column == "card_number":
        return all(sample.isascii() and sample.isdigit() for sample in samples)
    if column == "email":
        return all("@" in sample for sample in samples)
    return True


def _word(title: str) -> str:
    text = folded(unicodedata.normalize("NFKC", title[:100]))
    return re.sub(r"[\W_]+", " ", text).strip()


def _sample(cell: str) -> str:
    shown = "".join(c for c in cell.strip()[: 2 * _SAMPLE_CHARS] if c.isprintable())
    return shown if len(shown) <= _SAMPLE_CHARS else shown[: _SAMPLE_CHARS - 1] + "…"
