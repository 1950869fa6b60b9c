"""An event's page: the rule that decided it, where it came to that, and no rule where it did not."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from app.core.access.rules import Group, Rule, Where, Who
from app.core.events.decision import Method
from app.core.types import Reason, Role
from app.web.console.events.rule import rule_of
from app.wiring import System
from tests import pictures
from tests.web.conftest import GATE, Headers, TestClient, cookie, photos, problem, sign_in


def rule(client: TestClient, system: System, event_id: str) -> str:
    page = client.get(f"/activity/{event_id}", headers=cookie(sign_in(system, Role.VIEWER)))
    assert page.status_code == 200, page.text
    (found,) = re.findall(r"<dt>Rule</dt><dd>(.*?)</dd>", page.text)
    return html.unescape(found)


def test_page_names_the_rule_that_decided(
    client: TestClient, system: System, admin: Headers, security: Headers, ada: Any, newcomer: Any, ask: Any
) -> None:
    opened = ask(pictures.small(pictures.ADA[1])).json()
    assert opened["reason"] == "recognised"
    assert rule(client, system, opened["decision_id"]).startswith("“Everybody, everywhere, always” lets them in")
    path = f"/v1/employees/{newcomer['id']}"
    client.post(f"{path}/photos", headers=admin, files=photos("biden"))
    client.patch(path, headers=admin, json={"status": "inactive"})
    refused = ask(pictures.small("biden")).json()
    assert refused["reason"] == "employee_inactive"
    assert rule(client, system, refused["decision_id"]) == "not asked, because they were inactive"
    # After an erasure the reason, and so the answer of the rule, stays in the chain.
    client.delete(path, headers=admin)
    assert rule(client, system, refused["decision_id"]).endswith("they were inactive")
    nobody = ask(pictures.empty()).json()
    assert rule(client, system, nobody["decision_id"]) == "not asked: “No face in the picture” comes first"
    by_hand = client.post(f"/v1/gates/{GATE}/open", headers=security, json={"comment": "a parcel"}).json()
    assert "this is an order" in rule(client, system, by_hand["decision_id"])
    order = {"comment": "a visitor", "event": nobody["decision_id"]}
    let_in = client.post(f"/v1/gates/{GATE}/open", headers=security, json=order).json()
    assert let_in["answers"] == nobody["decision_id"] and by_hand["answers"] is None
    answered = client.get(f"/activity/{let_in['decision_id']}", headers=cookie(sign_in(system, Role.SECURITY))).text
    assert f'href="/activity/{nobody["decision_id"]}">this refusal' in answered
    for event, status, code in ((opened["decision_id"], 409, "event_not_refused"), ("none", 404, "unknown_event")):
        answer = client.post(f"/v1/gates/{GATE}/open", headers=security, json=order | {"event": event})
        problem(answer, status, code=code)


def test_a_refusal_says_what_was_missing_until_the_rules_say_something_else(
    client: TestClient, system: System, ada: Any, ask: Any
) -> None:
    with system.store.read() as tx:
        rules = tx.rules.all().rules
    cleaners = Rule("01CLEANERS", "Cleaning", Who(groups=frozenset({"01GROUP"})), Where(everywhere=True))
    try:
        with system.store.write() as tx:
            tx.rules.delete(*rules)
            tx.rules.put(Group("01GROUP", "Cleaners"), cleaners)
        refused = ask(pictures.small(pictures.ADA[1])).json()
        assert refused["reason"] == "no_rule"
        path = f"/live/{refused['decision_id']}/missing"
        viewer = cookie(sign_in(system, Role.VIEWER))
        words = f"No rule lets {ada['name']} through {GATE}. “Cleaning” would, but is only for Cleaners."
        assert client.get(path, headers=viewer).json() == {"words": words}
        assert f'id="missing">{words}</p>' in client.get(f"/activity/{refused['decision_id']}", headers=viewer).text
        with system.store.write() as tx:
            tx.rules.put(replace(cleaners, note="changed"))
        assert (
            client.get(path, headers=viewer)
            .json()["words"]
            .endswith("(The rules changed since; this is what they say now.)")
        )
    finally:
        with system.store.write() as tx:
            tx.rules.delete(cleaners)
            tx.rules.delete(Group("01GROUP", "Cleaners"))
            tx.rules.put(*rules)
    # Today she would be let in: what she lacked then is not known any more.
    assert client.get(path, headers=viewer).json() == {"words": ""}
    assert client.get(path).status_code == 303


def test_an_admin_gets_to_the_rule_that_let_somebody_in(client: TestClient, system: System, ada: Any, ask: Any) -> None:
    opened = ask(pictures.small(pictures.ADA[1])).json()
    assert opened["reason"] == "recognised"
    path, link = f"/activity/{opened['decision_id']}", f'href="/access/rules/{opened["rule"]["id"]}"'
    page = client.get(path, headers=cookie(sign_in(system, Role.ADMIN))).text
    assert link in page and f"<dd>{opened['rules_version']}</dd>" in page
    assert link not in client.get(path, headers=cookie(sign_in(system, Role.VIEWER))).text


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    assert all(len(rule_of(reason, method)) > 20 for method in ("face", "credential", Method.COMMAND, None))


def test_recorded_rule_is_named() -> None:
    assert rule_of(Reason.OUTSIDE_SCHEDULE, "face", "Staff") == "“Staff” does not let them in at this time"
    assert rule_of(Reason.NO_RULE, "face") == "no rule lets them through this gate"
    assert rule_of(Reason.RECOGNISED, "face").startswith("“Every active employee, at every gate")  # an older event
    assert rule_of(Reason.RECOGNISED, None).startswith("“(erased together with the person)” lets")


def test_a_page_that_missed_events_gets_the_last_of_each_gate(client: TestClient, system: System, ask: Any) -> None:
    seen = ask(pictures.empty()).json()
    viewer = cookie(sign_in(system, Role.VIEWER))

    newest = client.get("/live/last", headers=viewer).json()["events"][0]

    assert newest["decision_id"] == seen["decision_id"]
    assert client.get("/live/last", follow_redirects=False).status_code in (303, 401)
