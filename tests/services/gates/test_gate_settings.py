"""How a gate is driven is checked before it is stored, sealed, and never half changed."""

import pytest

from app.adapters.gates.build import check_config
from app.core.errors import BadInput, Conflict, CryptoFault, NotFound
from app.core.gates.commands import DriverKind, FailMode
from app.services.gates.gate_settings import GateSettings, GateUpdate, config_of
from tests.fakes import Clock, new_id
from tests.services.process import Process

pytestmark = pytest.mark.one_database

KEY = "000102030405060708090a0b0c0d0eff"
OSDP = GateUpdate(driver=DriverKind.OSDP, config={"device": "/dev/ttyUSB0", "key": KEY})


@pytest.fixture
def settings(site: Process, clock: Clock) -> GateSettings:
    """With the checks of the real drivers."""
    return GateSettings(site.store, site.vault, clock, new_id, check_config)


def config(site: Process, gate: str) -> dict[str, object]:
    with site.store.read() as tx:
        return dict(config_of(tx, site.vault, site.gates.get(gate)))


def test_config_is_sealed_and_read_back(site: Process, settings: GateSettings) -> None:
    gate = settings.change("lobby-1", OSDP)
    assert gate == site.gates.get("lobby-1")
    assert gate.driver == "osdp" and gate.sealed_config is not None and KEY.encode() not in gate.sealed_config
    assert config(site, "lobby-1") == OSDP.config


def test_gate_is_added_with_all_settings(site: Process, settings: GateSettings) -> None:
    gate = settings.add("dock", GateUpdate(unlock_ms=900, door_held_after_ms=2000, fail_mode=FailMode.SAFE))
    assert gate == site.gates.get("dock")
    assert (gate.driver, gate.unlock_ms, gate.door_held_after_ms, gate.fail_mode) == ("dry_run", 900, 2000, "safe")
    assert config(site, "dock") == {}
    with pytest.raises(Conflict):
        settings.add("dock", GateUpdate())


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (GateUpdate(driver=DriverKind.OSDP), "bad_gate_config"),
        (
            GateUpdate(driver=DriverKind.OSDP, config={"device": "/dev/ttyUSB0", "key": "short and secret"}),
            "bad_gate_config",
        ),
        (GateUpdate(config={"fail_mode": "safe"}), "bad_gate_config"),
        (GateUpdate(config={"gate": "another"}), "bad_gate_config"),
        (GateUpdate(config={"x": float("nan")}), "bad_gate_config"),
        (GateUpdate(config={"unknown": 1}), "bad_gate_config"),
        (GateUpdate(driver=DriverKind.PLAIN, config={"url": "http://10.0.0.1/"}), "bad_gate_config"),
        (GateUpdate(unlock_ms=1), "bad_unlock_ms"),
        (GateUpdate(door_held_after_ms=1), "bad_door_held_after_ms"),
    ],
)
def test_impossible_values_change_nothing(site: Process, settings: GateSettings, wanted: GateUpdate, code: str) -> None:
    before = site.gates.get("lobby-1")
    with pytest.raises(BadInput) as refusal:
        settings.change("lobby-1", wanted)
    assert refusal.value.code == code and "secret" not in refusal.value.detail
    assert site.gates.get("lobby-1") == before


def test_fail_mode_is_checked_against_the_config_that_is_stored(site: Process, settings: GateSettings) -> None:
    settings.change("lobby-1", OSDP)
    with pytest.raises(BadInput) as refusal:
        settings.change("lobby-1", GateUpdate(fail_mode=FailMode.SAFE))
    assert "the panel holds the lock" in refusal.value.detail
    assert site.gates.get("lobby-1").fail_mode == "secure"


def test_another_driver_starts_from_an_empty_config(site: Process, settings: GateSettings) -> None:
    settings.change("lobby-1", OSDP)
    assert settings.change("lobby-1", GateUpdate(driver=DriverKind.PLAIN)).sealed_config is None
    settings.change("lobby-1", OSDP)
    assert settings.change("lobby-1", GateUpdate(driver=DriverKind.OSDP, enabled=False)).sealed_config is not None
    assert config(site, "lobby-1") == OSDP.config


def test_config_opens_for_its_own_gate_only(site: Process, settings: GateSettings) -> None:
    sealed = settings.change("lobby-1", OSDP).sealed_config
    dock = site.gates.add("dock")
    with site.store.write() as tx:
        tx.gates.update(type(dock)(**{**vars(dock), "sealed_config": sealed}))
    with pytest.raises(CryptoFault):
        config(site, "dock")


def test_unknown_gate_is_not_found(settings: GateSettings) -> None:
    with pytest.raises(NotFound):
        settings.change("nowhere", GateUpdate())
