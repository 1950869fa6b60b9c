"""What would show that somebody was not erased: pieces of what was kept about them, and the search for those pieces.

A file keeps a photo in parts, one a page, so what is long is searched by short pieces of it, at least one a page.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

import numpy as np

from app.core.text import folded
from app.core.types import Vector

PIECE_BYTES, EVERY_BYTES = 16, 2048  # a page of a database has 4096 bytes
HEAD_BYTES = 1024  # of a picture: tables that many pictures share
LEAST_BYTES = 5  # shorter text is found in any large file by chance
LEAST_HEX = 10  # so are digits, and what looks like a part of a hash or an id
LEAST_DISTINCT = 6  # bytes; a piece of zeros is everywhere
_WORD_BYTES = 4
_NEAR_BYTES = 6  # beside a text, in which its neighbour is read: as long as an escaped letter of JSON
_HEX = frozenset("0123456789abcdefABCDEF")
_ESCAPED = re.compile(rb"\\(?:[bfnrt]|u([0-9a-fA-F]{4}))\Z")
_BY_WORD = 2 * _WORD_BYTES - 1  # so long a piece has a whole word of the file in it, however it lies


class Term(StrEnum):
    """What a piece is of. SEALED: what the database kept, encrypted. KEY: the person's key. LINK: what led from events
    to them. ATTRIBUTE: what a directory sent besides names."""

    NAME = "name"
    NUMBER = "number"
    EMAIL = "email"
    EXTERNAL_ID = "external_id"
    ATTRIBUTE = "attribute"
    BADGE = "badge"
    PHOTO = "photo"
    EMBEDDING = "embedding"
    SEALED = "sealed"
    KEY = "key"
    LINK = "link"


# Texts that may be parts of longer ones. A link is long and random.
_WORDS = frozenset({Term.NAME, Term.NUMBER, Term.EMAIL, Term.EXTERNAL_ID, Term.ATTRIBUTE, Term.BADGE})


@dataclass(frozen=True)
class Traces:
    """What to search for after one erasure.

    Attributes:
        pieces: with what they are of.
        texts: compared where whole values are known, so that nobody is taken for somebody of a longer name.
        vectors: the templates, unit length.
        ids: under which caches know the person and their photos.
        keys: those that were destroyed, wrapped.
    """

    pieces: tuple[tuple[Term, bytes], ...] = ()
    texts: tuple[tuple[Term, str], ...] = ()
    vectors: tuple[Vector, ...] = ()
    ids: frozenset[str] = frozenset()
    keys: tuple[bytes, ...] = ()

    @property
    def too_short(self) -> list[str]:
        """What could not be searched for in files: any large one has it by chance."""
        return sorted({term.value for term, text in self.texts if not of_text(text)})

    def counts(self) -> dict[str, int]:
        """How many pieces there are of each term."""
        return dict(sorted(Counter(term.value for term, _ in self.pieces).items()))


def spellings_of(text: str) -> set[str]:
    return {text, text.lower(), text.upper(), folded(text)}


def of_text(text: str) -> set[bytes]:
    """The forms in which a file may have a text; none if it is too short."""
    if len(text.encode("utf-8", "surrogatepass")) < LEAST_BYTES or (len(text) < LEAST_HEX and _HEX.issuperset(text)):
        return set()
    spellings = spellings_of(text)
    forms = {one.encode("utf-8", "surrogatepass") for one in spellings}
    forms |= {json.dumps(one)[1:-1].encode() for one in spellings}
    forms |= {text.encode("utf-16-le", "surrogatepass")}
    return {form for form in forms if len(form) >= LEAST_BYTES}


def of_sealed(content: bytes) -> set[bytes]:
    """Pieces of something encrypted."""
    return _pieces(content, 0)


def of_bytes(content: bytes) -> set[bytes]:
    """Pieces of a vector, plain and as base64 has them."""
    return _with_base64(_pieces(content, 0))


def of_picture(content: bytes) -> set[bytes]:
    """Pieces of a photo, plain and as base64 has them."""
    return _with_base64(_pieces(content, HEAD_BYTES if len(content) > 2 * HEAD_BYTES else 0))


def _pieces(content: bytes, begin: int) -> set[bytes]:
    starts = [*range(begin, max(1, len(content) - PIECE_BYTES), EVERY_BYTES), max(0, len(content) - PIECE_BYTES)]
    found = {content[start : start + PIECE_BYTES] for start in starts}
    return {piece for piece in found if len(piece) >= LEAST_BYTES and len(set(piece)) >= LEAST_DISTINCT}


def _with_base64(pieces: set[bytes]) -> set[bytes]:
    found = set(pieces)
    for piece in pieces:
        if len(piece) == PIECE_BYTES:
            # Base64 differs at each of three offsets. Both ends are cut off: they also depend on the bytes beside it.
            found |= {base64.b64encode(bytes(offset) + piece)[4:20] for offset in range(3)}
    return found


class Hits(NamedTuple):
    """How often each person's terms were found. alone: leaves out texts that are part of a longer word or number."""

    anywhere: Counter[tuple[str, Term]]
    alone: Counter[tuple[str, Term]]


