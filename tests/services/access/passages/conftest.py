"""Buildings for tests of passages."""

from collections.abc import Callable

import pytest

from app.core.gates.commands import PassageSource
from tests.services.access.passages.building import Building
from tests.services.process import Process


@pytest.fixture
def building(start: Callable[..., Process]) -> Building:
    """Every gate has a sensor."""
    return Building(start())


@pytest.fixture
def assuming(start: Callable[..., Process]) -> Building:
    """No gate has a sensor: whoever is let in counts as gone through."""
    return Building(start(), PassageSource.ASSUME_ON_GRANT)
