"""Which photo is whose: by the number in its name or its folder's, or because the person's row names it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

ENDINGS = (".jpg", ".jpeg", ".png")
_COUNTED = re.compile(r"(.+)_\d+")


def clean(name: str) -> str:
    """A name to compare by: composed letters, forward slashes, no leading ./"""
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./")


def is_photo(name: str) -> bool:
    """Whether a file is one by its name; what archivers and desktops add of their own is not."""
    parts = clean(name).split("/")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and parts[-1].lower().endswith(ENDINGS)


@dataclass(frozen=True)
class Matched:
    """of: the photos of each number, by name. strays: photos that belong to nobody in the file."""

    of: Mapping[str, Sequence[str]]
    strays: Sequence[str]
    by_name: Mapping[str, Sequence[str]] = field(repr=False)

    def named(self, wanted: str) -> str | None:
        """The photo that a row names, by its path or, where only one has it, by its file name; else None."""
        found = self.by_name.get(clean(wanted), ())
        return found[0] if len(found) == 1 else None


def match(names: Iterable[str], numbers: Iterable[str], listed: Iterable[str] = ()) -> Matched:
    """Gives each photo to a number. listed: what rows name themselves, which is no stray.

    E-1001.jpg, E-1001_2.jpg and E-1001/anything.jpg are E-1001's, however deep they lie. A photo whose name says one
    person and whose folder says another is nobody's.
    """
    known = {clean(number) for number in numbers}
    asked = {clean(name) for name in listed}
    of: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    strays: list[str] = []
    for name in sorted(names, key=_in_order):
        path = clean(name)
        folder, _, file = path.rpartition("/")
        by_name.setdefault(path, []).append(name)
        if folder:
            by_name.setdefault(file, []).append(name)
        owners = {owner for owner in (_by_stem(file, known), _by_folder(folder, known)) if owner}
        if len(owners) == 1:
            of.setdefault(owners.pop(), []).append(name)
        elif path not in asked and file not in asked:
            strays.append(name)
    return Matched(of, strays, by_name)


def _by_stem(file: str, known: set[str]) -> str | None:
    stem = file.rpartition(".")[0]
    if stem in known:
        return stem
    counted = _COUNTED.fullmatch(stem)
    return counted[1] if counted and counted[1] in known else None


def _by_folder(folder: str, known: set[str]) -> str | None:
    last = folder.rpartition("/")[2]
    return last if last in known else None


def _in_order(name: str) -> list[tuple[int, int, str]]:
    """E-1_2 before E-1_10."""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d{1,18})", clean(name))]
