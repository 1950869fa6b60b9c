"""Moves the gallery to another model pack."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from app.adapters.vision.packs import pack as packs
from app.core.errors import WeightsError
from app.core.recognition.quality import ENROLMENT
from app.services.people.reembedding import Moved, Reembedding
from app.settings import Settings, SettingsError
from app.wiring.backbone import open_backbone
from app.wiring.packs import settle_pack
from app.wiring.system import open_recognition


def reembed(
    settings: Settings,
    progress: Callable[[Sequence[str]], Iterable[str]],
    name: str | None = None,
    *,
    leave_out: bool = False,
) -> Moved:
    """Moves the gallery to a pack (that of the settings if no name is given) and their precision. See `reembedding`."""
    if name is not None and settings.pack not in ("auto", name):
        raise SettingsError(
            f"pack: the setting says {settings.pack}; make it {name} (or auto) first, or no start works"
        )
    backbone = open_backbone(settings, begin=False)
    try:
        name = name or settle_pack(backbone)
        if why := packs.problem(name, settings.cache, settings.pack_folder):
            raise WeightsError(f"the pack {name} cannot be served: {why}")
        recognition = open_recognition(backbone, name)
        return Reembedding(
            store=backbone.store,
            vault=backbone.vault,
            look=partial(recognition.look_bytes, limits=ENROLMENT, flip=True),
            pack_digest=recognition.pack_digest,
            precision=recognition.precision,
        ).run(progress, leave_out=leave_out)
    finally:
        backbone.close()
