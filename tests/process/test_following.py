"""Whoever follows the site to another pack goes on looking, whatever the looking meets, and says once what it met."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.errors import PackMismatch
from app.process import following
from tests.waiting import eventually

SYSTEM: Any = SimpleNamespace(recognition=SimpleNamespace(pack_digest="d", precision="f32"))


@contextmanager
def followed(monkeypatch: pytest.MonkeyPatch, *found: Exception | str | None) -> Iterator[Event]:
    """A process whose looks find these, one after the other."""
    looks, killed = iter(found), list[int]()

    def moved_on(*_: object) -> str | None:
        each = next(looks)
        if isinstance(each, Exception):
            raise each
        return each

    monkeypatch.setattr(following, "moved_on", moved_on)
    monkeypatch.setattr(following, "EVERY_S", 0.01)
    monkeypatch.setattr(following, "AGAIN_S", 0.01)
    monkeypatch.setattr(os, "kill", lambda _, number: killed.append(number))
    moved = Event()
    with following.following(SYSTEM, moved):
        eventually(moved)
        yield moved
    assert killed == [signal.SIGTERM]


@pytest.mark.parametrize(
    ("met", "words"),
    [
        (PermissionError(13, "Permission denied", "/packs/new"), "pack_check_failed"),
        (ValueError("anything"), "pack_check_failed"),
        (PackMismatch("the pack is not here"), 'pack_outdated why="the pack is not here"'),
    ],
)
def test_failed_switch_is_logged_once_and_the_service_continues(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, met: Exception, words: str
) -> None:
    with caplog.at_level(logging.ERROR, "app"), followed(monkeypatch, met, met, met, None, met, "new"):
        pass
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(said) == 2 and all(words in each for each in said), "once, and once more after it was gone"
