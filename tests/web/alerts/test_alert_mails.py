"""The mail about alerts through a real mail server: in the site's language, on its clock, once for its id."""

import email
from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from app.core.alerts.alert import Alert, AlertKind
from app.core.alerts.receivers import Form
from app.services.alerts.outward.receiver_book import ReceiverChange
from app.settings import read_settings
from app.web.console.alerts.letters import alert_letters
from app.wiring import Backbone, new_id, open_backbone
from tests.adapters.gates.peers import free_port


class Postbox:
    """answer: what the server says to a mail."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box, port = Postbox(), free_port()
    running = Controller(box, hostname="127.0.0.1", port=port)
    running.start()
    yield box, port
    running.stop()


@pytest.fixture
def office(tmp_path: Path, postbox: tuple[Postbox, int]) -> Iterator[Backbone]:
    settings = read_settings(
        tmp_path / "data",
        smtp_host="127.0.0.1",
        smtp_port=postbox[1],
        smtp_security="none",
        smtp_from="gate@example.com",
        public_url="https://gate.example.com",
    )
    opened = open_backbone(settings)
    yield opened
    opened.close()


@pytest.fixture
def receiver(office: Backbone) -> str:
    view, secret = office.outward.book.add(Form.EMAIL, ReceiverChange(name="Guards", address="guard@example.com"))
    assert secret is None
    return view.receiver.id


def raise_(office: Backbone, *kinds: AlertKind) -> None:
    gate = office.gates.add("dock")
    with office.store.write() as tx:
        for kind in kinds:
            tx.alerts.raise_(Alert(new_id(), office.clock(), kind, gate.id, detail="the contact says open"))
    office.outward.sender.outbox.take()


def send(office: Backbone, receiver: str) -> None:
    """In a thread, as the service does: a mail's language is its thread's."""
    thread = Thread(target=office.outward.sender.drain, args=(receiver, alert_letters(office)))
    thread.start()
    thread.join()


def test_mail_says_what_where_and_when(office: Backbone, receiver: str, postbox: tuple[Postbox, int]) -> None:
    box, _ = postbox
    raise_(office, AlertKind.DOOR_FORCED)
    send(office, receiver)
    (mail,) = box.taken
    (delivery,) = office.outward.book.deliveries(receiver, 10)
    assert mail["To"] == "guard@example.com" and mail["Subject"].endswith("Door was forced, dock")
    assert mail["Message-ID"] == f"<{delivery[0].message_id}@example.com>" and mail["Auto-Submitted"]
    text = mail.get_content()
    assert "dock" in text and "the contact says open" in text and "https://gate.example.com/alerts" in text
    assert delivery[0].answer == "the mail server took it"


def test_several_that_wait_are_one_mail_in_the_language_of_the_site(
    office: Backbone, receiver: str, postbox: tuple[Postbox, int]
) -> None:
    box, _ = postbox
    office.site_settings.change(lambda before: replace(before, language="de"))
    raise_(office, AlertKind.DOOR_FORCED, AlertKind.CAMERA_DEAD, AlertKind.DOOR_HELD)
    box.answer = "451 try again"
    send(office, receiver)
    states = {one.state for one, _ in office.outward.book.deliveries(receiver, 10)}
    answers = {one.answer for one, _ in office.outward.book.deliveries(receiver, 10)}
    assert states == {"waiting"} and answers == {"the server answered 451"}
    box.answer = "250 OK"
    with office.store.write() as tx:
        for one in tx.deliveries.waiting(receiver, 10):
            tx.deliveries.put(replace(one, next_try_at=office.clock()))
    send(office, receiver)
    first, second = box.taken
    assert first["Message-ID"] == second["Message-ID"], "it is the same mail"
    assert second["Subject"].endswith("3 Alarme")
    assert all(words in second.get_content() for words in ("Tür aufgebrochen", "Alle Alarme:"))
