"""Gates: list, create, read, change and remove them, and what their hardware reports of the door."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.core.credentials.badge import MOST_BITS, Badge
from app.core.credentials.formats import CardFormat
from app.core.credentials.pin import MOST_DIGITS
from app.core.errors import BadInput, Conflict, Forbidden
from app.core.gates.commands import MOST_PASSED, MOST_REPORT_ID, DoorState, FailMode, PassageSource
from app.core.gates.gate import Gate, without_hardware
from app.core.gates.hardware import HardwareChange
from app.core.gates.settings import driver_kind
from app.core.recognition.liveness import LivenessMode, effective
from app.services.gates.gate_settings import GateUpdate
from app.web.api.access.rules.entries import IfMatch, tagged, version_sent
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.api.typed_pin import MOST_MS, typed_pin
from app.web.fields import PlainText, Words
from app.web.security import Admin, GateKey, SystemOf
from app.wiring import System

router = APIRouter(prefix="/v1/gates", tags=["Gates"])

DRIVER = "dry_run, webhook, mqtt, osdp or serial; plain: the hardware asks for decisions and opens by itself"
LIVENESS = (
    "required: a face that looks like a picture is denied, and so is every face while the weights are missing; "
    "monitor: the score is in the answer and denies nobody; off: not measured; auto: required if the weights are "
    "installed, else monitor"
)
PASSAGES = (
    "sensor: the hardware reports who went through, and whoever was let in and does not go through is not counted; "
    "assume_on_grant: whoever is let in counts as gone through; assume_never: nobody is counted here"
)
BADGE_FORMAT = (
    "what its badge reader reads: raw takes any bits as they are; the others check length and parity, and let the "
    "numbers of badges be typed"
)
CONFIG = "the driver's settings; sealed and never returned, because they may hold secrets"


class HardwareIn(Strict):
    """Driver and config as the answers to a form of `GET /v1/gate-hardware`."""

    form: PlainText = Field(max_length=64, examples=["http-shelly-gen2"])
    values: dict[str, str | int | float | bool | None] = Field(
        max_length=64,
        description="by the field's name. A stored secret that is left out stays; null removes it",
        examples=[{"relay.url": "http://10.0.5.9"}],
    )


class GatePatch(Strict):
    """Only the fields that are sent change. A new driver starts from the config that is sent with it."""

    enabled: bool | None = None
    unlock_ms: int | None = None
    driver: str | None = Field(None, max_length=32, description=DRIVER)
    config: dict[str, Any] | None = Field(None, description=CONFIG, examples=[{}])
    fail_mode: FailMode | None = None
    door_held_after_ms: int | None = None
    liveness: LivenessMode | None = Field(None, description=LIVENESS)
    hardware: HardwareIn | None = Field(None, description="instead of driver and config")
    passages: PassageSource | None = Field(None, description=PASSAGES)
    badge_format: CardFormat | None = Field(None, description=BADGE_FORMAT)

    def driving(self) -> GateUpdate:
        """Raises BadInput for an unknown kind of driver, and for hardware beside a driver or config."""
        driver = None if self.driver is None else driver_kind(self.driver)
        hardware = None if self.hardware is None else HardwareChange(self.hardware.form, self.hardware.values)
        if hardware is not None and (driver, self.config) != (None, None):
            raise BadInput("bad_gate_config", "Send hardware, or driver and config, not both.")
        plain = {name: getattr(self, name) for name in type(self).model_fields}
        return GateUpdate(**plain | {"driver": driver, "hardware": hardware})


class GateIn(Strict):
    name: str = Field(examples=["lobby-1"])
    unlock_ms: int = Field(5000, examples=[5000], description="how long it opens for one person")
    driver: str = Field("dry_run", max_length=32, description=DRIVER)
    config: dict[str, Any] = Field(default_factory=dict, description=CONFIG, examples=[{}])
    fail_mode: FailMode = Field(
        FailMode.SECURE, description="what the gate does while nobody drives it: secure stays locked, safe stands open"
    )
    door_held_after_ms: int = Field(
        15000, examples=[15000], description="a door that is open for longer raises an alert"
    )
    liveness: LivenessMode = Field(LivenessMode.AUTO, description=LIVENESS)
    passages: PassageSource = Field(PassageSource.ASSUME_ON_GRANT, description=PASSAGES)
    badge_format: CardFormat = Field(CardFormat.RAW, description=BADGE_FORMAT)

    def driving(self) -> GateUpdate:
        """Raises BadInput for an unknown kind of driver."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "name"}
        return GateUpdate(**values | {"driver": driver_kind(self.driver)})


