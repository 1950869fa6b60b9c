"""The list of cameras, and what the settings say of where they may be."""

from collections.abc import Callable
from functools import partial

from app.adapters.cameras import address
from app.adapters.cameras.sources import check
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store
from app.services.cameras.camera_list import Address, CameraList
from app.settings import Settings


def camera_policy(settings: Settings) -> address.CameraPolicy:
    return address.CameraPolicy(settings.camera_networks, frozenset(settings.camera_schemes))


def camera_list(settings: Settings, store: Store, vault: Vault, clock: Clock, new_id: Callable[[], str]) -> CameraList:
    check_address = partial(_allowed, camera_policy(settings))
    return CameraList(store, vault, clock, new_id, check_address, address.masked, address.with_login)


def _allowed(policy: address.CameraPolicy, where: Address) -> None:
    """Raises BadInput for an address where no camera may be."""
    check(where.url, allow_local=where.local, policy=policy)
