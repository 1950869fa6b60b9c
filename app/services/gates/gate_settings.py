"""How a gate is driven. Settings are checked for their kind of hardware, and stored sealed, as they may hold secrets.

A driver gets its settings from two places: its own config, and the gate's row (name and fail mode). A config that names
either of those is refused.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.canonical import canonical
from app.core.credentials.formats import CardFormat
from app.core.errors import BadField, BadInput, CryptoFault, NotFound, Outdated
from app.core.gates.commands import DriverKind, FailMode, PassageSource
from app.core.gates.gate import Gate
from app.core.gates.hardware import HardwareAnswers, HardwareChange, HardwareForm, answers_of, completed, form_of, named
from app.core.gates.settings import DRIVER_UNKNOWN, door_held_after_ms, gate_name, unlock_ms
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.recognition.liveness import LivenessMode
from app.core.sealing import Sealed, context
from app.core.site.mode import SITE

FROM_THE_ROW = frozenset({"gate", "fail_mode"})
Config = Mapping[str, Any]


@dataclass(frozen=True)
class GateUpdate:
    """Changes to a gate; None leaves a field as it is. A new driver starts with an empty config.

    hardware: driver and config as a form's answers; not beside these two.
    """

    enabled: bool | None = None
    unlock_ms: int | None = None
    driver: DriverKind | None = None
    config: Config | None = None
    fail_mode: FailMode | None = None
    door_held_after_ms: int | None = None
    liveness: LivenessMode | None = None
    hardware: HardwareChange | None = None
    passages: PassageSource | None = None
    badge_format: CardFormat | None = None

    @property
    def touches_driver(self) -> bool:
        return (self.driver, self.config, self.fail_mode, self.hardware) != (None, None, None, None)


@dataclass(frozen=True)
class GateSettings:
    """check: raises BadInput, in words that repeat no value, for a kind of driver and everything it is told.

    forms: what an admin is asked for each kind of hardware.
    """

    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    check: Callable[[DriverKind, Config], object]
    forms: tuple[HardwareForm, ...] = ()

    def answers(self, gate: Gate) -> HardwareAnswers:
        """Returns the gate's hardware as it may be shown. Raises CryptoFault as `config_of`."""
        with self.store.read() as tx:
            config = config_of(tx, self.vault, gate)
        return answers_of(form_of(self.forms, gate.driver, config), config)

    def add(self, name: str, wanted: GateUpdate) -> Gate:
        """Raises BadInput, Conflict('gate_exists')."""
        with self.store.write() as tx:
            tx.rules.lock()  # a new gate gets a place, and locks have an order
            gate = self._with(tx, Gate(self.new_id(), gate_name(name), created_at=self.clock()), wanted)
            tx.gates.add(gate)
        return gate

    def change(self, name: str, wanted: GateUpdate, version: str | None = None) -> Gate:
        """Changes a gate from the next decision on, in every process; drivers follow within seconds.

        version: of the gate that the caller has read; None: any. Raises NotFound, Outdated where the gate was changed
        since, and BadInput for what cannot be: then nothing changes.
        """
        with self.store.write() as tx:
            gate = tx.gates.by_name_or_id(name)
            if gate is None:
                raise NotFound("unknown_gate", "There is no gate of that name.")
            # Read again under the lock, so that two changes at once do not undo each other.
            tx.events.lock_head(gate.id)
            gate = tx.gates.get(gate.id) or gate
            unchanged(gate, version)
            gate = self._with(tx, gate, wanted)
            tx.gates.update(gate)
        return gate

    def _with(self, tx: Transaction, gate: Gate, wanted: GateUpdate) -> Gate:
        if gate.driver is DriverKind.UNKNOWN and wanted.driver is None and (wanted.touches_driver or wanted.liveness):
            raise BadInput("bad_gate_config", DRIVER_UNKNOWN)
        gate = replace(
            gate,
            enabled=gate.enabled if wanted.enabled is None else wanted.enabled,
            unlock_ms=gate.unlock_ms if wanted.unlock_ms is None else unlock_ms(wanted.unlock_ms),
            door_held_after_ms=gate.door_held_after_ms
            if wanted.door_held_after_ms is None
            else door_held_after_ms(wanted.door_held_after_ms),
            liveness=gate.liveness if wanted.liveness is None else wanted.liveness,
            passages=gate.passages if wanted.passages is None else wanted.passages,
            badge_format=gate.badge_format if wanted.badge_format is None else wanted.badge_format,
        )
        if not wanted.touches_driver:
            return gate
        driver = wanted.driver or gate.driver
        form = None
        if wanted.hardware is not None:
            form, config = self._answered(tx, gate, wanted.hardware)
            driver = form.driver
        elif wanted.config is not None:
            config = wanted.config
        else:
            config = {} if driver != gate.driver else config_of(tx, self.vault, gate)
        if FROM_THE_ROW & config.keys():
            raise BadInput("bad_gate_config", "gate and fail_mode belong beside the config, not in it.")
        gate = replace(
            gate,
            driver=driver,
            fail_mode=gate.fail_mode if wanted.fail_mode is None else wanted.fail_mode,
            sealed_config=self._sealed(tx, gate.id, config),
        )
        if driver is not DriverKind.PLAIN:
            self._check(driver, driver_config(gate, config), form)
        elif config:
            raise BadInput("bad_gate_config", "A plain gate is not driven, so it has no config.")
        return gate

    def _answered(self, tx: Transaction, gate: Gate, change: HardwareChange) -> tuple[HardwareForm, Config]:
        form = next((one for one in self.forms if one.id == change.form), None)
        if form is None:
            raise BadField("unknown_hardware", "There is no hardware of this name.", "form")
        try:
            stored = config_of(tx, self.vault, gate)
        except CryptoFault:
            stored = {}  # what does not open is replaced as a whole
        return form, completed(form, change.values, form_of(self.forms, gate.driver, stored), stored)

    def _check(self, driver: DriverKind, config: Config, form: HardwareForm | None) -> None:
        """Raises BadInput; for a form's answers, it names the form's field."""
        try:
            self.check(driver, config)
        except BadField as error:
            if form is None:
                raise
            raise BadField(error.code, error.detail, named(form, error.field) or error.field) from None

    def _sealed(self, tx: Transaction, gate_id: str, config: Config) -> bytes | None:
        if not config:
            return None
        try:
            plain = canonical(dict(config))
        except (TypeError, ValueError):
            raise BadInput("bad_gate_config", "The config holds a value that JSON cannot express.") from None
        wrapped = tx.data_keys.get(SITE) or tx.data_keys.get_or_add(SITE, self.vault.new_key())
        return self.vault.seal(wrapped, plain, context(Sealed.GATE_CONFIG, gate_id))


