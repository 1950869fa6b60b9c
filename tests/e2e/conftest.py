"""A data folder ready to serve from."""

from pathlib import Path

import pytest

from tests.e2e.server import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path / "data")
