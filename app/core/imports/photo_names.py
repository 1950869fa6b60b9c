"""Matches photos to people: by the number in the name of the file or folder, or because a person's row names it.

The names come from archives and may be hostile, so no call takes long on one name or blocks on all of them.
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
_BATCH = 2000  # names sorted per call
_DEEPEST = 20  # folders above a file that a row may include
# Files that desktops and archivers add by themselves.
_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".localized", ".picasa.ini"})
_SYSTEM_FOLDERS = frozenset({"__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", "@eadir"})
SYSTEM = "system"


def clean(name: str) -> str:
    """Normalises a name for comparison: composed letters, forward slashes, no leading ./"""
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./")


def kind_of(name: str) -> str | None:
    """Returns None for a photo, SYSTEM for a file that a computer added, else in words why it is not a photo."""
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
    """Whether a file is a photo, judged by its name."""
    return kind_of(name) is None


class Unused:
    """Counts the files that are not photos by kind, with some of their names."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    def add(self, name: str, kind: str) -> None:
        """Counts one file."""
        if kind not in self.counts and len(self.counts) >= 30:
            kind = "of other kinds"
        self.counts[kind] = self.counts.get(kind, 0) + 1
        names = self._names.setdefault(kind, [])
        if len(names) < SHOWN:
            names.append(name)

    def notices(self) -> Iterator[str]:
        """Yields a sentence for each kind."""
        for kind, count in sorted(self.counts.items()):
            files = first_of(self._names[kind])
            if kind == SYSTEM:
                yield f"Ignored files that computers add by themselves (Thumbs.db, .DS_Store and the like): {count}."
            else:
                what = "1 file was" if count == 1 else f"{count} files were"
                yield f"{what} not used ({kind}), such as {files}. Photos are {_KINDS}."


_KINDS = ", ".join(kind.name for kind in PHOTO_KINDS[:-1]) + f" or {PHOTO_KINDS[-1].name}"


def first_of(names: Sequence[str]) -> str:
    """Names the first few files."""
    return ", ".join(name[-80:] for name in names[:SHOWN])


@dataclass(frozen=True)
class Matched:
    """The matched photos. `of` holds the photo names of each number, in order."""

    of: Mapping[str, Sequence[str]]
    tails: Mapping[str, Sequence[str]] = field(repr=False)
    folded: Mapping[str, Sequence[str]] = field(repr=False)

    def named(self, wanted: str) -> str | None:
        """Returns the photo that a row names by its path or the end of it; None unless exactly one fits.

        Case matters only if it distinguishes two photos, since Windows ignores it.
        """
        path = clean(wanted)
        found = self.tails.get(path) or self.folded.get(path.casefold(), ())
        return found[0] if len(found) == 1 else None


def match(names: Iterable[str], numbers: Iterable[str], listed: Iterable[str] = ()) -> Matched:
    """Assigns each photo to a number.

    E-1001.jpg, E-1001_2.jpg and E-1001/anything.jpg belong to E-1001, at any depth. A photo whose name says one person
    and whose folder says another belongs to nobody.

    Args:
        names: of the photos, as paths.
        numbers: of the people.
        listed: the names of photos that rows contain.
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
    """Returns the known number that equals the photo's without leading zeros, which spreadsheets drop; else None."""
    stem = clean(name).rpartition("/")[2].rpartition(".")[0].partition("_")[0]
    number = stem.lstrip("0")
    return number if number != stem and number in known else None


def _tails(path: str) -> Iterator[str]:
    """Yields the ends of a path: a/b/c, b/c, c."""
    yield path
    for _ in range(_DEEPEST):
        path = path.partition("/")[2]
        if not path:
            return
        yield path


def _add(where: dict[str, list[str]], key: str, name: str) -> None:
    """Keeps at most two names per key, which is enough to know that the key is ambiguous."""
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
    """Sorts E-1_2 before E-1_10. It works in batches, because one big sort would block every other thread."""
    rest = iter(names)
    batches = []
    while batch := sorted((_key(name), name) for name in islice(rest, _BATCH)):
        batches.append(batch)
    for _, name in merge(*batches):
        yield name


def _key(name: str) -> str:
    return _DIGITS.sub(lambda digits: digits[0].zfill(18), clean(name), count=8)
