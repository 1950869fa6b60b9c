"""Examines an installation: tries each part for real, and says what is wrong and what to do."""

import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata

from sqlalchemy.exc import DBAPIError

from app import machine
from app.adapters.db.engine import migrate
from app.adapters.vision import weights
from app.adapters.vision.networks.runtime import best_precision, cpu_has_bf16
from app.adapters.vision.packs import pack as packs
from app.core.access.time_zones import data_version
from app.core.errors import FacegateError
from app.settings import Settings
from app.wiring import findings
from app.wiring.backbone import Backbone, open_backbone
from app.wiring.beginning import NoInstallation
from app.wiring.findings import Finding
from app.wiring.packs import settle_pack

OLDEST = datetime(2026, 1, 1, tzinfo=UTC)  # this program is younger, so an earlier clock is wrong


def examine(settings: Settings) -> Iterator[Finding]:
    """Yields findings as they are made, the cheapest first. Changes only what opening the database changes."""
    yield Finding("program", None, f"facegate {metadata.version('facegate')}, Python {sys.version.split()[0]}")
    yield Finding("time zones", None, f"tzdata {data_version()}")
    for name, value in settings.masked().items():
        yield Finding(f"setting {name}", None, value)
    yield from findings.disk(settings)
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
        yield from findings.journals(settings)
        yield _schema(settings)
        yield findings.writable(backbone)
        yield findings.clock_and_log(backbone)
        yield from findings.liveness(backbone)
        yield from findings.gallery(backbone)
        yield from _thresholds(backbone)
        yield findings.backups(backbone)
        yield from findings.keys(backbone)
        yield from _log(backbone)
    finally:
        backbone.close()


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


def _thresholds(backbone: Backbone) -> Iterator[Finding]:
    with backbone.store.read() as tx:
        enrolled = sum(tx.templates.photo_counts().values())
    try:
        calibration = packs.read_calibration(settle_pack(backbone), backbone.settings.pack_folder).calibration
    except FacegateError as error:
        yield Finding("calibration", False, str(error), machine.command(backbone.settings.data, "packs"))
        return
    rate = backbone.site_settings.get().false_accept_rate or backbone.settings.false_accept_rate
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
