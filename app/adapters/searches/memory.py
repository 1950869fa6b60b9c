"""Looks for what an erasure should have removed in this process: its index of faces and what it keeps in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Any, ClassVar

import numpy as np

from app.core.people.certificates import Place, Remains, Searched
from app.core.people.traces import Needles, Term
from app.core.ports.recognition import Index

AT_ONCE = 500  # texts, between two rests
SAME = 0.9995  # similarity; float16 keeps 0.9999 of a vector


@dataclass(frozen=True)
class IndexSearch:
    """Implements `people.certificates.Search`. Rows that no search of a face finds any more count too."""

    index: Index
    place: ClassVar[Place] = Place.INDEX

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        left = []
        for owner, traces in needles.traces.items():
            rest()
            named = sum(self.index.holds(one) for one in traces.ids)
            alike = max((self.index.alike(vector, SAME) for vector in traces.vectors), default=0)
            if count := max(named, alike):
                left.append(Remains(owner, Term.EMBEDDING, "index", count))
        return [Searched(Place.INDEX, "index", len(self.index), tuple(left))]


@dataclass(frozen=True)
class CacheSearch:
    """Implements `people.certificates.Search`. caches: by name; each gives what this process keeps."""

    caches: Mapping[str, Callable[[], Iterable[Any]]]
    place: ClassVar[Place] = Place.CACHES

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        left, size = [], 0
        for name, kept in self.caches.items():
            found: Counter[tuple[str, Term]] = Counter()
            parts = leaves(list(kept()))
            while some := list(islice(parts, AT_ONCE)):
                size += len(some)
                found += needles.scan([b"\0".join(part for part in some if isinstance(part, bytes))])
                found += needles.whole(part for part in some if isinstance(part, str))
                rest()
            left += [Remains(owner, term, name, count) for (owner, term), count in found.items()]
        return [Searched(Place.CACHES, "caches", size, tuple(left))]


def leaves(value: object) -> Iterator[str | bytes]:
    """All texts and bytes in a value: in mappings, sequences, dataclasses and arrays, as deep as they are nested."""
    waiting, met = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, bytes | bytearray | memoryview):
            yield bytes(one)
        elif isinstance(one, np.ndarray):
            yield one.tobytes()
        elif one is None or isinstance(one, int | float) or id(one) in met:
            continue
        else:
            met.add(id(one))
            if isinstance(one, Mapping):
                waiting += [*one.keys(), *one.values()]
            elif is_dataclass(one) and not isinstance(one, type):
                waiting += [getattr(one, field.name) for field in fields(one)]
            elif isinstance(one, Iterable):
                waiting += list(one)
