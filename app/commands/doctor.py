"""Examines an installation: tries each part for real, and says what is wrong and what to do."""

import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata

from sqlalchemy.exc import DBAPIError

from app import machine
from app.adapters.db.engine import migrate
from app.adapters.vision import weights
from app.adapters.vision.networks.liveness import PAIR
from app.adapters.vision.networks.runtime import best_precision, cpu_has_bf16, faster_than
from app.adapters.vision.packs import pack as packs
from app.core.access.time_zones import data_version
from app.core.errors import FacegateError, NotRecorded
from app.core.recognition.liveness import LivenessMode
from app.services.site.clock_watch import CURE
from app.settings import Settings
from app.wiring import Backbone, open_backbone, settle_pack, settle_precision
from app.wiring.beginning import NoInstallation

FREE_MB = 500
WITHOUT_LIVENESS = "gates that require it open for no face, and all others do not notice photos held up to the camera"
OLDEST = datetime(2026, 1, 1, tzinfo=UTC)  # this program is younger, so an earlier clock is wrong


@dataclass(frozen=True)
class Finding:
    """ok: None for a plain fact. advice: what to do if something is wrong."""

    part: str
    ok: bool | None
    detail: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yields findings as they are made, the cheapest first. Changes only what opening the database changes."""
    yield Finding("program", None, f"facegate {metadata.version('facegate')}, Python {sys.version.split()[0]}")
    yield Finding("time zones", None, f"tzdata {data_version()}")
    for name, value in settings.masked().items():
        yield Finding(f"setting {name}", None, value)
    yield from _disk(settings)
    yield _clock()
    yield from _weights(settings)
    try:
        backbone = open_backbone(settings, begin=False)
    except NoInstallation as error:
        yield Finding("database", None, str(error))
        return
    except (FacegateError, OSError, DBAPIError) as error:
        why = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
        why = machine.in_words(error) if isinstance(error, OSError) else why
        yield Finding("database", False, why, "Fix this first: nothing can be recorded, so no gate opens.")
        return
    try:
        yield from _journals(settings)
        yield _schema(settings)
        yield _writable(backbone)
        yield _clock_and_log(backbone)
        yield from _liveness(backbone)
        yield from _gallery(backbone)
        yield from _log(backbone)
    finally:
        backbone.close()


def _disk(settings: Settings) -> Iterator[Finding]:
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


def _journals(settings: Settings) -> Iterator[Finding]:
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
            # On a full disk, files can be opened and created; only a write fails.
            with tempfile.TemporaryFile(dir=there) as trial:
                trial.write(bytes(4096))
                trial.flush()
                os.fsync(trial.fileno())
            yield Finding(part, True, f"{path} can be written")
        except OSError as error:
            advice = f"Let this user write there: {harm}."
            yield Finding(part, False, machine.in_words(error), advice)


def _clock() -> Finding:
    now = datetime.now(UTC)
    before, tick = time.time(), time.monotonic()
    time.sleep(0.05)
    drift_ms = abs((time.time() - before) - (time.monotonic() - tick)) * 1000
    ok = now > OLDEST and drift_ms < 20
    return Finding(
        "clock", ok, f"{now:%Y-%m-%d %H:%M:%S} UTC", "Set up time synchronisation (chrony or systemd-timesyncd)."
    )


def _weights(settings: Settings) -> Iterator[Finding]:
    artifacts = weights.read_artifacts()
    ingredients = {artifact.derived_from for artifact in artifacts.values()}
    for name, artifact in artifacts.items():
        if artifact.group not in ("weights", "liveness") or artifact.instead_of or name in ingredients:
            continue
        try:
            weights.load(name, settings.cache)
            yield Finding(f"weights {name}", True, f"sha256 {artifact.sha256[:12]} as pinned")
        except weights.WeightsMissing as error:
            needed = artifact.group not in weights.OPTIONAL
            yield Finding(f"weights {name}", False if needed else None, str(error), weights.FETCH_COMMAND)
        except FacegateError as error:
            yield Finding(f"weights {name}", False, str(error), weights.FETCH_COMMAND)
    words = f"bfloat16; {best_precision()} is best for a new site" if cpu_has_bf16() else "no bfloat16: float32"
    yield Finding("cpu", None, words)


def _schema(settings: Settings) -> Finding:
    current, head = migrate.current(settings.url), migrate.head()
    sqlite = f", SQLite {sqlite3.sqlite_version}" if settings.url.startswith("sqlite") else ", PostgreSQL"
    advice = machine.command(settings.data, "migrate")
    return Finding("database", current == head, f"schema {current} of {head}{sqlite}", advice)


def _clock_and_log(backbone: Backbone) -> Finding:
    backbone.clock_watch.look()
    doubt = backbone.clock_watch.doubt()
    return Finding("clock and log", doubt is None, doubt or "the clock is not behind any record", CURE.capitalize())


def _writable(backbone: Backbone) -> Finding:
    """Tries a write as large as an event."""
    try:
        backbone.storage.try_it()
    except NotRecorded as error:
        advice = "Until this is fixed, nothing can be recorded, so no gate opens."
        return Finding("writable", False, str(error.cause or error), advice)
    return Finding("writable", True, "a record as large as an event was committed")


def _liveness(backbone: Backbone) -> Iterator[Finding]:
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


def _gallery(backbone: Backbone) -> Iterator[Finding]:
    with backbone.store.read() as tx:
        counts, employees, installation = tx.templates.photo_counts(), tx.employees.count(), tx.installation.get()
    enrolled = sum(counts.values())
    one_photo = counts.get(1, 0)
    yield Finding("employees", None, f"{employees}, of whom {enrolled} can be recognised")
    if one_photo:
        advice = "Add photos: three photos leave one in six of the misses of a single photo."
        yield Finding("photos", None, f"{one_photo} employees have a single photo", advice)
    if installation is not None:
        precision = settle_precision(backbone)
        same = installation.precision == precision
        yield Finding(
            "templates",
            same,
            f"pack {installation.pack_digest[:12]}, {installation.precision}",
            machine.command(backbone.settings.data, "reembed"),
        )
        if better := faster_than(precision):
            advice = f"FACEGATE_PRECISION={better} " + machine.command(backbone.settings.data, "reembed")
            yield Finding("precision", None, f"templates are {precision}; {better} is faster on this machine", advice)
    try:
        calibration = packs.read_calibration(settle_pack(backbone), backbone.settings.pack_folder).calibration
    except FacegateError as error:
        yield Finding("calibration", False, str(error), machine.command(backbone.settings.data, "packs"))
        return
    rate = backbone.settings.false_accept_rate
    size = max(enrolled, 1)
    for photos, frames in ((1, 1), (3, 1), (3, 3)):
        value = calibration.threshold(rate, size, photos, frames)
        yield Finding(
            "threshold", None, f"{value:.3f} for {photos} photo(s), {frames} frame(s), {size} enrolled, rate {rate:g}"
        )


def _log(backbone: Backbone) -> Iterator[Finding]:
    started = time.monotonic()
    report = backbone.checkpoints.verify()
    events = sum(chain.events for chain in report.gates.values())
    took = timedelta(seconds=time.monotonic() - started)
    detail = f"{events} events at {len(report.gates)} gates verify, in {took.total_seconds():.1f} s"
    if report.flaw is not None:
        detail = f"gate {report.flaw.gate}, record {report.flaw.sequence}: {report.flaw.problem}"
    yield Finding(
        "log",
        report.valid,
        detail,
        "Do not change this database. Compare it with the checkpoints kept elsewhere.",
    )
