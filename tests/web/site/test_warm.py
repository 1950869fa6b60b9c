"""Before anybody is let in, what the first request would wait for is done."""

import pytest

from app.web.app import create_app
from app.web.console.render import templates
from app.wiring import System
from tests.web.conftest import TestClient


def test_application_warms_itself_where_it_is_served(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "cache", type(templates.cache)(100))
    assert not templates.cache
    with TestClient(create_app(system)):
        assert len(templates.cache) == len(templates.list_templates())
