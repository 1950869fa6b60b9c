"""Which photo is whose: by the number in its name or its folder's, or because the person's row names it.

Names come from archives: no call here takes long over one of them, or over all of them at once.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice

from app.core.media import PHOTO_ENDINGS, PHOTO_KINDS

MOST_NAME = 1000  # characters
SHOWN = 5
_COUNTED = re.compile(r"(.+)_\d+")
_DIGITS = re.compile(r"\d{1,18}")
_BATCH = 2000  # names sorted in one call
_DEEPEST = 20  # folders above a file that a row may name
# What desktops and archivers add by themselves.
_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".localized", ".picasa.ini"})
_SYSTEM_FOLDERS = frozenset({"__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", "@eadir"})
SYSTEM = "system"


def clean(name: str) -> str:
    """A name to compare by: composed letters, forward slashes, no leading ./"""
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./")


def kind_of(name: str) -> str | None:
    """None for a photo, SYSTEM for a file that people do not know of; else why it is no photo, as a person says it."""
    if len(name) > MOST_NAME:
        return "name is too long"
    parts = clean(name).split("/")
    file = parts[-1].lower()
    if file in _SYSTEM_FILES or file.startswith("._") or any(part.lower() in _SYSTEM_FOLDERS for part in parts[:-1]):
        return SYSTEM
    if ".." in parts:
        return "leads out of its folder"
    if any(part.startswith(".") for part in parts):
        return "hidden"
    if file.endswith(PHOTO_ENDINGS):
        return None
    ending = file.rpartition(".")[2] if "." in file else ""
    return f".{ending[:10]}" if ending.isprintable() and ending else "no ending"


def is_photo(name: str) -> bool:
    """Whether a file is one by its name."""
    return kind_of(name) is None


class Unused:
    """Files beside the photos, counted by kind, with some of their names."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    def add(self, name: str, kind: str) -> None:
        if kind not in self.counts and len(self.counts) >= 30:
            kind = "of other kinds"
        self.counts[kind] = self.counts.get(kind, 0) + 1
        names = self._names.setdefault(kind, [])
        if len(names) < SHOWN:
            names.append(name)

    def notices(self) -> Iterator[str]:
        """A sentence for each kind."""
        for kind, count in sorted(self.counts.items()):
            shown = such_as(self._names[kind])
            if kind == SYSTEM:
                yield f"Left out as what computers add by themselves (Thumbs.db, .DS_Store and the like): {count}."
            else:
                what = "1 file was" if count == 1 else f"{count} files were"
                yield f"{what} not used ({kind}), {shown}. Photos are {_KINDS}."


_KINDS = ", ".join(kind.name for kind in PHOTO_KINDS[:-1]) + f" or {PHOTO_KINDS[-1].name}"


def such_as(names: Sequence[str]) -> str:
    return "such as " + ", ".join(name[-80:] for name in names[:SHOWN])


@dataclass(frozen=True)
class Matched:
    """of: the photos of each number, by name."""

    of: Mapping[str, Sequence[str]]
    tails: Mapping[str, Sequence[str]] = field(repr=False)
    folded: Mapping[str, Sequence[str]] = field(repr=False)

    def named(self, wanted: str) -> str | None:
        """The photo that a row names, by its path or the end of it, where only one has that; else None.

        Capitals count only where they tell two photos apart: to Windows they are no difference.
        """
        path = clean(wanted)
        found = self.tails.get(path) or self.folded.get(path.casefold(), ())
        return found[0] if len(found) == 1 else None


def match(names: Iterable[str], numbers: Iterable[str], listed: Iterable[str] = ()) -> Matched:
    """Gives each photo to a number. listed: what rows name themselves.

    E-1001.jpg, E-1001_2.jpg and E-1001/anything.jpg are E-1001's, however deep they lie. A photo whose name says one
    person and whose folder says another is nobody's.
    """
    known = {clean(number) for number in numbers}
    asked = {clean(name).casefold() for name in listed}
    of: dict[str, list[str]] = {}
    tails: dict[str, list[str]] = {}
    folded: dict[str, list[str]] = {}
    for name in _in_order(names):
        path = clean(name)
        folder, _, file = path.rpartition("/")
        if asked:
            for tail in _tails(path):
                if (plain := tail.casefold()) in asked:
                    _add(tails, tail, name)
                    _add(folded, plain, name)
        owners = {owner for owner in (_by_stem(file, known), _by_folder(folder, known)) if owner}
        if len(owners) == 1:
            of.setdefault(owners.pop(), []).append(name)
    return Matched(of, tails, folded)


def without_zeros(name: str, known: set[str]) -> str | None:
    """The number that a photo's would be without its leading zeros, which spreadsheets take from a number."""
    stem = clean(name).rpartition("/")[2].rpartition(".")[0].partition("_")[0]
    number = stem.lstrip("0")
    return number if number != stem and number in known else None


def _tails(path: str) -> Iterator[str]:
    """a/b/c, b/c, c."""
    yield path
    for _ in range(_DEEPEST):
        path = path.partition("/")[2]
        if not path:
            return
        yield path


def _add(where: dict[str, list[str]], key: str, name: str) -> None:
    """Two are enough to know that it is not one."""
    names = where.setdefault(key, [])
    if len(names) < 2:
        names.append(name)


def _by_stem(file: str, known: set[str]) -> str | None:
    stem = file.rpartition(".")[0]
    if stem in known:
        return stem
    counted = _COUNTED.fullmatch(stem)
    return counted[1] if counted and counted[1] in known else None


def _by_folder(folder: str, known: set[str]) -> str | None:
    last = folder.rpartition("/")[2]
    return last if last in known else None


def _in_order(names: Iterable[str]) -> Iterator[str]:
    """E-1_2 before E-1_10. In batches: to sort all of them in one call would stop every other thread meanwhile."""
    rest = iter(names)
    batches = []
    while batch := sorted((_key(name), name) for name in islice(rest, _BATCH)):
        batches.append(batch)
    for _, name in merge(*batches):
        yield name


def _key(name: str) -> str:
    return _DIGITS.sub(lambda digits: digits[0].zfill(18), clean(name), count=8)
