"""Counts who may pass a gate now. The threshold has to tell a stranger from these people.

A search compares a face with N enrolled people, but only the n who may pass this gate now can open it. So:

- The best candidate may pass here: the threshold counts n. A stranger opens the gate only by resembling one of these n,
  each at a rate of 1 - (1 - rate) ** (1 / n), so P(a stranger opens) <= rate. Who else is enrolled adds no way in.
- The best candidate may not: the threshold counts N. The gate stays shut either way, but the log names a person, and a
  wrong name among N people needs the stricter threshold. Below it the answer is `not_recognised`.

**Everybody enrolled is a rival, allowed here or not:** the best candidate must be the best of all N, and lead the next
of all N by the margin. An employee E who may not pass is an impostor to the n like any stranger: P(E opens) <= rate. In
truth it is far less, for E must also resemble one of the n more than E's own template. Were E no rival, twins of whom
one may pass would both pass in a poor picture. The price is paid by people who may pass: one of the N - n may come
within the margin of their similarity. With 500 of 10,000 allowed and a rate of 0.1 % that costs 0.3 % of attempts with
three photos and 1.1 % with one, while the lower threshold gains 4 % and 16 % (models/README.md).

The margin does not depend on n and the threshold falls with it, so nobody is worse off when fewer may pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from app.core.access.permission import CompiledRules
from app.core.text import folded

ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class EnrolledPerson:
    """What decides where an enrolled person may pass. groups: names. blocked_until: None while blocked is for good."""

    id: str
    groups: tuple[str, ...] = ()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    blocked: bool = False
    blocked_until: datetime | None = None


class EnrolledPeople:
    """Everybody with a template, ready to be counted: 10,000 people at a gate with 200 rules take half a ms."""

    def __init__(self, people: Iterable[EnrolledPerson]) -> None:
        listed = list(people)
        self._row = {person.id: row for row, person in enumerate(listed)}
        self._first_day = np.array([(p.valid_from or date.min).toordinal() for p in listed], np.int64)
        self._last_day = np.array([(p.valid_until or date.max).toordinal() for p in listed], np.int64)
        self._kept_out_until = np.array([_kept_out_until(p) for p in listed], np.float64)
        keys = {name: folded(name) for name in {name for person in listed for name in person.groups}}
        rows: dict[str, list[int]] = {}
        for row, person in enumerate(listed):
            for name in person.groups:
                rows.setdefault(keys[name], []).append(row)
        self._members = {name: np.array(of, np.int64) for name, of in rows.items()}

    def __len__(self) -> int:
        return len(self._row)

    def may_pass(self, rules: CompiledRules, gate_id: str, at: datetime) -> int:
        """How many may pass the gate at some instant of the minute of `at`: the windows and days of rules change with
        minutes, grants and blocks within one."""
        start = minute_of(at)
        last = start + ONE_MINUTE - timedelta.resolution
        holding = rules.holding(gate_id, start, last)
        if holding is None:
            return 0
        reached = np.full(len(self), holding.everybody)
        if not holding.everybody:
            for group_id in holding.groups:
                reached[self._members.get(rules.group_names.get(group_id, ""), _NOBODY)] = True
            reached[[self._row[person_id] for person_id in holding.people if person_id in self._row]] = True
        in_time = (self._first_day <= holding.day) & (holding.day <= self._last_day)
        return int((reached & in_time & (self._kept_out_until <= last.timestamp())).sum())


def minute_of(at: datetime) -> datetime:
    """The start of the minute, the same on every wall clock: time zones differ by whole minutes."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def counted(eligible: int | None, enrolled: int, *, permitted: bool) -> int:
    """How many people the threshold of a decision counts.

    Args:
        eligible: how many may pass this gate now; None if that is not known, which counts everybody.
        enrolled: the size of the gallery that was searched.
        permitted: whether the best candidate may pass this gate now.
    """
    return min(eligible, enrolled) if permitted and eligible is not None else enrolled


_NOBODY = np.empty(0, np.int64)


def _kept_out_until(person: EnrolledPerson) -> float:
    if not person.active or (person.blocked and person.blocked_until is None):
        return float("inf")
    return person.blocked_until.timestamp() if person.blocked and person.blocked_until else float("-inf")
