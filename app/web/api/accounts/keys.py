"""Keys for devices and scripts, which are shown once and can be revoked."""

from dataclasses import asdict

from fastapi import APIRouter

from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import KeyIn, KeyOut, KeyPatch, NewKey, Page
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/keys", tags=["Keys"])


@router.post("", status_code=201, summary="Create a key", responses=CONFLICT)
def create(body: KeyIn, system: SystemOf, _: Admin) -> NewKey:
    """Only this answer shows the key; the service stores its hash."""
    secret, key = system.keys.create(body.role, body.gate, body.name)
    return NewKey.model_validate({**asdict(key), "key": secret})


@router.get("", summary="List keys", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[KeyOut]:
    used = system.keys.last_uses()
    items = [KeyOut.model_validate({**asdict(k), "last_used_at": used.get(k.id)}) for k in system.keys.all()]
    return Page(items=items, next=None)


@router.get("/{key_id}", summary="Read a key", responses=ERRORS)
def read(key_id: str, system: SystemOf, _: Admin) -> KeyOut:
    key = system.keys.get(key_id)
    return KeyOut.model_validate({**asdict(key), "last_used_at": system.keys.last_uses().get(key_id)})


@router.patch("/{key_id}", summary="Rename a key", responses=CONFLICT)
def patch(key_id: str, body: KeyPatch, system: SystemOf, _: Admin) -> KeyOut:
    """A key's role never changes: revoke the key and create another."""
    return KeyOut.model_validate(asdict(system.keys.rename(key_id, body.name)))


@router.delete("/{key_id}", status_code=204, summary="Revoke a key", responses=CONFLICT)
def revoke(key_id: str, system: SystemOf, _: Admin) -> None:
    """Once this answers, no process accepts the key."""
    system.keys.revoke(key_id)
