"""What a database error says when it reaches the log: found in a review, tracebacks showed names and keys."""

import logging

import pytest

from app.adapters.db.store import SqlStore

SECRET = "Ada-Lovelace-E-1001"


def test_logged_database_error_shows_no_parameters(store: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    try:
        with store.write() as tx:
            tx.data_keys.add(SECRET, b"k")
            tx.data_keys.add(SECRET, b"k")
    except Exception:
        logging.getLogger("app").exception("as the services log it")
    assert "as the services log it" in caplog.text and "subject_keys" in caplog.text
    assert "[parameters:" not in caplog.text
    assert SECRET not in caplog.text
