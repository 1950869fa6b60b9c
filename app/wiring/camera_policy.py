"""What the settings say of where cameras may be."""

from app.adapters.cameras import address
from app.adapters.cameras.sources import check
from app.services.cameras.camera_list import Address
from app.settings import Settings


def camera_policy(settings: Settings) -> address.CameraPolicy:
    return address.CameraPolicy(settings.camera_networks, frozenset(settings.camera_schemes))


def allowed(policy: address.CameraPolicy, where: Address) -> None:
    """Raises BadInput for an address where no camera may be."""
    check(where.url, allow_local=where.local, policy=policy)
