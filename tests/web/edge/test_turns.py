"""Work that nobody stands before waits while a gate waits for its answer, and not for ever."""

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from app.core.accounts.users import Principal
from app.core.types import Role
from app.web import turns
from app.web.turns import GatePlaces
from tests.waiting import run

KEY = Principal("K1", "a gate", frozenset({Role.GATE}), "G1", "key")


def asked(places: GatePlaces) -> AbstractAsyncContextManager[None]:
    """A request of the gate, from its arrival to its answer."""
    return asynccontextmanager(places.__call__)(KEY)


async def others_run() -> None:
    """Lets every task that can go on run once."""
    loop = asyncio.get_running_loop()
    turn = loop.create_future()
    loop.call_soon(turn.set_result, None)
    await turn


def test_nothing_waits_while_no_gate_asks() -> None:
    run(asyncio.wait_for(GatePlaces().let_through(), 5))


def test_it_waits_until_the_last_gate_has_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT_S", 60)

    async def play() -> None:
        places = GatePlaces()
        async with asked(places):
            async with asked(places):
                others = [asyncio.ensure_future(places.let_through()) for _ in range(3)]
                await others_run()
            await others_run()
            assert not any(one.done() for one in others), "one gate still waits"
        await asyncio.wait_for(asyncio.gather(*others), 30)
        assert not places._waiting

    run(play())


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT_S", 0.01)

    async def play() -> None:
        places = GatePlaces()
        async with asked(places):
            await asyncio.wait_for(places.let_through(), 30)

    run(play())
