"""The encodings that a person may name for a CSV, and how its names would read in each."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from app.core.errors import BadInput

UTF_8, UTF_16_LE, UTF_16_BE = "utf-8", "utf-16-le", "utf-16-be"

# Common name -> Python codec. If one codec contains another, the larger one.
CODECS = {
    UTF_8: "utf-8",
    UTF_16_LE: "utf-16-le",
    UTF_16_BE: "utf-16-be",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-1257": "cp1257",
    "windows-1258": "cp1258",
    "windows-874": "cp874",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso8859-2",
    "iso-8859-15": "iso8859-15",
    "macintosh": "mac-roman",
    "mac-centraleurope": "mac-latin2",
    "ibm437": "cp437",
    "ibm850": "cp850",
    "ibm852": "cp852",
    "koi8-r": "koi8-r",
    "shift-jis": "cp932",
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022-jp",
    "gbk": "gb18030",
    "big5": "cp950",
    "euc-kr": "cp949",
}
# Text in these can be valid UTF-8 by chance (such as two characters of GBK), so valid UTF-8 does not rule them out.
OVERLAPS = frozenset({"shift-jis", "euc-jp", "gbk", "big5", "euc-kr", "iso-2022-jp"})
# The encodings that spreadsheets save in.
_LIKELY = tuple(name for name in CODECS if not name.startswith(("utf", "iso", "ibm", "koi8", "mac")))
_LIKELY += ("macintosh",)
_SHOWN = 6  # encodings
_CELLS = 200  # cells examined
_CELL = re.compile(rb"[,;\t\r\n]")
_LONGEST = 200  # bytes; longer cells are not examined
_STEP = 1 << 16
_MOST_LOOKED_AT = 4_000_000  # bytes


def known(encoding: str) -> str:
    """Returns our name for an encoding given under any of its names. Raises BadInput if it is unknown."""
    asked = encoding.strip().lower().replace("_", "-")[:40]
    if asked in CODECS:
        return asked
    try:
        codec = codecs.lookup(asked.replace("-", "_")).name
    except (LookupError, ValueError):
        codec = ""
    codec = {"gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "big5": "cp950", "euc_kr": "cp949"}.get(
        codec, codec
    )
    for name, ours in CODECS.items():
        if codec and codecs.lookup(ours).name == codec:
            return name
    raise BadInput("unknown_encoding", f"This encoding is not supported. Supported are: {', '.join(CODECS)}.")


def readings(data: bytes) -> list[tuple[str, list[str]]]:
    """Reads one cell in the likely encodings. The cell is the one on which they differ most.

    Returns:
        Each reading with the encodings that give it, most plausible first; empty if no likely encoding fits.
    """
    cells = list(_foreign(data))
    able = [name for name in _LIKELY if all(_read(cell, name) is not None for cell in cells)]
    if not able or not cells:
        return []
    scores = {name: sum(_plausible(_read(cell, name) or "") for cell in cells) / len(cells) for name in able}
    best = max(scores.values())
    able = sorted((name for name in able if scores[name] >= best / 2), key=lambda name: -scores[name])[:_SHOWN]
    cell = max(cells, key=lambda cell: len({_read(cell, name) for name in able}))
    found: dict[str, list[str]] = {}
    for name in able:
        found.setdefault(_read(cell, name) or "", []).append(name)
    return list(found.items())


def _foreign(data: bytes) -> Iterator[bytes]:
    """Yields distinct cells with non-ASCII bytes, up to a limit."""
    seen: set[bytes] = set()
    rest = b""
    for at in range(0, min(len(data), _MOST_LOOKED_AT), _STEP):
        cells = _CELL.split(rest + data[at : at + _STEP])
        rest = cells.pop()[-_STEP:]
        if at + _STEP >= len(data):
            cells.append(rest)
        for cell in cells:
            if len(cell) <= _LONGEST and not cell.isascii() and cell not in seen:
                seen.add(cell)
                yield cell
                if len(seen) == _CELLS:
                    return


def _read(cell: bytes, name: str) -> str | None:
    try:
        text = cell.decode(CODECS[name])
    except UnicodeDecodeError:
        return None
    shown = text.strip().strip('"')[:40]
    return shown if all(unicodedata.category(c) not in ("Cc", "Cn", "Co") for c in text) else None


def _plausible(text: str) -> float:
    """Returns 1 for words of one script; less for symbols between letters and for mixed scripts."""
    foreign = [c for c in text if not c.isascii()]
    letters = [c for c in text if unicodedata.category(c)[0] in "LM"]
    right = sum(unicodedata.category(c)[0] in "LM" for c in foreign) / max(1, len(foreign))
    scripts = {_script(c) for c in letters} - {""}
    tall = sum(a.islower() and b.isupper() for a, b in pairwise(text))
    return right / max(1, len(scripts)) / (1 + tall)


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "").split(" ")[0]
    return {"HIRAGANA": "CJK", "KATAKANA": "CJK", "COMBINING": ""}.get(first, first)
