"""Chooses the driver for each kind of gate. A kind's library is imported only when a gate of that kind exists, so an
installation with a webhook needs neither MQTT nor OSDP.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from pydantic import ValidationError

from app.adapters.gates.config import (
    DryRunConfig,
    GateConfig,
    MqttConfig,
    OsdpConfig,
    ReaderConfig,
    SerialConfig,
    WebhookConfig,
)
from app.adapters.gates.forms.http_forms import MODELS
from app.adapters.gates.window import Reporter
from app.core.errors import BadField, BadInput
from app.core.gates.commands import DriverKind, GateReport
from app.core.ports.gates import GateDriver
from app.core.ports.store import Clock

KINDS: dict[DriverKind, type[GateConfig]] = {
    DriverKind.DRY_RUN: DryRunConfig,
    DriverKind.WEBHOOK: WebhookConfig,
    DriverKind.MQTT: MqttConfig,
    DriverKind.OSDP: OsdpConfig,
    DriverKind.SERIAL: SerialConfig,
}
# Modules that a kind needs beyond the base install. The extra of the same name installs them.
LIBRARIES = {
    DriverKind.MQTT: ("paho",),
    DriverKind.OSDP: ("osdp_sys", "osdp", "serial"),
    DriverKind.SERIAL: ("serial",),
}


def check_config(kind: DriverKind, config: Mapping[str, object]) -> GateConfig:
    """The checked config. Raises BadInput if it is wrong or the library is missing. The message repeats no value."""
    checked = _validated(kind, config)
    for needed in (kind, *([DriverKind.OSDP] if checked.reader is not None else [])):
        if any(find_spec(module) is None for module in LIBRARIES.get(needed, ())):
            raise _library_missing(needed)
    return checked


def _library_missing(kind: DriverKind) -> BadInput:
    cure = f"in the project's folder, run pip install -e '.[{kind}]' and start the service again"
    return BadInput("gate_library_missing", f"{kind} needs a library that is not installed: {cure}")


def _validated(kind: DriverKind, config: Mapping[str, object]) -> GateConfig:
    try:
        return KINDS[kind].model_validate(dict(config))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or kind}: {e['msg'].removeprefix('Value error, ')}" for e in found
        )
        # The model of a relay is part of the place, but not of the config.
        where = ".".join(str(step) for step in found[0]["loc"] if step not in MODELS)
        # from None: the cause would carry the values.
        if where:
            raise BadField("bad_gate_config", problems, where) from None
        raise BadInput("bad_gate_config", problems) from None


def build_driver(
    kind: DriverKind,
    config: Mapping[str, object],
    *,
    on_state: Callable[[GateReport], None],
    clock: Clock,
    released: bool = False,
) -> GateDriver:
    """A driver that connects in threads of its own and needs `close()`.

    Args:
        on_state: Called from one of these threads.
        released: An emergency release is in force already, so a restart does not lock the gate even for a moment.

    Raises:
        BadInput: The config is wrong or the library is not installed. Faults of the hardware never raise.
    """
    checked = check_config(kind, config)
    try:
        driver = _build(checked, on_state, clock, released)
        return driver if checked.reader is None else _with_reader(checked, checked.reader, driver, on_state)
    except ModuleNotFoundError as error:
        if (error.name or "app").startswith("app"):
            raise
        raise _library_missing(kind) from error


def _with_reader(
    config: GateConfig, reader: ReaderConfig, driver: GateDriver, on_state: Callable[[GateReport], None]
) -> GateDriver:
    from app.adapters.gates.badge_reader import BadgeReader, WithReader

    return WithReader(driver, BadgeReader(reader, config.gate, Reporter(on_state)))


def _build(config: GateConfig, on_state: Callable[[GateReport], None], clock: Clock, released: bool) -> GateDriver:
    if isinstance(config, WebhookConfig):
        from app.adapters.gates.http.webhook import WebhookGate

        return WebhookGate(config, on_state=on_state, clock=clock, released=released)
    if isinstance(config, MqttConfig):
        from app.adapters.gates.mqtt.mqtt import MqttGate

        return MqttGate(config, on_state=on_state, clock=clock, released=released)
    if isinstance(config, OsdpConfig):
        from app.adapters.gates.osdp import OsdpGate

        return OsdpGate(config, on_state=on_state, clock=clock)
    if isinstance(config, SerialConfig):
        from app.adapters.gates.serial_relay import SerialGate

        return SerialGate(config, on_state=on_state, clock=clock, released=released)
    if isinstance(config, DryRunConfig):
        from app.adapters.gates.dry_run import DryRunGate

        return DryRunGate(config, clock=clock, released=released)
    raise TypeError("a config without a driver")