def unchanged(gate: Gate, version: str | None) -> None:
    """Raises Outdated, with what an admin set since, where the caller has read another version of the gate."""
    if version is None or version == gate.version:
        return
    now = {
        "name": gate.name,
        "enabled": gate.enabled,
        "driver": gate.driver.value,
        "unlock_ms": gate.unlock_ms,
        "fail_mode": gate.fail_mode.value,
        "door_held_after_ms": gate.door_held_after_ms,
        "liveness": gate.liveness.value,
        "passages": gate.passages.value,
        "badge_format": gate.badge_format.value,
    }
    raise Outdated("entry_changed", "Somebody else changed this gate meanwhile.", {"version": gate.version, **now})


def config_of(tx: Transaction, vault: Vault, gate: Gate) -> Config:
    """The driver's own settings, opened. Raises CryptoFault if they do not open, as in a backup without its key."""
    if gate.sealed_config is None:
        return {}
    wrapped = tx.data_keys.get(SITE)
    if wrapped is None:
        raise CryptoFault("the key of the gates' settings is gone: set the gate's config again")
    config = json.loads(vault.open(wrapped, gate.sealed_config, context(Sealed.GATE_CONFIG, gate.id)))
    if not isinstance(config, dict):
        raise CryptoFault("a gate's settings are unreadable: set the gate's config again")
    return config


def driver_config(gate: Gate, config: Config) -> Config:
    """All of the driver's settings: its config, the gate's name and its fail mode."""
    return {**config, "gate": gate.name, "fail_mode": gate.fail_mode.value}
