"""Gates: list, create, read, change; and the key with which their signatures are checked."""

from fastapi import APIRouter

from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import GateIn, GateOut, GatePatch, Page
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/gates", tags=["Gates"])


@router.post("", status_code=201, summary="Add a gate", responses=CONFLICT)
def create(body: GateIn, system: SystemOf, _: Admin) -> GateOut:
    """It starts enabled; give its hardware a key of role gate."""
    return GateOut.of(system.gates.add(body.name, body.open_ms))


@router.get("", summary="List gates", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[GateOut]:
    return Page(items=[GateOut.of(g) for g in system.gates.all()], next=None)


@router.get("/{gate}", summary="Read a gate", responses=ERRORS)
def read(gate: str, system: SystemOf, _: Admin) -> GateOut:
    return GateOut.of(system.gates.get(gate))


@router.patch("/{gate}", summary="Change a gate", responses=ERRORS)
def patch(gate: str, body: GatePatch, system: SystemOf, _: Admin) -> GateOut:
    """A disabled gate denies everybody, from the next decision on."""
    return GateOut.of(system.gates.update(gate, enabled=body.enabled, opening_ms=body.open_ms))
