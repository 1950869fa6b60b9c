"""What somebody typed is not translated, wherever it is shown."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.access.difference import Difference, GateDifference
from app.core.access.explanation import Condition, ConditionKind
from app.core.access.rules import Grant, Rule, Where, Who
from app.core.alerts.alert import AlertKind
from app.core.types import Reason
from app.web.console.events.rule import rule_of
from app.web.finished import alert_detail, condition_words, difference_words, left_out
from app.web.language.catalog import spoken

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
EVERYWHERE = Where(everywhere=True)


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    before = spoken.set("de")
    yield
    spoken.reset(before)


def said(rule: Rule | Grant, kind: ConditionKind, words: str) -> str:
    return condition_words(rule, Condition(kind, True, words))


def test_a_report_stays_as_its_guard_typed_it() -> None:
    assert alert_detail("reported", "no pictures") == "no pictures"
    assert alert_detail(AlertKind.CAMERA_DEAD, "no pictures") == "keine Bilder"


def test_names_of_groups_places_and_schedules_stay() -> None:
    night = Rule("r", "Let in", Who(groups=frozenset("g")), Where(sites=frozenset("s")), schedule_id="x")

    for kind in (ConditionKind.WHO, ConditionKind.WHERE, ConditionKind.SCHEDULE):
        assert said(night, kind, "Everybody") == "Everybody"


def test_what_a_rule_asks_for_is_translated() -> None:
    rule = Rule(
        "r", "Staff", Who(groups=frozenset("g"), people=frozenset("p")), EVERYWHERE, valid_from=date(2026, 11, 1)
    )
    grant = Grant("g", "p", EVERYWHERE, BEGIN, BEGIN + timedelta(1), "A visit", "u")

    assert said(rule, ConditionKind.WHO, "All, 1 named person") == "All, 1 namentlich genannte Person"
    assert said(rule, ConditionKind.WHERE, "everywhere") == "überall"
    assert said(rule, ConditionKind.SCHEDULE, "always") == "immer"
    assert said(rule, ConditionKind.VALIDITY, "from 2026-11-01") == "ab 01.11.2026"
    assert said(grant, ConditionKind.VALIDITY, "2026-11-01 07:00 to 2026-11-02 09:00") == (
        "01.11.2026 07:00 bis 02.11.2026 09:00"
    )


def test_an_event_that_a_calendar_leaves_out_keeps_its_name() -> None:
    assert left_out("Let in: it has no start.") == "Let in: er hat keinen Anfang."


def test_what_a_change_of_the_rules_does_is_said_in_german() -> None:
    gates = (GateDifference("g", "Let in", lost=("a", "b"), nobody_left=True), GateDifference("h", "H", lost=("a",)))

    assert difference_words(Difference(gates)) == (
        "Das bedeutet: kein Zutritt mehr für 2 Personen (2 Durchgänge); an Let in hat dann niemand mehr Zutritt."
    )
    assert difference_words(Difference(())) == "Das ändert für niemanden etwas."


def test_the_rule_of_an_event_keeps_its_name() -> None:
    assert rule_of(Reason.RECOGNISED, "face", "Wei Sun") == "„Wei Sun“ lässt sie ein"
    assert rule_of(Reason.NO_FACE, "face") == "nicht gefragt: „Kein Gesicht im Bild“ geht vor"