class GateOut(BaseModel):
    id: str
    version: str = Field(description="changes with what an admin sets; send it back as If-Match")
    name: str
    enabled: bool
    locked: bool = Field(description="by hand; a locked gate lets nobody in")
    unlock_ms: int
    created_at: Moment | None
    driver: str
    configured: bool = Field(description="whether the driver has settings, which are never shown")
    fail_mode: FailMode
    door_held_after_ms: int
    liveness: Literal["required", "monitor", "off"] = Field(description="the mode in the process that answers")
    liveness_auto: bool = Field(description="true: the mode follows from whether the weights are installed")
    passages: PassageSource = Field(description=PASSAGES)
    badge_format: CardFormat = Field(description=BADGE_FORMAT)
    door: DoorState | None = Field(description="as the hardware last reported it; null: it never did")
    door_at: Moment | None = Field(description="since when it is in that state")
    healthy: bool | None = Field(description="whether it can be driven now; null: another process drives it")
    fault: Words | None = Field(examples=[None], description="what is wrong with it")
    driven_by: str | None = Field(examples=[None], description="the process that drives it and watches its cameras")
    test_gate: bool = Field(description="whether it has no hardware: no driver opens it, and no controller has a key")

    @classmethod
    def of(
        cls,
        gate: Gate,
        system: System,
        holders: Mapping[str, str] | None = None,
        tests: Collection[str] | None = None,
    ) -> "GateOut":
        """holders: which process drives which gate; tests: the ids of test gates; if the caller has read them."""
        states = system.gate_control.healthy()
        fault = states.get(gate.name)
        shown = {name: getattr(gate, name) for name in cls.model_fields if hasattr(gate, name)}
        shown["test_gate"] = gate.id in (without_hardware([gate], system.keys.all()) if tests is None else tests)
        shown["liveness"] = effective(gate.liveness, system.recognition.liveness_works).value
        return cls(
            **shown,
            liveness_auto=gate.liveness is LivenessMode.AUTO,
            configured=gate.sealed_config is not None,
            healthy=fault is None if gate.name in states else None,
            fault=fault,
            driven_by=(system.gate_leases.holders() if holders is None else holders).get(gate.id),
        )


class BadgeIn(Strict):
    bits: int = Field(ge=1, le=MOST_BITS, examples=[26])
    hex: str = Field(
        max_length=MOST_BITS // 4,
        examples=["860933C0"],
        description="whole bytes: the bits in order, filled up with zeros at the end",
    )


class Heartbeat(Strict):
    state: DoorState
    passed: int | None = Field(
        None,
        ge=0,
        le=MOST_PASSED,
        examples=[1],
        description="how many people went through since the last report; for a gate whose passages are `sensor`",
    )
    report_id: PlainText | None = Field(
        None,
        min_length=1,
        max_length=MOST_REPORT_ID,
        examples=["2026-11-30T08:15:00Z-17"],
        description="your own name for this report of `passed`; sent again within a day, it counts nobody again",
    )
    badge: BadgeIn | None = Field(None, description="what the gate's reader read; for a gate that a driver opens")
    qr: PlainText | None = Field(
        None,
        min_length=1,
        max_length=512,
        examples=["FG1:..."],
        description="the text of a QR pass that the gate's reader read; for a gate that a driver opens",
    )
    pin: PlainText | None = Field(
        None,
        max_length=MOST_DIGITS,
        examples=["402913"],
        description="what was typed at the gate's keypad, for a gate that a driver opens: the PIN of whoever was "
        "identified there by badge or face within five seconds before its first digit",
    )
    pin_ms: int = Field(0, ge=0, le=MOST_MS, examples=[2100], description="from its first digit to its last")


