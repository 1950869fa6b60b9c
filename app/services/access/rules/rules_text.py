"""Rules as text that people edit: written in a stable order, applied as a whole, or refused with line and reason."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.access.file_values import BadRulesFile, Path
from app.core.access.rule_set import Contradiction
from app.core.errors import BadInput
from app.core.ports.access import RulesDocument
from app.services.access.rules.rule_book import RuleBook, RuleChange

ENTRY = re.compile(r"(?P<kind>\w+)\[(?P<name>.*)\](?:\.(?P<key>\w+))?")


@dataclass(frozen=True)
class RulesText:
    """read: turns text into values, and raises BadInput for what it cannot read. write: the reverse."""

    book: RuleBook
    read: Callable[[bytes], RulesDocument]
    write: Callable[[dict[str, Any]], str]

    def export(self) -> tuple[int, str]:
        """Returns the version of the rules, and the rules as text. Applying the text changes nothing."""
        version, data = self.book.file()
        return version, self.write(data)

    def apply(self, raw: bytes, *, dry_run: bool = False, version: int | None = None) -> RuleChange:
        """Makes the rules what the text says; all of it, or nothing. Raises as `RuleBook.apply` does, with the line."""
        document = self.read(raw)
        try:
            return self.book.apply(document.data, dry_run=dry_run, version=version)
        except BadRulesFile as e:
            raise BadInput(e.code, _at_line(document.line(e.path), e.detail)) from e
        except Contradiction as e:
            raise BadInput(e.code, _at_line(document.line(_path(document.data, e.path)), e.detail)) from e


def _at_line(line: int, detail: str) -> str:
    return f"Line {line}: {detail}"


def _path(data: object, problem: str) -> Path:
    """The place in the file of a problem such as rules[Night shift].schedule; the top if it names no entry."""
    found = ENTRY.fullmatch(problem)
    entries = data.get(found["kind"]) if found and isinstance(data, Mapping) else None
    if found is None or not isinstance(entries, list):
        return ()
    key = "gate" if found["kind"] == "modes" else "name"
    for index, entry in enumerate(entries):
        if isinstance(entry, Mapping) and entry.get(key) == found["name"]:
            return (found["kind"], index, found["key"]) if found["key"] else (found["kind"], index)
    return (found["kind"],)
