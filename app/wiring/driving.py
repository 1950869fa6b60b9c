"""Builds what drives gates: the check of their settings, their drivers, and the modes of the site."""

from collections.abc import Callable, Collection, Mapping

from app.adapters.gates.build import build_driver, check_config
from app.adapters.gates.hardware import forms
from app.core.gates.commands import DriverKind, GateReport
from app.core.ports.crypto import Signer, Vault
from app.core.ports.gates import GateDriver
from app.core.ports.store import Clock, Store
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings


def gate_settings(store: Store, vault: Vault, clock: Clock, new_id: Callable[[], str]) -> GateSettings:
    return GateSettings(store, vault, clock, new_id, check_config, forms())


def gate_control(
    store: Store,
    vault: Vault,
    signer: Signer,
    clock: Clock,
    new_id: Callable[[], str],
    mine: Callable[[], Collection[str]],
    others: Callable[[], Collection[str]],
) -> GateDispatcher:
    """Connects to nothing before its `start`: most commands must not move hardware."""

    def build(
        kind: DriverKind, told: Mapping[str, object], on_state: Callable[[GateReport], None], released: bool
    ) -> GateDriver:
        return build_driver(kind, told, on_state=on_state, clock=clock, released=released)

    return GateDispatcher(store, vault, signer, clock, new_id, mine, build, others=others)