@router.post("", status_code=201, summary="Add a gate", responses=CONFLICT)
def create(body: GateIn, system: SystemOf, _: Admin) -> GateOut:
    """The gate starts enabled. Next, give its hardware a key of role gate."""
    gate = system.gate_settings.add(body.name, body.driving())
    system.gate_control.refresh()
    return GateOut.of(gate, system)


@router.get("", summary="List gates", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[GateOut]:
    holders = system.gate_leases.holders()
    gates = system.gates.all()
    tests = without_hardware(gates, system.keys.all())
    return Page(items=[GateOut.of(gate, system, holders, tests) for gate in gates], next=None)


@router.get("/{gate}", summary="Read a gate", responses=ERRORS)
def read(gate: str, system: SystemOf, _: Admin, response: Response) -> GateOut:
    found = system.gates.get(gate)
    tagged(response, found.version)
    return GateOut.of(found, system)


@router.patch("/{gate}", summary="Change a gate", responses=CONFLICT)
def patch(
    gate: str, body: GatePatch, system: SystemOf, _: Admin, response: Response, if_match: IfMatch = None
) -> GateOut:
    """A disabled gate denies everybody from the next decision on. A new driver takes over within seconds.

    409 with `current` if somebody else changed it meanwhile.
    """
    changed = system.gate_settings.change(gate, body.driving(), version_sent(if_match))
    system.gate_control.refresh()
    tagged(response, changed.version)
    return GateOut.of(changed, system)


@router.delete("/{gate}", status_code=204, summary="Remove a gate that was never used", responses=CONFLICT)
def delete(gate: str, system: SystemOf, _: Admin, if_match: IfMatch = None) -> None:
    """Its keys go too. A gate with events cannot be removed, because its log stays: disable it."""
    system.gates.remove(gate, version_sent(if_match))
    system.gate_control.refresh()


@router.post("/{gate}/heartbeat", status_code=204, summary="Report the door's state", responses=CONFLICT)
def heartbeat(gate: str, body: Heartbeat, system: SystemOf, key: GateKey) -> None:
    """For hardware that reports its door over HTTP: at once after every change, and now and then.

    A door that opens without a decision raises the alert door_forced. A door that stays open raises door_held. `passed`
    confirms the passages that were granted, the oldest first; each one more is somebody who was not let in, and raises
    the alert passed_without_grant. Report each passage once,
    or give the report a `report_id`, and send the same one again until it is answered.

    `badge`, `qr` and `pin` are decided like a face, and the gate's driver opens. Hardware that opens by itself sends
    them to /decisions.
    """
    found = system.gates.get(gate)
    if found.id != key.gate_id:
        raise Forbidden("key_of_another_gate", "This key belongs to another gate.")
    now = system.clock()
    badge = None if body.badge is None else Badge.of_hex(body.badge.bits, body.badge.hex)
    pin = None if body.pin is None else typed_pin(body.pin, body.pin_ms)
    system.gate_control.report(found.id, body.state, now)
    if body.passed and not system.passages.watch.passed(found.id, body.passed, now, body.report_id):
        raise Conflict("passages_not_reported", "This gate's passages are assumed. An admin can set them to `sensor`.")
    if badge is not None:
        system.badge_reader.read(found, badge, now)
    if body.qr is not None:
        system.badge_reader.read(found, body.qr, now)
    if pin is not None:
        system.badge_reader.typed(found, pin, now)
