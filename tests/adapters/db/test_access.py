"""Gates, keys, subject keys, receipts and the installation, as the port promises them, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.store import SqlStore
from app.core.errors import Conflict, NotRecorded
from app.core.events.chain import GENESIS
from app.core.events.records import ChainHead, Remembered
from app.core.gates.gate import Gate
from app.core.people.records import Receipt
from app.core.site.installation import Installation
from app.core.types import ApiKey, Role

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LOBBY = Gate("01G", "lobby-1", created_at=NOW)


def test_gates(store: SqlStore) -> None:
    with store.write() as tx:
        tx.gates.add(LOBBY)
        with pytest.raises(Conflict) as refusal:
            tx.gates.add(replace(LOBBY, id="02G"))
        tx.gates.add(Gate("02G", "dock"))
        with pytest.raises(Conflict):
            tx.gates.update(Gate("02G", "lobby-1"))
        tx.gates.update(replace(LOBBY, enabled=False, unlock_ms=900))
    assert refusal.value.code == "gate_exists"
    with store.read() as tx:
        assert tx.gates.get("01G") == tx.gates.by_name_or_id("lobby-1") == replace(LOBBY, enabled=False, unlock_ms=900)
        assert [gate.name for gate in tx.gates.all()] == ["dock", "lobby-1"]
        assert tx.events.heads() == [ChainHead("02G", 0, GENESIS), ChainHead("01G", 0, GENESIS)]
        assert tx.gates.get("nowhere") is None


def test_nothing_is_recorded_at_an_unknown_gate(store: SqlStore) -> None:
    with pytest.raises(NotRecorded), store.write() as tx:
        tx.events.lock_head("nowhere")


def test_api_keys(store: SqlStore) -> None:
    key = ApiKey("01K", Role.GATE, "ab" * 32, "lobby", LOBBY.id, NOW)
    with store.write() as tx:
        tx.gates.add(LOBBY)
        tx.api_keys.add(key)
        tx.api_keys.add(replace(key, id="02K", hash="cd" * 32, role=Role.ADMIN, gate_id=None))
        tx.api_keys.revoke("02K", NOW)
    with store.read() as tx:
        assert tx.api_keys.get("01K") == tx.api_keys.by_hash("ab" * 32) == key
        assert tx.api_keys.by_hash("") is None
        assert [(found.id, found.revoked_at) for found in tx.api_keys.all()] == [("01K", None), ("02K", NOW)]


def test_data_keys(store: SqlStore) -> None:
    with store.write() as tx:
        assert tx.data_keys.get_or_add("day:2026-11-23", b"first") == b"first"
        assert tx.data_keys.get_or_add("day:2026-11-23", b"second") == b"first"
        tx.data_keys.add("01A", b"ada")
    with pytest.raises(Conflict), store.write() as tx:
        tx.data_keys.add("01A", b"another")
    with store.write() as tx:
        assert tx.data_keys.get("01A") == b"ada"
        assert tx.data_keys.destroy("01A") is True
        assert tx.data_keys.destroy("01A") is False
        assert tx.data_keys.get("01A") is None


def test_receipts(store: SqlStore) -> None:
    receipt = Receipt("01R", "01A", NOW, 3, 1, 12, "signature")
    with store.write() as tx:
        tx.erasures.add(receipt)
    with store.read() as tx:
        assert tx.erasures.get("01A") == receipt
        assert tx.erasures.get("01B") is None


def test_installation_is_one_row(store: SqlStore) -> None:
    facts = Installation("digest", "float32", b"check", NOW)
    with store.write() as tx:
        assert tx.installation.get() is None
        tx.installation.put(replace(facts, precision="bfloat16"))
        tx.installation.put(facts)
    with store.read() as tx:
        assert tx.installation.get() == facts


def test_repeat_is_recalled_within_its_time(store: SqlStore) -> None:
    with store.write() as tx:
        tx.gates.add(LOBBY)
        tx.events.remember("01G", "key", Remembered("old", "digest", NOW - timedelta(seconds=90)))
        new = Remembered("new", "digest", NOW, "boot", 4711)
        tx.events.remember("01G", "key", new)
        tx.events.remember("01G", "older", Remembered("other", "digest", NOW - timedelta(seconds=90)))
        assert tx.events.recall("01G", "key") == new
        assert tx.events.recall("01G", "another key") is None
        tx.events.forget_remembered(NOW)
        assert tx.events.recall("01G", "key") == new
        assert tx.events.recall("01G", "older") is None
