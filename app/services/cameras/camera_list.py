"""Lists and changes cameras, each of one gate. An address may hold a password, so it is sealed and shown masked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.core.errors import BadInput, Conflict, CryptoFault, NotFound, Outdated
from app.core.gates.gate import Gate
from app.core.gates.settings import gate_name
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.site.mode import SITE


@dataclass(frozen=True)
class Address:
    """Where a camera is. local: it may be a file, a folder or a device of this machine; never set through the API.

    rotation: degrees clockwise by which its picture is turned to stand upright: 0, 90, 180 or 270.
    """

    url: str
    local: bool = False
    rotation: int = 0

    def __repr__(self) -> str:
        return "Address(sealed)"


@dataclass(frozen=True)
class Login:
    """User name and password for a camera, as typed; None keeps what its address has."""

    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return "Login(sealed)"

    def __bool__(self) -> bool:
        return self.user is not None or self.password is not None


NO_LOGIN = Login()


@dataclass(frozen=True)
class ShownAddress:
    """An address without its secrets. problem: what is wrong with the stored one, and what to do; "" if nothing is."""

    url: str
    problem: str = ""
    rotation: int = 0


BROKEN = "its stored address does not open; set the address again, or restore the database from a backup"


@dataclass(frozen=True)
class CameraList:
    """The cameras.

    check: raises BadInput for an address that must not be used. masked: the address without its password.
    with_login: the address with another user and password.
    """

    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    check: Callable[[Address], None]
    masked: Callable[[str], str]
    with_login: Callable[[str, str | None, str | None], str]

    def add(
        self,
        name: str,
        gate: str,
        address: Address,
        region: Region,
        login: Login = NO_LOGIN,
        *,
        enabled: bool = True,
    ) -> Camera:
        """Adds a camera, which some worker watches if it is enabled. Raises BadInput, NotFound, Conflict."""
        address = self._logged_in(address, login)
        self.check(address)
        with self.store.write() as tx:
            camera = Camera(
                id=self.new_id(),
                name=gate_name(name),
                gate_id=_gate(tx, gate).id,
                sealed_url=b"",
                region=region,
                created_at=self.clock(),
                enabled=enabled,
            )
            camera = replace(camera, sealed_url=self._seal(tx, camera.id, address))
            tx.cameras.add(camera)
        return camera

    def all(self) -> list[Camera]:
        with self.store.read() as tx:
            return tx.cameras.all()

    def of_gate(self, gate_id: str) -> list[Camera]:
        """Returns all cameras, by name."""
        with self.store.read() as tx:
            return tx.cameras.of_gate(gate_id)

    def get(self, name: str) -> Camera:
        """Raises NotFound."""
        with self.store.read() as tx:
            return _camera(tx, name)

    def update(
        self,
        name: str,
        *,
        gate: str | None = None,
        address: Address | None = None,
        region: Mapping[str, float] | None = None,
        enabled: bool | None = None,
        rotation: int | None = None,
        login: Login = NO_LOGIN,
        version: str | None = None,
    ) -> Camera:
        """Takes effect within seconds, in whichever process watches. Raises NotFound, BadInput,
        Conflict where only the rotation or login of a camera changes whose stored address does not open,
        and Outdated where the camera was changed meanwhile.

        region: what of it changes. login: for a new address, which never gets the login of the old one.
        version: of the camera that the caller has read; None: any.
        """
        if address is not None:
            address = self._logged_in(address, login)
            self.check(address)
        with self.store.write() as tx:
            camera = _camera(tx, name, for_update=True)
            self._unchanged(tx, camera, version)
            if address is not None or rotation is not None or login:
                changed = self._changed(tx, camera, address, rotation, login)
                camera = replace(camera, sealed_url=self._seal(tx, camera.id, changed))
            camera = replace(
                camera,
                gate_id=camera.gate_id if gate is None else _gate(tx, gate).id,
                region=region_of(camera.region, region or {}),
                enabled=camera.enabled if enabled is None else enabled,
            )
            tx.cameras.update(camera)
        return camera

    def delete(self, name: str, version: str | None = None) -> None:
        """Raises NotFound, and Outdated as `update` does."""
        with self.store.write() as tx:
            camera = _camera(tx, name, for_update=True)
            self._unchanged(tx, camera, version)
            tx.cameras.delete(camera.id)

    def address(self, camera: Camera) -> Address:
        """The camera's address, to open it. Raises CryptoFault."""
        with self.store.read() as tx:
            return self._open(tx, camera)

    def _open(self, tx: Transaction, camera: Camera) -> Address:
        key = tx.data_keys.get(SITE)
        if key is None:
            raise CryptoFault("the key of the site's cameras is gone")
        return Address(**json.loads(self.vault.open(key, camera.sealed_url, context(Sealed.CAMERA_URL, camera.id))))

    def to_try(self, name: str | None, address: Address | None, login: Login, rotation: int | None) -> Address:
        """What `update` would store of this, or `add` without a name. Nothing is stored. Raises as they do."""
        if name is None:
            if address is None:
                raise BadInput("bad_camera_address", "Type the camera's address.")
            found = replace(self._logged_in(address, login), rotation=rotation or 0)
        else:
            with self.store.read() as tx:
                asked = None if address is None else self._logged_in(address, login)
                found = self._changed(tx, _camera(tx, name), asked, rotation, login)
        self.check(found)
        return found

    def _changed(
        self, tx: Transaction, camera: Camera, address: Address | None, rotation: int | None, login: Login
    ) -> Address:
        try:
            before = self._open(tx, camera)
        except (CryptoFault, ValueError, TypeError):
            if address is None:
                raise Conflict(
                    "camera_record_damaged", f"Rotation and login are kept with the address: {BROKEN}."
                ) from None
            before = address
        after = self._logged_in(before, login) if address is None else address
        return replace(after, rotation=before.rotation if rotation is None else rotation)

    def _logged_in(self, address: Address, login: Login) -> Address:
        return replace(address, url=self.with_login(address.url, login.user, login.password)) if login else address

    def shown(self, camera: Camera) -> ShownAddress:
        """The address as an admin may see it. If it does not open it says so, and the other cameras still work."""
        with self.store.read() as tx:
            return self._shown(tx, camera)

    def _shown(self, tx: Transaction, camera: Camera) -> ShownAddress:
        try:
            address = self._open(tx, camera)
            return ShownAddress(self.masked(address.url), rotation=address.rotation)
        except (CryptoFault, ValueError, TypeError):  # altered bytes do not open, or are not an address
            return ShownAddress("", BROKEN)

    def _unchanged(self, tx: Transaction, camera: Camera, version: str | None) -> None:
        """Raises Outdated, with what an admin set since, where the caller has read another version of the camera."""
        if version is None or version == camera.version:
            return
        gate = tx.gates.get(camera.gate_id)
        shown = self._shown(tx, camera)
        now = {
            "name": camera.name,
            "gate": gate.name if gate else camera.gate_id,
            "url": shown.url,
            "rotation": shown.rotation,
            "enabled": camera.enabled,
            "region": asdict(camera.region),
        }
        raise Outdated(
            "entry_changed", "Somebody else changed this camera meanwhile.", {"version": camera.version, **now}
        )

    def _seal(self, tx: Transaction, camera_id: str, address: Address) -> bytes:
        key = tx.data_keys.get(SITE) or tx.data_keys.get_or_add(SITE, self.vault.new_key())
        plain = json.dumps(asdict(address)).encode()
        return self.vault.seal(key, plain, context(Sealed.CAMERA_URL, camera_id))


def region_of(before: Region, changed: Mapping[str, float]) -> Region:
    """A region with these of its fields changed. Raises BadInput."""
    try:
        return replace(before, **changed)
    except ValueError as error:
        raise BadInput(
            "bad_region", "A region's left edge is left of its right, and its top above its bottom."
        ) from error


def _camera(tx: Transaction, name: str, *, for_update: bool = False) -> Camera:
    camera = tx.cameras.by_name_or_id(name, for_update=for_update)
    if camera is None:
        raise NotFound("unknown_camera", "There is no camera of that name.")
    return camera


def _gate(tx: Transaction, name: str) -> Gate:
    gate = tx.gates.by_name_or_id(name)
    if gate is None:
        raise NotFound("unknown_gate", "There is no gate of that name; add it first.")
    return gate
