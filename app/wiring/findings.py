"""Findings about an installation, part by part: what works, what does not, what to do, and where a button does it."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app import machine
from app.adapters.vision import weights
from app.adapters.vision.networks.liveness import PAIR
from app.adapters.vision.networks.runtime import faster_than
from app.core.errors import FacegateError, NotRecorded
from app.core.recognition.liveness import LivenessMode
from app.core.site.backup import OLD_AFTER, age_in_words
from app.services.site.clock_watch import CURE
from app.settings import Settings
from app.wiring.backbone import Backbone
from app.wiring.packs import settle_precision

FREE_MB = 500
WITHOUT_LIVENESS = "gates that require it open for no face, and all others do not notice photos held up to the camera"
UNUSED_FOR = timedelta(days=90)


class Mend(StrEnum):
    """What a button can do about a finding."""

    CONFIRM_CLOCK = "confirm_clock"
    MOVE_TEMPLATES = "move_templates"
    SHOW_PEOPLE = "show_people"
    SHOW_KEYS = "show_keys"
    BACK_UP = "back_up"
    CHOOSE_FOLDER = "choose_folder"


@dataclass(frozen=True)
class Finding:
    """ok: None for a plain fact. advice: what to do if it is wrong, or could be better. mend: a button for that."""

    part: str
    ok: bool | None
    detail: str
    advice: str = ""
    mend: Mend | None = None

    @property
    def is_limited(self) -> bool:
        """Whether it works, but could be better."""
        return self.ok is None and bool(self.advice)


def of_running_service(backbone: Backbone) -> Iterator[Finding]:
    """Yields the findings about a running service, as quickly as a page needs: the log is not verified."""
    yield writable(backbone)
    yield clock_and_log(backbone)
    yield from disk(backbone.settings)
    yield from journals(backbone.settings)
    yield from liveness(backbone)
    yield from gallery(backbone)
    yield backups(backbone)
    yield from receivers(backbone)
    yield from keys(backbone)


def disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data.resolve()
    while not folder.exists():
        folder = folder.parent
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    yield Finding(
        "disk", free_mb >= FREE_MB, f"{free_mb} MB free", "Free some space: without a recorded event no gate opens."
    )
    key = settings.data / "master.key"
    if settings.master_key is None and key.exists():
        private = not key.stat().st_mode & 0o077
        yield Finding(
            "master key", private, "readable only by its owner" if private else "readable by others", f"chmod 600 {key}"
        )


def journals(settings: Settings) -> Iterator[Finding]:
    """Tries to append to each journal. Leaves no file behind if there is none yet."""
    journals = (
        ("erasures", settings.erasures, "without it, nobody can be erased"),
        ("checkpoints", settings.checkpoints, "without it, a log whose end was cut off looks intact"),
    )
    for part, path, harm in journals:
        try:
            if path.exists():
                path.open("ab").close()
            there = next(folder for folder in path.absolute().parents if folder.exists())
            machine.try_write(there)
            yield Finding(part, True, f"{path} can be written")
        except OSError as error:
            advice = f"Let this user write there: {harm}."
            yield Finding(part, False, machine.in_words(error), advice)


def clock_and_log(backbone: Backbone) -> Finding:
    backbone.clock_watch.look()
    doubt = backbone.clock_watch.doubt()
    words = doubt or "the clock is not behind any record"
    return Finding("clock and log", doubt is None, words, CURE.capitalize(), Mend.CONFIRM_CLOCK)


def writable(backbone: Backbone) -> Finding:
    """Tries a write as large as an event."""
    try:
        backbone.storage.try_it()
    except NotRecorded as error:
        advice = "Until this is fixed, nothing can be recorded, so no gate opens."
        return Finding("writable", False, str(error.cause or error), advice)
    return Finding("writable", True, "a record as large as an event was committed")


def liveness(backbone: Backbone) -> Iterator[Finding]:
    """Which liveness the gates ask for, and whether it works."""
    modes = Counter(gate.liveness for gate in backbone.gates.all())
    detail = ", ".join(f"{count} {mode.value}" for mode, count in sorted(modes.items())) or "no gates"
    try:
        for name, _ in PAIR:
            weights.load(name, backbone.settings.cache)
    except FacegateError:
        demanding = modes[LivenessMode.REQUIRED]
        ok = False if demanding else None
        yield Finding("liveness", ok, f"{detail}; the weights are missing: {WITHOUT_LIVENESS}", weights.FETCH_COMMAND)
        return
    yield Finding("liveness", True, f"works; gates: {detail}")


def gallery(backbone: Backbone) -> Iterator[Finding]:
    with backbone.store.read() as tx:
        counts, employees, installation = tx.templates.photo_counts(), tx.employees.count(), tx.installation.get()
    enrolled = sum(counts.values())
    one_photo = counts.get(1, 0)
    yield Finding("employees", None, f"{employees}, of whom {enrolled} can be recognised")
    if one_photo:
        advice = "Add photos: three photos leave one in six of the misses of a single photo."
        words = "1 employee has a single photo" if one_photo == 1 else f"{one_photo} employees have a single photo"
        yield Finding("photos", None, words, advice, Mend.SHOW_PEOPLE)
    if installation is not None:
        precision = settle_precision(backbone)
        same = installation.precision == precision
        yield Finding(
            "templates",
            same,
            f"pack {installation.pack_digest[:12]}, {installation.precision}",
            machine.command(backbone.settings.data, "reembed"),
            Mend.MOVE_TEMPLATES,
        )
        if better := faster_than(precision):
            advice = f"FACEGATE_PRECISION={better} " + machine.command(backbone.settings.data, "reembed")
            yield Finding("precision", None, f"templates are {precision}; {better} is faster on this machine", advice)


def backups(backbone: Backbone) -> Finding:
    """The age of the newest good backup, and whether the nightly ones go on."""
    folder, newest = backbone.site_settings.get().backup_folder, backbone.backups.newest_good()
    if newest is None:
        mend = Mend.CHOOSE_FOLDER if folder is None else Mend.BACK_UP
        return Finding("backup", None, "there is none", "Choose a folder on another disk for nightly backups.", mend)
    age = backbone.clock() - newest.at
    words = f"the newest is {age_in_words(age)} old"
    if folder is None:
        return Finding("backup", None, words, "Choose a folder for nightly backups.", Mend.CHOOSE_FOLDER)
    if age > OLD_AFTER:
        failed = next((one.problem for one in backbone.backups.known() if one.problem), None)
        why = f"; the last try failed: {failed}" if failed else ""
        return Finding("backup", False, words + why, "Mend what kept it from being made.", Mend.BACK_UP)
    return Finding("backup", True, words)


def receivers(backbone: Backbone) -> Iterator[Finding]:
    """Receivers of alerts, if there are any, and which of them take nothing."""
    views = backbone.outward.book.all()
    failing = ", ".join(one.receiver.name for one in views if one.failing)
    if failing:
        words = f"{failing} takes no messages"
        advice = "Look at Settings, Alert receivers, and send a test there."
        yield Finding("alert receivers", False, words, advice)
    elif views:
        words = "1 receiver" if len(views) == 1 else f"{len(views)} receivers"
        yield Finding("alert receivers", True, f"{words}, none of them failing")


def keys(backbone: Backbone) -> Iterator[Finding]:
    """API keys that nobody uses: each is a way in."""
    if idle := backbone.keys.unused_since(backbone.clock() - UNUSED_FOR):
        words = "1 key was" if len(idle) == 1 else f"{len(idle)} keys were"
        advice = "Revoke keys that nobody needs."
        yield Finding("API keys", None, f"{words} not used for {UNUSED_FOR.days} days", advice, Mend.SHOW_KEYS)
