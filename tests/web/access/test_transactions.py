"""How often a decision asks the database: each transaction is a wait, and on PostgreSQL two trips over the network."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import event

from app.wiring import System
from tests import pictures
from tests.web.conftest import DECISIONS, Headers, TestClient, photos

Ask = Callable[..., Response]


@contextmanager
def counted(system: System) -> Iterator[list[object]]:
    """The transactions that begin within the block, but for the count of people, which no decision waits for."""
    begun: list[object] = []
    engine = system.store._engine  # type: ignore[attr-defined]

    def count(connection: object) -> None:
        if not threading.current_thread().name.startswith("eligible-people"):
            begun.append(connection)

    event.listen(engine, "begin", count)
    try:
        yield begun
    finally:
        event.remove(engine, "begin", count)


@pytest.mark.parametrize("frames", [1, 3])
def test_decision_over_http_takes_two_transactions(
    system: System, client: TestClient, gate: Headers, ada: dict[str, Any], frames: int
) -> None:
    sent = photos(*pictures.ADA[1:] * frames, field="image")
    with counted(system) as begun:
        answer = client.post(DECISIONS, headers=gate, files=sent)
    assert (answer.json()["frames_received"], len(begun)) == (frames, 2)


def test_denial_and_a_credential_take_no_more(
    system: System, client: TestClient, ask: Ask, gate: Headers, ada: dict[str, Any]
) -> None:
    for send in (
        lambda: ask(pictures.small(pictures.STRANGER), **{"Idempotency-Key": "counted"}),
        lambda: client.post(DECISIONS, headers=gate, json={"credential": "4711"}),
    ):
        with counted(system) as begun:
            answer = send()
        assert (answer.json()["decision"], len(begun)) == ("deny", 2)


def test_repeat_is_answered_by_two_reads(system: System, ask: Ask, ada: dict[str, Any]) -> None:
    picture = pictures.small(pictures.ADA[1])
    first = ask(picture, **{"Idempotency-Key": "repeated"}).json()
    with counted(system) as begun:
        again = ask(picture, **{"Idempotency-Key": "repeated"}).json()
    assert (again, len(begun)) == (first, 2)
