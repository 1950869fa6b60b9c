"""Texts that arrive finished and hold what somebody typed: which of them are translated, and which stay as they are."""

from app.core.access.difference import Difference
from app.core.access.explanation import Condition, ConditionKind
from app.core.access.rules import Grant, Rule
from app.core.alerts.alert import AlertKind
from app.web.language.catalog import counted, now
from app.web.language.catalog import translated as _
from app.web.language.dates import as_day, day_words

# The values of one word that finished sentences have, so that catalogs hold them.
VALUES = (
    "accepted",
    "dismissed",
    "withdrawn",
    "day",
    "month",
    "locked",
    "unlocked",
    "number",
    "photo",
    "Sent",
    "a {name} photo",
)


def alert_detail(kind: AlertKind | str, detail: str) -> str:
    """What an alert says besides its kind. A guard typed it in a report."""
    return detail if kind == AlertKind.REPORTED else _(detail)


def difference_words(difference: Difference) -> str:
    """What a change of the rules does. Gates keep their names."""
    parts = [
        _(
            words,
            people=counted("{count} person", "{count} people", people),
            gates=counted("{count} gate", "{count} gates", gates),
        )
        for words, people, gates in difference.parts
    ]
    changes = _("This {changes}", changes=", ".join(parts)) if parts else _("This changes nothing for anybody")
    if not difference.left:
        return f"{changes}."
    return _("{changes}; nobody is left for {gates}.", changes=changes, gates=", ".join(difference.left))


def left_out(line: str) -> str:
    """Why a calendar's file has no day of an event, such as "Summer party: it has no start." """
    name, colon, why = line.rpartition(": ")
    return f"{name}{colon}{_(why.removesuffix('.'))}." if colon else _(line)


def condition_words(rule: Rule | Grant, condition: Condition) -> str:
    """What a rule asks for. Groups, places and schedules keep their names."""
    kind, words = condition.kind, condition.words
    if kind is ConditionKind.VALIDITY:
        return _validity(rule, words) or _(words)
    if kind is ConditionKind.SCHEDULE:
        return words if isinstance(rule, Rule) and rule.schedule_id else _(words)
    if kind is ConditionKind.WHERE:
        return _(words) if rule.where.everywhere else words
    if isinstance(rule, Grant):
        return _(words)
    if rule.who.everybody:
        return _("everybody")
    if not rule.who.people:
        return words
    groups = words.rpartition(", ")[0]
    people = counted("{count} named person", "{count} named people", len(rule.who.people))
    return f"{groups}, {people}" if groups else people


def _validity(rule: Rule | Grant, words: str) -> str:
    language = now().language
    if isinstance(rule, Grant):
        first, _to, last = words.partition(" to ")
        return _("{first} to {last}", first=as_day(first, language) or first, last=as_day(last, language) or last)
    days = ((_("from"), rule.valid_from), (_("until"), rule.valid_until))
    return " ".join(f"{word} {day_words(day, language)}" for word, day in days if day)
