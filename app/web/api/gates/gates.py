"""Gates: list, create, read, change, and what their hardware says of the door."""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.errors import Forbidden
from app.core.gates.commands import DoorState, FailMode
from app.core.gates.gate import Gate
from app.core.gates.settings import driver_kind
from app.core.recognition.liveness import LivenessMode, effective
from app.services.gates.gate_settings import GateUpdate
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.security import Admin, GateKey, SystemOf
from app.wiring import System

router = APIRouter(prefix="/gates", tags=["Gates"])

DRIVER = "dry_run, webhook, mqtt, osdp or serial; plain: the hardware asks for decisions and opens by itself"
LIVENESS = (
    "required: a face that looks like a picture opens nothing, nor does any where the networks' weights are missing; "
    "monitor: the score stands in the answer and refuses nobody; off: not looked at; auto: required where the weights "
    "are, else monitor"
)
CONFIG = "the driver's settings; may hold secrets, so it is sealed and never given back"


class GatePatch(Strict):
    """Only what is sent changes. Another driver starts from the config that is sent with it."""

    enabled: bool | None = None
    unlock_ms: int | None = None
    driver: str | None = Field(None, max_length=32, description=DRIVER)
    config: dict[str, Any] | None = Field(None, description=CONFIG, examples=[{}])
    fail_mode: FailMode | None = None
    door_held_after_ms: int | None = None
    liveness: LivenessMode | None = Field(None, description=LIVENESS)

    def driving(self) -> GateUpdate:
        """Raises BadInput for an unknown kind of driver."""
        driver = None if self.driver is None else driver_kind(self.driver)
        return GateUpdate(**{name: getattr(self, name) for name in type(self).model_fields} | {"driver": driver})


class GateIn(Strict):
    name: str = Field(examples=["lobby-1"])
    unlock_ms: int = Field(5000, examples=[5000], description="how long it opens for one person")
    driver: str = Field("dry_run", max_length=32, description=DRIVER)
    config: dict[str, Any] = Field(default_factory=dict, description=CONFIG, examples=[{}])
    fail_mode: FailMode = Field(FailMode.SECURE, description="what it does when nobody drives it: locked, or released")
    door_held_after_ms: int = Field(15000, examples=[15000], description="a door open for longer is an alert")
    liveness: LivenessMode = Field(LivenessMode.AUTO, description=LIVENESS)

    def driving(self) -> GateUpdate:
        """Raises BadInput for an unknown kind of driver."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "name"}
        return GateUpdate(**values | {"driver": driver_kind(self.driver)})


class GateOut(BaseModel):
    id: str
    name: str
    enabled: bool
    locked: bool = Field(description="by hand: it lets nobody in")
    unlock_ms: int
    created_at: Moment | None
    driver: str
    configured: bool = Field(description="whether the driver has settings of its own; they are never shown")
    fail_mode: FailMode
    door_held_after_ms: int
    liveness: Literal["required", "monitor", "off"] = Field(description="what holds in the process that answers")
    liveness_auto: bool = Field(description="nobody chose it: it follows from whether the networks' weights are here")
    door: DoorState | None = Field(description="as the hardware last said it; null: it never did")
    door_at: Moment | None = Field(description="since when")
    healthy: bool | None = Field(description="whether it can be driven now; null: not by the process that answers")
    fault: str | None = Field(examples=[None], description="what is wrong with it")
    driven_by: str | None = Field(examples=[None], description="the process that drives it and watches its cameras")

    @classmethod
    def of(cls, gate: Gate, system: System, holders: Mapping[str, str] | None = None) -> "GateOut":
        """holders: where they are known already."""
        states = system.gate_control.healthy()
        fault = states.get(gate.name)
        shown = {name: getattr(gate, name) for name in cls.model_fields if hasattr(gate, name)}
        shown["liveness"] = effective(gate.liveness, system.recognition.liveness_works).value
        return cls(
            **shown,
            liveness_auto=gate.liveness is LivenessMode.AUTO,
            configured=gate.sealed_config is not None,
            healthy=fault is None if gate.name in states else None,
            fault=fault,
            driven_by=(system.duty.holders() if holders is None else holders).get(gate.id),
        )


class Heartbeat(Strict):
    state: DoorState


@router.post("", status_code=201, summary="Add a gate", responses=CONFLICT)
def create(body: GateIn, system: SystemOf, _: Admin) -> GateOut:
    """It starts enabled; give its hardware a key of role gate."""
    gate = system.gate_settings.add(body.name, body.driving())
    system.gate_control.refresh()
    return GateOut.of(gate, system)


@router.get("", summary="List gates", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[GateOut]:
    holders = system.duty.holders()
    return Page(items=[GateOut.of(gate, system, holders) for gate in system.gates.all()], next=None)


@router.get("/{gate}", summary="Read a gate", responses=ERRORS)
def read(gate: str, system: SystemOf, _: Admin) -> GateOut:
    return GateOut.of(system.gates.get(gate), system)


@router.patch("/{gate}", summary="Change a gate", responses=CONFLICT)
def patch(gate: str, body: GatePatch, system: SystemOf, _: Admin) -> GateOut:
    """A disabled gate denies everybody, from the next decision on; another driver takes over within seconds."""
    changed = system.gate_settings.change(gate, body.driving())
    system.gate_control.refresh()
    return GateOut.of(changed, system)


@router.delete("/{gate}", status_code=204, summary="Remove a gate that was never used", responses=CONFLICT)
def delete(gate: str, system: SystemOf, _: Admin) -> None:
    """With its keys. A gate with events stays, for its log does: disable it."""
    system.gates.remove(gate)
    system.gate_control.refresh()


@router.post("/{gate}/heartbeat", status_code=204, summary="What the door is now", responses=CONFLICT)
def heartbeat(gate: str, body: Heartbeat, system: SystemOf, key: GateKey) -> None:
    """For hardware that tells its door's state over HTTP: at every change at once, and now and then.

    A door that opens without a decision that covers it is a door_forced alert, one that stays open a door_held alert.
    """
    found = system.gates.get(gate)
    if found.id != key.gate_id:
        raise Forbidden("key_of_another_gate", "This key belongs to another gate.")
    system.gate_control.report(found.id, body.state, system.clock())
