"""When rules hold over a year, in as few numbers as tell them apart, so that many can be joined quickly.

A year has 527,040 minutes, but the rules of a site tell only some hundreds of kinds of minute apart: those at which the
same of them hold. A time is then a whole number with one bit for each kind.
"""

from collections.abc import Hashable
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from app.core.access.rule_set import RuleSet
from app.core.access.rules import Grant, Rule
from app.core.access.schedules import DAY_MIN
from app.core.access.time_zones import time_zone
from app.core.access.timetable import WHOLE_DAY

DAYS = 366  # every yearly holiday is among them
DAY_BYTES = DAY_MIN // 8

Bits = NDArray[np.uint8]


class RuleTimes:
    """Numbers the times of rules: two rules with the same hours on the same clock have one number."""

    def __init__(self, at: datetime) -> None:
        """Args: at: the year begins on its date."""
        self._at = at
        self._numbers: dict[Hashable, int] = {}
        self._packed: list[Bits] = []

    def number(self, rules: RuleSet, rule: Rule | Grant, zone: str) -> int:
        """Returns the number of the times at which a rule holds at a gate in this time zone."""
        key: Hashable
        if isinstance(rule, Grant):
            key = (zone, rule.starts_at, rule.ends_at)
        else:
            timetable = rules.timetables[rule.schedule_id] if rule.schedule_id else None
            key = (zone, timetable and timetable.content, rule.valid_from, rule.valid_until)
        if key not in self._numbers:
            first = self._at.astimezone(time_zone(zone)).toordinal()
            self._numbers[key] = len(self._packed)
            minutes = (
                _grant_minutes(rule, zone, first) if isinstance(rule, Grant) else _rule_minutes(rules, rule, first)
            )
            self._packed.append(minutes)
        return self._numbers[key]

    def kinds(self) -> tuple[list[int], int]:
        """Returns for each number the kinds of minute at which its rules hold, as bits; and the bits of all kinds."""
        if not self._packed:
            return [], 0
        starts = {0}
        for packed in self._packed:
            bits = np.unpackbits(packed, bitorder="little")
            starts.update((np.flatnonzero(bits[1:] != bits[:-1]) + 1).tolist())
        at = np.array(sorted(starts))
        rows = np.stack([packed[at >> 3] >> (at & 7).astype(np.uint8) & 1 for packed in self._packed])
        different = np.unique(np.packbits(rows, axis=0).T, axis=0)
        columns = np.unpackbits(different.T, axis=0, count=len(rows))
        masks = [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in columns]
        return masks, (1 << columns.shape[1]) - 1


def _rule_minutes(rules: RuleSet, rule: Rule, first: int) -> Bits:
    timetable = rules.timetables[rule.schedule_id] if rule.schedule_id else None
    begin = max(first, (rule.valid_from or date.min).toordinal())
    end = min(first + DAYS - 1, (rule.valid_until or date.max).toordinal())
    year = bytearray(DAYS * DAY_BYTES)
    for day in range(begin, end + 1):
        minutes = timetable.minutes_on(day) if timetable else WHOLE_DAY
        year[(day - first) * DAY_BYTES : (day - first + 1) * DAY_BYTES] = minutes.to_bytes(DAY_BYTES, "little")
    return np.frombuffer(bytes(year), np.uint8)


def _grant_minutes(grant: Grant, zone: str, first: int) -> Bits:
    def minute(at: datetime) -> int:
        local = at.astimezone(time_zone(zone))
        return min(max((local.toordinal() - first) * DAY_MIN + local.hour * 60 + local.minute, 0), DAYS * DAY_MIN)

    year = np.zeros(DAYS * DAY_MIN, np.uint8)
    year[minute(grant.starts_at) : minute(grant.ends_at)] = 1
    return np.packbits(year, bitorder="little")
