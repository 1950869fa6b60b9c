"""A control room, and receivers that check signatures by the example of the README."""

from collections.abc import Iterator

import pytest

from tests.adapters.receivers.http_receiver import HttpReceiver, example
from tests.fakes import Clock
from tests.services.alerts.outward.control_room import ControlRoom
from tests.services.process import Process


@pytest.fixture
def room(site: Process) -> ControlRoom:
    return ControlRoom(site)


@pytest.fixture
def server(clock: Clock) -> Iterator[HttpReceiver]:
    running = HttpReceiver(genuine=example(clock))
    yield running
    running.close()


@pytest.fixture
def other(clock: Clock) -> Iterator[HttpReceiver]:
    running = HttpReceiver(genuine=example(clock))
    yield running
    running.close()
