"""A fetch keeps only the pinned bytes, whole or not at all, whatever the sources, the line and other fetches do."""

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.vision.weights import HttpsSource, WeightsDamaged, WeightsMissing, load, read_artifacts, read_cached
from app.settings import default_cache
from models.weights.fetch import FetchFailed, fetch, select
from tests.models.weights.local_site import CONTENT, Heard, Site, artifact, files, run
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]


def test_damaged_file_is_removed_and_fetched_again(site: Site, tmp_path: Path) -> None:
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


def test_full_cache_needs_no_writing(site: Site, tmp_path: Path) -> None:
    wanted = artifact(HttpsSource(site.url()))
    run(wanted, tmp_path)
    (tmp_path / ".lock").unlink()

    run(wanted, tmp_path)

    assert not (tmp_path / ".lock").exists()


def test_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()

    with pytest.raises(FetchFailed, match=r"cannot write to the cache .*FACEGATE_CACHE_DIR"):
        run(artifact(HttpsSource("https://unused.invalid")), tmp_path / "a-file" / "cache")


FETCH_ONE = """
import sys
from pathlib import Path
from app.adapters.vision.weights import Artifact, HttpsSource
from models.weights.fetch import fetch
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
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    return output


def test_concurrent_fetches_download_once(site: Site, tmp_path: Path) -> None:
    site.cuts = [400_000]

    outputs = [finish(process) for process in [start(site, tmp_path) for _ in range(4)]]

    assert sorted(output.rpartition("origin=")[2] for output in outputs) == ["cache", "cache", "cache", "https"]
    assert site.asked == ["", "bytes=400000-"]
    assert files(tmp_path) == {artifact(HttpsSource("")).cached_name}


def test_killed_fetch_leaves_nothing_in_the_way_and_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    site.cuts = [524_288]
    site.stall.set()
    first = start(site, tmp_path)
    eventually(site.halfway)
    part = tmp_path / f"{artifact(HttpsSource('')).cached_name}.part"
    eventually(lambda: first.poll() is not None or (part.exists() and part.stat().st_size), "a part of the file")
    assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=20)
    (tmp_path / ".new-left-behind").touch()

    output = finish(start(site, tmp_path))

    assert output.endswith("origin=https")
    assert site.asked[1].startswith("bytes=")
    assert len(files(tmp_path)) == 1


def test_derived_artifact_is_built_from_its_ingredient_and_needs_it_only_once(cache: Path, tmp_path: Path) -> None:
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


def test_derived_artifact_says_which_ingredient_is_missing(tmp_path: Path) -> None:
    artifacts = read_artifacts()

    with pytest.raises(FetchFailed, match=r"sface .*build: sface-int8bq .*offline"):
        fetch(select(artifacts, ["sface"]), tmp_path, artifacts, Heard(), offline=True)


def test_optional_artifact_fails_only_if_required(tmp_path: Path) -> None:
    wanted = replace(artifact(HttpsSource("https://unused.invalid")), group="liveness")

    heard = Heard()
    assert fetch([wanted], tmp_path, {wanted.name: wanted}, heard, offline=True, insist=False) == []
    assert "thing: not available; a gate works without liveness" in str(heard)
    with pytest.raises(FetchFailed):
        fetch([wanted], tmp_path, {wanted.name: wanted}, Heard(), offline=True)


def test_another_file_serves_in_its_place(tmp_path: Path) -> None:
    wanted, other = artifact(HttpsSource("https://unused.invalid")), b"the same network, in other bytes"
    instead = replace(artifact(HttpsSource("https://unused.invalid"), name="export", content=other), instead_of="thing")
    artifacts = {"thing": wanted, "export": instead}
    assert select(artifacts) == [wanted]
    (tmp_path / "export.bin").write_bytes(other)

    [had] = fetch([wanted], tmp_path / "cache", artifacts, Heard(), offline=True, mirror=tmp_path)

    assert (had.name, load("thing", tmp_path / "cache", artifacts)) == ("export", other)
    (tmp_path / "thing.bin").write_bytes(CONTENT)
    [had] = fetch([wanted], tmp_path / "cache", artifacts, Heard(), offline=True, mirror=tmp_path)
    assert (had.name, load("thing", tmp_path / "cache", artifacts)) == ("thing", CONTENT)
    with pytest.raises(WeightsMissing, match="models fetch thing"):
        load("thing", tmp_path / "empty", artifacts)
