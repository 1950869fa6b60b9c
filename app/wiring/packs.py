"""The model pack and precision for this database: the setting, else those of its templates."""

from dataclasses import dataclass

from app.adapters.vision.networks.runtime import Precision, best_precision
from app.adapters.vision.packs import pack as packs
from app.core.errors import FacegateError, PackMismatch
from app.core.site.installation import Installation
from app.settings import Settings
from app.wiring.backbone import Backbone
from app.wiring.data_keys import check_master_key


def settle_pack(backbone: Backbone) -> str:
    """The name of the pack to run: the setting, else the one that made the stored templates, else sface.

    Raises PackMismatch if no installed pack made them.
    """
    folder = backbone.settings.pack_folder
    if backbone.settings.pack != "auto":
        return backbone.settings.pack
    with backbone.store.read() as tx:
        installation = tx.installation.get()
        enrolled = bool(tx.templates.photo_counts())
    if installation is None:
        return packs.NAME
    name = packs.named(installation.pack_digest, folder)
    if name is None and enrolled:
        raise PackMismatch(
            f"the stored templates were made with pack {installation.pack_digest[:12]}, and no pack in {folder} is it. "
            f"Bring it back there, or run: python -m app reembed --pack {packs.NAME} --data {backbone.settings.data}"
        )
    return name or packs.NAME


def settle_precision(backbone: Backbone) -> Precision:
    """The precision to run: the setting, else that of the stored templates, else the CPU's best."""
    if backbone.settings.precision != "auto":
        return backbone.settings.precision
    with backbone.store.read() as tx:
        installation = tx.installation.get()
    if installation is not None and installation.precision in ("f32", "bf16"):
        return "bf16" if installation.precision == "bf16" else "f32"
    return best_precision()


def moved_on(backbone: Backbone, digest: str, precision: str) -> str | None:
    """The pack that the site has moved to, or None if it is still this one.

    Raises PackMismatch if this process cannot serve it.
    """
    with backbone.store.read() as tx:
        now = tx.installation.get()
    if now is None or (now.pack_digest, now.precision) == (digest, precision):
        return None
    settings = backbone.settings
    name = packs.named(now.pack_digest, settings.pack_folder)
    if name is None:
        raise PackMismatch(f"the site moved to pack {now.pack_digest[:12]}, which is not in {settings.pack_folder}")
    if settings.pack not in ("auto", name):
        raise PackMismatch(f"the site moved to pack {name}, and the setting pack says {settings.pack}: change it")
    if settings.precision not in ("auto", now.precision):
        raise PackMismatch(f"the site moved to {now.precision}, and the setting precision says {settings.precision}")
    if why := packs.problem(name, settings.cache, settings.pack_folder):
        raise PackMismatch(f"the site moved to pack {name}, which cannot be served here: {why}")
    return name


def install(backbone: Backbone, digest: str, precision: str) -> None:
    """Stores pack, precision and master key for this database at the first start, and checks them later.

    While nobody is enrolled, no template can mismatch, so they are simply replaced.

    Raises:
        PackMismatch: The templates were made with another pack or precision.
        CryptoFault: Another program with another master key was first.
    """
    with backbone.store.write() as tx:
        tx.templates.lock()  # of two first starts at once, the later sees the earlier
        before = tx.installation.get()
        check_master_key(backbone.vault, before)
        if before is not None and (before.pack_digest, before.precision) == (digest, precision):
            return
        if before is not None and tx.templates.photo_counts():
            name = packs.named(digest, backbone.settings.pack_folder) or packs.NAME
            raise PackMismatch(
                f"the stored templates were made with pack {before.pack_digest[:12]} ({before.precision}); this "
                f"program runs {digest[:12]} ({precision}). "
                f"Run: python -m app reembed --pack {name} --data {backbone.settings.data}"
            )
        created = before.created_at if before else backbone.clock()
        tx.installation.put(Installation(digest, precision, backbone.vault.key_check(), created))


@dataclass(frozen=True)
class KnownPack:
    """A pack that is there, whether or not it can be served."""

    name: str
    digest: str
    licence: str
    detector: str
    dimension: int


def known_packs(settings: Settings) -> list[KnownPack]:
    """The packs of this machine. One that contradicts itself is left out; `packs` says why."""
    found = []
    for name in packs.names(settings.pack_folder):
        try:
            pack, digest = packs.described(name, settings.pack_folder), packs.digest(name, settings.pack_folder)
        except FacegateError:
            continue
        found.append(KnownPack(name, digest, pack.licence, pack.detector, pack.dimension))
    return found
