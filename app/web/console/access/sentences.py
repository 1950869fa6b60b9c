"""Rules as people read them: who, where and when, in names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.core.access.rule_set import RuleSet
from app.core.access.rules import EntryMode, Rule, Where
from app.web.language.catalog import now
from app.web.language.catalog import translated as _
from app.web.language.dates import day_words

MOST_NAMES = 5  # then "and 12 more"
MODES: dict[EntryMode, str] = {
    EntryMode.NORMAL: "normal: the rules decide, by badge or face",
    EntryMode.FACE: "face: a badge opens only for people without a template",
    EntryMode.BADGE: "badge: no face opens",
    EntryMode.BADGE_AND_FACE: "badge and face: the face must be that of the badge's holder",
    EntryMode.QR: "QR pass: neither a face nor a badge opens",
    EntryMode.PIN_AND_FACE: "PIN and face: the face says who it is, their PIN confirms it",
    EntryMode.BADGE_AND_PIN: "badge and PIN: the badge says who it is, their PIN confirms it",
    EntryMode.NO_ENTRY: "no entry: nobody gets in",
    EntryMode.FREE: "free: open for everybody",
}
NameOf = Callable[[str], str | None]


@dataclass(frozen=True)
class RuleWords:
    """One rule. dates: empty without any. state: "ended", "not yet begun" or empty. nothing: it opens no gate."""

    id: str
    name: str
    who: str
    where: str
    when: str
    dates: str
    note: str
    state: str
    nothing: bool


def rule_words(rules: RuleSet, rule: Rule, person: NameOf, today: date) -> RuleWords:
    """Returns the rule in words.

    Args:
        person: the name of an employee by id, None for one who is gone.
    """
    groups = (rules.names.get(group, group) for group in rule.who.groups)
    people = (person(one) or _("somebody who is gone") for one in sorted(rule.who.people)[: MOST_NAMES + 1])
    more = max(len(rule.who.people) - MOST_NAMES - 1, 0)
    parts = [(_("from"), rule.valid_from), (_("until"), rule.valid_until)]
    state = ""
    if rule.valid_until is not None and rule.valid_until < today:
        state = _("ended")
    elif rule.valid_from is not None and rule.valid_from > today:
        state = _("not yet begun")
    return RuleWords(
        rule.id,
        rule.name,
        _("Everybody") if rule.who.everybody else named([*sorted(groups), *sorted(people)], more),
        where_words(rules.names, rule.where),
        rules.names[rule.schedule_id] if rule.schedule_id else _("always"),
        " ".join(f"{word} {day_words(day, now().language)}" for word, day in parts if day),
        rule.note or "",
        state,
        not rules.gates_of(rule.where),
    )


def where_words(names: Mapping[str, str], where: Where) -> str:
    """Returns the places of a rule or a grant, in names."""
    if where.everywhere:
        return _("everywhere")
    kinds = ((_("site"), where.sites), (_("zone"), where.zones), ("", where.gates))
    return named([f"{kind} {names.get(one, one)}".strip() for kind, ids in kinds for one in sorted(ids)], 0)


def named(names: Iterable[str], more: int) -> str:
    """Returns names with commas, and how many more there are."""
    listed = list(names)
    hidden = max(len(listed) - MOST_NAMES, 0) + more
    shown = ", ".join(listed[:MOST_NAMES])
    return _("{shown} and {hidden} more", shown=shown, hidden=hidden) if hidden else shown