class Needles:
    """Everything that is searched for at once, for several people. Finding it takes as long as reading does."""

    def __init__(self, traces: Mapping[str, Traces]) -> None:
        """traces: by the name of their owner."""
        self.traces = traces
        self._owners: dict[bytes, list[tuple[str, Term]]] = defaultdict(list)
        for owner, one in traces.items():
            for term, piece in one.pieces:
                self._owners[piece].append((owner, term))
        self._whole: dict[str, list[tuple[str, Term]]] = defaultdict(list)
        for owner, one in traces.items():
            for term, text in (*one.texts, *((Term.LINK, known) for known in one.ids)):
                for spelling in spellings_of(text):
                    self._whole[spelling].append((owner, term))
        self._longest = max(map(len, self._owners), default=1)
        self._short = [piece for piece in self._owners if len(piece) < _BY_WORD]
        self._by_word: dict[int, list[tuple[bytes, int]]] = defaultdict(list)
        for piece in self._owners:
            if len(piece) >= _BY_WORD:
                for shift in range(_WORD_BYTES):
                    word = int.from_bytes(piece[shift : shift + _WORD_BYTES], "little")
                    self._by_word[word].append((piece, shift))
        self._words = np.array(sorted(self._by_word), dtype=np.uint32)
        # One in 64 words passes by chance, and is then looked up.
        self._bits = max(16, len(self._words).bit_length() + 6)
        self._may_be = np.zeros(1 << self._bits, dtype=bool)
        self._may_be[self._hashed(self._words)] = True

    def _hashed(self, words: np.ndarray) -> np.ndarray:
        return (words * np.uint32(0x9E3779B1)) >> np.uint32(32 - self._bits)

    def whole(self, texts: Iterable[str]) -> Counter[tuple[str, Term]]:
        """How often one of these texts, each a whole value, is a term of somebody, or their id."""
        found: Counter[tuple[str, Term]] = Counter()
        for text in texts:
            if text in self._whole:
                found.update(self._whole[text])
        return found

    def scan(self, chunks: Iterable[bytes]) -> Counter[tuple[str, Term]]:
        """How often each person's terms occur in consecutive chunks. Part of a longer word or number does not count."""
        return self.hits(chunks).alone

    def hits(self, chunks: Iterable[bytes]) -> Hits:
        hits = Hits(Counter(), Counter())
        tail, seen = b"", 0  # seen: how much of the tail was searched before
        for chunk in chain(chunks, (None,)):
            data = tail + (chunk or b"")
            # A text is judged once what follows it is known.
            until = len(data) if chunk is None else len(data) - _NEAR_BYTES
            for piece, end in self._matches(data):
                if seen < end <= until:
                    owners = self._owners[piece]
                    hits.anywhere.update(owners)
                    part = _is_part(data, end - len(piece), end)
                    hits.alone.update(one for one in owners if not (part and one[1] in _WORDS))
            kept = max(0, until - self._longest - _NEAR_BYTES)
            tail, seen = data[kept:], max(seen, until) - kept
        return hits

    def _matches(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        """The pieces in the data, and where each ends."""
        words = np.frombuffer(data, dtype="<u4", count=len(data) // _WORD_BYTES)
        if len(words) and len(self._words):
            near = np.flatnonzero(self._may_be[self._hashed(words)])
            at = np.searchsorted(self._words, words[near])
            exact = near[self._words[np.minimum(at, len(self._words) - 1)] == words[near]]
            met: set[tuple[bytes, int]] = set()
            for index in exact.tolist():
                for piece, shift in self._by_word[int(words[index])]:
                    start = index * _WORD_BYTES - shift
                    if start >= 0 and data.startswith(piece, start):
                        met.add((piece, start + len(piece)))
            yield from met
        for piece in self._short:
            start = data.find(piece)
            while start >= 0:
                yield piece, start + len(piece)
                start = data.find(piece, start + 1)


def _is_part(data: bytes, start: int, end: int) -> bool:
    """Whether a letter or digit comes directly before or after the text, which makes it part of something longer."""
    before, after = data[max(0, start - _NEAR_BYTES) : start], data[end : end + _NEAR_BYTES]
    if b"\0" in data[start:end]:  # UTF-16
        return _lengthens(before[-2:].decode("utf-16-le", "replace")) or _lengthens(
            after[:2].decode("utf-16-le", "replace")
        )
    if escaped := _ESCAPED.search(before):
        beside = chr(int(escaped[1], 16)) if escaped[1] else "\n"
    else:
        beside = before.decode("utf-8", "replace")[-1:]
    return _lengthens(beside) or _lengthens(after.decode("utf-8", "replace")[:1])


def _lengthens(beside: str) -> bool:
    """Not a letter of a script without capitals, since such scripts also write words without spaces."""
    return beside.isdigit() or beside.lower() != beside.upper()


def searched_in_order(pieces: Iterable[tuple[Term, Iterable[bytes]]]) -> tuple[tuple[Term, bytes], ...]:
    """Each piece once, under the first term that has it."""
    known: dict[bytes, Term] = {}
    for term, forms in pieces:
        for form in sorted(forms):
            known.setdefault(form, term)
    return tuple((term, form) for form, term in known.items())


def texts_in(value: object) -> Iterator[str]:
    """All texts in a value of JSON, without the names of members."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for one in value:
            yield from texts_in(one)
