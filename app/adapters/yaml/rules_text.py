"""Rules as YAML text: plain values out of a hostile file, with the line of each, and back.

JSON is read as well, since YAML contains it. Plain words are text, as in YAML 1.2: `no` and `07:00` mean themselves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from app.core.access.file_values import MOST_BYTES, Path
from app.core.errors import BadInput

MOST_DEPTH = 12
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}
_NEXT_SECTION = re.compile(r"\n(?=[a-z])")  # only the keys at the top begin a line with a letter
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class RulesDocument:
    """Values as mappings, lists, text, whole numbers, booleans and None. lines: from 1, by the path to a value."""

    data: object
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the closest one around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_rules(raw: bytes) -> RulesDocument:
    """Reads one YAML document.

    Raises:
        BadInput: code `bad_rules_file`. The text is too large or too deep, is not UTF-8 or YAML, or uses anchors,
            tags, keys twice or several documents. The detail names the line.
    """
    if len(raw) > MOST_BYTES:
        raise _bad(f"The file is too large: at most {MOST_BYTES // 1_000_000} MB are read.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise _bad("Save the file as UTF-8.", raw[: e.start].count(b"\n") + 1) from e
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        raise _bad(f"This is not YAML: {e.problem}.", mark.line + 1 if mark else 1) from e
    except yaml.YAMLError as e:
        raise _bad("The file holds characters that YAML does not allow.") from e
    return RulesDocument(builder.root, builder.lines)


def write_rules(data: dict[str, Any]) -> str:
    """Returns YAML that `read_rules` reads back to the same values. The same data gives the same text."""
    # One line an entry where it fits, so that a diff shows what changed.
    dumped: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None
    )
    return _NEXT_SECTION.sub("\n\n", dumped)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """The reader refuses anchors, so none are written."""
        return True


def _events(text: str) -> Iterator[yaml.Event]:
    # Events come one by one: a file that nests or repeats without end is refused before anything is built from it.
    return iter(yaml.parse(text, Loader=yaml.CSafeLoader))


class _Builder:
    """Builds values from events, without recursion."""

    def __init__(self) -> None:
        self.root: object = None
        self.lines: dict[Path, int] = {}
        self._documents = 0
        self._stack: list[tuple[dict[str, object] | list[object], Path]] = []
        self._key: list[str | None] = []

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _bad("Anchors and aliases are not read. Write the value out.", line)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _bad("The file holds a second document. Keep one.", line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open({}, event.tag, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([], event.tag, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
            self._key.pop()

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if event.tag is not None:
            raise _bad("Tags are not read. Write plain values.", line)
        plain = event.style is None or event.style == ""
        if self._stack and isinstance(self._stack[-1][0], dict) and self._key[-1] is None:
            container, path = self._stack[-1]
            if event.value in container:
                raise _bad(f'The key "{event.value[:80]}" is there twice.', line)
            self._key[-1] = event.value
            self.lines[(*path, event.value)] = line
            return
        value: object = event.value
        if plain:
            value = int(event.value) if _NUMBER.fullmatch(event.value) else _WORDS.get(event.value, event.value)
        self._add(value, line)

    def _open(self, value: dict[str, object] | list[object], tag: str | None, line: int) -> None:
        if tag is not None:
            raise _bad("Tags are not read. Write plain values.", line)
        if len(self._stack) >= MOST_DEPTH:
            raise _bad(f"Values are nested more than {MOST_DEPTH} deep.", line)
        if self._stack and isinstance(self._stack[-1][0], dict) and self._key[-1] is None:
            raise _bad("A key must be text.", line)
        path = self._add(value, line)
        self._stack.append((value, path))
        self._key.append(None)

    def _add(self, value: object, line: int) -> Path:
        if not self._stack:
            self.root = value
            self.lines[()] = line
            return ()
        container, around = self._stack[-1]
        if isinstance(container, list):
            path: Path = (*around, len(container))
            container.append(value)
            self.lines[path] = line
        else:
            key = self._key[-1]
            assert key is not None
            path = (*around, key)
            container[key] = value
            self._key[-1] = None
        return path


def _bad(detail: str, line: int | None = None) -> BadInput:
    return BadInput("bad_rules_file", detail if line is None else f"Line {line}: {detail}")
